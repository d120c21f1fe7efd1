package main

import (
	"math"
	"sort"
)

// Colour is linear enough for a drawing: red, green, blue from 0 to 1.
type Colour [3]float64

func rgb(r, g, b float64) Colour { return Colour{r / 255, g / 255, b / 255} }

func mix(a, b Colour, t float64) Colour {
	t = math.Max(0, math.Min(1, t))
	return Colour{a[0] + (b[0]-a[0])*t, a[1] + (b[1]-a[1])*t, a[2] + (b[2]-a[2])*t}
}

// Point is in pixels, from the top left.
type Point struct{ X, Y float64 }

// Canvas is one picture.
type Canvas struct {
	W, H int
	Pix  []Colour
}

func newCanvas(w, h int) *Canvas { return &Canvas{W: w, H: h, Pix: make([]Colour, w*h)} }

// At is the colour at a place, the border's colour outside.
func (c *Canvas) At(x, y int) Colour {
	x = max(0, min(c.W-1, x))
	y = max(0, min(c.H-1, y))
	return c.Pix[y*c.W+x]
}

func (c *Canvas) blend(x, y int, col Colour, alpha float64) {
	if x < 0 || y < 0 || x >= c.W || y >= c.H || alpha <= 0 {
		return
	}
	p := &c.Pix[y*c.W+x]
	*p = mix(*p, col, alpha)
}

// Fill draws a polygon with smooth edges.
func (c *Canvas) Fill(col Colour, alpha float64, points ...Point) {
	const sub = 4
	top, bottom := math.Inf(1), math.Inf(-1)
	for _, p := range points {
		top, bottom = math.Min(top, p.Y), math.Max(bottom, p.Y)
	}
	cover := make([]float64, c.W)
	for y := max(0, int(top)); y <= min(c.H-1, int(bottom)); y++ {
		clear(cover)
		for s := range sub {
			line := float64(y) + (float64(s)+0.5)/sub
			for i, cross := 0, crossings(points, line); i+1 < len(cross); i += 2 {
				span(cover, cross[i], cross[i+1], 1.0/sub)
			}
		}
		for x, a := range cover {
			c.blend(x, y, col, a*alpha)
		}
	}
}

func crossings(points []Point, y float64) []float64 {
	var out []float64
	for i, a := range points {
		b := points[(i+1)%len(points)]
		if (a.Y <= y) != (b.Y <= y) {
			out = append(out, a.X+(y-a.Y)/(b.Y-a.Y)*(b.X-a.X))
		}
	}
	sort.Float64s(out)
	return out
}

func span(cover []float64, from, to, weight float64) {
	for x := max(0, int(from)); x <= min(len(cover)-1, int(to)); x++ {
		in := math.Min(to, float64(x)+1) - math.Max(from, float64(x))
		if in > 0 {
			cover[x] += in * weight
		}
	}
}

// Box draws an upright rectangle.
func (c *Canvas) Box(col Colour, x0, y0, x1, y1 float64) {
	c.Fill(col, 1, Point{x0, y0}, Point{x1, y0}, Point{x1, y1}, Point{x0, y1})
}

// Line draws a stroke of some width.
func (c *Canvas) Line(col Colour, width float64, a, b Point) {
	l := math.Hypot(b.X-a.X, b.Y-a.Y)
	if l == 0 {
		return
	}
	nx, ny := -(b.Y-a.Y)/l*width/2, (b.X-a.X)/l*width/2
	c.Fill(col, 1, Point{a.X + nx, a.Y + ny}, Point{b.X + nx, b.Y + ny}, Point{b.X - nx, b.Y - ny}, Point{a.X - nx, a.Y - ny})
}

// Glow adds a soft light.
func (c *Canvas) Glow(col Colour, at Point, radius, strength float64) {
	for y := int(at.Y - radius*2); y <= int(at.Y+radius*2); y++ {
		for x := int(at.X - radius*2); x <= int(at.X+radius*2); x++ {
			d := math.Hypot(float64(x)-at.X, float64(y)-at.Y) / radius
			c.blend(x, y, col, strength*math.Exp(-d*d*2))
		}
	}
}

// Gradient fills rows from y0 to y1 from one colour to the next.
func (c *Canvas) Gradient(y0, y1 int, stops ...Colour) {
	for y := max(0, y0); y < min(c.H, y1); y++ {
		f := float64(y-y0) / float64(y1-y0) * float64(len(stops)-1)
		i := min(int(f), len(stops)-2)
		col := mix(stops[i], stops[i+1], f-float64(i))
		for x := range c.W {
			c.Pix[y*c.W+x] = col
		}
	}
}

// Bytes is the picture as rgb24.
func (c *Canvas) Bytes(out []byte) []byte {
	out = out[:0]
	for _, p := range c.Pix {
		for _, v := range p {
			out = append(out, byte(math.Max(0, math.Min(255, v*255+0.5))))
		}
	}
	return out
}
