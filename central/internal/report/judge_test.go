package report

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// written is a case of a county that knew at 8:00, had to phone by 8:30 and to write by 9:00, and did both in time.
func blameless(id string, base time.Time) Case {
	sent := base.Add(40 * time.Minute)
	r := Report{ID: id + "r1", IncidentID: id, OrgID: "county", OrgName: "县", Kind: First, State: Sent, SentAt: &sent, Values: map[string]string{"figure.dead": "1"}, Answers: map[string]string{}, Waived: map[string]string{}}
	return Case{
		Incident: incident.Incident{ID: id, No: id, Title: id, OrgID: "county", KnownAt: base, OccurredAt: base.Add(-10 * time.Minute)},
		OrgID:    "county", OrgName: "县", Above: []string{"city"},
		Known:   []incident.Known{{OrgID: "county", Kind: "call", At: base}, {OrgID: "city", Kind: "report", At: base.Add(20 * time.Minute)}},
		Reports: []Report{r},
		Hops: []Hop{
			{ID: id + "h0", Kind: Phone, FromOrg: "county", ToOrg: "city", SubmittedAt: base.Add(20 * time.Minute), Decision: Accepted},
			{ID: id + "h1", Kind: Up, ReportID: r.ID, FromOrg: "county", ToOrg: "city", SubmittedAt: sent, Decision: Accepted},
		},
		Due: []Due{{"phone", base.Add(30 * time.Minute), "p", time.Time{}}, {"written", base.Add(time.Hour), "w", time.Time{}}},
		Now: base.Add(48 * time.Hour),
	}
}

