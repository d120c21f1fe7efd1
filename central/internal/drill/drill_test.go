package drill

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
)

func instant(clock string) time.Time {
	t, err := time.Parse(time.DateTime, "2026-11-26 "+clock)
	if err != nil {
		panic(err)
	}
	return t
}

// at is a moment at which both clocks say the same.
func at(clock string) moment { return moment{instant(clock), instant(clock)} }

// code is that of an error; empty: there is none.
func code(err error) string {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e.Code
	}
	return ""
}

func when(clock string) *time.Time {
	t := instant(clock)
	return &t
}

func TestActsOfAnExercise(t *testing.T) {
	script := []Inject{{ID: "a", Title: "来电", State: Waiting}, {ID: "b", Title: "扩大", State: Given}}
	for _, c := range []struct {
		name string
		from State
		act  Act
		to   State
		code string
	}{
		{"starts", Planned, Act{Kind: "start"}, Running, ""},
		{"does not start twice", Running, Act{Kind: "start"}, "", "drill.state"},
		{"pauses", Running, Act{Kind: "pause"}, Paused, ""},
		{"does not pause before it starts", Planned, Act{Kind: "pause"}, "", "drill.state"},
		{"goes on", Paused, Act{Kind: "resume"}, Running, ""},
		{"ends", Running, Act{Kind: "end"}, Ended, ""},
		{"ends from a pause", Paused, Act{Kind: "end"}, Ended, ""},
		{"does not close while it runs", Running, Act{Kind: "close", Findings: "好"}, "", "drill.state"},
		{"closes with a conclusion", Ended, Act{Kind: "close", Findings: "一、好\n二、改"}, Closed, ""},
		{"does not close without one", Ended, Act{Kind: "close"}, "", "drill.findings"},
		{"is called off with a reason", Planned, Act{Kind: "cancel", Reason: "台风"}, Cancelled, ""},
		{"is not called off without one", Running, Act{Kind: "cancel"}, "", "drill.reason"},
		{"is not called off afterwards", Closed, Act{Kind: "cancel", Reason: "x"}, "", "drill.state"},
		{"gives a line", Running, Act{Kind: "give", Inject: "a"}, Running, ""},
		{"gives a line in a pause", Paused, Act{Kind: "give", Inject: "a"}, Paused, ""},
		{"gives no line twice", Running, Act{Kind: "give", Inject: "b"}, "", "drill.inject_over"},
		{"gives no line that is not there", Running, Act{Kind: "give", Inject: "z"}, "", "drill.inject_over"},
		{"passes over a line with a reason", Running, Act{Kind: "skip", Inject: "a", Reason: "已知"}, Running, ""},
		{"passes over none without", Running, Act{Kind: "skip", Inject: "a"}, "", "drill.reason"},
		{"knows no other act", Running, Act{Kind: "explode"}, "", "drill.act"},
	} {
		d := Drill{State: c.from, Sealed: true, Injects: slices.Clone(script)}
		if c.from != Planned {
			d.StartedAt = when("09:00:00")
		}
		got, err := d.do(c.act, "甲", at("10:00:00"))
		if code(err) != c.code || (c.code == "" && got.State != c.to) {
			t.Errorf("%s: %s, %v", c.name, got.State, err)
		}
		if d.Injects[0].State != Waiting {
			t.Errorf("%s: the exercise before the act was changed", c.name)
		}
	}
}

func TestABlindExerciseStaysSealedWhenItIsCalledOffBeforeItsStart(t *testing.T) {
	d, err := Drill{State: Planned, Sealed: true}.do(Act{Kind: "cancel", Reason: "改期"}, "甲", at("09:00:00"))
	if err != nil || !d.Sealed || d.EndedAt != nil {
		t.Fatalf("%+v, %v", d, err)
	}
	d, err = Drill{State: Planned, Sealed: true}.do(Act{Kind: "start"}, "甲", at("09:00:00"))
	if err != nil || d.Sealed {
		t.Fatalf("%+v, %v", d, err)
	}
}

