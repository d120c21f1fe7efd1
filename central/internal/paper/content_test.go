package paper_test

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/paper"
)

func TestLevelsAndTablesAreRead(t *testing.T) {
	got := paper.Blocks("前言\n一、一级\n（二）二级\n(三)二级\n3.三级\n3.14是小数\n（4）四级\n\n|a|b\\|c|\n|---|---|\n|1|\n|2|3|4|\n\n|x|\n　　缩进的段落\r\n")
	want := []paper.Block{
		{Text: "前言"},
		{Level: 1, Text: "一、一级"},
		{Level: 2, Text: "（二）二级"},
		{Level: 2, Text: "(三)二级"},
		{Level: 3, Text: "3.三级"},
		{Text: "3.14是小数"},
		{Level: 4, Text: "（4）四级"},
		{Rows: [][]string{{"a", "b|c"}, {"1", ""}, {"2", "3"}}},
		{Rows: [][]string{{"x"}}},
		{Text: "缩进的段落"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestTheRecordOfAShiftIsWhole(t *testing.T) {
	at := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	end := at.Add(9 * time.Hour)
	r := handover.Record{Shift: handover.Shift{
		OrgName: "如东县", No: 7, OpenedAt: at, ClosedAt: &end, Officers: []string{"甲"}, Absent: "送医", In: &handover.Signature{Name: "乙", At: end, Reason: "临时顶班"},
		Passed: []handover.Item{{Title: "核实", OwnerName: "乙"}}, Note: "注意大风",
	}, Entries: []handover.Entry{
		{ID: "1", No: 1, Kind: handover.CallIn, At: at, Text: "写错了", Corrected: "2"},
		{ID: "2", No: 2, Kind: handover.CallIn, At: at, Text: "更正", Corrects: "1"},
		{ID: "3", No: 3, Kind: handover.Late, At: end, Party: "启东市", Text: "2026-11-26T08:30:00Z|above_leader|吴局、陆处"},
	}}
	c := paper.ShiftContent(r)
	for _, want := range []string{"2026年11月26日8时00分至2026年11月26日17时00分", "|2|08:00|来电||更正||", "|3|17:00|交班超时||应于16:30交班，无人接班；已催启东市上级带班领导：吴局、陆处。||", "核实", "注意大风", "交班人：未签字（送医）", "接班人：乙，2026年11月26日17时00分（临时顶班）"} {
		if !strings.Contains(c.Text, want) {
			t.Errorf("the record does not say %q:\n%s", want, c.Text)
		}
	}
	if strings.Contains(c.Text, "写错了") {
		t.Error("what was corrected stands in the record")
	}
	if brief := paper.BriefContent("如东县", at, r.Entries, nil); !strings.Contains(brief.Text, "2. 17:00，交班超时：应于16:30交班，无人接班；已催启东市上级带班领导：吴局、陆处。") {
		t.Errorf("the brief of the day:\n%s", brief.Text)
	}
}

func TestEveryKindOfADocumentHasItsWord(t *testing.T) {
	for _, k := range paper.Kinds() {
		if k.Word() == "" {
			t.Errorf("the register has no word for %s", k)
		}
	}
	if paper.Roster.Numbered() || !paper.Review.Numbered() || paper.Kind("x").Numbered() || len(paper.Kinds()) != 8 {
		t.Error("which kinds have a number")
	}
}

func FuzzBlocks(f *testing.F) {
	for _, seed := range []string{"", "|", "|a|b|", "一、x\n|\\|", "（一）\x00\ufffe", "|---|\n||\n|"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, b := range paper.Blocks(text) {
			for _, row := range b.Rows {
				if len(row) != len(b.Rows[0]) || len(row) == 0 {
					t.Errorf("rows of one table differ: %q", b.Rows)
				}
			}
			if !utf8.ValidString(b.Text) || strings.ContainsAny(b.Text, "\x00\n\ufffe") {
				t.Errorf("%q is not clean", b.Text)
			}
		}
	})
}
