package document

import (
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/fengsui/fengsui/central/internal/paper"
)

// docx writes a document as Office Open XML (ECMA-376), with the measures of Pages. Fonts are named, not
// embedded: 仿宋_GB2312 and its kin are on the machines of those who write such documents, with what stands in
// for them elsewhere. The same print gives the same bytes.
func docx(p paper.Print) ([]byte, error) {
	w := &docxWriter{print: p}
	w.lead(p)
	w.body(p.Text)
	w.named(p.Annexes)
	w.closing(p)
	w.bound(p.Annexes)
	w.foot(p)
	if p.Mark == "" {
		return docxFile(p, w.String(), "", w.media...)
	}
	header := &docxWriter{}
	header.paragraph(style{size: size3, line: pitch, align: "center", red: true}, span{oneLine(p.Mark), Hei})
	return docxFile(p, w.String(), xmlHead+`<w:hdr `+namespaces+`>`+header.String()+`</w:hdr>`, w.media...)
}

// twips are twentieths of a point.
func twips(points float64) int { return int(points*20 + 0.5) }

type docxWriter struct {
	strings.Builder
	print paper.Print
	media []string // keys of the pictures that stand already
}

// style of a paragraph.
type style struct {
	size          float64
	line          float64 // exact height
	before, after float64
	indent        float64 // first line
	left, right   float64
	hanging       float64
	align         string // left, center, right or both
	red           bool
	keep          bool // with the next
	newPage       bool
	edges         string // XML of the borders
	tab           float64
	keepLines     bool
	dots          bool   // up to the tab
	outline       int    // level of a heading, from 1; 0: none
	begin, end    string // XML of runs before and after the text
}

func body() style { return style{size: size3, line: pitch, align: "both"} }

// paragraph writes one; a tab in a span is a tab.
func (w *docxWriter) paragraph(s style, spans ...span) {
	w.WriteString("<w:p><w:pPr>")
	if s.keep {
		w.WriteString("<w:keepNext/>")
	}
	if s.keepLines {
		w.WriteString("<w:keepLines/>")
	}
	if s.newPage {
		w.WriteString("<w:pageBreakBefore/>")
	}
	if s.edges != "" {
		w.WriteString("<w:pBdr>" + s.edges + "</w:pBdr>")
	}
	if s.tab > 0 {
		leader := ""
		if s.dots {
			leader = ` w:leader="middleDot"`
		}
		fmt.Fprintf(w, `<w:tabs><w:tab w:val="right"%s w:pos="%d"/></w:tabs>`, leader, twips(s.tab))
	}
	w.WriteString(`<w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/><w:snapToGrid w:val="0"/>`)
	fmt.Fprintf(w, `<w:spacing w:before="%d" w:after="%d" w:line="%d" w:lineRule="exact"/>`, twips(s.before), twips(s.after), twips(s.line))
	fmt.Fprintf(w, `<w:ind w:left="%d" w:right="%d"`, twips(s.left), twips(s.right))
	if s.hanging > 0 {
		fmt.Fprintf(w, ` w:hanging="%d"/>`, twips(s.hanging))
	} else {
		fmt.Fprintf(w, ` w:firstLine="%d"/>`, twips(s.indent))
	}
	fmt.Fprintf(w, `<w:jc w:val="%s"/>`, s.align)
	if s.outline > 0 {
		fmt.Fprintf(w, `<w:outlineLvl w:val="%d"/>`, s.outline-1)
	}
	w.WriteString("</w:pPr>" + s.begin)
	for _, sp := range spans {
		w.text(sp, s.size, s.red)
	}
	w.WriteString(s.end + "</w:p>")
}

func (w *docxWriter) text(s span, size float64, red bool) {
	name := fontName(s.face)
	fmt.Fprintf(w, `<w:r><w:rPr><w:rFonts w:ascii="%[1]s" w:hAnsi="%[1]s" w:eastAsia="%[1]s" w:cs="%[1]s" w:hint="eastAsia"/>`, name)
	w.WriteString(`<w:snapToGrid w:val="0"/>`)
	if red {
		w.WriteString(`<w:color w:val="E60000"/>`)
	}
	if size == size3 {
		fmt.Fprintf(w, `<w:spacing w:val="%d"/>`, bodySpace)
	}
	fmt.Fprintf(w, `<w:sz w:val="%[1]d"/><w:szCs w:val="%[1]d"/></w:rPr>`, int(size*2))
	for i, part := range strings.Split(s.text, "\t") {
		if i > 0 {
			w.WriteString("<w:tab/>")
		}
		w.WriteString(`<w:t xml:space="preserve">` + escaped(part) + `</w:t>`)
	}
	w.WriteString("</w:r>")
}

