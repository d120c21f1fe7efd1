package document_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/shared/testserver"
)

// flood is a plan with everything that one can have.
func flood() plan.Body {
	b := plan.Body{
		Levels: []plan.Level{
			{Level: 4, Conditions: []plan.Condition{{Text: "水位超警戒"}, {Text: "日降雨量 50 mm 以上"}}, Decider: "防办主任", Clause: "c2"},
			{Level: 1, Conditions: []plan.Condition{{Text: "堤防决口"}}, Decider: "指挥长", Clause: "c2"},
		},
		Roles:    []plan.Role{{ID: "r1", Name: "总指挥", NameEN: "Commander", Group: "指挥部", Duty: "统一指挥", Fill: plan.Fill{How: "org", Name: "市政府"}}, {ID: "r2", Name: "水情组", Duty: "监测预报"}},
		Contacts: []plan.Contact{{ID: "k1", Org: "水利局", Name: "张三", Post: "值班长", Phone: "0513-00000000", Duty: "水情"}},
	}
	for i, title := range []string{"总则", "组织体系", "响应", "保障"} {
		b.Chapters = append(b.Chapters, plan.Chapter{ID: fmt.Sprint("c", i), Depth: 1, Title: title, Brief: i == 2})
		for k := range 3 {
			b.Chapters = append(b.Chapters, plan.Chapter{ID: fmt.Sprint("c", i, "-", k), Depth: 2, Title: "小节", Text: strings.Repeat("为有效防御洪涝和台风灾害，保障人民群众生命财产安全，制定本预案。\n", 4), Brief: i == 2})
		}
	}
	for i := range 14 {
		a := plan.Action{ID: fmt.Sprint("a", i), Title: fmt.Sprintf("第%d项行动", i+1), TitleEN: "An action", Levels: []int{4, 1}, RoleID: []string{"r1", "r2"}[i%2], From: plan.FromAfter, Minutes: 15, Clause: "c2", Evidence: []string{"photo"}}
		if i == 0 {
			a.From = plan.FromStart
		} else {
			a.After = []string{fmt.Sprint("a", i-1)}
		}
		b.Actions = append(b.Actions, a)
	}
	return b
}

func bookOf(t *testing.T, kind string, b plan.Body) plan.Book {
	t.Helper()
	p := plan.Compose(kind, plan.Sheet{Name: "防汛应急预案", NameEN: "Flood plan", Org: "南通市应急管理局", Number: "通政办发〔2026〕1号", Version: 2, Hash: strings.Repeat("a", 64), Demo: true, At: time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)}, b)
	return plan.Bind(p)
}

func planPDF(t *testing.T, b plan.Book) []byte {
	t.Helper()
	raw, missing, err := document.Printer{}.PlanPDF(b)
	if errs.KindOf(err) == errs.Unavailable {
		testserver.Missing(t, err.Error())
	}
	if err != nil || missing != "" {
		t.Fatalf("missing %q: %v", missing, err)
	}
	return raw
}

// textOf is what poppler reads of a PDF, page by page.
func textOf(t *testing.T, raw []byte) []string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "plan.pdf")
	if err := os.WriteFile(name, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), testserver.Program(t, "pdftotext"), "-layout", name, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
}

func TestEveryPaperOfAPlanSaysWhatItIsAndIsTheSameEachTime(t *testing.T) {
	for kind, want := range map[string][]string{
		plan.PaperFull:    {"目", "1 总则", "3.2 小节", "响应分级", "（1）水位超警戒", "联络表", "张三"},
		plan.PaperBrief:   {"（简本）", "3 响应", "（2）日降雨量"},
		plan.PaperBooklet: {"（一本）", "第14项行动", "处置流程图", "Level Ⅳ response"},
		plan.PaperTable:   {"（一表）", "职责表", "0513-00000000"},
	} {
		b := bookOf(t, kind, flood())
		raw := planPDF(t, b)
		if !bytes.Equal(raw, planPDF(t, bookOf(t, kind, flood()))) {
			t.Errorf("%s: two prints differ", kind)
		}
		all := textOf(t, raw)
		text := strings.Join(all, "\n")
		for _, word := range append(want, "防汛应急预案", "第 2 版", "通政办发〔2026〕1号", "演示数据", "— 1 —") {
			if !strings.Contains(text, word) {
				t.Errorf("%s lacks %q", kind, word)
			}
		}
		if kind == plan.PaperBrief && strings.Contains(text, "保障\n") {
			t.Error("the short form has a chapter that does not belong into it")
		}
		for i, page := range all {
			if !strings.Contains(page, "演示数据") {
				t.Errorf("%s: page %d does not say that it is invented", kind, i+1)
			}
		}
		one, err := document.Printer{}.PlanDOCX(b)
		if err != nil {
			t.Fatal(err)
		}
		two, _ := document.Printer{}.PlanDOCX(bookOf(t, kind, flood()))
		if !bytes.Equal(one, two) {
			t.Errorf("%s: two DOCX differ", kind)
		}
		inside := parts(t, one)
		if !strings.Contains(inside["word/header1.xml"], "演示数据") || !strings.Contains(inside["word/document.xml"], "防汛应急预案") {
			t.Errorf("%s: the DOCX does not say what it is", kind)
		}
	}
}

func TestTheContentsNameThePagesOfTheChapters(t *testing.T) {
	pages := textOf(t, planPDF(t, bookOf(t, plan.PaperFull, flood())))
	found := 0
	for line := range strings.SplitSeq(pages[0], "\n") {
		for _, chapter := range []string{"1 总则", "2 组织体系", "3 响应", "4 保障"} {
			rest, ok := strings.CutPrefix(strings.TrimSpace(line), chapter)
			if !ok {
				continue
			}
			number := strings.TrimLeft(rest, "… .")
			var n int
			if _, err := fmt.Sscan(number, &n); err != nil || n < 2 || n > len(pages) || !strings.Contains(pages[n-1], chapter) {
				t.Errorf("%q: chapter not on its page", line)
			}
			found++
		}
	}
	if found != 4 {
		t.Errorf("the contents have %d of 4 chapters:\n%s", found, pages[0])
	}
}

func TestAChartIsPrintedOnASheetThatItCanBeReadOn(t *testing.T) {
	b := flood()
	d := plan.Flow(plan.Sheet{Name: "防汛应急预案", Demo: true}, b, 4)
	raw, missing, err := document.Printer{}.ChartPDF("防汛应急预案", time.Unix(0, 0), []plan.Drawing{d, d})
	if errs.KindOf(err) == errs.Unavailable {
		testserver.Missing(t, err.Error())
	}
	if err != nil || missing != "" {
		t.Fatalf("missing %q: %v", missing, err)
	}
	text := textOf(t, raw)
	if len(text) != 2 || !strings.Contains(text[1], "第14项行动") || !strings.Contains(text[0], "演示数据") {
		t.Errorf("%d pages: %s", len(text), text)
	}
	again, _, err := document.Printer{}.ChartPDF("防汛应急预案", time.Unix(0, 0), []plan.Drawing{d, d})
	if err != nil || !bytes.Equal(raw, again) {
		t.Error("two prints of a chart differ")
	}
}

func TestAnEmptyPlanIsPrinted(t *testing.T) {
	for _, kind := range []string{plan.PaperFull, plan.PaperBrief, plan.PaperBooklet, plan.PaperTable} {
		if raw := planPDF(t, bookOf(t, kind, plan.Body{})); len(raw) < 1000 {
			t.Errorf("%s: %d bytes", kind, len(raw))
		}
	}
}
