package plan

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// Drawing is a chart as shapes, in points from its upper left corner, the first one undermost. SVG and PDF are
// made of it.
type Drawing struct {
	Title         string
	Width, Height float64
	Shapes        []Shape
}

// The shapes that there are.
const (
	ShapeRect = "rect"
	ShapeLine = "line" // along points, with rounded corners
	ShapeText = "text"
)

// Shape is one of them. Colours are #rrggbb; empty: none. Of a text X is where it begins, has its middle or its
// end (Align), Y the foot of the letters, Size its height.
type Shape struct {
	Kind         string
	X, Y, W, H   float64
	R            float64 // of the corners
	Points       [][2]float64
	Arrow        bool // at the last point
	Fill, Stroke string
	Width        float64 // of the stroke
	Dash         [2]float64
	Size         float64
	Text         string
	Align        string // empty, middle or end
	Bold         bool
	Tip          string // said of it where one points at it
}

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a builder takes everything
	return b.String()
}

// SVG writes the drawing. The same drawing gives the same bytes.
func (d Drawing) SVG() string {
	var b strings.Builder
	f := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	f(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" font-family="'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif">`, d.Width, d.Height, d.Width, d.Height)
	f(`<title>%s</title>`, escaped(d.Title))
	f(`<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#56697a"/></marker></defs>`)
	f(`<rect width="100%%" height="100%%" fill="#ffffff"/>`)
	for _, s := range d.Shapes {
		stroke := ""
		if s.Stroke != "" {
			stroke = fmt.Sprintf(` stroke="%s" stroke-width="%g"`, s.Stroke, s.Width)
		}
		if s.Dash[0] > 0 {
			stroke += fmt.Sprintf(` stroke-dasharray="%g %g"`, s.Dash[0], s.Dash[1])
		}
		switch s.Kind {
		case ShapeRect:
			f(`<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="%g" fill="%s"%s>`, s.X, s.Y, s.W, s.H, s.R, s.Fill, stroke)
			if s.Tip != "" {
				f(`<title>%s</title>`, escaped(s.Tip))
			}
			f(`</rect>`)
		case ShapeLine:
			arrow := ""
			if s.Arrow {
				arrow = ` marker-end="url(#a)"`
			}
			f(`<path d="%s" fill="none"%s%s/>`, rounded(s.Points), stroke, arrow)
		case ShapeText:
			style := fmt.Sprintf(` fill="%s"`, s.Fill)
			if s.Align != "" {
				style += fmt.Sprintf(` text-anchor="%s"`, s.Align)
			}
			if s.Bold {
				style += ` font-weight="700"`
			}
			f(`<text x="%.1f" y="%.1f" font-size="%g"%s>%s</text>`, s.X, s.Y, s.Size, style, escaped(s.Text))
		}
	}
	f(`</svg>`)
	return b.String()
}

// rounded is a line along points with rounded corners.
func rounded(points [][2]float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "M%.1f %.1f", points[0][0], points[0][1])
	for i := 1; i < len(points)-1; i++ {
		was, at, next := points[i-1], points[i], points[i+1]
		r := min(6, dist(was, at)/2, dist(at, next)/2)
		a, z := toward(at, was, r), toward(at, next, r)
		fmt.Fprintf(&b, "L%.1f %.1fQ%.1f %.1f %.1f %.1f", a[0], a[1], at[0], at[1], z[0], z[1])
	}
	last := points[len(points)-1]
	fmt.Fprintf(&b, "L%.1f %.1f", last[0], last[1])
	return b.String()
}

func dist(a, b [2]float64) float64 { return max(a[0]-b[0], b[0]-a[0]) + max(a[1]-b[1], b[1]-a[1]) }

func toward(from, to [2]float64, by float64) [2]float64 {
	d := dist(from, to)
	if d == 0 {
		return from
	}
	return [2]float64{from[0] + (to[0]-from[0])/d*by, from[1] + (to[1]-from[1])/d*by}
}