// TestJudgementIsExactOnTwoHundredIncidents makes 200 incidents of which is known what is wrong with each, one or
// several faults or none, and wants exactly that found.
func TestJudgementIsExactOnTwoHundredIncidents(t *testing.T) {
	rnd := rand.New(rand.NewPCG(20261126, 5)) //nolint:gosec // a seed, so that each run has the same incidents
	start := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	total := map[Fault]int{}
	for n := range 200 {
		base := start.Add(time.Duration(rnd.IntN(30*24*60)) * time.Minute)
		c := blameless(fmt.Sprintf("i%03d", n), base)
		minutes := func(from, to int) time.Duration { return time.Duration(from+rnd.IntN(to-from)) * time.Minute }
		var want []Fault
		silent := rnd.IntN(10) == 0
		if silent { // nothing was ever told
			c.Reports, c.Hops = nil, nil
			c.Known = c.Known[:1]
			switch rnd.IntN(4) {
			case 3: // nobody but the county knew, and it told nobody
				c.Known[0].Kind = "desk"
				want = append(want, Late, Late)
			case 0: // somebody above had it from elsewhere
				c.Known = append(c.Known, incident.Known{OrgID: "city", Kind: "media", At: base.Add(minutes(1, 600)), Text: "微博"})
				want = append(want, Omitted, Reversed)
			case 1: // a department wrote to the county, which told nobody
				want = append(want, Omitted)
			case 2: // the limit of the written report has not passed yet
				c.Now = base.Add(50 * time.Minute)
				want = append(want, Late)
			}
		} else {
			switch rnd.IntN(6) {
			case 0: // on the phone after the limit, in writing in time
				c.Hops[0].SubmittedAt = base.Add(31*time.Minute + minutes(0, 5))
				want = append(want, Late)
			case 1: // written down after the limit as if it had been in time, and nobody above confirms that
				c.Hops[0].SubmittedAt, c.Hops[0].WrittenAt, c.Hops[0].Decision = base.Add(10*time.Minute), base.Add(31*time.Minute+minutes(0, 5)), ""
				want = append(want, Late, Backdated)
			case 2: // the same, and the desk above confirms it
				c.Hops[0].SubmittedAt, c.Hops[0].WrittenAt = base.Add(10*time.Minute), base.Add(31*time.Minute+minutes(0, 5))
				want = append(want, Backdated)
			}
			if rnd.IntN(4) == 0 { // in writing after the limit
				late := base.Add(time.Hour + time.Microsecond + minutes(0, 500))
				c.Hops[1].SubmittedAt, c.Reports[0].SentAt = late, &late
				want = append(want, Late)
			} else if rnd.IntN(5) == 0 { // on the very moment
				due := base.Add(time.Hour)
				c.Hops[1].SubmittedAt, c.Reports[0].SentAt = due, &due
			}
			if rnd.IntN(5) == 0 { // elements were missing
				c.Reports[0].Missing = []string{"trend", "leaders"}[:1+rnd.IntN(2)]
				for range c.Reports[0].Missing {
					want = append(want, Incomplete)
				}
			}
			first := slices.MinFunc(c.Hops, func(a, b Hop) int { return a.told().Compare(b.told()) }).told()
			switch rnd.IntN(5) {
			case 0: // the city saw it in the media before
				c.Known = append(c.Known, incident.Known{OrgID: "city", Kind: "media", At: first.Add(-minutes(1, 30))})
				want = append(want, Reversed)
			case 1: // and after: no reversal
				c.Known = append(c.Known, incident.Known{OrgID: "city", Kind: "public", At: first.Add(minutes(0, 30))})
			}
			switch rnd.IntN(5) {
			case 0: // another source counted otherwise, half an hour before
				c.Figures = append(c.Figures, incident.Figure{Kind: "dead", Value: 2, Source: "县卫健委", At: c.Reports[0].SentAt.Add(-minutes(1, 110))})
				want = append(want, Contradiction)
			case 1: // the same, but it was asked and answered
				c.Figures = append(c.Figures, incident.Figure{Kind: "dead", Value: 2, Source: "县卫健委", At: c.Reports[0].SentAt.Add(-minutes(1, 110))})
				c.Reports[0].Answers["differs figure.dead"] = "重复计一人"
			case 2: // counted long before: no contradiction
				c.Figures = append(c.Figures, incident.Figure{Kind: "dead", Value: 0, Source: "镇政府", At: c.Reports[0].SentAt.Add(-minutes(121, 600))})
			}
			if rnd.IntN(4) == 0 { // a follow-up whose figure shrank
				sent := c.Reports[0].SentAt.Add(5 * time.Hour)
				f := Report{ID: c.Incident.ID + "r2", PrevID: c.Reports[0].ID, Kind: Follow, No: 1, SentAt: &sent, Values: map[string]string{"figure.dead": "0"}, Answers: map[string]string{}}
				if rnd.IntN(2) == 0 {
					f.Answers["shrinks figure.dead"] = "一人为误报"
				} else {
					want = append(want, Contradiction)
				}
				c.Reports = append(c.Reports, f)
			}
			if rnd.IntN(4) == 0 { // sent back once
				at := c.Hops[1].SubmittedAt.Add(time.Hour)
				c.Hops[1].Decision, c.Hops[1].DecidedAt, c.Hops[1].Reason = Returned, &at, "缺伤亡"
				c.Due = append(c.Due, Due{"written", at.Add(time.Hour), "w", at})
				want = append(want, SentBackOnce)
				if again := (Hop{ID: "again", Kind: Up, SubmittedAt: at.Add(30 * time.Minute), Decision: Accepted}); rnd.IntN(2) == 0 {
					c.Hops = append(c.Hops, again)
				} else { // and never done again
					want = append(want, Late)
				}
			} else if rnd.IntN(4) == 0 { // a follow-up that came after its time
				sent := c.Hops[1].SubmittedAt
				c.Due = append(c.Due, Due{"follow_up", sent.Add(4 * time.Hour), "f", sent})
				c.Hops = append(c.Hops, Hop{ID: "follow", Kind: Up, SubmittedAt: sent.Add(4*time.Hour + time.Second), Decision: Accepted})
				want = append(want, Late)
			}
			if rnd.IntN(4) == 0 { // a copy in time heals nothing
				c.Hops = append(c.Hops, Hop{ID: "copy", Kind: Copy, FromOrg: "county", ToOrg: "bureau", SubmittedAt: base})
			}
		}
		if silent && slices.Equal(want, []Fault{Omitted}) {
			c.Known = append(c.Known, incident.Known{OrgID: "county", Kind: "department", At: base.Add(time.Minute), Text: "县应急局"})
		}
		var got []Fault
		for _, f := range c.Judge() {
			got = append(got, f.Fault)
			if f.IncidentID != c.Incident.ID || f.OrgID != "county" || f.At.IsZero() || (f.Was == "" && f.Found == "" && f.What == "") {
				t.Errorf("%s: a finding without evidence: %+v", c.Incident.ID, f)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: found %v, want %v", c.Incident.ID, got, want)
		}
		for _, f := range want {
			total[f]++
		}
	}
	for _, f := range []Fault{Late, Incomplete, Contradiction, Omitted, Reversed, SentBackOnce, Backdated} {
		if total[f] < 5 {
			t.Errorf("only %d of %s among the incidents", total[f], f)
		}
	}
}

// A step of the machine's clock makes nobody late: the clock that ran says until when a report was due.
func TestTheClockSaysUntilWhenItWasDue(t *testing.T) {
	base := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	c := blameless("i", base)
	for k := range c.Hops { // set half an hour ahead meanwhile
		c.Hops[k].SubmittedAt = c.Hops[k].SubmittedAt.Add(30 * time.Minute)
		c.Hops[k].Due = map[string]time.Time{"phone": base.Add(time.Hour), "written": base.Add(90 * time.Minute)}
	}
	if got := c.Judge(); len(got) != 0 {
		t.Errorf("judged by the wall: %+v", got)
	}
	c.Hops[1].Due["written"] = base.Add(time.Hour)
	if got := c.Judge(); len(got) != 1 || got[0].Fault != Late || got[0].What != "written" {
		t.Errorf("late by the clock: %+v", got)
	}
}

// What a desk in the middle has to pass on is due from the first report from below; no later one moves it.
func TestADeskInTheMiddleCountsFromTheFirstReport(t *testing.T) {
	base := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	at := func(minutes int) *time.Time { t := base.Add(time.Duration(minutes) * time.Minute); return &t }
	tree := []account.Org{{ID: "city", Division: "320600"}, {ID: "county", ParentID: "city", Division: "320623"}, {ID: "town", ParentID: "county", Division: "320623104"}}
	i := incident.Incident{ID: "i", OrgID: "town", Division: "320623104", KnownAt: base}
	hops := []Hop{
		{Kind: Copy, FromOrg: "town", ToOrg: "county", DeliveredAt: at(1)},
		{Kind: Phone, FromOrg: "town", ToOrg: "county", DeliveredAt: at(5)},
		{Kind: Up, FromOrg: "town", ToOrg: "county", DeliveredAt: at(30)},
		{Kind: Up, FromOrg: "town", ToOrg: "county", DeliveredAt: at(300)},
	}
	group := []incident.Incident{i}
	if got := learned(tree[1], i, group, hops); !got.Equal(*at(5)) {
		t.Errorf("the county knew at %v", got)
	}
	if got := learned(tree[2], i, group, hops); !got.Equal(base) {
		t.Errorf("the town knew at %v", got)
	}
	var names []string
	for _, o := range bound(tree, group, hops) {
		names = append(names, o.ID)
	}
	if want := []string{"town", "county"}; !slices.Equal(names, want) {
		t.Errorf("bound are %v, want %v", names, want)
	}
}

func TestGradingHoldsAtEveryBoundary(t *testing.T) {
	g, err := LoadGrading("../../../firmware-configs/reports/grading.yml")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		kind string
		n    int
		want int
	}{
		{"dead", 0, 4},
		{"dead", 2, 4},
		{"dead", 3, 3},
		{"dead", 9, 3},
		{"dead", 10, 2},
		{"dead", 29, 2},
		{"dead", 30, 1},
		{"serious", 9, 4},
		{"serious", 10, 3},
		{"serious", 49, 3},
		{"serious", 50, 2},
		{"serious", 99, 2},
		{"serious", 100, 1},
		{"loss", 999, 4},
		{"loss", 1000, 3},
		{"loss", 4999, 3},
		{"loss", 5000, 2},
		{"loss", 9999, 2},
		{"loss", 10000, 1},
	} {
		if p := g.Propose("accident.work_safety.hazchem", at, map[string]int{c.kind: c.n}); p.Level != c.want || p.Criterion != c.kind {
			t.Errorf("%s %d: %+v, want level %d", c.kind, c.n, p, c.want)
		}
	}
	if p := g.Propose("accident.work_safety", at, map[string]int{"dead": 2, "serious": 50, "loss": 1000}); p.Level != 2 || p.Criterion != "serious" {
		t.Errorf("the highest criterion: %+v", p)
	}
	for name, p := range map[string]Proposal{
		"before the table held":   g.Propose("accident.work_safety", time.Date(2007, 5, 31, 15, 59, 0, 0, time.UTC), map[string]int{"dead": 30}),
		"a category without one":  g.Propose("natural.flood", at, map[string]int{"dead": 30}),
		"figures of another kind": g.Propose("accident.work_safety", at, map[string]int{"injured": 500}),
	} {
		if p.Level != 0 {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if p := g.Propose("accident.work_safety", time.Date(2007, 5, 31, 16, 0, 0, 0, time.UTC), map[string]int{"dead": 30}); p.Level != 1 || p.Days != 30 {
		t.Errorf("on the first day by the law's clock: %+v", p)
	}
	if p := g.Propose("accident.fire", at, map[string]int{"dead": 3}); p.Level != 3 || p.Days != 7 {
		t.Errorf("a fire: %+v", p)
	}
}

func TestWhatIsAskedBeforeAReportLeaves(t *testing.T) {
	templates, err := LoadTemplates("../../../firmware-configs/reports/templates.yml")
	if err != nil {
		t.Fatal(err)
	}
	g, err := LoadGrading("../../../firmware-configs/reports/grading.yml")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	text := func(t time.Time) string { return t.Format(time.RFC3339) }
	prev := Report{Values: map[string]string{"figure.dead": "3", "figure.missing": "4", "figure.trapped": "2", "place": "洋口"}, Level: 3}
	r := Report{Kind: Follow, Category: "accident.work_safety", OrgName: "县", Level: 4, Values: map[string]string{
		"occurred_at": text(now.Add(time.Hour)), "received_at": text(now.Add(-time.Hour)), "place": "洋口镇", "brief": "x", "unit": "y", "figure.dead": "2", "figure.missing": "1",
	}}
	c := r.check(templates.For(r.Category), g, against{Prev: &prev, Now: now, Figures: []incident.Figure{{Kind: "dead", Value: 5, At: now, Source: "卫健委"}, {Kind: "injured", Value: 1, At: now, Source: "x"}}})
	var codes []string
	for _, q := range c.Questions {
		codes = append(codes, q.Key)
	}
	want := []string{
		"future occurred_at >" + text(now.Add(time.Hour)), "after occurred_at " + text(now.Add(-time.Hour)) + ">" + text(now.Add(time.Hour)), "level_falls level 3>4",
		"shrinks figure.dead 3>2", "differs figure.dead 5（卫健委）>2", "shrinks figure.missing 4>1", "shrinks figure.trapped 2>",
	}
	if !slices.Equal(codes, want) {
		t.Errorf("asked %v, want %v", codes, want)
	}
	if want := []string{"brief", "figure.dead", "figure.missing", "figure.trapped", "occurred_at", "place", "received_at", "unit"}; !slices.Equal(c.Changed, want) {
		t.Errorf("changed %v, want %v", c.Changed, want)
	}
	if c.Proposal.Level != 4 || len(c.Core) != 0 {
		t.Errorf("checked %+v", c)
	}
	old := r
	old.Kind = Correction
	old.Values = map[string]string{"occurred_at": text(now.AddDate(0, 0, -31))}
	if c := old.check(templates.For(r.Category), g, against{Now: now}); len(c.Questions) != 1 || c.Questions[0].Code != "correction_late" || len(c.Core) != 3 {
		t.Errorf("a correction after 31 days: %+v", c)
	}
}

// What is judged a contradiction of figures was asked before the report left: of every count of every kind, source and
// time, and as often the other way round.
func TestEveryContradictionHadItsQuestion(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 3)) //nolint:gosec // a seed, so that each run has the same counts
	sent := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	sources := []struct{ name, ref string }{{"县", "r1"}, {"县（初报）", "r0"}, {"县卫健委", ""}, {"县卫健委", "item"}, {"县消防", "r9"}, {"市", ""}}
	found := 0
	for range 2000 {
		r := Report{ID: "r1", PrevID: "r0", OrgID: "county", OrgName: "县", Kind: Follow, SentAt: &sent, Values: map[string]string{}, Answers: map[string]string{}}
		first := Report{ID: "r0", OrgID: "county", OrgName: "县", Kind: First, SentAt: &sent, Values: map[string]string{}}
		var figures []incident.Figure
		for _, kind := range incident.FigureKinds() {
			if rnd.IntN(3) > 0 {
				r.Values[figurePrefix+kind] = fmt.Sprint(rnd.IntN(3))
			}
			for range rnd.IntN(3) {
				from := sources[rnd.IntN(len(sources))]
				at := sent.Add(time.Duration(rnd.IntN(180)-150) * time.Minute)
				figures = append(figures, incident.Figure{Kind: kind, Value: rnd.IntN(3), Source: from.name, Ref: from.ref, At: at, WrittenAt: at.Add(time.Duration(rnd.IntN(60)) * time.Minute)})
			}
		}
		asked, judged := map[string]bool{}, map[string]bool{}
		for _, q := range r.check(Template{}, &Grading{}, against{Now: sent, Figures: figures, Own: []string{"r0", "r1"}}).Questions {
			if q.Code == "differs" {
				asked[strings.TrimPrefix(q.Field, figurePrefix)] = true
			}
		}
		Case{OrgID: "county", Figures: figures, Reports: []Report{first, r}}.contradicts(r, func(_ Fault, _ time.Time, _, what, _, _ string) { judged[what] = true })
		if !maps.Equal(asked, judged) {
			t.Fatalf("asked %v, judged %v of %+v by %+v", asked, judged, r.Values, figures)
		}
		found += len(judged)
	}
	if found < 500 {
		t.Errorf("only %d contradictions among the reports", found)
	}
	neighbour := []incident.Figure{{Kind: "dead", Value: 9, Source: "县医院", Ref: "item", At: sent}}
	if otherCount(neighbour, []string{"r1"}, "dead", sent) == nil {
		t.Error("a source whose name begins with the desk's is taken for the desk")
	}
}

