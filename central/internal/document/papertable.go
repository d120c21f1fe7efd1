package document

import "strings"

// A table stands in the width of the 版心. GB/T 9704-2012 8 speaks of tables across a leaf only; size, pitch and
// lines are ours.
const (
	tableEdge  = 3.0
	tableRule  = 0.5
	tableLines = 20 // of a row on one page; a longer one goes on
)

// grid is how a table is drawn, on paper as in a text program.
type grid struct {
	size, pitch float64
	widths      []float64 // of columns
}

func gridOf(table [][]string) grid {
	g := grid{size: 12, pitch: 17}
	switch n := len(table[0]); {
	case n > 12:
		g.size, g.pitch = 9, 13
	case n > 7:
		g.size, g.pitch = 10.5, 15
	}
	natural, sum := make([]float64, len(table[0])), 0.0
	for i := range natural {
		longest, all := 4, 0
		for _, row := range table {
			h := halvesOf(row[i])
			longest = max(longest, h)
			all += h
		}
		// A column of long texts gets less than the longest of them.
		natural[i] = float64(min(longest, max(24, 2*all/len(table))))
		sum += natural[i]
	}
	edges := float64(len(natural)) * 2 * tableEdge
	for _, n := range natural {
		g.widths = append(g.widths, 2*tableEdge+(wide-edges)*n/sum)
	}
	return g
}

func (g grid) halves(column int) int {
	return max(int((g.widths[column]-2*tableEdge)/(g.size/2)), 2)
}

func (f *flow) table(table [][]string) {
	g := gridOf(table)
	head := g.row(table[0], Hei)
	whole := item{height: head[0].height, draw: head[0].draw}
	for i, row := range table {
		items := head
		if i > 0 {
			items = g.row(row, Fang)
		}
		for k := range items {
			if i > 0 || k > 0 {
				items[k].head = &whole
			}
			items[k].bound = i == 1 && k == 0 && len(items) == 1
			f.add(items[k])
		}
	}
	f.add(item{height: pitch / 2, gap: true, bound: true})
}

// row is one row, in parts where it is longer than a page.
func (g grid) row(row []string, face Face) []item {
	lines, most := make([][]textLine, len(row)), 1
	for i, text := range row {
		for part := range strings.SplitSeq(text, "\n") {
			lines[i] = append(lines[i], wrap([]span{{part, face}}, g.halves(i), 0)...)
		}
		most = max(most, len(lines[i]))
	}
	var out []item
	for from := 0; from < most; from += tableLines {
		to := min(from+tableLines, most)
		height := float64(to-from)*g.pitch + 2*tableEdge
		out = append(out, item{height: height, draw: func(p *Page, y float64) {
			x := left
			edge := func(x1, y1, x2, y2 float64) {
				p.Rules = append(p.Rules, Rule{x1, y1, x2, y2, tableRule, false})
			}
			edge(left, y, left+wide, y)
			edge(left, y+height, left+wide, y+height)
			for i, column := range lines {
				edge(x, y, x, y+height)
				part := column[min(from, len(column)):min(to, len(column))]
				down := y + (height-float64(len(part))*g.pitch)/2
				for k, l := range part {
					in := tableEdge
					if len(column) == 1 { // short texts stand in the middle
						in = (g.widths[i] - float64(l.half)*g.size/2) / 2
					}
					l.full = false
					p.put(l, x+in, base(down+float64(k)*g.pitch, g.pitch, g.size), g.size, g.size, 0)
				}
				x += g.widths[i]
			}
			edge(left+wide, y, left+wide, y+height)
		}})
	}
	return out
}
