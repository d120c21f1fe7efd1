package document

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signintech/gopdf"

	"github.com/fengsui/fengsui/central/internal/paper"
)

// Printer makes the files of a document (paper.Printer).
type Printer struct{ Fonts Fonts }

// Files implements paper.Printer: the same print gives the same bytes.
func (p Printer) Files(sheet paper.Print) (paper.Files, error) {
	var out paper.Files
	var err error
	if out.PDF, out.Missing, err = p.pdf(sheet); err != nil {
		return paper.Files{}, err
	}
	out.DOCX, err = docx(sheet)
	return out, err
}

// Missing implements paper.Printer.
func (p Printer) Missing(sheet paper.Print) string {
	files, err := p.Fonts.files()
	if err != nil {
		return ""
	}
	w := &pdfWriter{pdf: &gopdf.GoPdf{}, missing: map[rune]bool{}}
	w.pdf.Start(gopdf.Config{PageSize: *gopdf.PageSizeA4})
	if w.names, err = load(w.pdf, files); err != nil {
		return ""
	}
	seen := map[rune]bool{}
	for _, page := range Pages(sheet) {
		for _, r := range page.Runs {
			for _, c := range r.Text {
				if !seen[c] {
					seen[c] = true
					_, _, _ = w.choose(r.Face, c) // an error shows again when it is printed
				}
			}
		}
	}
	return w.untold()
}

// untold are the characters that no font has, the first 200.
func (w *pdfWriter) untold() string {
	list := make([]rune, 0, len(w.missing))
	for r := range w.missing {
		list = append(list, r)
	}
	slices.Sort(list)
	return string(list[:min(len(list), 200)])
}

func (p Printer) pdf(sheet paper.Print) ([]byte, string, error) {
	w, err := p.newPDF(gopdf.PdfInfo{Title: sheet.OneLine(), Author: sheet.From, Subject: sheet.Number, CreationDate: sheet.Date})
	if err != nil {
		return nil, "", err
	}
	for _, page := range Pages(sheet) {
		w.pdf.AddPage()
		if err := w.mark(sheet.Mark); err != nil {
			return nil, "", err
		}
		for _, r := range page.Rules {
			w.rule(r)
		}
		for _, s := range page.Shots {
			if err := w.shot(s, sheet.Images[s.Key]); err != nil {
				return nil, "", err
			}
		}
		for _, r := range page.Runs {
			if err := w.run(r); err != nil {
				return nil, "", err
			}
		}
	}
	return w.done()
}

// newPDF begins a PDF with the fonts that there are.
func (p Printer) newPDF(about gopdf.PdfInfo) (*pdfWriter, error) {
	files, err := p.Fonts.files()
	if err != nil {
		return nil, err
	}
	w := &pdfWriter{pdf: &gopdf.GoPdf{}, missing: map[rune]bool{}}
	w.pdf.Start(gopdf.Config{Unit: gopdf.UnitPT, PageSize: gopdf.Rect{W: sheetWide, H: sheetHigh}})
	about.Creator, about.Producer, about.CreationDate = "Fengsui", "Fengsui", about.CreationDate.In(time.UTC)
	w.pdf.SetInfo(about)
	w.names, err = load(w.pdf, files)
	return w, err
}

func (w *pdfWriter) done() ([]byte, string, error) {
	var out bytes.Buffer
	if _, err := w.pdf.WriteTo(&out); err != nil {
		return nil, "", fmt.Errorf("write PDF: %w", err)
	}
	return out.Bytes(), w.untold(), nil
}

type pdfWriter struct {
	pdf     *gopdf.GoPdf
	names   map[Face]string
	missing map[rune]bool
	font    string
	size    float64
	ink     [3]uint8 // of what is not red
}

// mark stands in grey over the page and, its first word, large across it; what is printed lies above.
func (w *pdfWriter) mark(text string) error {
	if text == "" {
		return nil
	}
	ink := w.ink
	defer func() { w.ink = ink }()
	w.ink = [3]uint8{0x70, 0x70, 0x70}
	if err := w.run(Run{X: left, Y: 15 * mm, Text: text, Face: Hei, Size: 10, Pitch: 10}); err != nil {
		return err
	}
	word, _, _ := strings.Cut(text, " ")
	w.ink = [3]uint8{0xe2, 0xe2, 0xe2}
	size := 130.0
	w.pdf.Rotate(45, sheetWide/2, sheetHigh/2)
	err := w.run(Run{X: sheetWide/2 - size*float64(len([]rune(word)))/2, Y: sheetHigh/2 + size/3, Text: word, Face: Hei, Size: size, Pitch: size})
	w.pdf.RotateReset()
	return err
}

