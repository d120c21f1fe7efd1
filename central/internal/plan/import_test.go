package plan_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func counter() func() string {
	n := 0
	return func() string {
		n++
		return fmt.Sprint("new", n)
	}
}

func TestHeadingsBecomeChaptersAndWhatDoesNotFitIsTold(t *testing.T) {
	was := []plan.Chapter{{ID: "old", Depth: 1, Title: "总则", Brief: true}}
	got, notes, faults := plan.ChaptersOf([]plan.Paragraph{
		{No: 1, Text: "防汛应急预案"},
		{No: 2, Text: "目录……1", Odd: "contents"},
		{No: 3, Depth: 1, Text: "1 总则"},
		{No: 4, Depth: 3, Text: "1.1编制目的"},
		{No: 5, Text: "为防汛。"},
		{No: 6, Text: "分两步。", Odd: "list"},
		{No: 7, Depth: 6, Text: "24小时值班"},
		{No: 8, Text: "级别｜条件", Odd: "table"},
		{No: 9, Depth: 1, Text: "2响应"},
	}, was, counter())
	want := []plan.Chapter{
		{ID: "old", Depth: 1, Title: "总则", Brief: true},
		{ID: "new1", Depth: 2, Title: "编制目的", Text: "为防汛。\n分两步。"},
		{ID: "new2", Depth: 3, Title: "24小时值班", Text: "级别｜条件"},
		{ID: "new3", Depth: 1, Title: "响应"},
	}
	if !reflect.DeepEqual(got, want) || len(faults) != 0 {
		t.Errorf("got %+v, faults %v", got, faults)
	}
	codes := ""
	for _, n := range notes {
		codes += fmt.Sprint(n.Paragraph, n.Code, " ")
	}
	if codes != "1before 2contents 6list 7depth 8table " {
		t.Errorf("notes %q", codes)
	}
}

func TestADocumentWithoutStylesIsReadByItsNumbers(t *testing.T) {
	got, notes, _ := plan.ChaptersOf([]plan.Paragraph{
		{No: 1, Text: "一、总则"}, {No: 2, Text: "（一）编制目的"}, {No: 3, Text: "为了防汛，制定本预案。"}, {No: 4, Text: "二、组织体系"}, {No: 5, Text: "1.1 指挥部"}, {No: 6, Text: "2026年启动。"},
	}, nil, counter())
	var titles []string
	for _, c := range got {
		titles = append(titles, fmt.Sprint(c.Depth, c.Title))
	}
	if !slices.Equal(titles, []string{"1总则", "2编制目的", "1组织体系", "2指挥部"}) || got[1].Text == "" || len(notes) != 1 || notes[0].Code != "numbered" {
		t.Errorf("%v %v", titles, notes)
	}
	if _, _, faults := plan.ChaptersOf([]plan.Paragraph{{No: 1, Text: "没有标题的一段话。"}}, nil, counter()); len(faults) != 1 || faults[0].Code != "no_heading" {
		t.Errorf("a document without any heading: %v", faults)
	}
}

// rich is a body whose actions have everything.
func rich() plan.Body {
	return plan.Body{
		Chapters: []plan.Chapter{{ID: "c1", Depth: 1, Title: "响应"}, {ID: "c2", Depth: 2, Title: "Ⅳ级响应"}},
		Roles:    []plan.Role{{ID: "r1", Name: "值班室"}, {ID: "r2", Name: "抢险组"}},
		Actions: []plan.Action{
			{ID: "a1", Title: "电话报告", TitleEN: "Report by phone", Text: "先电话\n后书面", Levels: []int{4, 1}, RoleID: "r1", From: "start", Minutes: 30, Evidence: []string{"text", "signature"}, Output: "初报", Channel: "电话", Clause: "c2"},
			{
				ID: "a2", Title: "排涝", Levels: []int{4}, RoleID: "r2", After: []string{"a1"}, From: "after", Minutes: 90, Condition: "积水超过 0.5 m", Clause: "c1",
				Demands: []plan.Demand{{Kind: "team", What: "排涝队", Amount: 2, Unit: "支"}, {Kind: "material", What: "4寸泵", Amount: 12.5, Unit: "台"}},
			},
		},
	}
}

func TestExportedActionsComeBackAsTheyWere(t *testing.T) {
	b := rich()
	got, notes, faults := plan.ReadActions(plan.ActionTable(b), b, plan.Replace, counter())
	if len(faults) != 0 || len(notes) != 0 || len(plan.Compare(b, got)) != 0 || got.Actions[1].ID != "a2" {
		t.Errorf("faults %v, notes %v, changes %+v", faults, notes, plan.Compare(b, got))
	}
	got, _, faults = plan.ReadActions(plan.ActionTable(b), b, plan.Append, counter())
	if len(faults) != 0 || len(got.Actions) != 4 || got.Actions[3].After[0] != got.Actions[2].ID || got.Actions[2].ID == "a1" {
		t.Errorf("appended: %v %+v", faults, got.Actions)
	}
}

