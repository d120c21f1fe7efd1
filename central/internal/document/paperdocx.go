package document

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/paper"
)

// docx writes a document as Office Open XML (ECMA-376), with the measures of Pages. Fonts are named, not
// embedded: 仿宋_GB2312 and its kin are on the machines of those who write such documents, with what stands in
// for them elsewhere. The same print gives the same bytes.
func docx(p paper.Print) ([]byte, error) {
	w := &docxWriter{}
	w.lead(p)
	w.body(p.Text)
	w.named(p.Annexes)
	w.closing(p)
	w.bound(p.Annexes)
	w.foot(p)
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, part := range []struct{ name, text string }{
		{"[Content_Types].xml", contentTypes},
		{"_rels/.rels", packageRels},
		{"docProps/core.xml", coreProps(p)},
		{"word/_rels/document.xml.rels", documentRels},
		{"word/document.xml", xmlHead + `<w:document ` + namespaces + `><w:body>` + w.String() + section() + `</w:body></w:document>`},
		{"word/fontTable.xml", fontTable()},
		{"word/footer1.xml", footer("right")},
		{"word/footer2.xml", footer("left")},
		{"word/settings.xml", settings},
		{"word/styles.xml", styles},
	} {
		f, err := z.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Deflate}) // without a time
		if err != nil {
			return nil, fmt.Errorf("write DOCX: %w", err)
		}
		if _, err := f.Write([]byte(part.text)); err != nil {
			return nil, fmt.Errorf("write DOCX: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("write DOCX: %w", err)
	}
	return out.Bytes(), nil
}

// twips are twentieths of a point.
func twips(points float64) int { return int(points*20 + 0.5) }

type docxWriter struct{ strings.Builder }

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
		fmt.Fprintf(w, `<w:tabs><w:tab w:val="right" w:pos="%d"/></w:tabs>`, twips(s.tab))
	}
	w.WriteString(`<w:autoSpaceDE w:val="0"/><w:autoSpaceDN w:val="0"/><w:snapToGrid w:val="0"/>`)
	fmt.Fprintf(w, `<w:spacing w:before="%d" w:after="%d" w:line="%d" w:lineRule="exact"/>`, twips(s.before), twips(s.after), twips(s.line))
	fmt.Fprintf(w, `<w:ind w:left="%d" w:right="%d"`, twips(s.left), twips(s.right))
	if s.hanging > 0 {
		fmt.Fprintf(w, ` w:hanging="%d"/>`, twips(s.hanging))
	} else {
		fmt.Fprintf(w, ` w:firstLine="%d"/>`, twips(s.indent))
	}
	fmt.Fprintf(w, `<w:jc w:val="%s"/></w:pPr>`, s.align)
	for _, sp := range spans {
		w.text(sp, s.size, s.red)
	}
	w.WriteString("</w:p>")
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
			w.paragraph(s, span{text, face})
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

const (
	xmlHead    = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainSpace  = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"`
	namespaces = mainSpace + ` xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`

	contentTypes = xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>` +
		`<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>` +
		`<Override PartName="/word/settings.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.settings+xml"/>` +
		`<Override PartName="/word/fontTable.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.fontTable+xml"/>` +
		`<Override PartName="/word/footer1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/>` +
		`<Override PartName="/word/footer2.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/>` +
		`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`

	packageRels = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>` +
		`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`

	relType      = `Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/`
	documentRels = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" ` + relType + `styles" Target="styles.xml"/>` +
		`<Relationship Id="rId2" ` + relType + `settings" Target="settings.xml"/>` +
		`<Relationship Id="rId3" ` + relType + `fontTable" Target="fontTable.xml"/>` +
		`<Relationship Id="rId4" ` + relType + `footer" Target="footer1.xml"/>` +
		`<Relationship Id="rId5" ` + relType + `footer" Target="footer2.xml"/></Relationships>`

	// Odd and even pages differ in where the number stands. Punctuation does not hang over the edge.
	settings = xmlHead + `<w:settings ` + mainSpace + `><w:zoom w:percent="100"/><w:evenAndOddHeaders/><w:characterSpacingControl w:val="compressPunctuation"/>` +
		`<w:compat><w:spaceForUL/><w:balanceSingleByteDoubleByteWidth/><w:doNotLeaveBackslashAlone/><w:ulTrailSpace/><w:doNotExpandShiftReturn/><w:adjustLineHeightInTable/><w:useFELayout/>` +
		`<w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat><w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/></w:settings>`

	styles = xmlHead + `<w:styles ` + mainSpace + `><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="仿宋_GB2312" w:hAnsi="仿宋_GB2312" w:eastAsia="仿宋_GB2312" w:cs="仿宋_GB2312"/>` +
		`<w:sz w:val="32"/><w:szCs w:val="32"/><w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault><w:pPrDefault/></w:docDefaults>` +
		`<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:pPr><w:jc w:val="both"/></w:pPr></w:style></w:styles>`
)