func (w *pdfWriter) rule(r Rule) {
	w.pdf.SetLineWidth(r.Width)
	if r.Red {
		w.pdf.SetStrokeColor(red())
	} else {
		w.pdf.SetStrokeColor(0, 0, 0)
	}
	w.pdf.Line(r.X1, r.Y1, r.X2, r.Y2)
}

// red is what 5.2.4 and 7.2.4 print in red.
func red() (r, g, b uint8) { return 0xe6, 0, 0 }

// run sets text: pieces of one font and one width go down in one, spaced as the pitch says.
func (w *pdfWriter) run(r Run) error {
	if r.Red {
		w.pdf.SetTextColor(red())
	} else {
		w.pdf.SetTextColor(w.ink[0], w.ink[1], w.ink[2])
	}
	x, text, begun, font, wide := r.X, []rune{}, r.X, "", 0
	flush := func() error {
		if len(text) == 0 {
			return nil
		}
		err := w.piece(font, r, begun, text, float64(wide)*r.Pitch/2)
		text = text[:0]
		return err
	}
	for _, c := range r.Text {
		shown, f, err := w.choose(r.Face, c)
		if err != nil {
			return err
		}
		if f != font || halves(c) != wide {
			if err := flush(); err != nil {
				return err
			}
			font, wide, begun = f, halves(c), x
		}
		text = append(text, shown)
		x += float64(halves(c)) * r.Pitch / 2
	}
	return flush()
}

// piece sets characters of one font that take a step each.
func (w *pdfWriter) piece(font string, r Run, x float64, text []rune, step float64) error {
	if err := w.use(font, r.Size); err != nil {
		return err
	}
	if err := w.pdf.SetCharSpacing(0); err != nil {
		return err
	}
	natural, even := 0.0, true
	for i, c := range text {
		n, err := w.pdf.MeasureTextWidth(string(c))
		if err != nil {
			return fmt.Errorf("measure text: %w", err)
		}
		even = even && (i == 0 || n == natural)
		natural = n
	}
	if even {
		if err := w.pdf.SetCharSpacing(step - natural); err != nil {
			return err
		}
		return w.text(x+max((step-natural)/2, 0)*centred(text), r.Y, string(text))
	}
	for i, c := range text { // a font whose letters differ in width: each in the middle of its cell
		n, _ := w.pdf.MeasureTextWidth(string(c))
		if err := w.text(x+float64(i)*step+(step-n)/2, r.Y, string(c)); err != nil {
			return err
		}
	}
	return nil
}

// centred is 1 for characters that are much narrower than their cell, which stand in its middle.
func centred(text []rune) float64 {
	if len(text) > 0 && text[0] >= 0x80 {
		return 0
	}
	return 1
}

func (w *pdfWriter) text(x, y float64, text string) error {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	w.pdf.SetXY(x, y)
	if err := w.pdf.Text(text); err != nil {
		return fmt.Errorf("write text: %w", err)
	}
	return nil
}

func (w *pdfWriter) use(font string, size float64) error {
	if w.font == font && w.size == size {
		return nil
	}
	w.font, w.size = font, size
	if err := w.pdf.SetFont(font, "", size); err != nil {
		return fmt.Errorf("choose font: %w", err)
	}
	return nil
}

// choose finds a font that has the character, and what is printed of it.
func (w *pdfWriter) choose(face Face, c rune) (rune, string, error) {
	for _, want := range []rune{c, geta, '?'} {
		if want != c {
			w.missing[c] = true
		}
		if want == c && !straight(c) {
			continue
		}
		for _, f := range []Face{face, Fang, Song, Hei, Kai, Biao, extra} {
			name := w.names[f]
			if name == "" {
				continue
			}
			if err := w.use(name, max(w.size, 1)); err != nil {
				return 0, "", err
			}
			has, err := w.pdf.IsCurrFontContainGlyph(want)
			if err != nil {
				return 0, "", fmt.Errorf("look into font: %w", err)
			}
			if has {
				return want, name, nil
			}
		}
	}
	return '?', w.names[Fang], nil
}
