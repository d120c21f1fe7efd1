package paper

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Content is what an author writes. Text is plain: a paragraph a line, its level told by its number as the
// standard has it (一、 （一） 1. （1）), and a table as lines of cells between bars: |日期|值班员|, the first
// one its headings.
type Content struct {
	Head    string  `json:"head"`    // name of the issuer in red over the first page; empty: none
	Urgency string  `json:"urgency"` // 特急, 加急 or empty
	Upward  bool    `json:"upward"`  // goes to a superior: the signer's name stands beside the number
	Title   string  `json:"title"`   // a line break where the author wants one
	To      string  `json:"to"`      // whom it is addressed to; empty: nobody in particular
	Text    string  `json:"text"`    // the body
	Annexes []Annex `json:"annexes"`
	From    string  `json:"from"` // whose name stands under it
	Seal    bool    `json:"seal"` // room for a seal over name and date
	Note    string  `json:"note"`
	CC      string  `json:"cc"`
	Issuer  string  `json:"issuer"` // who prints it and sends it out, at the foot
	// Pictures are those that lines of the text or of an annex name. They come from what the document was made from.
	Pictures []Picture `json:"pictures,omitempty"`
}

// Annex is what is bound in behind. Without text it is only named.
type Annex struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// OneLine is the title in lists.
func (c Content) OneLine() string { return strings.ReplaceAll(c.Title, "\n", "") }

// What a document may hold.
const (
	MaxText    = 200_000 // characters, of body or annex
	MaxColumns = 20
	// maxParts is how many paragraphs and cells a document has in all: what is laid out is much more than its text.
	maxParts   = 20_000
	maxTitle   = 100
	maxName    = 200
	maxAnnexes = 20
)

// Block is a paragraph, a table when it has rows, or a picture when it names one: then Text is the caption. Level is 1
// to 4 of a paragraph that begins with a number of the standard, else 0. The first row are the headings; every row is
// as long.
type Block struct {
	Level   int
	Text    string
	Rows    [][]string
	Picture string // key of the picture
}

// How the four levels of GB/T 9704-2012 7.3.3 are numbered.
var (
	first  = regexp.MustCompile(`^[一二三四五六七八九十百]{1,5}、`)
	second = regexp.MustCompile(`^[（(][一二三四五六七八九十百]{1,5}[）)]`)
	third  = regexp.MustCompile(`^\d{1,3}[.．](\D|$)`)
	fourth = regexp.MustCompile(`^[（(]\d{1,3}[）)]`)
)

// Blocks reads a text. What can be neither seen nor written is left out.
func Blocks(text string) []Block {
	var out []Block
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(Clean(line))
		if row, ok := cells(line); ok {
			last := len(out) - 1
			if last < 0 || out[last].Rows == nil {
				out = append(out, Block{Rows: [][]string{row}})
			} else if !ruler(row) {
				out[last].Rows = append(out[last].Rows, row)
			}
			continue
		}
		if line == "" {
			if last := len(out) - 1; last >= 0 && out[last].Rows != nil {
				out = append(out, Block{}) // an empty line ends a table
			}
			continue
		}
		if found := pictured.FindStringSubmatch(line); found != nil {
			out = append(out, Block{Picture: found[1], Text: found[2]})
			continue
		}
		b := Block{Text: line}
		for i, level := range []*regexp.Regexp{first, second, third, fourth} {
			if b.Level == 0 && level.MatchString(line) {
				b.Level = i + 1
			}
		}
		out = append(out, b)
	}
	out = slices.DeleteFunc(out, func(b Block) bool { return b.Text == "" && b.Rows == nil && b.Picture == "" })
	for _, b := range out {
		for i := range b.Rows {
			for len(b.Rows[i]) < len(b.Rows[0]) {
				b.Rows[i] = append(b.Rows[i], "")
			}
			b.Rows[i] = b.Rows[i][:len(b.Rows[0])]
		}
	}
	return out
}

