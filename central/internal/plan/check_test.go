package plan

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/errs"
)

func small() Body {
	return Body{
		Chapters: []Chapter{{ID: "c1", Depth: 1, Title: "总则", Text: "依据"}, {ID: "c2", Depth: 1, Title: "应急响应"}, {ID: "c3", Depth: 2, Title: "响应措施", Text: "按级行动", Brief: true}},
		Levels:   []Level{{Level: 4, Conditions: []Condition{{Text: "水位超过警戒"}}, Decider: "指挥部办公室", Clause: "c3"}, {Level: 3, Conditions: []Condition{{Figure: "deaths", Least: 3}}}},
		Roles:    []Role{{ID: "r1", Name: "总指挥", NameEN: "Commander", Fill: Fill{How: "duty", OrgID: "o", Tier: "leader", Name: "市局带班领导"}, Clause: "c3"}, {ID: "r2", Name: "值班员", Fill: Fill{How: "org", OrgID: "o"}}},
		Actions: []Action{
			{ID: "a1", Title: "启动响应", TitleEN: "Start the response", Levels: []int{4, 3}, RoleID: "r1", From: FromStart, Clause: "c3"},
			{ID: "a2", Title: "电话报告", Levels: []int{4, 3}, RoleID: "r2", From: FromAfter, After: []string{"a1"}, Minutes: 30, Clause: "c3", Output: "初报"},
			{ID: "a3", Title: "书面报告", Levels: []int{3}, RoleID: "r2", From: FromStart, After: []string{"a2"}, Minutes: 60, Clause: "c3", Condition: "有伤亡"},
		},
		Contacts: []Contact{{ID: "k1", Org: "市水利局", Phone: "0513-0000-0000"}},
	}.whole()
}

func someone() Directory {
	return Directory{Orgs: map[string]bool{"o": true}, Tiers: map[string]map[string]bool{"o": {"leader": true}}, People: map[string]bool{"p": true}}
}

func codes(list []Fault) []string {
	var out []string
	for _, f := range list {
		if f.Grave {
			out = append(out, f.Code)
		}
	}
	return out
}

func TestCheckTellsEachFaultByItsClause(t *testing.T) {
	if got := Check(small(), someone()); Grave(got) {
		t.Fatalf("a sound plan: %+v", got)
	}
	for name, c := range map[string]struct {
		change func(*Body)
		want   string
		clause string
	}{
		"no level":                  {func(b *Body) { b.Levels = nil }, NoLevel, ""},
		"a level twice":             {func(b *Body) { b.Levels = append(b.Levels, b.Levels[0]) }, LevelTwice, "2.1 响应措施"},
		"a level without action":    {func(b *Body) { b.Levels = append(b.Levels, Level{Level: 1, Conditions: b.Levels[0].Conditions}) }, LevelIdle, ""},
		"a level without condition": {func(b *Body) { b.Levels[0].Conditions = nil }, LevelAny, "2.1 响应措施"},
		"a cycle":                   {func(b *Body) { b.Actions[0].After = []string{"a3"} }, ActionCycle, "2.1 响应措施"},
		"follows itself":            {func(b *Body) { b.Actions[0].After = []string{"a1"} }, ActionCycle, "2.1 响应措施"},
		"before its predecessor":    {func(b *Body) { b.Actions[2].Minutes = 20 }, ActionEarly, "2.1 响应措施"},
		"nobody for a role":         {func(b *Body) { b.Roles[0].Fill.Tier = "standby" }, RoleNobody, "2.1 响应措施"},
		"an organisation gone":      {func(b *Body) { b.Roles[1].Fill.OrgID = "x" }, RoleNobody, ""},
		"a person gone":             {func(b *Body) { b.Roles[1].Fill = Fill{How: "person", PersonID: "q"} }, RoleNobody, ""},
		"no role":                   {func(b *Body) { b.Actions[1].RoleID = "" }, ActionRole, "2.1 响应措施"},
		"no level of its own":       {func(b *Body) { b.Actions[2].Levels = nil }, ActionIdle, "2.1 响应措施"},
		"a level that is not there": {func(b *Body) { b.Actions[2].Levels = []int{1} }, ActionLevel, "2.1 响应措施"},
		"after what is not there":   {func(b *Body) { b.Actions[2].After = []string{"zz"} }, ActionUnknown, "2.1 响应措施"},
		"after nothing":             {func(b *Body) { b.Actions[1].After = nil }, ActionLoose, "2.1 响应措施"},
		"apart at a level":          {func(b *Body) { b.Actions[0].Levels = []int{3} }, ActionApart, "2.1 响应措施"},
		"no text at all":            {func(b *Body) { b.Chapters = nil }, NoChapter, ""},
	} {
		b := small()
		c.change(&b)
		got := Check(b, someone())
		i := slices.IndexFunc(got, func(f Fault) bool { return f.Code == c.want && f.Grave })
		if i < 0 || got[i].Clause != c.clause {
			t.Errorf("%s: want %s at %q, got %+v", name, c.want, c.clause, got)
		}
	}
}

