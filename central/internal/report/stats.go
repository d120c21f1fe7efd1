package report

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Stats are how the desks of a time reported: the assessment table, the findings with their evidence, and counts.
type Stats struct {
	From       time.Time      `json:"from"`
	To         time.Time      `json:"to"`
	Unfinished bool           `json:"unfinished"` // it is not over: what is still to come is not in it
	Scores     []Score        `json:"scores"`
	Findings   []Finding      `json:"findings"`
	Aside      []Judgement    `json:"aside"` // findings that a person set aside
	Categories map[string]int `json:"categories"`
	Levels     map[string]int `json:"levels"` // 0 to 4
	Months     map[string]int `json:"months"` // 2026-11
	Weights    Weights        `json:"weights"`
}

// longestStats is the longest time of one question.
const longestStats = 400 * 24 * time.Hour

// Stats judges the incidents that occurred within a time where the actor may see.
func (s *Service) Stats(ctx context.Context, from, to time.Time) (Stats, error) {
	a, err := actor.Require(ctx, actor.IncidentRead)
	if err != nil {
		return Stats{}, err
	}
	if !from.Before(to) || to.Sub(from) > longestStats {
		return Stats{}, errs.Field("report.span", "to", "choose a time of at most 400 days")
	}
	out := Stats{From: from, To: to, Unfinished: stamp().Before(to), Scores: []Score{}, Findings: []Finding{}, Aside: []Judgement{}, Categories: map[string]int{}, Levels: map[string]int{}, Months: map[string]int{}}
	list, err := s.incidents(ctx, from, to, incident.Open, incident.Closed, incident.Void)
	if err != nil {
		return out, err
	}
	if out.Weights, err = s.Weights(ctx); err != nil {
		return out, err
	}
	for _, i := range list {
		if i.State == incident.Void {
			continue
		}
		out.Categories[i.Category]++
		out.Levels[fmt.Sprint(i.Level)]++
		out.Months[i.OccurredAt.In(event.China()).Format("2006-01")]++
	}
	cases, err := s.cases(ctx, list)
	if err != nil {
		return out, err
	}
	ids := make([]string, len(list))
	for n, i := range list {
		ids[n] = i.ID
	}
	people, err := s.Store.JudgementsOf(ctx, ids)
	if err != nil {
		return out, err
	}
	dailies, err := s.dailies(ctx, a, from, to)
	if err != nil {
		return out, err
	}
	now := stamp()
	by := map[string][]Case{}
	found := map[string][]Finding{}
	for _, c := range cases {
		findings := slices.DeleteFunc(c.Judge(), func(f Finding) bool { return setAside(people, f) })
		if c.Incident.State != incident.Void {
			by[c.OrgID] = append(by[c.OrgID], c)
		} else if len(findings) == 0 {
			continue
		}
		found[c.OrgID] = append(found[c.OrgID], findings...)
		out.Findings = append(out.Findings, findings...)
	}
	for _, j := range people {
		if j.Aside {
			out.Aside = append(out.Aside, j)
			continue
		}
		f := j.finding(list[slices.IndexFunc(list, func(i incident.Incident) bool { return i.ID == j.IncidentID })])
		found[j.OrgID] = append(found[j.OrgID], f)
		out.Findings = append(out.Findings, f)
	}
	for _, d := range dailies {
		if findings := d.Judge(now); len(findings) > 0 {
			found[d.OrgID] = append(found[d.OrgID], findings...)
			out.Findings = append(out.Findings, findings...)
		}
	}
	for org, one := range scored(cases, people, dailies) {
		out.Scores = append(out.Scores, one.add(by[org], found[org], out.Weights))
	}
	slices.SortFunc(out.Scores, byPoints)
	slices.SortFunc(out.Findings, func(a, b Finding) int { return a.At.Compare(b.At) })
	return out, nil
}

// dailies lists the daily reports that were asked for within a time where the actor may see.
func (s *Service) dailies(ctx context.Context, a actor.Actor, from, to time.Time) ([]Daily, error) {
	list, err := s.Store.DailiesIn(ctx, duty.DayOf(from, event.China()), duty.DayOf(to.Add(-time.Second), event.China()))
	return slices.DeleteFunc(list, func(d Daily) bool { return d.State == Spared || !a.Covers(d.Division) }), err
}