// Row is a line of a table with these cells, for whoever makes a text.
func Row(list ...string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
		quoted[i] = strings.NewReplacer(`\`, `\\`, `|`, `\|`).Replace(s)
	}
	return "|" + strings.Join(quoted, "|") + "|"
}

// cells reads what Row has made, or somebody has typed.
func cells(line string) ([]string, bool) {
	rest, ok := strings.CutPrefix(line, "|")
	if !ok {
		return nil, false
	}
	out, cell, quoted := []string{}, strings.Builder{}, false
	for _, r := range rest {
		switch {
		case quoted:
			cell.WriteRune(r)
			quoted = false
		case r == '\\':
			quoted = true
		case r == '|':
			out = append(out, strings.TrimSpace(cell.String()))
			cell.Reset()
		default:
			cell.WriteRune(r)
		}
	}
	if tail := strings.TrimSpace(cell.String()); tail != "" || len(out) == 0 {
		out = append(out, tail)
	}
	return out, true
}

// ruler is the line of dashes that some people draw under the headings.
func ruler(row []string) bool {
	return !slices.ContainsFunc(row, func(s string) bool { return s == "" || strings.Trim(s, "-: ") != "" })
}

// Clean takes out of a text what no paper shows and what may not stand in XML: control characters except line
// breaks, marks of direction, unassigned ones. A tab becomes a blank.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), r&0xfffe == 0xfffe, r >= 0xfdd0 && r <= 0xfdef:
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
}

// clean is the content as it is kept.
func (c Content) clean() Content {
	c.Title = strings.TrimSpace(Clean(c.Title))
	for _, s := range []*string{&c.Head, &c.Urgency, &c.To, &c.From, &c.Note, &c.CC, &c.Issuer} {
		*s = strings.TrimSpace(strings.ReplaceAll(Clean(*s), "\n", " "))
	}
	c.To, c.CC = strings.TrimRight(c.To, "：:"), strings.TrimRight(c.CC, "。.")
	c.Text = strings.TrimSpace(Clean(c.Text))
	annexes := []Annex{}
	for _, a := range c.Annexes {
		annexes = append(annexes, Annex{Title: strings.TrimSpace(strings.ReplaceAll(Clean(a.Title), "\n", " ")), Text: strings.TrimSpace(Clean(a.Text))})
	}
	c.Annexes = annexes
	return c
}

// validate looks at what is there; whether it is complete is asked when it is signed.
func (c Content) validate() error {
	wrong := map[string]string{}
	line := func(field, text string, most int) {
		if !errs.Line(text, most) {
			wrong[field] = fmt.Sprintf("at most %d characters", most)
		}
	}
	parts := 0
	body := func(field, text string) {
		if !errs.Text(text, MaxText) {
			wrong[field] = fmt.Sprintf("at most %d characters", MaxText)
			return
		}
		for _, b := range Blocks(text) {
			parts++
			if b.Rows != nil {
				parts += len(b.Rows) * len(b.Rows[0])
			}
			if b.Rows != nil && len(b.Rows[0]) > MaxColumns {
				wrong[field] = fmt.Sprintf("a table has at most %d columns", MaxColumns)
			}
		}
	}
	line("head", c.Head, 40)
	if !errs.Text(c.Title, maxTitle) || strings.Count(c.Title, "\n") > 4 {
		wrong["title"] = fmt.Sprintf("at most %d characters in 5 lines", maxTitle)
	}
	line("to", c.To, 500)
	line("from", c.From, 60)
	line("note", c.Note, maxName)
	line("cc", c.CC, 500)
	line("issuer", c.Issuer, 60)
	body("text", c.Text)
	if !slices.Contains([]string{"", "特急", "加急"}, c.Urgency) { // GB/T 9704 7.2.3, 公文处理工作条例 第九条
		wrong["urgency"] = "must be 特急, 加急 or empty"
	}
	if len(c.Annexes) > maxAnnexes {
		wrong["annexes"] = fmt.Sprintf("at most %d", maxAnnexes)
	}
	for i, a := range c.Annexes {
		if !errs.Name(a.Title, maxTitle) {
			wrong[fmt.Sprintf("annexes.%d.title", i)] = fmt.Sprintf("1 to %d characters", maxTitle)
		}
		body(fmt.Sprintf("annexes.%d.text", i), a.Text)
	}
	if parts > maxParts {
		wrong["text"] = fmt.Sprintf("at most %d paragraphs and cells of tables with the annexes; hand a long table round as a workbook", maxParts)
	}
	return invalid("paper.content", "the document cannot be kept as it is", wrong)
}

// complete is asked before it leaves.
func (c Content) complete() error {
	wrong := map[string]string{}
	for field, text := range map[string]string{"title": c.Title, "text": c.Text, "from": c.From} {
		if text == "" {
			wrong[field] = "is empty"
		}
	}
	return invalid("paper.incomplete", "the document is not complete", wrong)
}

func invalid(code, msg string, fields map[string]string) error {
	if len(fields) == 0 {
		return nil
	}
	e := errs.E(errs.Invalid, code, "%s", msg)
	e.Fields = fields
	return e
}