func TestTheClockOfAnExerciseStandsInItsPauses(t *testing.T) {
	d := Drill{State: Planned}
	for _, c := range []struct{ at, act, clock string }{
		{"09:00:00", "start", "0s"},
		{"09:10:00", "pause", "10m0s"},
		{"09:40:00", "resume", "10m0s"},
		{"09:50:00", "pause", "20m0s"},
		{"10:00:00", "end", "20m0s"},
	} {
		next, err := d.do(Act{Kind: c.act}, "甲", at(c.at))
		if err != nil {
			t.Fatal(err)
		}
		d = next
		if got := d.clock(instant(c.at)); got.String() != c.clock {
			t.Errorf("after %s at %s it has run %s", c.act, c.at, got)
		}
	}
	if got := d.clock(instant("20:00:00")); got != 20*time.Minute {
		t.Errorf("when it was over it went on to %s", got)
	}
}

func TestTheClockOfAnExerciseGoesOnEvenlyWhenTheWallClockIsSet(t *testing.T) {
	d, err := Drill{State: Planned}.do(Act{Kind: "start"}, "甲", at("09:00:00"))
	if err != nil {
		t.Fatal(err)
	}
	d.Injects = []Inject{{Way: Timed, Minutes: 10, State: Waiting}}
	if got := d.due(instant("09:09:59")); got != nil { // the wall clock may say what it will: due is asked by the steady one
		t.Errorf("given early: %v", got)
	}
	if got := d.due(instant("09:10:00")); !slices.Equal(got, []int{0}) {
		t.Errorf("not given: %v", got)
	}
	// A pause over which somebody sets the wall clock an hour ahead is ten minutes long.
	d, err = d.do(Act{Kind: "pause"}, "甲", at("09:05:00"))
	if err != nil {
		t.Fatal(err)
	}
	d, err = d.do(Act{Kind: "resume"}, "甲", moment{instant("10:15:00"), instant("09:15:00")})
	if err != nil {
		t.Fatal(err)
	}
	if got := d.clock(instant("09:20:00")); got != 10*time.Minute || d.Rested != 600 {
		t.Errorf("it has run %s, rested %d s", got, d.Rested)
	}
}

func TestTheTimesOfAnExerciseAreWithoutItsPauses(t *testing.T) {
	d := Drill{StartedAt: when("09:00:00"), Pauses: []Pause{{instant("09:10:00"), when("09:20:00")}, {instant("09:30:00"), nil}}}
	for wall, want := range map[string]time.Duration{"09:05:00": 5 * time.Minute, "09:10:00": 10 * time.Minute, "09:15:00": 10 * time.Minute, "09:25:00": 15 * time.Minute, "09:45:00": 20 * time.Minute} {
		if got := d.after(instant(wall)); got != want {
			t.Errorf("at %s it had run %s, want %s", wall, got, want)
		}
	}
}

