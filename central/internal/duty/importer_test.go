package duty

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func reading(p Plan, shifts []Shift, table [][]string) *reader {
	r := &reader{plan: p, month: "2026-12", cells: map[Key]Shift{}}
	for _, s := range shifts {
		r.cells[s.Key] = s
	}
	r.read(table, func(k Key) bool { return k.Day < "2026-12-03" })
	return r
}

func TestTableComesBackAsItWent(t *testing.T) {
	p := simple(6)
	shifts := p.Lay("2026-12-01", "2027-01-01", ago, nil, nil)
	out := Roster{Posts: p.Posts, Shifts: shifts}
	for d := Day("2026-12-01"); d < "2027-01-01"; d = d.Add(1) {
		out.Days = append(out.Days, p.Calendar.Look(d))
	}
	table := out.Table()
	if len(table) != 32 || strings.Join(table[0], "|") != "日期|星期|类别|值班员|带班领导" || strings.Join(table[5], "|") != "2026-12-05|六|周末|甲04|甲01" {
		t.Fatalf("got %q %q", table[0], table[5])
	}
	if r := reading(p, shifts, table); len(r.edits)+len(r.faults) != 0 {
		t.Errorf("an unchanged table changes %+v, faults %+v", r.edits, r.faults)
	}
	table[5][3] = "甲00、甲03"
	table[6][3] = "—"
	table[7][0] = "12月7日"
	table[7][3] = "甲01（秘书）"
	one := p.People["p01"]
	one.Title = "秘书"
	p.People["p01"] = one
	r := reading(p, shifts, table)
	var got []string
	for _, e := range r.edits {
		got = append(got, fmt.Sprintf("%s/%d %s for %s", e.Day, e.Head, *e.PersonID, e.Was))
	}
	if len(r.faults) != 0 || !slices.Equal(got, []string{"2026-12-05/0 p00 for p04", "2026-12-05/1 p03 for ", "2026-12-06/0  for p05", "2026-12-07/0 p01 for p00"}) {
		t.Errorf("got %q, faults %+v", got, r.faults)
	}
}

func TestEveryFaultOfATableIsFoundAtOnce(t *testing.T) {
	p := simple(4)
	twin := p.People["p03"]
	twin.ID = "p99"
	p.People["p99"] = twin
	r := reading(p, nil, [][]string{
		{"日期", "星期", "值班员", "没有的岗位", "带班领导", "备注"},
		{"2026-12-01", "二", "甲00"},
		{"2026-11-30", "一", "甲00"},
		{"12-4", "", "张三", "", "甲01", "随便"},
		{"4日", "", "甲01"},
		{"5", "", "甲00、甲00"},
		{"6", "", "甲03"},
		{"x", "", "甲03"},
		{"", "", "甲03"},
	})
	var got []string
	for _, f := range r.faults {
		got = append(got, fmt.Sprintf("%s%d %s %s", f.Column, f.Row, f.Kind, f.Text))
	}
	want := []string{
		"D1 unknown_column 没有的岗位", "C2 begun 甲00", "A3 bad_day 2026-11-30", "C4 unknown_person 张三", "A5 same_day 4日", "C6 twice 甲00", "C7 same_name 甲03", "A8 bad_day x",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, table := range [][][]string{nil, {{}}, {{"值班员"}, {"甲00"}}} {
		if r := reading(p, nil, table); len(r.faults) != 1 || r.faults[0].Kind != "no_dates" {
			t.Errorf("%q: %+v", table, r.faults)
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add("日期\t值班员\t带班领导\n2026-12-05\t甲00、甲01\t甲02\n6\t—\t")
	f.Add("Date\t值班员 全天\n12月31日\t甲00；甲03")
	f.Add("日期\n99999999999999999999日\n2026-12-1")
	p := simple(4)
	shifts := p.Lay("2026-12-01", "2027-01-01", ago, nil, nil)
	f.Fuzz(func(t *testing.T, text string) {
		var table [][]string
		for line := range strings.SplitSeq(text, "\n") {
			table = append(table, strings.Split(line, "\t"))
		}
		r := reading(p, shifts, table)
		if err := p.checkEdits(r.edits, shifts, ago); err != nil && !strings.Contains(err.Error(), "cells") {
			t.Errorf("%v", err)
		}
		for _, e := range r.edits {
			if e.Day.Month() != "2026-12" || p.People[*e.PersonID].ID != *e.PersonID {
				t.Errorf("edit %+v", e)
			}
		}
	})
}