// scored begins the line of each desk that had an incident or a daily report to tell, or was judged by a person. Pure.
func scored(cases []Case, people []Judgement, dailies []Daily) map[string]Score {
	out := map[string]Score{}
	for _, j := range people {
		out[j.OrgID] = Score{OrgID: j.OrgID, OrgName: j.OrgName} // also one that had nothing to pass on, and concealed it
	}
	for _, c := range cases {
		out[c.OrgID] = Score{OrgID: c.OrgID, OrgName: c.OrgName}
	}
	for _, d := range dailies {
		out[d.OrgID] = Score{OrgID: d.OrgID, OrgName: d.OrgName, Dailies: out[d.OrgID].Dailies + 1}
	}
	return out
}

func setAside(people []Judgement, f Finding) bool {
	return slices.ContainsFunc(people, func(j Judgement) bool {
		return j.Aside && j.IncidentID == f.IncidentID && j.OrgID == f.OrgID && j.Fault == f.Fault
	})
}

// incidents lists those of a time that stand so.
func (s *Service) incidents(ctx context.Context, from, to time.Time, states ...incident.State) ([]incident.Incident, error) {
	var out []incident.Incident
	r := page.Request{Limit: page.MaxLimit}
	for {
		part, err := s.Incidents.List(ctx, incident.Filter{From: from, To: to}, r)
		if err != nil {
			return nil, err
		}
		for _, i := range part.Items {
			if slices.Contains(states, i.State) {
				out = append(out, i)
			}
		}
		if part.Next == "" {
			return out, nil
		}
		r.After = part.Next
	}
}

// NewJudgement is what a person finds, or sets aside.
type NewJudgement struct {
	OrgID  string
	Fault  Fault
	Aside  bool
	Reason string
	// Evidence names what shows it: the document, record or person. A finding that is set aside needs none.
	Evidence string
}

// Judge writes down what only a person finds: that something was concealed or false, or that a finding of a rule does
// not count.
func (s *Service) Judge(ctx context.Context, incidentID string, n NewJudgement) (Judgement, error) {
	a, o, err := s.Desks.Own(ctx, actor.ReportJudge)
	if err != nil {
		return Judgement{}, err
	}
	i, err := s.Incidents.Get(ctx, incidentID)
	if err != nil {
		return Judgement{}, err
	}
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return Judgement{}, err
	}
	of, ok := incident.Find(tree, n.OrgID)
	switch {
	case !ok || !a.Covers(of.Division):
		return Judgement{}, errs.Field("report.org", "org_id", "is no organisation that you judge")
	case of.ID == o.ID:
		return Judgement{}, errs.E(errs.Denied, "report.own_judgement", "the own desk is judged by the one above")
	case !slices.Contains(Faults(), n.Fault) || (!n.Aside && n.Fault != Concealed && n.Fault != False):
		return Judgement{}, errs.Field("report.fault", "fault", "people find what is concealed or false; the rest the rules find")
	case !errs.Name(n.Reason, 2*maxLine):
		return Judgement{}, errs.Field("report.reason", "reason", "say why, in 1 to 400 characters on one line")
	}
	n.Evidence = strings.TrimSpace(n.Evidence)
	if !errs.Line(n.Evidence, 2*maxLine) || (!n.Aside && n.Evidence == "") {
		return Judgement{}, errs.Field("report.evidence", "evidence", "name what shows it, in 1 to 400 characters on one line")
	}
	j := Judgement{ID: newID(), IncidentID: i.ID, OrgID: of.ID, OrgName: of.Name, Fault: n.Fault, Aside: n.Aside, Reason: strings.TrimSpace(n.Reason), Evidence: n.Evidence, ByName: a.Name, At: stamp()}
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		note(ctx, EventJudged, j.ID, of.Division, Trace{Name: i.Title, From: string(n.Fault), To: of.Name})
		return s.Store.AddJudgement(ctx, j)
	})
	return j, err
}

// Judgements lists what people have found about an incident, or set aside, where the actor may see it.
func (s *Service) Judgements(ctx context.Context, incidentID string) ([]Judgement, error) {
	i, err := s.Incidents.Get(ctx, incidentID)
	if err != nil {
		return nil, err
	}
	return s.Store.JudgementsOf(ctx, []string{i.ID})
}

// Weights are what the assessment goes by now.
func (s *Service) Weights(ctx context.Context) (Weights, error) {
	if _, err := actor.Require(ctx, actor.IncidentRead); err != nil {
		return Weights{}, err
	}
	w, err := s.Store.Weights(ctx)
	if errs.KindOf(err) == errs.NotFound {
		return DefaultWeights(), nil
	}
	return w, err
}

const maxPoints = 1000

