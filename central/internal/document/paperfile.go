package document

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/paper"
)

// docxFile is the file around a body. header is what stands over every page; empty: nothing. media are the keys of the
// pictures in it.
func docxFile(p paper.Print, body, header string, media ...string) ([]byte, error) {
	types, rels, sheet := contentTypes, documentRels, section()
	if len(media) > 0 {
		types = strings.Replace(types, "</Types>", `<Default Extension="jpg" ContentType="image/jpeg"/></Types>`, 1)
	}
	for _, key := range media {
		rels = strings.Replace(rels, "</Relationships>", `<Relationship Id="`+shotRel+key+`" `+relType+`image" Target="media/`+key+`.jpg"/></Relationships>`, 1)
	}
	if header != "" {
		types = strings.Replace(types, "</Types>", `<Override PartName="/word/header1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"/></Types>`, 1)
		rels = strings.Replace(rels, "</Relationships>", `<Relationship Id="rId6" `+relType+`header" Target="header1.xml"/></Relationships>`, 1)
		sheet = strings.Replace(sheet, "<w:sectPr>", `<w:sectPr><w:headerReference w:type="default" r:id="rId6"/><w:headerReference w:type="even" r:id="rId6"/>`, 1)
	}
	type part struct{ name, text string }
	parts := []part{
		{"[Content_Types].xml", types},
		{"_rels/.rels", packageRels},
		{"docProps/core.xml", coreProps(p)},
		{"word/_rels/document.xml.rels", rels},
		{"word/document.xml", xmlHead + `<w:document ` + namespaces + `><w:body>` + body + sheet + `</w:body></w:document>`},
		{"word/fontTable.xml", fontTable()},
		{"word/footer1.xml", footer("right")},
		{"word/footer2.xml", footer("left")},
		{"word/settings.xml", settings},
		{"word/styles.xml", styles},
	}
	if header != "" {
		parts = append(parts, part{"word/header1.xml", header})
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, part := range parts {
		f, err := z.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Deflate}) // without a time
		if err != nil {
			return nil, fmt.Errorf("write DOCX: %w", err)
		}
		if _, err := f.Write([]byte(part.text)); err != nil {
			return nil, fmt.Errorf("write DOCX: %w", err)
		}
	}
	for _, key := range media {
		f, err := z.CreateHeader(&zip.FileHeader{Name: "word/media/" + key + ".jpg", Method: zip.Store})
		if err != nil {
			return nil, fmt.Errorf("write DOCX: %w", err)
		}
		if _, err := f.Write(p.Images[key]); err != nil {
			return nil, fmt.Errorf("write DOCX: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("write DOCX: %w", err)
	}
	return out.Bytes(), nil
}

const (
	xmlHead    = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainSpace  = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"`
	namespaces = mainSpace + ` xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"`

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
