package document

import (
	"strings"

	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/plan"
)

// PlanDOCX implements plan.Printer. Headings have outline levels and the contents are a field, so that whoever
// goes on writing in Word has both; the numbers in it are those of the PDF until then.
func (Printer) PlanDOCX(b plan.Book) ([]byte, error) {
	w := &docxWriter{}
	_, list := planLeaves(b)
	w.bigTitle(b.Title, 0, false)
	w.under(b.Under, sourceOf(b))
	if b.Contents && len(list) > 0 {
		w.contents(list)
	}
	for i, p := range b.Papers {
		fresh := i > 0 || b.Contents
		if len(b.Papers) > 1 {
			w.bigTitle(p.Name, 1, fresh)
			w.under(p.Org+"　"+p.Mark, p.Source)
			fresh = false
		}
		for _, o := range p.Blocks {
			fresh = w.block(o, fresh, len(b.Papers) > 1)
		}
	}
	header := &docxWriter{}
	header.paragraph(style{size: smallSize, line: smallPitch, align: "left"}, span{oneLine(b.Running), Fang})
	about := paper.Print{Content: paper.Content{Title: b.Title, From: b.Org}, Date: b.At}
	return docxFile(about, w.String(), xmlHead+`<w:hdr `+namespaces+`>`+header.String()+`</w:hdr>`)
}

func (w *docxWriter) bigTitle(text string, outline int, fresh bool) {
	for i, l := range balance(paper.Clean(text), Biao, titleHalves) {
		s := style{size: size2, line: titlePitch, align: "center", keep: true, newPage: fresh && i == 0}
		if i == 0 {
			s.outline = outline
		}
		w.paragraph(s, l.spans...)
	}
}

func (w *docxWriter) under(text, source string) {
	s := body()
	s.align = "center"
	w.paragraph(s, span{oneLine(text), Kai})
	w.paragraph(style{size: smallSize, line: smallPitch, align: "center"}, span{oneLine(source), Fang})
	w.empty(1, false)
}

// fieldMark is one of the marks of a field.
func fieldMark(kind string) string { return `<w:r><w:fldChar w:fldCharType="` + kind + `"/></w:r>` }

func (w *docxWriter) contents(list []entry) {
	s := body()
	s.align, s.keep = "center", true
	w.paragraph(s, span{"目　录", Hei})
	for i, e := range list {
		s := style{size: size3, line: pitch, align: "left", tab: wide, dots: true, left: float64(max(e.depth-1, 0)) * cell}
		if i == 0 {
			s.begin = fieldMark("begin") + `<w:r><w:instrText xml:space="preserve"> TOC \u </w:instrText></w:r>` + fieldMark("separate")
		}
		if i == len(list)-1 {
			s.end = fieldMark("end")
		}
		face := Fang
		if e.depth == 0 {
			face = Hei
		}
		w.paragraph(s, span{e.text + "\t" + itoa(e.page), face})
	}
}

// block writes a piece of a paper; fresh tells that it begins a page, the answer whether the next one does.
func (w *docxWriter) block(b plan.Block, fresh, many bool) bool {
	switch b.Kind {
	case "heading":
		s := body()
		s.indent, s.keep, s.newPage, s.outline = 2*cell, true, fresh, min(b.Depth, 4)
		if many {
			s.outline++
		}
		w.paragraph(s, span{oneLine(b.Text), headingFace(b.Depth)})
	case "text":
		s := body()
		s.indent, s.newPage = 2*cell, fresh
		w.paragraph(s, span{oneLine(b.Text), Fang})
	case "table":
		if fresh {
			w.paragraph(style{size: 1, line: 1, align: "left", newPage: true})
		}
		if len(b.Rows) == 0 {
			b.Rows = [][]string{{"（无）"}}
		}
		w.table(tableOf(b))
		w.paragraph(style{size: smallSize, line: smallPitch, align: "left"})
	case "flow":
		s := body()
		s.indent, s.newPage = 2*cell, fresh
		w.paragraph(s, span{"（" + strings.TrimSpace(plan.Numeral(b.Level)) + "级响应流程图见“一图”，可导出 PDF 或 SVG。）", Kai})
	}
	return false
}