// SaveWeights changes what the assessment goes by; source names the document.
func (s *Service) SaveWeights(ctx context.Context, w Weights) (Weights, error) {
	a, o, err := s.Desks.Own(ctx, actor.ReportJudge)
	if err != nil {
		return w, err
	}
	if o.ParentID != "" {
		return w, errs.E(errs.Denied, "report.weights_above", "the weights are set by the top desk")
	}
	if !errs.Name(w.Source, maxLine) {
		return w, errs.Field("report.source", "source", "name the document that gives the weights")
	}
	if !(w.Full > 0 && w.Full <= maxPoints) {
		return w, errs.Field("report.points", "full", "must be above 0 and at most 1000")
	}
	for f, n := range w.Points {
		if !slices.Contains(Faults(), f) || !(n >= 0 && n <= maxPoints) {
			return w, errs.Field("report.points", string(f), "must be 0 to 1000")
		}
	}
	w.UpdatedBy = a.Name
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		note(ctx, EventWeights, "weights", o.Division, Trace{Name: w.Source})
		return s.Store.SaveWeights(ctx, w)
	})
	return w, err
}

// Bulletin is the draft of a 通报: a heading, paragraphs, and the table, as the engine of documents takes them.
type Bulletin struct {
	Title      string     `json:"title"`
	Paragraphs []string   `json:"paragraphs"`
	Headings   []string   `json:"headings"`
	Rows       [][]string `json:"rows"`
}

// FaultName is the word for a fault in a bulletin.
func FaultName(f Fault) string {
	return map[Fault]string{Late: "迟报", Incomplete: "要素不全", Contradiction: "数字矛盾", Omitted: "漏报", Reversed: "信息倒流", SentBackOnce: "退回", Backdated: "电话补录", DailyLate: "日报迟报", DailyMissing: "日报漏报", Concealed: "瞒报", False: "谎报"}[f]
}

// Bulletin writes the draft for statistics. Pure.
func (s Stats) Bulletin() Bulletin {
	day := func(t time.Time) string { return t.In(event.China()).Format("2006年1月2日") }
	b := Bulletin{
		Title:    fmt.Sprintf("关于%s至%s突发事件信息报告情况的通报", day(s.From), day(s.To.Add(-time.Second))),
		Headings: []string{"单位", "事件", "报告", "按时", "平均用时（分）", "扣分项", "得分"}, Rows: [][]string{},
	}
	if s.Unfinished {
		b.Paragraphs = append(b.Paragraphs, "本期尚未结束，以下情况尚不完整，不作为通报印发。")
	}
	total := 0
	for _, n := range s.Levels {
		total += n
	}
	b.Paragraphs = append(b.Paragraphs, fmt.Sprintf("本期共发生突发事件%d起，其中特别重大%d起、重大%d起、较大%d起、一般%d起，未定级%d起。", total, s.Levels["1"], s.Levels["2"], s.Levels["3"], s.Levels["4"], s.Levels["0"]))
	for _, f := range Faults() {
		var said []string
		for _, one := range s.Findings {
			if one.Fault != f {
				continue
			}
			text := one.OrgName + "“" + one.Title + "”"
			switch f {
			case Backdated:
				text += "（称" + clockText(one.Was) + "报告，" + clockText(one.Found) + "录入）"
			case Late, DailyLate:
				text += "（应于" + clockText(one.Was) + "前报告，实际" + clockText(one.Found) + "）"
			case Contradiction:
				text += fmt.Sprintf("（%s，%s）", one.Was, one.Found)
			case Reversed, Omitted, SentBackOnce, Concealed, False:
				if one.Found != "" && f != Reversed { // the reason, where a person has found it
					text += "（" + one.Found + "）"
				}
			case Incomplete, DailyMissing:
			}
			if !slices.Contains(said, text) {
				said = append(said, text)
			}
		}
		if len(said) > 0 {
			b.Paragraphs = append(b.Paragraphs, fmt.Sprintf("%s%d起：%s。", FaultName(f), len(said), strings.Join(said, "；")))
		}
	}
	if len(s.Findings) == 0 {
		b.Paragraphs = append(b.Paragraphs, "本期未发现迟报、漏报、信息倒流等问题。")
	}
	for _, one := range s.Scores {
		var parts []string
		for _, f := range Faults() {
			if n := one.Faults[f]; n > 0 {
				parts = append(parts, fmt.Sprintf("%s%d", FaultName(f), n))
			}
		}
		b.Rows = append(b.Rows, []string{one.OrgName, fmt.Sprint(one.Incidents), fmt.Sprint(one.Reports), fmt.Sprint(one.InTime), fmt.Sprintf("%.0f", one.Minutes), strings.Join(parts, "、"), fmt.Sprintf("%.1f", one.Points)})
	}
	return b
}

func clockText(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return "未报"
	}
	return t.In(event.China()).Format("1月2日15:04")
}
