package document_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/shared/testserver"
)

// sample is a document with everything that one can have.
func sample() paper.Print {
	return paper.Print{
		Content: paper.Content{
			Head: "南通市应急管理局文件", Urgency: "特急", Upward: true, Title: "关于如东县沿海经济开发区某仓库火灾处置情况的报告", To: "江苏省应急管理厅，南通市人民政府",
			Text: "2026年11月26日6时20分，如东县沿海经济开发区一仓库起火（演示数据）。接报后，市应急管理局立即启动响应，现将有关情况报告如下。\n" +
				"一、基本情况\n（一）时间和地点。11月26日6时20分，如东县沿海经济开发区。\n（二）伤亡和损失\n1.人员伤亡。暂无人员伤亡，3人轻微吸入烟气已送医观察。\n（1）其中2人已经出院。\n" +
				"二、处置情况。市消防救援支队出动12车58人，7时40分明火扑灭；生态环境部门在下风向500米布设3个监测点，二氧化硫0.02mg/m³，未见异常。\n" +
				"|序号|单位|力量|到达时间|\n|1|市消防救援支队|12车58人|6时41分|\n|2|如东县公安局|30人，负责外围警戒和交通管制，疏散周边企业职工|6时35分|\n" +
				"三、下一步工作\n继续清理火场，查明原因，及时续报。",
			Annexes: []paper.Annex{{Title: "现场处置力量一览表", Text: "|单位|人数|\n|消防|58|\n|公安|30|"}, {Title: "现场照片（另附）"}},
			From:    "南通市应急管理局", Seal: true, Note: "联系人：张三，电话：0513-00000000", CC: "省政府总值班室，市委办公室，市人大常委会办公室，市政协办公室，市消防救援支队，市生态环境局，如东县人民政府", Issuer: "南通市应急管理局办公室",
		},
		Number: "通应急值〔2026〕12号", Signer: "李四", Date: time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC),
	}
}

const mm = 72 / 25.4

