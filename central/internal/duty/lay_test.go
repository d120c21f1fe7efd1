package duty

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

var ago = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func crew(n int) ([]string, map[string]Person) {
	var ids []string
	people := map[string]Person{}
	at := ago
	for i := range n {
		id := fmt.Sprintf("p%02d", i)
		ids = append(ids, id)
		people[id] = Person{ID: id, Name: fmt.Sprintf("甲%02d", i), Active: true, Phones: []Phone{{Kind: "mobile", Number: "000", VerifiedAt: &at}}}
	}
	return ids, people
}

// simple is one officer around the clock by one rotation, and a leader on days off.
func simple(n int) Plan {
	ids, people := crew(n)
	return Plan{
		Desk: newDesk("o"), People: people, Calendar: NewCalendar(nil, nil),
		Posts: []Post{{ID: "officer", OrgID: "o", Name: "值班员", Tier: Officer, Continuous: true}, {ID: "leader", OrgID: "o", Name: "带班领导", Tier: Leader, Position: 1}},
		Rules: []Rule{
			{ID: "r1", PostID: "officer", From: "2026-01-01", Watches: []Watch{{"全天", "08:30", "08:30"}}, Heads: map[Class]int{Workday: 1, Weekend: 1}, Rotations: []Rotation{{ID: "o1", Keep: 1, Members: ids}}},
			{ID: "r2", PostID: "leader", From: "2026-01-01", Watches: []Watch{{"全天", "08:30", "08:30"}}, Heads: map[Class]int{Weekend: 1}, Rotations: []Rotation{{ID: "l1", Keep: 1, Members: ids, First: 1}}},
		},
	}
}

func of(list []Shift, post string) []Shift {
	return slices.DeleteFunc(slices.Clone(list), func(s Shift) bool { return s.PostID != post })
}

// Fourteen people on a rotation that fills working days only: in goalert ten of them appear, because its
// rotation turns on the days that it does not fill.
func TestFourteenPeopleOnWorkdaysAllGetTheirTurn(t *testing.T) {
	ids, people := crew(14)
	p := Plan{
		Desk: newDesk("o"), People: people, Calendar: NewCalendar(nil, nil), Posts: []Post{{ID: "x", OrgID: "o"}},
		Rules: []Rule{{PostID: "x", From: "2026-01-01", Watches: []Watch{{"白班", "08:00", "18:00"}}, Heads: map[Class]int{Workday: 1}, Rotations: []Rotation{{ID: "r", Classes: []Class{Workday}, Keep: 1, Members: ids}}}},
	}
	turns := map[string]int{}
	list := p.Lay("2026-09-01", "2026-12-02", ago, nil, nil)
	for i, s := range list {
		if want := ids[i%14]; s.PersonID != want {
			t.Fatalf("%s: got %s, want %s", s.Day, s.PersonID, want)
		}
		if c := p.Calendar.Look(s.Day).Plain; c != Workday && c != Makeup {
			t.Errorf("%s is a %s", s.Day, c)
		}
		turns[s.PersonID]++
	}
	if len(turns) != 14 || slices.Max(slices.Collect(maps.Values(turns)))-slices.Min(slices.Collect(maps.Values(turns))) > 1 {
		t.Errorf("turns are %v", turns)
	}
}

