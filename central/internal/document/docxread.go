package document

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/plan"
)

// What a DOCX that somebody hands in may hold. Only its text and its styles are unpacked.
const (
	docxParts    = 5000
	docxBytes    = 24 << 20 // of one of the two parts, unpacked
	docxRatio    = 200      // unpacked to packed
	docxElements = 1_000_000
	docxDepth    = 200
	docxText     = 4 << 20
)

// errDOCX is returned for what is no document, or a larger one than people write.
var errDOCX = errors.New("the file is no DOCX document")

// ReadDOCX reads the paragraphs of a Word document (ECMA-376) of any origin with bounded memory: errs.Invalid when
// it is none. What was deleted with changes tracked is left out, what was inserted is read.
func ReadDOCX(raw []byte) ([]plan.Paragraph, error) {
	list, err := readDOCX(raw)
	if err != nil {
		return nil, errs.Wrap(err, errs.Invalid, "document.docx", "the file cannot be read as a DOCX document; save it as .docx in Word or WPS")
	}
	return list, nil
}

func readDOCX(raw []byte) ([]plan.Paragraph, error) {
	if !bytes.HasPrefix(raw, []byte("PK\x03\x04")) {
		return nil, errDOCX
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDOCX, err)
	}
	if len(z.File) > docxParts {
		return nil, fmt.Errorf("%w: it has more than %d parts", errDOCX, docxParts)
	}
	styles := map[string]docStyle{}
	if part := partOf(z, "word/styles.xml"); part != nil {
		if styles, err = readStyles(part); err != nil {
			return nil, err
		}
	}
	part := partOf(z, "word/document.xml")
	if part == nil {
		return nil, fmt.Errorf("%w: it has no text", errDOCX)
	}
	r := &docxReader{depths: depthsOf(styles)}
	if err := tokens(part, r.start, r.end, r.chars); err != nil {
		return nil, err
	}
	return r.out, nil
}