// printed makes the files with the free fonts of Debian, which CI has.
func printed(t *testing.T, p paper.Print) paper.Files {
	t.Helper()
	f, err := document.Printer{}.Files(p)
	if errs.KindOf(err) == errs.Unavailable {
		testserver.Missing(t, err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// run finds the first piece of a page that begins with a text.
func run(t *testing.T, p document.Page, text string) document.Run {
	t.Helper()
	i := slices.IndexFunc(p.Runs, func(r document.Run) bool { return strings.HasPrefix(r.Text, text) })
	if i < 0 {
		t.Fatalf("page %d has no %q", p.No, text)
	}
	return p.Runs[i]
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within {
		t.Errorf("%s: %.2f mm, want %.2f", what, got/mm, want/mm)
	}
}

// The measures of GB/T 9704-2012, by clause.
func TestAPageHasTheMeasuresOfTheStandard(t *testing.T) {
	pages := document.Pages(sample())
	if len(pages) != 3 {
		t.Fatalf("%d pages", len(pages))
	}
	first, second := pages[0], pages[1]
	near(t, "5.2.1 left edge", run(t, first, "江苏省应急管理厅").X, 28*mm, 0.01)
	near(t, "5.2.3 a character", run(t, first, "江苏省应急管理厅").Pitch, 156*mm/28, 0.01)
	near(t, "5.2.3 a line", run(t, first, "2026年11月26日6时20分").Y-run(t, first, "江苏省应急管理厅").Y, 225*mm/22, 0.01)
	near(t, "7.3.3 two characters in", run(t, first, "2026年11月26日6时20分").X, 28*mm+2*156*mm/28, 0.01)
	if r := run(t, first, "特急"); r.Face != document.Hei || r.Y > 37*mm+225*mm/22 {
		t.Errorf("7.2.3: urgency stands in the first line in 黑体: %+v", r)
	}
	head := run(t, first, "南通市应急管理局文件")
	if !head.Red || head.Face != document.Biao {
		t.Errorf("7.2.4: the head is red: %+v", head)
	}
	near(t, "7.2.4 upper edge of the head", head.Y-0.86*head.Size, (37+35)*mm, 0.5*mm)
	red := first.Rules[0]
	near(t, "7.2.7 length of the red line", red.X2-red.X1, 156*mm, 0.01)
	near(t, "7.2.7 below the number", red.Y1-(run(t, first, "通应急值").Y+0.14*16), 4*mm, 0.3*mm)
	if r := run(t, first, "李四"); r.Face != document.Kai {
		t.Errorf("7.2.6: the signer's name is in 楷体: %+v", r)
	}
	if r := run(t, first, "关于如东县"); r.Face != document.Biao || r.Size != 22 {
		t.Errorf("7.3.1: the title is 2号小标宋: %+v", r)
	}
	if r := run(t, first, "一、基本情况"); r.Face != document.Hei {
		t.Errorf("7.3.3: the first level is in 黑体: %+v", r)
	}
	if r := run(t, first, "（一）时间和地点。"); r.Face != document.Kai {
		t.Errorf("7.3.3: the second level is in 楷体: %+v", r)
	}
	if r := run(t, second, "1.人员伤亡"); r.Face != document.Fang {
		t.Errorf("7.3.3: the third level is in 仿宋: %+v", r)
	}
	odd, even := run(t, first, "— 1 —"), run(t, second, "— 2 —")
	near(t, "7.5 odd to the right, one character in", odd.X+2.5*14+7, (28+156)*mm-14, 7)
	near(t, "7.5 even to the left, one character in", even.X, 28*mm+14, 0.01)
	near(t, "7.5 dash below the text", odd.Y-0.35*14, (37+225+7)*mm, 0.01)
	date := run(t, second, "2026年11月26日")
	near(t, "7.3.5.1 date four characters in", date.X+7*date.Pitch, (28+156)*mm-4*date.Pitch, 0.01)
	if len(second.Seals) != 1 {
		t.Error("7.3.5.1: there is no room for the seal")
	}
	last := pages[2].Rules[len(pages[2].Rules)-1]
	near(t, "7.4.1 last line on the lower edge", last.Y1, (37+225)*mm, 0.01)
	near(t, "7.4.1 its width", last.Width, 0.35*mm, 0.01)
}

func TestNothingIsLostOnTheWayToThePage(t *testing.T) {
	p := sample()
	p.Text = strings.Repeat("南通市（通州区）发生“11·26”火灾，3人受伤。ABC123def ", 400)
	var got strings.Builder
	for i, page := range document.Pages(p) {
		lines := map[float64]bool{}
		for _, r := range page.Runs {
			if strings.HasPrefix(r.Text, "— ") {
				continue
			}
			got.WriteString(r.Text)
			lines[r.Y] = true
			if right := r.X + float64(len([]rune(r.Text)))*r.Pitch; r.Size == 16 && r.X < 28*mm-0.01 {
				t.Errorf("page %d: %q stands from %.1f to %.1f", i+1, r.Text, r.X, right)
			}
			if strings.ContainsAny(r.Text[:1], ",.)") || strings.IndexAny(r.Text, "，。、”）") == 0 && r.X <= 28*mm+0.01 {
				t.Errorf("page %d: a line begins with %q", i+1, r.Text)
			}
		}
		if i > 0 && i < 8 && len(lines) != 22 {
			t.Errorf("5.2.3: page %d has %d lines", i+1, len(lines))
		}
	}
	if flat := strings.ReplaceAll(got.String(), " ", ""); !strings.Contains(flat, strings.ReplaceAll(strings.TrimSpace(p.Text), " ", "")) {
		t.Error("the text on the pages is not the text that was written")
	}
}

func TestTheSameDocumentIsTheSameFile(t *testing.T) {
	one, two := printed(t, sample()), printed(t, sample())
	if !bytes.Equal(one.PDF, two.PDF) || !bytes.Equal(one.DOCX, two.DOCX) {
		t.Error("the same document came out in two ways")
	}
	if one.Missing != "" {
		t.Errorf("missing: %q", one.Missing)
	}
}

// parts unzips a DOCX; every part but a picture is well-formed.
func parts(t *testing.T, docx []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(docx), int64(len(docx)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(text)
		if strings.HasSuffix(f.Name, ".jpg") {
			continue
		}
		for d := xml.NewDecoder(bytes.NewReader(text)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
		}
	}
	return out
}

func TestADOCXHasTheMeasuresOfTheStandard(t *testing.T) {
	p := parts(t, printed(t, sample()).DOCX)
	for part, list := range map[string][]string{
		"word/document.xml": {
			`<w:pgSz w:w="11906" w:h="16838"/>`, `w:top="2098" w:right="1474" w:bottom="1984" w:left="1587"`, // 37, 26, 35 and 28 mm
			`<w:docGrid w:type="linesAndChars" w:linePitch="580" w:charSpace="-848"/>`, // 22 lines, 28 characters
			`方正小标宋简体`, `w:color="E60000"`, `<w:tblHeader/>`, `通应急值〔2026〕12号`, `楷体_GB2312`, `0.02mg/m³`, `w:line="580" w:lineRule="exact"`, `抄送：`,
		},
		"word/settings.xml":  {"evenAndOddHeaders"},
		"word/footer1.xml":   {`<w:jc w:val="right"/>`, `<w:sz w:val="28"/>`, "宋体", " PAGE "},
		"word/footer2.xml":   {`<w:jc w:val="left"/>`},
		"docProps/core.xml":  {"关于如东县", "2026-11-26T00:00:00Z"},
		"word/fontTable.xml": {"仿宋_GB2312"},
	} {
		for _, want := range list {
			if !strings.Contains(p[part], want) {
				t.Errorf("%s has no %s", part, want)
			}
		}
	}
	if strings.Contains(p["word/fontTable.xml"], "embed") {
		t.Error("a font is embedded")
	}
}

func TestAPDFCanBeReadAndSearched(t *testing.T) {
	pdftotext := testserver.Program(t, "pdftotext")
	file := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(file, printed(t, sample()).PDF, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), pdftotext, "-layout", file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"南通市应急管理局文件", "通应急值〔2026〕12号", "签发人：李四", "一、基本情况", "0.02mg/m³", "附件：1.现场处置力量一览表", "2026年11月26日印发", "— 3 —"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the PDF does not say %q", want)
		}
	}
}

// What somebody pastes in neither breaks the files nor vanishes without a word.
func TestHostileTextComesOutOrIsTold(t *testing.T) {
	p := sample()
	p.Text = "控制\x00\x07\x1b字符 & <w:p> \"quoted\" ]]>\n" + strings.Repeat("x", 5000) + "\n" + strings.Repeat("长", 3000) + "\n" +
		"生僻字𠮷𡋤，עברית，العربية，\u202ereversed\ufffe，é e\u0301 👩‍🚒\n|" + strings.Repeat("格", 2000) + "|" + strings.Repeat("y", 900) + "|\n|二|\n|" + strings.Repeat("|", 15)
	p.Title, p.To, p.Annexes = strings.Repeat("标", 90), strings.Repeat("某单位，", 100), nil
	f := printed(t, p)
	for _, r := range "𠮷עا👩" {
		if !strings.ContainsRune(f.Missing, r) {
			t.Errorf("nobody is told that %c is not printed", r)
		}
	}
	if text := parts(t, f.DOCX)["word/document.xml"]; !strings.Contains(text, "𠮷") || !strings.Contains(text, "&lt;w:p&gt;") {
		t.Error("the DOCX has lost text")
	}
	for _, page := range document.Pages(p) {
		for _, r := range page.Runs {
			if r.Y > 297*mm || r.X < 0 || r.X > 210*mm {
				t.Fatalf("%q stands outside of the sheet", r.Text)
			}
		}
	}
	if empty := (paper.Print{Date: time.Unix(0, 0)}); len(document.Pages(empty)) != 1 {
		t.Error("an empty document is one page")
	}
}

func TestALongTableRepeatsItsHeadings(t *testing.T) {
	var b strings.Builder
	b.WriteString(paper.Row("序号", "事项|说明", "时间") + "\n")
	for i := range 10_000 {
		b.WriteString(paper.Row(fmt.Sprint(i+1), "演示数据", "08:00") + "\n")
	}
	p := paper.Print{Content: paper.Content{Title: "一览表", Text: b.String(), From: "值班室"}, Date: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	pages := document.Pages(p)
	for _, page := range pages {
		if !slices.ContainsFunc(page.Runs, func(r document.Run) bool { return r.Text == "事项|说明" }) {
			t.Fatalf("page %d has no headings", page.No)
		}
	}
	if f := printed(t, p); len(f.PDF) < 100_000 || strings.Count(parts(t, f.DOCX)["word/document.xml"], "<w:tr>") != 10_001 {
		t.Errorf("rows are missing: %d bytes of PDF, %d pages", len(f.PDF), len(pages))
	}
}

func TestAFontThatCannotBeUsedIsNamed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "fangsong.ttf"), []byte("OTTO no outlines here"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (document.Fonts{Dir: dir}).Check(); err == nil || !strings.Contains(err.Error(), "fangsong.ttf") {
		t.Errorf("a broken font: %v", err)
	}
}
