package document

import (
	"fmt"
	"strconv"
	"time"

	"github.com/signintech/gopdf"

	"github.com/fengsui/fengsui/central/internal/plan"
)

// PlanPDF implements plan.Printer.
func (p Printer) PlanPDF(b plan.Book) ([]byte, string, error) {
	w, err := p.newPDF(gopdf.PdfInfo{Title: oneLine(b.Title), Author: b.Org, CreationDate: b.At})
	if err != nil {
		return nil, "", err
	}
	leaves, _ := planLeaves(b)
	for _, l := range leaves {
		if l.chart != nil {
			if err := w.chart(*l.chart); err != nil {
				return nil, "", err
			}
			continue
		}
		w.pdf.AddPage()
		for _, r := range l.Rules {
			w.rule(r)
		}
		for _, r := range l.Runs {
			if err := w.run(r); err != nil {
				return nil, "", err
			}
		}
	}
	return w.done()
}

// ChartPDF implements plan.Printer.
func (p Printer) ChartPDF(title string, at time.Time, list []plan.Drawing) ([]byte, string, error) {
	w, err := p.newPDF(gopdf.PdfInfo{Title: oneLine(title), CreationDate: at})
	if err != nil {
		return nil, "", err
	}
	for _, d := range list {
		if err := w.chart(d); err != nil {
			return nil, "", err
		}
	}
	return w.done()
}

// chartEdge is the margin of a sheet with a chart, readable the least that one is made smaller to: letters of 14
// points then have 9. rollScale is that of one from the roll, and sheetMost the longest page that a PDF may have
// (ISO 32000-1 Annex C).
const (
	chartEdge = 10 * mm
	readable  = 0.65
	rollScale = 0.75
	sheetMost = 14_400.0
)

// sheetFor is A4 or A3 when a drawing can be read on it, otherwise a sheet from the roll as large as the drawing;
// and how large that comes out.
func sheetFor(d plan.Drawing) (width, height, scale float64) {
	long, short := sheetHigh, sheetWide
	for range 2 {
		if width, height = long, short; d.Height > d.Width {
			width, height = short, long
		}
		if scale = min((width-2*chartEdge)/d.Width, (height-2*chartEdge)/d.Height, 1); scale >= readable {
			return width, height, scale
		}
		long, short = 2*short, long
	}
	scale = min(rollScale, (sheetMost-2*chartEdge)/max(d.Width, d.Height))
	return d.Width*scale + 2*chartEdge, d.Height*scale + 2*chartEdge, scale
}

// chart draws on a page of its own.
func (w *pdfWriter) chart(d plan.Drawing) error {
	wide, high, k := sheetFor(d)
	w.pdf.AddPageWithOption(gopdf.PageOption{PageSize: &gopdf.Rect{W: wide, H: high}})
	x0, y0 := (wide-d.Width*k)/2, (high-d.Height*k)/2
	for _, s := range d.Shapes {
		var err error
		switch s.Kind {
		case plan.ShapeRect:
			err = w.box(s, x0+s.X*k, y0+s.Y*k, k)
		case plan.ShapeLine:
			w.path(s, x0, y0, k)
		case plan.ShapeText:
			err = w.label(s, x0+s.X*k, y0+s.Y*k, k)
		}
		if err != nil {
			return err
		}
	}
	w.ink = [3]uint8{}
	return nil
}

// colour reads #rrggbb; anything else is black.
func colour(text string) (r, g, b uint8) {
	n, err := strconv.ParseUint(fmt.Sprintf("%.6s", text[min(len(text), 1):]), 16, 32)
	if err != nil {
		return 0, 0, 0
	}
	return uint8(n >> 16), uint8(n >> 8), uint8(n) //nolint:gosec // the bytes of a colour
}

func (w *pdfWriter) stroke(s plan.Shape, k float64) {
	w.pdf.SetLineWidth(s.Width * k)
	w.pdf.SetStrokeColor(colour(s.Stroke))
	if s.Dash[0] > 0 {
		w.pdf.SetCustomLineType([]float64{s.Dash[0] * k, s.Dash[1] * k}, 0)
	} else {
		w.pdf.SetCustomLineType([]float64{}, 0)
	}
}

func (w *pdfWriter) box(s plan.Shape, x, y, k float64) error {
	how := "F"
	w.pdf.SetFillColor(colour(s.Fill))
	if s.Stroke != "" {
		how = "DF"
		w.stroke(s, k)
	}
	wide, high := s.W*k, s.H*k
	points, r := 0, min(s.R*k, wide/2-0.01, high/2-0.01)
	if r > 0 {
		points = 6
	} else {
		r = 0
	}
	if err := w.pdf.Rectangle(x, y, x+wide, y+high, how, r, points); err != nil {
		return fmt.Errorf("draw chart: %w", err)
	}
	return nil
}

func (w *pdfWriter) path(s plan.Shape, x0, y0, k float64) {
	w.stroke(s, k)
	for i := 1; i < len(s.Points); i++ {
		a, b := s.Points[i-1], s.Points[i]
		w.pdf.Line(x0+a[0]*k, y0+a[1]*k, x0+b[0]*k, y0+b[1]*k)
	}
	if s.Arrow && len(s.Points) > 1 { // every line ends towards the right
		end := s.Points[len(s.Points)-1]
		x, y, side := x0+end[0]*k, y0+end[1]*k, 4*k
		w.pdf.SetFillColor(colour(s.Stroke))
		w.pdf.Polygon([]gopdf.Point{{X: x, Y: y}, {X: x - 2*side, Y: y - side}, {X: x - 2*side, Y: y + side}}, "F")
	}
}

// label sets a text of a chart. Letters are as wide as the chart reckons them.
func (w *pdfWriter) label(s plan.Shape, x, y, k float64) error {
	text := oneLine(s.Text)
	size := s.Size * k
	wide := float64(halvesOf(text)) * size / 2
	switch s.Align {
	case "middle":
		x -= wide / 2
	case "end":
		x -= wide
	}
	w.ink[0], w.ink[1], w.ink[2] = colour(s.Fill)
	return w.run(Run{X: x, Y: y, Size: size, Pitch: size, Face: Hei, Text: text})
}
