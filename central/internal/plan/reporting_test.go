package plan

import (
	"slices"
	"strings"
	"testing"
)

// A report without a receiver, a time or a level, or at a level that the plan does not have, is told by its clause; what
// is asked for is printed and compared.
func TestReportsAreCheckedByClause(t *testing.T) {
	b := Body{
		Chapters: []Chapter{{ID: "c1", Depth: 1, Title: "信息报告", Text: "按时报告。"}},
		Levels:   []Level{{Level: 4}, {Level: 3}},
		Reports: []Reporting{
			{ID: "p1", Kind: ReportFirst, Levels: []int{4, 3}, Minutes: 60, To: "省防指办", Clause: "c1"},
			{ID: "p2", Kind: ReportFollow, Levels: []int{4}, Minutes: 720, Clause: "c1"},
			{ID: "p3", Kind: ReportFollow, Levels: []int{2}, To: "市委办", Clause: "c1"},
			{ID: "p4", Kind: ReportFinal, Minutes: 4320, To: "省防指办"},
			{ID: "p5", Kind: ReportFirst, Levels: []int{3}, Minutes: 30, To: "省防指办", Clause: "c1"},
		},
	}
	if err := b.validate(); err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, f := range Check(b, Directory{}) {
		if f.Part != "report" {
			continue
		}
		got[f.Code] = append(got[f.Code], f.ID)
		if f.Grave != (f.Code != ReportClause) || (f.Code != ReportClause && f.ID != "p4" && f.Clause != "1 信息报告") {
			t.Errorf("%+v", f)
		}
	}
	for code, ids := range map[string][]string{ReportNobody: {"p2"}, ReportTime: {"p3"}, ReportLevel: {"p3"}, ReportIdle: {"p4"}, ReportTwice: {"p5"}, ReportClause: {"p4"}} {
		if !slices.Equal(got[code], ids) {
			t.Errorf("%s: %v", code, got[code])
		}
	}
	var rows []string
	for _, block := range Compose(PaperBrief, Sheet{}, b).Blocks {
		for _, r := range block.Rows {
			rows = append(rows, strings.Join(r, "|"))
		}
	}
	if all := strings.Join(rows, "\n"); !strings.Contains(all, "启动报告|Ⅳ Ⅲ|启动后 1 小时|省防指办||1") || !strings.Contains(all, "终报||终止后 3 天|省防指办||") {
		t.Errorf("printed\n%s", all)
	}
	next := b
	next.Reports = slices.Clone(b.Reports)
	next.Reports[0].Minutes = 30
	if c := Compare(b, next); len(c) != 1 || c[0].Part != "report" || c[0].Field != "due" || c[0].To != "+30" {
		t.Errorf("compared %+v", c)
	}
	b.Reports[0].Kind = "soon"
	if b.validate() == nil {
		t.Error("a kind that there is not")
	}
}