// A draft is checked by the template that its author writes by, also when the file names another for the category since.
func TestAReportKeepsItsTemplate(t *testing.T) {
	file := &Templates{Items: []Template{{ID: "general"}, {ID: "fire", Categories: []string{"accident.fire"}}}}
	for want, r := range map[string]Report{
		"general": {Category: "accident.fire", Template: "general"},
		"fire":    {Category: "accident.fire", Template: "dropped"},
	} {
		if got := file.Of(r).ID; got != want {
			t.Errorf("%+v is checked by %s", r, got)
		}
	}
}

func TestTitlesAreNumberedInChinese(t *testing.T) {
	for n, want := range map[int]string{1: "一", 9: "九", 10: "十", 11: "十一", 20: "二十", 99: "九十九", 100: "100"} {
		if got := numeral(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	if got := title("洋口火灾", Follow, 2); got != "洋口火灾（续报二）" {
		t.Error(got)
	}
}

func FuzzTemplates(f *testing.F) {
	for _, s := range []string{"source: x\nelements: []\ntemplates: [{id: a, name: b, name_en: c, core: [], first: [], final: []}]", "source: x", "{", "templates: 3"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if got, err := ParseTemplates("t.yml", text); err == nil && got.For("accident").ID == "" {
			t.Errorf("took %q", text)
		}
	})
}

func FuzzGrading(f *testing.F) {
	for _, s := range []string{"tables: [{id: a, name: b, name_en: c, source: d, categories: [accident], rows: [{level: 1, dead: 3}]}]", "tables: []", "{"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		g, err := ParseGrading("g.yml", text)
		if err != nil {
			return
		}
		if p := g.Propose("accident", time.Unix(0, 0), map[string]int{"dead": 3}); p.Level < 0 || p.Level > 4 {
			t.Errorf("proposed %+v from %q", p, text)
		}
	})
}
