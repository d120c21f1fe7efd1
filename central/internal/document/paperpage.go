package document

import (
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/plan"
)

// Measures of GB/T 9704-2012 in points (1/72 inch), from the upper left corner of the sheet.
const (
	mm        = 72 / 25.4
	sheetWide = 210 * mm // 5.1: A4
	sheetHigh = 297 * mm
	left      = 28 * mm  // 5.2.1: 订口
	top       = 37 * mm  // 5.2.1: 天头
	wide      = 156 * mm // 5.2.1: 版心
	high      = 225 * mm
	columns   = 28 // 5.2.3: characters a line
	rows      = 22 // 5.2.3: lines a page
	cell      = wide / columns
	pitch     = high / rows
	size2     = 22.0 // 2号
	size3     = 16.0 // 3号
	size4     = 14.0 // 4号

	headDown    = 35 * mm // 7.2.4: upper edge of the red head, below that of the 版心
	headMost    = 42.0    // the standard leaves its size to taste; ours, 初号
	titlePitch  = size2 + size3*7/8
	titleHalves = 40     // of 2号 in the width of the 版心
	redDown     = 4 * mm // 7.2.7: the red line below the number
	redWidth    = 1.0    // the standard does not say; ours
	footThick   = 0.35 * mm
	footThin    = 0.25 * mm // 7.4.1
	footPitch   = 22.0      // the standard does not say; ours
	numberDown  = 7 * mm    // 7.5: upper edge of the dashes, below the 版心
	sealWide    = 42 * mm   // of a county's organ (国发〔1999〕25号 4.2 cm); for the eye only, nothing is printed
)

// Page is one side of a document as it leaves.
type Page struct {
	No    int           `json:"no"`
	Runs  []Run         `json:"runs"`
	Rules []Rule        `json:"rules"`
	Seals []Spot        `json:"seals"` // where a seal belongs; never printed
	Shots []Shot        `json:"shots"`
	chart *plan.Drawing // instead of all that
}

// PageSize is that of every page, in points.
func PageSize() (width, height float64) { return sheetWide, sheetHigh }

// Run is text of one face on a line: Y is the foot of the letters, Pitch how far a character of Chinese goes,
// ASCII goes half of it. All in points.
type Run struct {
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	Size  float64 `json:"size"`
	Pitch float64 `json:"pitch"`
	Face  Face    `json:"face"`
	Red   bool    `json:"red"`
	Text  string  `json:"text"`
}

// Rule is a straight line.
type Rule struct {
	X1    float64 `json:"x1"`
	Y1    float64 `json:"y1"`
	X2    float64 `json:"x2"`
	Y2    float64 `json:"y2"`
	Width float64 `json:"width"`
	Red   bool    `json:"red"`
}

// Spot is a circle.
type Spot struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	R float64 `json:"r"`
}

// Shot is where a picture of the document stands.
type Shot struct {
	X   float64 `json:"x"`
	Y   float64 `json:"y"`
	W   float64 `json:"w"`
	H   float64 `json:"h"`
	Key string  `json:"key"`
}

// item is something that stands on one page: height, and how it is drawn with its upper edge at y.
type item struct {
	height float64
	bound  bool // stays on the page of the one before
	gap    bool // empty; none stands at the top of a page
	begins bool // a new page
	head   *item
	shot   bool // a picture
	draw   func(p *Page, y float64)
}

// Pages lays a document out. The same print gives the same pages, whatever fonts there are.
func Pages(p paper.Print) []Page {
	f := &flow{print: p}
	f.lead(p)
	f.body(p.Text)
	f.named(p.Annexes)
	f.close(p)
	f.bound(p.Annexes)
	f.foot(p)
	return f.pages()
}

// flow is a document as one strip.
type flow struct {
	print paper.Print
	items []item
	shown []string // keys of the pictures that stand already
	after bool     // the last one was a heading, which keeps the next on its page
}

func (f *flow) add(i item) { f.items = append(f.items, i) }

// blank leaves lines empty.
func (f *flow) blank(n float64, bound bool) { f.add(item{height: n * pitch, gap: true, bound: bound}) }

func (f *flow) pages() []Page {
	var out []Page
	for start := 0; start < len(f.items); {
		if f.items[start].gap {
			start++
			continue
		}
		end := f.fill(start)
		p := blankPage(len(out) + 1)
		y := top
		if h := f.items[start].head; h != nil {
			h.draw(&p, y)
			y += h.height
		}
		for _, it := range f.items[start:end] {
			if it.draw != nil {
				it.draw(&p, y)
			}
			y += it.height
		}
		p.number()
		out = append(out, p)
		start = end
	}
	if len(out) == 0 {
		p := blankPage(1)
		p.number()
		out = append(out, p)
	}
	return out
}

func blankPage(no int) Page {
	return Page{No: no, Runs: []Run{}, Rules: []Rule{}, Seals: []Spot{}, Shots: []Shot{}}
}

// fill is where the page that begins with an item ends.
func (f *flow) fill(start int) int {
	used, shots := 0.0, 0
	if h := f.items[start].head; h != nil {
		used = h.height
	}
	for i := start; i < len(f.items); i++ {
		it := f.items[i]
		if i > start && it.begins {
			return i
		}
		if it.shot {
			shots++
		}
		if used += it.height; (used <= high+0.01 && shots <= shotsOnPage) || i == start {
			continue
		}
		for end := i; end > start; end-- {
			if !f.items[end].bound {
				return end
			}
		}
		return i
	}
	return len(f.items)
}

// number is 7.5: odd pages to the right, even ones to the left, one character in, a dash on either side.
func (p *Page) number() {
	text := "— " + itoa(p.No) + " —"
	x := left + size4
	if p.No%2 == 1 {
		x = left + wide - size4 - float64(halvesOf(text))*size4/2
	}
	// The dash lies about a third of the size above the foot of the letters.
	p.Runs = append(p.Runs, Run{X: x, Y: top + high + numberDown + 0.35*size4, Size: size4, Pitch: size4, Face: Song, Text: text})
}
