package duty

import (
	"fmt"
	"slices"
	"testing"
)

func faults(list []Issue) []string {
	var out []string
	for _, i := range list {
		out = append(out, fmt.Sprintf("%s %s %s %s", i.Fault, i.Day, i.PostID, i.PersonID))
	}
	return out
}

func TestFaultsPointAtTheirCell(t *testing.T) {
	for _, c := range []struct {
		name   string
		spoil  func(*Plan)
		leaves []Leave
		want   []string
	}{
		{"a sound roster", func(*Plan) {}, nil, nil},
		{"an empty cell", func(p *Plan) {
			p.Overrides = []Override{{Key: Key{"officer", "2026-11-24", 0, 0}}}
		}, nil, []string{"gap 2026-11-24 officer "}},
		{"two places", func(p *Plan) {
			p.Overrides = []Override{{Key: Key{"leader", "2026-11-28", 0, 0}, PersonID: "p05"}}
		}, nil, []string{"double 2026-11-28 officer p05"}},
		{"nobody verified", func(p *Plan) {
			one := p.People["p02"]
			one.Phones = []Phone{{Kind: "mobile", Number: "1"}}
			p.People["p02"] = one
		}, nil, []string{"unverified 2026-11-25 officer p02", "unverified 2026-11-28 leader p02"}},
		{"gone", func(p *Plan) {
			one := p.People["p03"]
			one.Active = false
			p.People["p03"] = one
		}, nil, []string{"inactive 2026-11-26 officer p03", "inactive 2026-11-29 leader p03"}},
		{"on leave, seen over midnight", func(*Plan) {}, []Leave{{PersonID: "p01", From: "2026-11-25", To: "2026-11-25"}}, []string{"leave 2026-11-24 officer p01"}},
		{"special period without a leader", func(p *Plan) {
			p.Calendar = NewCalendar(nil, []Period{{Name: "会议", Order: "1", From: "2026-11-25", To: "2026-11-26"}})
			p.Overrides = []Override{{Key: Key{"leader", "2026-11-26", 0, 0}, PersonID: "p01"}}
		}, nil, []string{"no_leader 2026-11-25  "}},
		{"a hole between watches", func(p *Plan) {
			p.Rules[0].Watches = []Watch{{"全天", "08:30", "08:00"}}
		}, nil, []string{
			"uncovered 2026-11-23 officer ", "uncovered 2026-11-24 officer ", "uncovered 2026-11-25 officer ", "uncovered 2026-11-26 officer ",
			"uncovered 2026-11-27 officer ", "uncovered 2026-11-28 officer ", "uncovered 2026-11-29 officer ",
		}},
		{"three in a row", func(p *Plan) {
			p.Overrides = []Override{{Key: Key{"officer", "2026-11-24", 0, 0}, PersonID: "p00"}, {Key: Key{"officer", "2026-11-25", 0, 0}, PersonID: "p00"}}
		}, nil, []string{"row 2026-11-25 officer p00"}},
		{"nobody at all", func(p *Plan) { p.Rules[0].Rotations, p.Rules[1].Rotations = nil, nil }, nil, []string{"empty 2026-11-23  "}},
		{"no rules at all", func(p *Plan) { p.Rules = nil }, nil, []string{"empty 2026-11-23  "}},
		{"no posts", func(p *Plan) { p.Posts, p.Rules = nil, nil }, nil, nil},
	} {
		p := simple(8)
		c.spoil(&p)
		shifts := p.Lay("2026-11-22", "2026-11-30", ago, nil, map[string]int{"o1": 7, "l1": 0})
		list := p.Check(shifts, c.leaves, "2026-11-23", "2026-11-30", ago)
		for _, i := range list {
			if told := i.Fault == OnLeave || i.Fault == TooMany; i.Blocks == told {
				t.Errorf("%s: %s keeps the month from being published: %v", c.name, i.Fault, i.Blocks)
			}
		}
		got := faults(list)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestYearWithoutHolidayTableIsSaid(t *testing.T) {
	p := simple(8)
	shifts := p.Lay("2098-12-30", "2099-01-03", ago, nil, nil)
	got := p.Check(shifts, nil, "2098-12-31", "2099-01-03", ago)
	if len(got) < 1 || got[0].Fault != NoTable || got[0].Count != 2098 || got[0].Blocks {
		t.Errorf("got %+v", got)
	}
}