func TestEveryFaultOfAWorkbookIsToldAtOnce(t *testing.T) {
	table := [][]string{
		{"行动", "级别", "责任角色", "时限", "前置行动", "凭据", "条款", "序号", "起算", "资源需求"},
		{"", "五", "", "很快", "9", "录音", "7.7", "1", "明天", "；5台"},
		{},
		{"排涝", "Ⅳ级、III", "新的组", "1小时30分", "", "", "", "1", "前置", "编织袋5000条"},
		{"收尾", "1", "值班室", "立即", "收尾"},
	}
	_, notes, faults := plan.ReadActions(table, rich(), plan.Replace, counter())
	var got []string
	for _, f := range faults {
		got = append(got, fmt.Sprint(f.Line, f.Column, f.Code))
	}
	want := []string{
		"4序号twice",
		"2行动empty", "2级别level", "2责任角色empty", "2前置行动after", "2时限minutes", "2起算from", "2凭据evidence", "2资源需求demand", "2条款clause",
		"4起算from_nothing", "5前置行动after_self",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if len(notes) != 1 || notes[0].Code != "role_new" || notes[0].Text != "新的组" {
		t.Errorf("notes %v", notes)
	}
	for _, bad := range [][][]string{nil, {{"行动"}}, {{"行动", "级别", "责任角色", "时限"}}} {
		if _, _, faults := plan.ReadActions(bad, plan.Body{}, plan.Replace, counter()); len(faults) != 1 {
			t.Errorf("%v: %v", bad, faults)
		}
	}
}

func FuzzReadActions(f *testing.F) {
	for _, row := range plan.ActionTable(rich()) {
		f.Add(strings.Join(row, "\t"))
	}
	f.Add("1\t排涝\t\tⅣ\t组\tT+99999999h\t启动\t1\t\t文字\t\t\t队伍：×5\t1.1\t")
	f.Fuzz(func(t *testing.T, line string) {
		head := plan.ActionTable(plan.Body{})[0]
		b, _, faults := plan.ReadActions([][]string{head, strings.Split(line, "\t")}, rich(), plan.Append, counter())
		if len(faults) == 0 && (len(b.Actions) != 3 || b.Actions[2].Minutes < 0) {
			t.Errorf("%q: %+v", line, b.Actions)
		}
	})
}

func FuzzChaptersOf(f *testing.F) {
	f.Add("1 总则\n1.1 目的\n为了。\n\n第二章 响应")
	f.Add("一、\n（一）")
	f.Fuzz(func(t *testing.T, text string) {
		var list []plan.Paragraph
		for i, line := range strings.Split(text, "\n") {
			list = append(list, plan.Paragraph{No: i + 1, Text: line, Depth: strings.Count(line, "#") % 12})
		}
		chapters, _, _ := plan.ChaptersOf(list, nil, counter())
		for _, c := range chapters {
			if c.Depth < 1 || c.Depth > 4 || c.Title == "" {
				t.Errorf("%+v", c)
			}
		}
	})
}

func TestAnImportChangesNothingByItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		p, err := r.Make(r.writer, plan.Head{Name: "防汛应急预案", Kind: plan.Special, Category: "natural.flood", OrgID: r.city.ID})
		r.must(err)
		raw, err := document.Printer{}.PlanDOCX(plan.Bind(plan.Compose(plan.PaperFull, plan.Sheet{Name: "防汛应急预案", At: time.Unix(0, 0)}, plan.Body{Chapters: []plan.Chapter{
			{ID: "x", Depth: 1, Title: "总则"}, {ID: "y", Depth: 2, Title: "编制目的", Text: "为了防汛。"},
		}})))
		r.must(err)
		read := func() ([]plan.Paragraph, error) { return document.ReadDOCX(raw) }
		out, err := r.ImportText(r.writer, p.ID, plan.Replace, read)
		r.must(err)
		if len(out.Faults) != 0 || out.Chapters < 2 || out.Body.Chapters[0].Title != "总则" || out.Body.Chapters[1].Text != "为了防汛。" || len(out.Changes) != out.Chapters {
			t.Errorf("%+v", out)
		}
		d, err := r.Body(r.writer, p.ID, 0)
		r.must(err)
		if len(d.Body.Chapters) != 0 {
			t.Error("the draft has changed")
		}
		p, err = r.Write(r.writer, p.ID, out.Revision, out.Body)
		r.must(err)
		table := [][]string{{"行动", "级别", "责任角色", "时限", "条款"}, {"报告", "四", "值班室", "30", "1.1"}, {"巡查", "九", "值班室", "60", ""}}
		out, err = r.ImportActions(r.writer, p.ID, plan.Append, func() ([][]string, error) { return table, nil })
		r.must(err)
		if len(out.Faults) != 1 || out.Faults[0].Line != 3 || len(out.Body.Actions) != 0 || len(out.Body.Roles) != 0 {
			t.Errorf("a wrong row was taken in part: %+v", out)
		}
		table[2][1] = "三"
		out, err = r.ImportActions(r.writer, p.ID, plan.Append, func() ([][]string, error) { return table, nil })
		r.must(err)
		if out.Actions != 2 || len(out.Body.Actions) != 2 || out.Body.Actions[0].Clause != out.Body.Chapters[1].ID {
			t.Errorf("%+v", out)
		}
		never := func() ([]plan.Paragraph, error) { return nil, errors.New("the file was read") }
		if _, err := r.ImportText(r.countyWriter, p.ID, plan.Replace, never); errs.KindOf(err) != errs.NotFound {
			t.Errorf("who may not: %v", err)
		}
		if _, err := r.ImportText(r.writer, p.ID, "mix", never); errs.KindOf(err) != errs.Invalid {
			t.Errorf("an unknown mode: %v", err)
		}
	})
}