func escaped(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(paper.Clean(text))) // a Builder takes everything
	return out.String()
}

func fontName(f Face) string {
	return map[Face]string{Fang: "仿宋_GB2312", Biao: "方正小标宋简体", Hei: "黑体", Kai: "楷体_GB2312", Song: "宋体"}[f]
}

func (w *docxWriter) empty(n int, keep bool) {
	for range n {
		s := body()
		s.keep = keep
		w.paragraph(s)
	}
}

func (w *docxWriter) lead(p paper.Print) {
	before := 0.0
	if p.Urgency != "" {
		w.paragraph(body(), span{p.Urgency, Hei})
		before = pitch
	}
	if p.Head != "" {
		s := style{size: max(min(headMost, 2*wide/float64(max(halvesOf(p.Head), 1))), size2), align: "center", red: true}
		// Half points only; the space before the first paragraph of a page counts in Word as it does here.
		s.size = float64(int(s.size*2)) / 2
		s.line, s.before = s.size*1.15, headDown-before
		w.paragraph(s, span{p.Head, Biao})
		w.empty(2, true)
	}
	s := body()
	if p.Head != "" {
		s.edges = edge("bottom", redWidth, redDown-(pitch-size3)/2, "E60000")
	}
	upward := p.Upward && p.Signer != ""
	switch {
	case p.Number != "" && upward:
		s.align, s.left, s.right, s.tab = "left", 0, 0, wide-cell
		s.indent = cell
		w.paragraph(s, span{p.Number + "\t签发人：", Fang}, span{p.Signer, Kai})
	case p.Number != "" || p.Head != "":
		s.align = "center"
		w.paragraph(s, span{p.Number, Fang})
	}
	if p.Head != "" {
		w.empty(2, true)
	} else if p.Number != "" {
		w.empty(1, true)
	}
	w.title(p.Title)
	if p.To != "" {
		s := body()
		w.paragraph(s, span{p.To + "：", Fang})
	}
}

// title breaks where Pages breaks it.
func (w *docxWriter) title(text string) {
	for _, l := range balance(text, Biao, titleHalves) {
		w.paragraph(style{size: size2, line: titlePitch, align: "center", keep: true}, l.spans...)
	}
	w.empty(1, true)
}

func (w *docxWriter) body(text string) {
	for _, b := range paper.Blocks(text) {
		if b.Rows != nil {
			w.table(b.Rows)
			continue
		}
		if b.Picture != "" {
			w.picture(b)
			continue
		}
		s := body()
		s.indent = 2 * cell
		s.keep = b.Level > 0 && len(faces(b)) == 1
		w.paragraph(s, faces(b)...)
	}
}

func (w *docxWriter) named(annexes []paper.Annex) {
	if len(annexes) > 0 {
		w.empty(1, false)
	}
	for i, a := range annexes {
		mark := "附件："
		if i > 0 {
			mark = "　　　"
		}
		if len(annexes) > 1 {
			mark += itoa(i+1) + "."
		}
		s := body()
		s.align, s.hanging = "left", float64(halvesOf(mark))*cell/2
		s.left = 2*cell + s.hanging
		w.paragraph(s, span{mark + a.Title, Fang})
	}
}

func (w *docxWriter) closing(p paper.Print) {
	c := closingOf(p)
	w.empty(c.above, true)
	s := body()
	s.align, s.keep, s.keepLines = "left", true, true
	if p.From != "" {
		for _, l := range c.name {
			s.left = float64(c.indent(l)) * cell / 2
			w.paragraph(s, l.spans...)
		}
	}
	s.left, s.keep = float64(c.dateIn)*cell/2, false
	w.paragraph(s, span{c.date, Fang})
	if p.Note != "" {
		s := body()
		s.align, s.indent = "left", 2*cell
		w.paragraph(s, span{noteOf(p), Fang})
	}
}

func (w *docxWriter) bound(annexes []paper.Annex) {
	for i, a := range annexes {
		if a.Text == "" {
			continue
		}
		mark := "附件"
		if len(annexes) > 1 {
			mark += itoa(i + 1)
		}
		s := body()
		s.newPage, s.keep = true, true
		w.paragraph(s, span{mark, Hei})
		w.empty(1, true)
		w.title(a.Title)
		w.body(a.Text)
	}
}