// Whatever the classes, watches and heads: each turn of a rotation is one filled cell, none is left out and
// none is given twice, also when the roster is laid in pieces.
func TestTurnsAreFilledCells(t *testing.T) {
	lot := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		ids, people := crew(1 + lot.IntN(20))
		heads := map[Class]int{}
		for _, c := range Classes() {
			heads[c] = lot.IntN(4)
		}
		watches := []Watch{{"早", "00:00", "08:00"}, {"中", "08:00", "16:00"}, {"晚", "16:00", "00:00"}}[:1+lot.IntN(3)]
		p := Plan{
			Desk: newDesk("o"), People: people, Calendar: NewCalendar(nil, nil), Posts: []Post{{ID: "x", OrgID: "o"}},
			Rules: []Rule{{PostID: "x", From: "2026-01-01", Watches: watches, Heads: heads, Rotations: []Rotation{
				{ID: "off", Classes: []Class{Weekend, Holiday}, Keep: 1 + lot.IntN(3), Members: ids, First: lot.IntN(len(ids))},
				{ID: "on", Keep: 1 + lot.IntN(3), Members: ids, First: lot.IntN(len(ids))},
			}}},
		}
		from := Day("2026-01-01").Add(lot.IntN(300))
		cut := from.Add(1 + lot.IntN(40))
		whole := p.Lay(from, from.Add(45), ago, nil, nil)
		first := p.Lay(from, cut, ago, nil, nil)
		next := map[string]int{}
		for _, s := range first {
			next[s.RotationID] = s.Turn + 1
		}
		delete(next, "")
		if pieces := append(first, p.Lay(cut, from.Add(45), ago, nil, next)...); !slices.Equal(whole, pieces) {
			t.Fatalf("laid in pieces it differs: %v\n%v", whole, pieces)
		}
		want := map[string]int{}
		for _, s := range whole {
			if s.RotationID == "" || s.Turn != want[s.RotationID] {
				t.Fatalf("%+v: want turn %d", s, want[s.RotationID])
			}
			want[s.RotationID]++
		}
	}
}

// What has begun is never computed again, whatever changes.
func TestWhatHasBegunStaysWhatItWas(t *testing.T) {
	p := simple(5)
	loc := p.Desk.Location()
	stood := p.Lay("2026-11-01", "2026-11-30", ago, nil, nil)
	now := Day("2026-11-15").At("12:00", loc)
	ids, _ := crew(5)
	slices.Reverse(ids)
	p.Rules[0].Rotations[0] = Rotation{ID: "o2", Keep: 2, Members: ids}
	p.Rules[0].Watches = []Watch{{"白", "08:00", "20:00"}, {"夜", "20:00", "08:00"}}
	p.Posts[1].Ended = true
	again := p.Lay("2026-11-01", "2026-11-30", now, stood, nil)
	for _, s := range stood {
		begun := !s.StartsAt.After(now)
		if found := slices.Contains(again, s); found != begun {
			t.Errorf("%s %s begun %v, kept %v", s.PostID, s.Day, begun, found)
		}
	}
	// What is laid anew begins after now, or is a watch of today that has no cell yet and still runs.
	for _, s := range again {
		if !slices.Contains(stood, s) && !s.EndsAt.After(now) {
			t.Errorf("the past was made up: %+v", s)
		}
	}
}