// gridSpace is what the grid spreads a character of 3号 by, in 4096ths of a point, and bodySpace what each is
// spread by, in twentieths. Programs differ in what they make of a grid, so that it is declared, as people look
// it up, and every paragraph is measured for itself.
const (
	gridSpace = -848
	bodySpace = -5
)

// section is the sheet: A4, margins, and a grid of 22 lines with 28 characters. charSpace is what a character of
// the default size is spread by, in 4096ths of a point; margins are what 版心 leaves.
func section() string {
	return fmt.Sprintf(`<w:sectPr><w:footerReference w:type="default" r:id="rId4"/><w:footerReference w:type="even" r:id="rId5"/>`+
		`<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="%d" w:right="%d" w:bottom="%d" w:left="%d" w:header="851" w:footer="%d" w:gutter="0"/>`+
		`<w:docGrid w:type="linesAndChars" w:linePitch="%d" w:charSpace="%d"/></w:sectPr>`,
		twips(top), twips(sheetWide-left-wide), twips(sheetHigh-top-high), twips(left), twips(sheetHigh-top-high-numberDown-size4), twips(pitch), gridSpace)
}

// footer is the number of the page, 7.5.
func footer(side string) string {
	run := `<w:r><w:rPr><w:rFonts w:ascii="宋体" w:hAnsi="宋体" w:eastAsia="宋体" w:cs="宋体"/><w:sz w:val="28"/><w:szCs w:val="28"/></w:rPr>`
	return xmlHead + `<w:ftr ` + namespaces + fmt.Sprintf(`><w:p><w:pPr><w:snapToGrid w:val="0"/><w:spacing w:before="0" w:after="0" w:line="%d" w:lineRule="exact"/><w:ind w:left="%d" w:right="%[2]d"/><w:jc w:val="%s"/></w:pPr>`, twips(size4), twips(size4), side) +
		run + `<w:t xml:space="preserve">— </w:t></w:r>` + run + `<w:fldChar w:fldCharType="begin"/></w:r>` + run + `<w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>` +
		run + `<w:fldChar w:fldCharType="separate"/></w:r>` + run + `<w:t>1</w:t></w:r>` + run + `<w:fldChar w:fldCharType="end"/></w:r>` + run + `<w:t xml:space="preserve"> —</w:t></w:r></w:p></w:ftr>`
}

// fontTable says what stands in where a font is missing.
func fontTable() string {
	var out strings.Builder
	out.WriteString(xmlHead + `<w:fonts ` + mainSpace + `>`)
	for _, f := range []struct{ name, other string }{{"仿宋_GB2312", "仿宋"}, {"楷体_GB2312", "楷体"}, {"方正小标宋简体", "宋体"}, {"黑体", "SimHei"}, {"宋体", "SimSun"}} {
		fmt.Fprintf(&out, `<w:font w:name="%s"><w:altName w:val="%s"/><w:charset w:val="86"/><w:pitch w:val="fixed"/></w:font>`, f.name, f.other)
	}
	return out.String() + `</w:fonts>`
}

func coreProps(p paper.Print) string {
	at := p.Date.Format(time.DateOnly) + "T00:00:00Z"
	return xmlHead + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		`<dc:title>` + escaped(p.OneLine()) + `</dc:title><dc:subject>` + escaped(p.Number) + `</dc:subject><dc:creator>` + escaped(p.From) + `</dc:creator>` +
		`<dcterms:created xsi:type="dcterms:W3CDTF">` + at + `</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">` + at + `</dcterms:modified></cp:coreProperties>`
}