// wild makes a body of n actions; each may follow only earlier ones, and never runs before them.
func wild(r *rand.Rand, n int) Body {
	b := Body{Chapters: []Chapter{{ID: "c", Depth: 1, Title: "响应", Text: "行动"}}}
	for l := 1; l <= 4; l++ {
		b.Levels = append(b.Levels, Level{Level: l, Conditions: []Condition{{Text: "情形"}}})
	}
	for i := range 5 {
		b.Roles = append(b.Roles, Role{ID: fmt.Sprint("r", i), Name: fmt.Sprint("角色", i), Fill: Fill{How: "org", OrgID: "o"}})
	}
	for i := range n {
		a := Action{ID: fmt.Sprint("a", i), Title: fmt.Sprint("行动", i), Levels: []int{1, 2, 3, 4}, RoleID: fmt.Sprint("r", r.IntN(5)), From: FromStart, Minutes: r.IntN(100), Clause: "c"}
		for range r.IntN(3) {
			if i > 0 {
				a.After = append(a.After, fmt.Sprint("a", r.IntN(i)))
			}
		}
		if len(a.After) > 0 {
			a.From = FromAfter
		}
		b.Actions = append(b.Actions, a)
	}
	r.Shuffle(len(b.Actions), func(i, j int) { b.Actions[i], b.Actions[j] = b.Actions[j], b.Actions[i] })
	return b.whole()
}

func TestEveryPlanWithoutLoopHasAnOrderAndOneLoopIsAlwaysFound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 400 {
		b := wild(r, 1+r.IntN(60))
		if got := codes(Check(b, someone())); len(got) > 0 {
			t.Fatalf("sound by construction: %v", got)
		}
		order, due := b.order(), b.due()
		if len(order) != len(b.Actions) || len(due) != len(b.Actions) {
			t.Fatalf("%d of %d actions have a place", len(order), len(b.Actions))
		}
		for _, a := range b.Actions {
			for _, id := range a.After {
				if slices.Index(order, id) > slices.Index(order, a.ID) || due[id] > due[a.ID] {
					t.Fatalf("%s comes before %s", a.ID, id)
				}
			}
		}
		// Any action made to follow something that comes after it closes a loop.
		a := &b.Actions[r.IntN(len(b.Actions))]
		reach := map[string]bool{a.ID: true}
		for _, id := range order {
			i := slices.IndexFunc(b.Actions, func(x Action) bool { return x.ID == id })
			if slices.ContainsFunc(b.Actions[i].After, func(p string) bool { return reach[p] }) {
				reach[id] = true
			}
		}
		var ids []string
		for id := range reach {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		a.After = append(a.After, ids[r.IntN(len(ids))])
		faults := Check(b, someone())
		i := slices.IndexFunc(faults, func(f Fault) bool { return f.Code == ActionCycle })
		if i < 0 {
			t.Fatalf("a loop through %s is not found", a.ID)
		}
	}
}

// A loop that is told is one: each follows the one before it.
func TestToldLoopIsALoop(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		b := wild(r, 3+r.IntN(20))
		for range 4 {
			a := &b.Actions[r.IntN(len(b.Actions))]
			a.After = append(a.After, b.Actions[r.IntN(len(b.Actions))].ID)
		}
		byID := map[string]Action{}
		for _, a := range b.Actions {
			byID[a.ID] = a
		}
		loops := b.loops()
		if (len(loops) > 0) != (len(b.order()) < len(b.Actions)) {
			t.Fatalf("%d loops, %d of %d ordered", len(loops), len(b.order()), len(b.Actions))
		}
		for _, loop := range loops {
			for i, id := range loop {
				if !slices.Contains(byID[loop[(i+1)%len(loop)]].After, id) {
					t.Fatalf("%v is no loop", loop)
				}
			}
		}
	}
}

func FuzzCheck(f *testing.F) {
	text, err := json.Marshal(small())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"levels":[{"level":9}],"actions":[{"id":"a","after":["a","b"],"levels":[1,1,0]},{"id":"a","from":"after"}],"chapters":[{"depth":7},{"depth":-1}]}`))
	f.Add([]byte(`{"chapters":[{"id":"c","depth":4},{"id":"d","depth":1}],"roles":[{"id":"r","fill":{"how":"duty"}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var b Body
		if json.Unmarshal(text, &b) != nil {
			return
		}
		b = b.whole()
		sound := b.validate() == nil
		faults := Check(b, someone())
		if sound && !Grave(faults) && len(b.order()) != len(b.Actions) {
			t.Fatalf("a plan with a loop passes: %s", text)
		}
		if len(b.Actions) > 300 {
			return
		}
		for level := 1; level <= 4; level++ {
			b.Schedule(level)
			if sound {
				wellFormed(t, Flow(Sheet{Name: "预案"}, b, level).SVG())
			}
		}
		Compose(PaperFull, Sheet{}, b)
		if len(Compare(b, b)) != 0 && sound {
			t.Fatal("a plan differs from itself")
		}
	})
}

