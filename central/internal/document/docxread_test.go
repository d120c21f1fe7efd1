package document

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/plan"
)

// wordFile is a DOCX with a body, and the styles of a program that speaks Chinese.
func wordFile(t interface {
	Helper()
	Fatal(...any)
}, body string,
) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range map[string]string{
		"word/styles.xml": `<w:styles ` + mainSpace + `><w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/></w:style>` +
			`<w:style w:type="paragraph" w:styleId="a"><w:name w:val="我的二级"/><w:basedOn w:val="b"/></w:style><w:style w:type="paragraph" w:styleId="b"><w:name w:val="x"/><w:basedOn w:val="a"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>` +
			`<w:style w:type="paragraph" w:styleId="c"><w:name w:val="loop"/><w:basedOn w:val="c"/></w:style></w:styles>`,
		"word/document.xml": `<w:document ` + namespaces + `><w:body>` + body + `</w:body></w:document>`,
	} {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func para(style, runs string) string {
	return `<w:p><w:pPr><w:pStyle w:val="` + style + `"/></w:pPr>` + runs + `</w:p>`
}

func words(text string) string { return `<w:r><w:t>` + text + `</w:t></w:r>` }

func TestAWordDocumentIsReadByItsParagraphs(t *testing.T) {
	raw := wordFile(t, para("c", words("题目"))+
		`<w:p>`+fieldMark("begin")+`<w:r><w:instrText> TOC \o </w:instrText></w:r>`+fieldMark("separate")+words("总则 1")+`</w:p>`+
		`<w:p>`+words("响应 2")+fieldMark("begin")+`<w:r><w:instrText>PAGEREF x</w:instrText></w:r>`+fieldMark("end")+`</w:p><w:p>`+fieldMark("end")+`</w:p>`+
		para("1", words("总")+words("则"))+
		para("a", words("目的"))+
		`<w:p><w:del>`+words("旧文")+`</w:del><w:ins>`+words("新文")+`</w:ins><w:r><w:br/></w:r>`+words("次行")+`</w:p>`+
		`<w:p><w:pPr><w:numPr><w:numId w:val="3"/></w:numPr></w:pPr>`+words("一项")+`</w:p>`+
		`<w:tbl><w:tr><w:tc>`+para("1", words("级别"))+`</w:tc><w:tc>`+para("c", words("条件"))+para("c", words("甲"))+`</w:tc></w:tr></w:tbl>`+
		`<w:p><w:r><w:drawing><pic:pic xmlns:pic="p"/></w:drawing></w:r></w:p>`+
		`<w:p>`+words("见注")+`<w:r><w:footnoteReference w:id="1"/></w:r></w:p>`+
		`<w:p><w:r><w:pict><w:txbxContent>`+para("c", words("框内"))+`</w:txbxContent></w:pict></w:r></w:p>`)
	list, err := ReadDOCX(raw)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, p := range list {
		got += fmt.Sprintf("%d/%d/%s/%s ", p.No, p.Depth, p.Odd, strings.ReplaceAll(p.Text, "\n", "↵"))
	}
	want := "1/0//题目 2/0/contents/总则 1 5/1//总则 6/2//目的 7/0//新文↵次行 8/0/list/一项 9/0/table/级别｜条件 甲 12/0/picture/ 13/0/footnote/见注 15/0/box/框内 "
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestWhatIsNoDocumentOrTooLargeIsRefused(t *testing.T) {
	bomb := wordFile(t, "<w:p/>"+strings.Repeat(" ", 20<<20))
	deep := wordFile(t, strings.Repeat("<w:p>", 1000)+strings.Repeat("</w:p>", 1000))
	entity := wordFile(t, "")
	entity = bytes.Replace(entity, []byte("PK\x03\x04"), []byte("PK\x03\x05"), 1)
	good := wordFile(t, para("1", words("总则")))
	many := wordFile(t, strings.Repeat("<w:p/>", docxElements+1))
	for name, raw := range map[string][]byte{
		"nothing": nil, "a word": []byte("PK"), "text": []byte("总则"), "bomb": bomb, "deep": deep, "signature": entity, "half": good[:len(good)/2], "elements": many,
		"workbook": workbook(t, Sheet{Headings: []string{"x"}}), "broken": wordFile(t, "<w:p>"), "doctype": wordFile(t, "&lol;"),
	} {
		start := len(raw)
		if list, err := ReadDOCX(raw); errs.KindOf(err) != errs.Invalid || list != nil {
			t.Errorf("%s (%d bytes): %v", name, start, err)
		}
	}
}

func TestAPlanThatWasPrintedIsReadAgain(t *testing.T) {
	b := plan.Body{Chapters: []plan.Chapter{{ID: "x", Depth: 1, Title: "总则"}, {ID: "y", Depth: 2, Title: "编制目的", Text: "为了防汛。\n第二段。"}, {ID: "z", Depth: 1, Title: "响应", Text: "先报告。"}}}
	raw, err := Printer{}.PlanDOCX(plan.Bind(plan.Compose(plan.PaperFull, plan.Sheet{Name: "防汛应急预案", At: time.Unix(0, 0)}, b)))
	if err != nil {
		t.Fatal(err)
	}
	list, err := ReadDOCX(raw)
	if err != nil {
		t.Fatal(err)
	}
	got, _, faults := plan.ChaptersOf(list, b.Chapters, func() string { return "new" })
	if len(faults) != 0 || len(got) < 3 || got[0] != b.Chapters[0] || got[1] != b.Chapters[1] || got[2] != b.Chapters[2] {
		t.Errorf("%+v %v", got, faults)
	}
}

func FuzzReadDOCX(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	f.Add(wordFile(f, para("1", words("总则"))+"<w:tbl><w:tr><w:tc><w:p/></w:tc></w:tr></w:tbl>"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if list, err := ReadDOCX(raw); err != nil && (errs.KindOf(err) != errs.Invalid || list != nil) {
			t.Errorf("%v with %d paragraphs", err, len(list))
		}
	})
}

// The text of a document is fuzzed unpacked as well: a fuzzer seldom hits on a whole archive.
func FuzzReadDOCXText(f *testing.F) {
	f.Add(para("1", words("总则")) + `<w:p>` + fieldMark("end") + fieldMark("begin") + `</w:p>`)
	f.Add(`<w:txbxContent>` + para("a", words("框")) + `</w:txbxContent><w:tc></w:tc><w:t>x</w:t><w:del><w:p></w:p></w:del>`)
	f.Fuzz(func(t *testing.T, body string) {
		list, err := ReadDOCX(wordFile(t, body))
		if err != nil && errs.KindOf(err) != errs.Invalid {
			t.Error(err)
		}
		for _, p := range list {
			if p.No < 0 || p.Depth < 0 || p.Depth > 9 {
				t.Errorf("%+v", p)
			}
		}
	})
}