func TestLayersStandOverEachOther(t *testing.T) {
	p := simple(6)
	base := of(p.Lay("2026-11-02", "2026-11-09", ago, nil, nil), "officer")
	key := func(d Day) Key { return Key{"officer", d, 0, 0} }
	p.Overrides = []Override{
		{Key: key("2026-11-03"), PersonID: "p05"},
		{Key: key("2026-11-04"), PersonID: ""},
		{Key: key("2026-11-06"), PersonID: "p05"},                  // under the temporary roster
		{Key: Key{"officer", "2026-11-03", 0, 2}, PersonID: "p04"}, // a third head that no rule asks for
	}
	p.Temps = []Temp{{PostID: "officer", From: "2026-11-05", To: "2026-11-06", Heads: 2, Watches: []Watch{{"双岗", "08:30", "08:30"}}, Cells: []TempCell{{"2026-11-05", 0, 0, "p01"}, {"2026-11-05", 0, 1, "p02"}}}}
	back := key("2026-11-08")
	p.Swaps = []Swap{
		{Cell: key("2026-11-03"), FromID: "p05", ToID: "p03", Return: &back}, // over the override
		{Cell: key("2026-11-07"), FromID: "nobody", ToID: "p00"},             // somebody else holds it by now
	}
	p.Swaps[0].Return = nil
	got := of(p.Lay("2026-11-02", "2026-11-09", ago, nil, nil), "officer")
	want := []struct {
		day    Day
		head   int
		person string
		layer  Layer
	}{
		{"2026-11-02", 0, base[0].PersonID, ByRule},
		{"2026-11-03", 0, "p03", BySwap},
		{"2026-11-03", 1, "", ByRule},
		{"2026-11-03", 2, "p04", ByOverride},
		{"2026-11-04", 0, "", ByOverride},
		{"2026-11-05", 0, "p01", ByTemp},
		{"2026-11-05", 1, "p02", ByTemp},
		{"2026-11-06", 0, "", ByTemp},
		{"2026-11-06", 1, "", ByTemp},
		{"2026-11-07", 0, base[3].PersonID, ByRule}, // the rotation did not turn while the temporary roster held
		{"2026-11-08", 0, base[4].PersonID, ByRule},
	}
	if len(got) != len(want) {
		t.Fatalf("got %d cells: %+v", len(got), got)
	}
	for i, w := range want {
		if g := got[i]; g.Day != w.day || g.Head != w.head || g.PersonID != w.person || g.Layer != w.layer {
			t.Errorf("%s/%d: got %s by %s, want %s by %s", w.day, w.head, g.PersonID, g.Layer, w.person, w.layer)
		}
	}
}

func TestWhoIsOnDutyAtAnInstant(t *testing.T) {
	p := simple(3)
	loc := p.Desk.Location()
	shifts := p.Lay("2026-11-02", "2026-11-06", ago, nil, nil)
	at := Day("2026-11-03").At("22:00", loc)
	cell := Key{"officer", "2026-11-03", 0, 0}
	returned := at.Add(2 * time.Hour)
	taken := []Takeover{
		{ID: "1", Cell: cell, ToID: "p02", ToName: "甲02", At: at},
		{ID: "2", Cell: cell, ToID: "p00", ToName: "甲00", At: at.Add(time.Hour), Until: &returned},
	}
	for _, c := range []struct {
		at   time.Time
		want string
	}{{at.Add(-time.Second), "p01"}, {at, "p02"}, {at.Add(90 * time.Minute), "p00"}, {returned, "p02"}, {Day("2026-11-04").At("08:30", loc), "p02"}} {
		got := OnDuty(shifts, taken, c.at)
		if len(got) != 1 || got[0].PersonID != c.want {
			t.Errorf("%s: got %+v, want %s", c.at, got, c.want)
		}
	}
	if got := OnDuty(shifts, taken, Day("2026-11-10").At("08:30", loc)); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestSwapGoesStepByStepAndNotAfterTheShiftBegan(t *testing.T) {
	at := ago
	w := Swap{State: Requested, StartsAt: at.Add(time.Hour)}
	for _, c := range []struct {
		from, to SwapState
		late, ok bool
	}{
		{Requested, Agreed, false, true},
		{Requested, Approved, false, false},
		{Agreed, Approved, false, true},
		{Agreed, Agreed, false, false},
		{Requested, Refused, false, true},
		{Requested, Withdrawn, false, true},
		{Approved, Withdrawn, false, true},
		{Approved, Refused, false, false},
		{Refused, Agreed, false, false},
		{Withdrawn, Approved, false, false},
		{Requested, Agreed, true, false},
		{Agreed, Approved, true, false},
		{Approved, Withdrawn, true, false},
		{Requested, Withdrawn, true, true},
	} {
		w.State = c.from
		when := at
		if c.late {
			when = w.StartsAt
		}
		if _, err := w.move(c.to, "某", "", when); (err == nil) != c.ok {
			t.Errorf("%s to %s late %v: %v", c.from, c.to, c.late, err)
		}
	}
}