func wellFormed(t *testing.T, drawing string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(drawing))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("the drawing is no XML: %v", err)
		}
	}
}

func TestChartShowsEveryActionInTwoLanguagesAndTheSameEachTime(t *testing.T) {
	b := small()
	b.Actions[0].Title = `<启动> & "响应"`
	one := Flow(Sheet{Name: "防汛预案", NameEN: "Flood plan", Version: 2, Hash: strings.Repeat("a", 64), Demo: true}, b, 3).SVG()
	wellFormed(t, one)
	if one != Flow(Sheet{Name: "防汛预案", NameEN: "Flood plan", Version: 2, Hash: strings.Repeat("a", 64), Demo: true}, b, 3).SVG() {
		t.Error("the same plan draws two charts")
	}
	for _, want := range []string{"&lt;启动&gt;", "Start the response", "电话报告", "书面报告", "T+30′", "T+1 h", "Commander", "演示数据", "有伤亡", "Level Ⅲ response"} {
		if !strings.Contains(one, want) {
			t.Errorf("the chart lacks %q", want)
		}
	}
	if strings.Contains(Flow(Sheet{}, b, 4).SVG(), "书面报告") {
		t.Error("an action of another level stands on the chart")
	}
}

// Boxes never lie over each other, whatever the plan.
func TestBoxesOfTheChartStandApart(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 60 {
		c := wild(r, 1+r.IntN(80)).layout(2, 0)
		for i, a := range c.boxes {
			for _, b := range c.boxes[i+1:] {
				if a.x < b.x+boxWidth && b.x < a.x+boxWidth && a.y < b.y+boxHeight && b.y < a.y+boxHeight {
					t.Fatalf("%s lies over %s", a.ID, b.ID)
				}
			}
		}
	}
}

func TestNumbersFollowTheDepth(t *testing.T) {
	var b Body
	for _, d := range []int{1, 2, 2, 3, 1, 3, 2} {
		b.Chapters = append(b.Chapters, Chapter{Depth: d})
	}
	if got := strings.Join(b.Numbers(), " "); got != "1 1.1 1.2 1.2.1 2 2.0.1 2.1" {
		t.Errorf("got %s", got)
	}
}

func TestCompareNamesWhatChanged(t *testing.T) {
	a, b := small(), small()
	b.Actions[1].Minutes = 20
	b.Actions = b.Actions[:2]
	b.Chapters[0].Text = "新依据"
	b.Roles = append(b.Roles, Role{ID: "r3", Name: "专家组"})
	var got []string
	for _, c := range Compare(a, b) {
		got = append(got, strings.TrimSpace(c.Part+" "+c.Name+" "+c.Kind+" "+c.Field))
	}
	want := []string{"chapter 1 总则 changed text", "role 专家组 added", "action 电话报告 changed due", "action 书面报告 removed"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	for name, change := range map[string]func(*Body){
		"organisation": func(b *Body) { b.Roles[0].Fill.OrgID = "another" },
		"tier":         func(b *Body) { b.Roles[0].Fill.Tier = "standby" },
		"person":       func(b *Body) { b.Roles[0].Fill.PersonID = "somebody" },
	} {
		c := small()
		change(&c)
		if got := Compare(small(), c); len(got) != 1 || got[0].Field != "fill" {
			t.Errorf("another %s takes a role: %+v", name, got)
		}
	}
	if len(Compare(a, a)) != 0 {
		t.Error("a plan differs from itself")
	}
}

func TestBodyThatIsTooMuchIsRefused(t *testing.T) {
	for name, change := range map[string]func(*Body){
		"depth":    func(b *Body) { b.Chapters[0].Depth = 5 },
		"id":       func(b *Body) { b.Actions[0].ID = "a b" },
		"same id":  func(b *Body) { b.Actions[0].ID = b.Actions[1].ID },
		"text":     func(b *Body) { b.Chapters[0].Text = "a\x00" },
		"minutes":  func(b *Body) { b.Actions[0].Minutes = -1 },
		"level":    func(b *Body) { b.Actions[0].Levels = []int{4, 4} },
		"evidence": func(b *Body) { b.Actions[0].Evidence = []string{"hearsay"} },
		"demand":   func(b *Body) { b.Actions[0].Demands = []Demand{{Kind: "team"}} },
		"figure":   func(b *Body) { b.Levels[0].Conditions[0].Figure = "age" },
		"fill":     func(b *Body) { b.Roles[0].Fill.How = "lot" },
		"chapters": func(b *Body) { b.Chapters = make([]Chapter, maxChapters+1) },
		"whole": func(b *Body) {
			for i := range 30 {
				b.Chapters = append(b.Chapters, Chapter{ID: fmt.Sprint("x", i), Depth: 1, Text: strings.Repeat("a", maxChapter)})
			}
		},
	} {
		b := small()
		change(&b)
		if err := b.validate(); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