// table writes one with the columns of Pages; its headings stand on every page.
func (w *docxWriter) table(table [][]string) {
	g := gridOf(table)
	fmt.Fprintf(w, `<w:tbl><w:tblPr><w:tblW w:w="%d" w:type="dxa"/><w:tblBorders>`, twips(wide))
	for _, edge := range []string{"top", "left", "bottom", "right", "insideH", "insideV"} {
		fmt.Fprintf(w, `<w:%s w:val="single" w:sz="%d" w:space="0" w:color="000000"/>`, edge, int(tableRule*8))
	}
	fmt.Fprintf(w, `</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar><w:top w:w="%[1]d" w:type="dxa"/><w:left w:w="%[1]d" w:type="dxa"/><w:bottom w:w="%[1]d" w:type="dxa"/><w:right w:w="%[1]d" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid>`, twips(tableEdge))
	for _, width := range g.widths {
		fmt.Fprintf(w, `<w:gridCol w:w="%d"/>`, twips(width))
	}
	w.WriteString(`</w:tblGrid>`)
	for i, row := range table {
		w.WriteString(`<w:tr><w:trPr>`)
		face := Fang
		if i == 0 {
			face = Hei
			w.WriteString(`<w:cantSplit/><w:tblHeader/>`)
		}
		w.WriteString(`</w:trPr>`)
		for k, text := range row {
			fmt.Fprintf(w, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>`, twips(g.widths[k]))
			s := style{size: g.size, line: g.pitch, align: "left"}
			if halvesOf(text) <= g.halves(k) {
				s.align = "center"
			}
			for part := range strings.SplitSeq(text, "\n") {
				w.paragraph(s, span{part, face})
			}
			w.WriteString(`</w:tc>`)
		}
		w.WriteString(`</w:tr>`)
	}
	w.WriteString(`</w:tbl>`)
}

// foot is a table that floats to the lower edge of the last page, with the lines of 7.4.1. LibreOffice before
// 7.6 knows no such tables and leaves it where the text ends.
func (w *docxWriter) foot(p paper.Print) {
	height, issuer := float64(len(footLines(p.CC)))*footPitch, p.Issuer != ""
	if issuer {
		height += footPitch
	}
	if height == 0 {
		return
	}
	bare := style{size: 1, line: 1, align: "left"}
	w.paragraph(bare) // two tables without anything between them would be one
	fmt.Fprintf(w, `<w:tbl><w:tblPr><w:tblpPr w:leftFromText="0" w:rightFromText="0" w:vertAnchor="margin" w:horzAnchor="margin" w:tblpX="1" w:tblpY="%d"/><w:tblW w:w="%d" w:type="dxa"/><w:tblBorders>`, twips(high-height), twips(wide))
	for _, side := range []string{"top", "bottom"} {
		w.WriteString(edge(side, footThick, 0, "000000"))
	}
	w.WriteString(edge("insideH", footThin, 0, "000000"))
	fmt.Fprintf(w, `</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="%[1]d" w:type="dxa"/><w:right w:w="%[1]d" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid><w:gridCol w:w="%[2]d"/></w:tblGrid>`, twips(size4), twips(wide))
	row := func(s style, text string) {
		fmt.Fprintf(w, `<w:tr><w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/></w:tcPr>`, twips(wide))
		w.paragraph(s, span{text, Fang})
		w.WriteString(`</w:tc></w:tr>`)
	}
	if p.CC != "" {
		row(style{size: size4, line: footPitch, align: "left", left: 3 * size4, hanging: 3 * size4}, "抄送："+p.CC+"。")
	}
	if issuer {
		row(style{size: size4, line: footPitch, align: "left", tab: wide - 2*size4}, p.Issuer+"\t"+day(p.Date)+"印发")
	}
	w.WriteString(`</w:tbl>`)
	w.paragraph(bare) // a body does not end with a table
}

// edge is a border of a paragraph: sz is in eighths of a point, space in points.
func edge(side string, width, space float64, colour string) string {
	return fmt.Sprintf(`<w:%s w:val="single" w:sz="%d" w:space="%d" w:color="%s"/>`, side, int(width*8+0.5), twips(space)/20, colour)
}