func partOf(z *zip.Reader, name string) *zip.File {
	for _, f := range z.File {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// tokens reads a part. Go's decoder knows no entities but the five of XML, so nothing in it can grow.
func tokens(part *zip.File, start func(xml.StartElement) error, end func(string), chars func(string)) error {
	if part.UncompressedSize64 > docxBytes || (part.UncompressedSize64 > bookSmall && part.UncompressedSize64/docxRatio > part.CompressedSize64) {
		return fmt.Errorf("%w: %s is too large", errDOCX, part.Name)
	}
	f, err := part.Open()
	if err != nil {
		return fmt.Errorf("%w: %w", errDOCX, err)
	}
	defer func() { _ = f.Close() }()
	d := xml.NewDecoder(io.LimitReader(f, docxBytes))
	depth, elements := 0, 0
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errDOCX, err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			depth++
			if elements++; elements > docxElements || depth > docxDepth {
				return fmt.Errorf("%w: it has more than %d elements, or %d in each other", errDOCX, docxElements, docxDepth)
			}
			if err := start(t); err != nil {
				return err
			}
		case xml.EndElement:
			depth--
			end(t.Name.Local)
		case xml.CharData:
			chars(string(t))
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// docStyle is a style of paragraphs. Level is 1 to 9 of a heading.
type docStyle struct {
	name, based string
	level       int
}

func readStyles(part *zip.File) (map[string]docStyle, error) {
	out := map[string]docStyle{}
	id := ""
	err := tokens(part, func(e xml.StartElement) error {
		s := out[id]
		switch e.Name.Local {
		case "style":
			id, s = attribute(e, "styleId"), docStyle{}
		case "name":
			s.name = attribute(e, "val")
		case "basedOn":
			s.based = attribute(e, "val")
		case "outlineLvl":
			s.level = level(attribute(e, "val"))
		}
		out[id] = s
		return nil
	}, func(string) {}, func(string) {})
	return out, err
}

// level is that of an outline, from 1; 0: text.
func level(val string) int {
	if n, err := strconv.Atoi(val); err == nil && n >= 0 && n < 9 {
		return n + 1
	}
	return 0
}

var headingName = regexp.MustCompile(`(?i)^(?:heading|标题) ?([1-9])$`)

// depthsOf says which styles are headings, by themselves, by name or by what they are based on.
func depthsOf(styles map[string]docStyle) map[string]int {
	out := map[string]int{}
	for id := range styles {
		at := id
		for range 10 {
			s, ok := styles[at]
			if !ok || at == "" {
				break
			}
			if m := headingName.FindStringSubmatch(s.name); m != nil && s.level == 0 {
				s.level, _ = strconv.Atoi(m[1])
			}
			if s.level > 0 {
				out[id] = s.level
				break
			}
			at = s.based
		}
	}
	return out
}

// docxReader is what is open while a text is read.
type docxReader struct {
	out    []plan.Paragraph
	depths map[string]int
	paras  []*openPara // a text box has paragraphs inside of one
	count  int
	text   int
	skip   int    // inside of what is left out
	take   bool   // inside of text
	fields []bool // open fields; true: a table of contents
	instr  bool
	tables int
	row    []string
	cell   strings.Builder
	rowNo  int
	boxes  int
}

type openPara struct {
	plan.Paragraph
	strings.Builder
	contents bool
}

// leftOut tells the elements whose content is left out: what was deleted or moved away, and what stands in for a newer
// form that is read already.
func leftOut(name string) bool { return name == "del" || name == "moveFrom" || name == "Fallback" }

func (r *docxReader) top() *openPara {
	if len(r.paras) == 0 {
		return nil
	}
	return r.paras[len(r.paras)-1]
}

func (r *docxReader) odd(what string) {
	if p := r.top(); p != nil && p.Odd == "" {
		p.Odd = what
	}
}

func (r *docxReader) inContents() bool {
	for _, f := range r.fields {
		if f {
			return true
		}
	}
	return false
}

func (r *docxReader) start(e xml.StartElement) error {
	name := e.Name.Local
	if leftOut(name) {
		r.skip++
	}
	if r.skip > 0 {
		return nil
	}
	p := r.top()
	switch name {
	case "p":
		r.count++
		next := &openPara{Paragraph: plan.Paragraph{No: r.count}, contents: r.inContents()}
		if r.boxes > 0 {
			next.Odd = "box"
		}
		r.paras = append(r.paras, next)
	case "tbl":
		r.tables++
	case "tr":
		if r.tables == 1 {
			r.row, r.rowNo = nil, r.count+1
		}
	case "tc":
		if r.tables == 1 {
			r.cell.Reset()
		}
	case "txbxContent":
		r.boxes++
	case "t":
		r.take = true
	case "instrText":
		r.instr = true
	case "fldChar":
		switch attribute(e, "fldCharType") {
		case "begin":
			r.fields = append(r.fields, false)
		case "end":
			if len(r.fields) > 0 {
				r.fields = r.fields[:len(r.fields)-1]
			}
		}
	}
	if p != nil {
		r.inside(p, e)
	}
	if r.text > docxText || len(r.fields) > docxDepth {
		return fmt.Errorf("%w: its text is longer than any plan", errDOCX)
	}
	return nil
}

// inside is what stands in a paragraph.
func (r *docxReader) inside(p *openPara, e xml.StartElement) {
	switch e.Name.Local {
	case "pStyle":
		if p.Depth == 0 {
			p.Depth = r.depths[attribute(e, "val")]
		}
	case "outlineLvl":
		p.Depth = level(attribute(e, "val"))
	case "numId":
		if attribute(e, "val") != "0" {
			r.odd("list")
		}
	case "tab":
		p.WriteByte(' ')
	case "br", "cr":
		p.WriteByte('\n')
	case "noBreakHyphen":
		p.WriteByte('-')
	case "pic", "imagedata", "object", "chart":
		p.Odd = "picture"
	case "footnoteReference", "endnoteReference":
		r.odd("footnote")
	case "oMath":
		p.Odd = "formula"
	}
}

func (r *docxReader) chars(text string) {
	p := r.top()
	if p == nil || r.skip > 0 {
		return
	}
	if r.instr && strings.HasPrefix(strings.TrimSpace(text), "TOC") && len(r.fields) > 0 {
		r.fields[len(r.fields)-1] = true
		p.contents = true
	}
	if r.take && !r.instr {
		r.text += len(text)
		p.WriteString(text)
	}
}

func (r *docxReader) end(name string) {
	if leftOut(name) {
		r.skip = max(r.skip-1, 0)
		return
	}
	if r.skip > 0 {
		return
	}
	switch name {
	case "t":
		r.take = false
	case "instrText":
		r.instr = false
	case "txbxContent":
		r.boxes--
	case "p":
		r.close()
	case "tc":
		if r.tables == 1 {
			r.row = append(r.row, strings.Join(strings.Fields(r.cell.String()), " "))
		}
	case "tr":
		if text := strings.Join(r.row, "｜"); r.tables == 1 && strings.Trim(text, "｜ ") != "" {
			r.out = append(r.out, plan.Paragraph{No: r.rowNo, Text: text, Odd: "table"})
		}
	case "tbl":
		r.tables--
	}
}

// close ends a paragraph. Those of a table go into its cell.
func (r *docxReader) close() {
	p := r.top()
	if p == nil {
		return
	}
	r.paras = r.paras[:len(r.paras)-1]
	p.Text = strings.TrimSpace(paper.Clean(p.String()))
	switch {
	case r.tables > 0 && r.boxes == 0:
		r.cell.WriteString(p.Text + " ")
		return
	case p.contents || r.inContents():
		if last := len(r.out) - 1; p.Text == "" || (last >= 0 && r.out[last].Odd == "contents") {
			return // said once
		}
		p.Odd, p.Depth = "contents", 0
	case p.Depth > 0 && p.Odd == "list": // headings are numbered by the plan itself
		p.Odd = ""
	}
	if p.Text != "" || p.Odd == "picture" {
		r.out = append(r.out, p.Paragraph)
	}
}
