package document

import (
	"strings"

	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/plan"
)

// Of a plan: it has the sheet, the grid and the faces of GB/T 9704-2012, and the chapters' own numbers.
const (
	smallSize   = 10.5
	smallPitch  = 16.0
	smallHalves = 84      // of it in the width of the 版心
	runningDown = 25 * mm // over the 版心: what a page is of
)

// leaf is a page, or a sheet that is as large as its chart needs.
type leaf struct {
	Page
	chart *plan.Drawing
}

// entry is a line of the table of contents.
type entry struct {
	depth int
	text  string
	page  int
}

// planLeaves lays a book out. The same book gives the same leaves.
func planLeaves(b plan.Book) ([]leaf, []entry) {
	list := entriesOf(b)
	pages := planFlow(b, list).pages() // to find where each chapter stands
	if b.Contents {
		pages = planFlow(b, list).pages()
	}
	out := make([]leaf, len(pages))
	for i, p := range pages {
		p.small(b.Running, left, top-runningDown+smallSize)
		out[i] = leaf{Page: p, chart: p.chart}
	}
	return out, list
}

// entriesOf are the first two levels of headings; of a collection also the plans.
func entriesOf(b plan.Book) []entry {
	var out []entry
	for _, p := range b.Papers {
		if len(b.Papers) > 1 {
			out = append(out, entry{text: oneLine(p.Name)})
		}
		for _, o := range p.Blocks {
			if o.Kind == "heading" && o.Depth <= 2 && (o.Depth == 1 || len(b.Papers) == 1) {
				out = append(out, entry{depth: o.Depth, text: oneLine(o.Text)})
			}
		}
	}
	return out
}

func planFlow(b plan.Book, list []entry) *flow {
	f := &flow{}
	f.centred(balance(paper.Clean(b.Title), Biao, titleHalves), size2, size2, titlePitch, false)
	f.under(b.Under, sourceOf(b))
	if b.Contents {
		f.contents(list)
	}
	at := 0
	next := func() *int {
		at++
		return &list[at-1].page
	}
	for i, p := range b.Papers {
		if i > 0 || b.Contents {
			f.add(item{begins: true, gap: true})
		}
		if len(b.Papers) > 1 {
			start := len(f.items)
			f.centred(balance(oneLine(p.Name), Biao, titleHalves), size2, size2, titlePitch, false)
			f.mark(start, next())
			f.under(p.Org+"　"+p.Mark, p.Source)
		}
		for _, o := range p.Blocks {
			var page *int
			if o.Kind == "heading" && o.Depth <= 2 && (o.Depth == 1 || len(b.Papers) == 1) {
				page = next()
			}
			f.block(o, page)
		}
	}
	return f
}

// sourceOf says which text a book is of; those of a collection say it each.
func sourceOf(b plan.Book) string {
	if len(b.Papers) == 1 {
		return b.Papers[0].Source
	}
	return ""
}

// under is what stands below a title.
func (f *flow) under(text, source string) {
	f.centred(wrap([]span{{oneLine(text), Kai}}, 2*columns, 0), size3, cell, pitch, false)
	f.centred(wrap([]span{{oneLine(source), Fang}}, smallHalves, 0), smallSize, smallSize, smallPitch, false)
	f.blank(1, true)
}

// mark notes on which page an item comes to stand.
func (f *flow) mark(i int, page *int) {
	draw := f.items[i].draw
	f.items[i].draw = func(p *Page, y float64) {
		*page = p.No
		if draw != nil {
			draw(p, y)
		}
	}
}

func (f *flow) block(b plan.Block, page *int) {
	switch b.Kind {
	case "heading":
		start := len(f.items)
		for i, l := range wrap([]span{{oneLine(b.Text), headingFace(b.Depth)}}, 2*columns, 4) {
			f.line(l, 4*max(1-i, 0), i > 0)
		}
		f.after = true
		if page != nil {
			f.mark(start, page)
		}
	case "text":
		for i, l := range wrap([]span{{oneLine(b.Text), Fang}}, 2*columns, 4) {
			f.line(l, 4*max(1-i, 0), i == 0 && f.after)
		}
		f.after = false
	case "table":
		if len(b.Rows) == 0 { // a heading over nothing says nothing
			b.Rows = [][]string{make([]string, len(b.Head))}
			b.Rows[0][0] = "（无）"
		}
		f.table(tableOf(b))
		f.after = false
	case "flow":
		f.add(item{begins: true, height: high, draw: func(p *Page, _ float64) { p.chart = b.Chart }})
		f.add(item{begins: true, gap: true})
	}
}

func headingFace(depth int) Face {
	switch depth {
	case 1:
		return Hei
	case 2:
		return Kai
	}
	return Fang
}

func tableOf(b plan.Block) [][]string {
	out := make([][]string, 0, len(b.Rows)+1)
	for _, row := range append([][]string{b.Head}, b.Rows...) {
		clean := make([]string, len(b.Head))
		for i := range clean {
			if i < len(row) {
				clean[i] = strings.TrimSpace(paper.Clean(row[i]))
			}
		}
		out = append(out, clean)
	}
	return out
}

func oneLine(text string) string {
	return strings.Join(strings.Fields(paper.Clean(text)), " ")
}

// contents is the table of contents, with dots up to the number of the page.
func (f *flow) contents(list []entry) {
	f.centred([]textLine{{spans: []span{{"目　录", Hei}}, half: 6}}, size3, cell, pitch, false)
	for i := range list {
		e := &list[i]
		in := 2 * max(e.depth-1, 0)
		face := Fang
		if e.depth == 0 {
			face = Hei
		}
		lines := wrap([]span{{e.text, face}}, 2*columns-in-8, 0)
		for k, l := range lines {
			f.line(l, in, k > 0)
		}
		last := &f.items[len(f.items)-1]
		draw, used := last.draw, lines[len(lines)-1].half
		last.draw = func(p *Page, y float64) {
			draw(p, y)
			number := itoa(e.page)
			dots := (2*columns - in - used - len(number) - 2) / 2
			p.put(textLine{spans: []span{{strings.Repeat("…", max(dots, 0)), Fang}}}, left+float64(in+used+1)*cell/2, base(y, pitch, size3), size3, cell, 0)
			p.put(textLine{spans: []span{{number, Fang}}}, left+wide-float64(len(number))*cell/2, base(y, pitch, size3), size3, cell, 0)
		}
	}
}

// small is a line at the edge of a page; what does not fit is left out.
func (p *Page) small(text string, x, y float64) {
	text = oneLine(text)
	if halvesOf(text) > smallHalves {
		cut, used := 0, 0
		for i, r := range text {
			if used += halves(r); used > smallHalves-2 {
				break
			}
			cut = i
		}
		text = text[:cut] + "…"
	}
	if text != "" {
		p.Runs = append(p.Runs, Run{X: x, Y: y, Size: smallSize, Pitch: smallSize, Face: Fang, Text: text})
	}
}