func TestWhatComesByTheScript(t *testing.T) {
	d := Drill{State: Running, StartedAt: when("09:00:00"), Ticks: Ticks{From: when("09:00:00")}, Injects: []Inject{
		{Way: Timed, Minutes: 10, State: Waiting},
		{Way: When, Mark: MarkActivated, Minutes: 5, State: Waiting},
		{Way: Manual, State: Waiting},
		{Way: Timed, Minutes: 0, State: Given},
		{Way: Timed, Minutes: 0, State: Skipped},
	}}
	none, reached := map[string]time.Time{}, map[string]time.Time{MarkActivated: instant("09:03:00")}
	paused := d.paused(at("09:05:00"))
	paused.State = Paused
	rested := d.paused(at("09:04:00")).resumed(at("09:12:00"))
	for _, c := range []struct {
		name  string
		d     Drill
		at    string
		marks map[string]time.Time
		want  []int
	}{
		{"at the start nothing", d, "09:00:00", none, nil},
		{"a second before", d, "09:09:59", none, nil},
		{"in its minute", d, "09:10:00", none, []int{0}},
		{"a condition that is not reached", d, "09:30:00", none, []int{0}},
		{"a condition before its minutes", d, "09:07:59", reached, nil},
		{"a condition after its minutes", d, "09:08:00", reached, []int{1}},
		{"both", d, "09:10:00", reached, []int{0, 1}},
		{"nothing in a pause", paused, "12:00:00", reached, nil},
		{"a pause holds back conditions", rested, "09:15:59", reached, nil},
		{"until it has run so long after them", rested, "09:16:00", reached, []int{1}},
		{"a pause holds back timed ones", rested, "09:17:59", none, nil},
		{"until the exercise has run so long", rested, "09:18:00", none, []int{0}},
	} {
		c.d.reach(at(c.at), c.marks)
		if got := c.d.due(instant(c.at)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if known := rested; !known.reach(at("09:20:00"), reached) || known.reach(at("09:30:00"), reached) || known.Marks[MarkActivated] != 180_000 {
		t.Errorf("a mark is noted once, by the clock of the exercise: %v", known.Marks)
	}
}

func TestWhoTakesPartSeesOfTheScriptWhatWasGivenToThem(t *testing.T) {
	d := Drill{Scenario: "管涌", Injects: []Inject{
		{ID: "all", State: Given, Expect: "登记", Reason: "x"},
		{ID: "mine", State: Given, To: []string{"here"}},
		{ID: "theirs", State: Given, To: []string{"there"}},
		{ID: "later", State: Waiting},
		{ID: "never", State: Skipped},
	}}
	before := d.shown(Plays, "me", "here")
	if before.Scenario != "" {
		t.Errorf("before the start the scenario is told: %q", before.Scenario)
	}
	d.StartedAt = when("09:00:00")
	got := d.shown(Plays, "me", "here")
	var ids []string
	for _, i := range got.Injects {
		ids = append(ids, i.ID)
		if i.Expect != "" || i.Reason != "" {
			t.Errorf("%s tells what is expected: %+v", i.ID, i)
		}
	}
	if strings.Join(ids, " ") != "all mine" || got.Scenario != "管涌" || d.Injects[0].Expect != "登记" {
		t.Errorf("%v, %q, kept %q", ids, got.Scenario, d.Injects[0].Expect)
	}
}

func TestWhatAnExerciseMustSay(t *testing.T) {
	good := Drill{Name: "演练", Form: Tabletop, PlannedOn: "2026-11-26", Parties: []Party{{OrgID: "a"}}, Controllers: []Controller{{UserID: "u"}}}
	for _, c := range []struct {
		name   string
		change func(d *Drill)
		code   string
	}{
		{"enough", func(*Drill) {}, ""},
		{"a name", func(d *Drill) { d.Name = "" }, "drill.name"},
		{"a form", func(d *Drill) { d.Form = "loud" }, "drill.form"},
		{"a day", func(d *Drill) { d.PlannedOn = "2026-02-30" }, "drill.day"},
		{"a scenario that fits", func(d *Drill) { d.Scenario = strings.Repeat("字", maxText+1) }, "drill.text"},
		{"somebody who takes part", func(d *Drill) { d.Parties = nil }, "drill.parties"},
		{"somebody who controls", func(d *Drill) { d.Controllers = nil }, "drill.controllers"},
		{"a script that fits", func(d *Drill) { d.Injects = make([]Inject, maxInjects+1) }, "drill.injects"},
		{"a title of a line", func(d *Drill) { d.Injects = []Inject{{Way: Manual}} }, "drill.inject"},
		{"a way", func(d *Drill) { d.Injects = []Inject{{Title: "x", Way: "fax"}} }, "drill.inject"},
		{"minutes", func(d *Drill) { d.Injects = []Inject{{Title: "x", Way: Timed, Minutes: -1}} }, "drill.inject"},
		{"a mark", func(d *Drill) { d.Injects = []Inject{{Title: "x", Way: When, Mark: "moon"}} }, "drill.inject"},
		{"an addressee who takes part", func(d *Drill) { d.Injects = []Inject{{Title: "x", Way: Manual, To: []string{"b"}}} }, "drill.inject"},
		{"a line that fits", func(d *Drill) { d.Injects = []Inject{{Title: "x", Way: When, Mark: MarkDone, To: []string{"a"}}} }, ""},
	} {
		d := good
		c.change(&d)
		if err := d.validate(); code(err) != c.code {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
