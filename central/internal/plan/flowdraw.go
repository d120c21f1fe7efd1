package plan

import (
	"fmt"
	"slices"
	"strings"
)

// ems is the width of a text in its own size.
func ems(s string) float64 {
	w := 0.0
	for _, r := range s {
		if r > 0x2E80 {
			w++
		} else {
			w += 0.54
		}
	}
	return w
}

// folded breaks a text into at most n lines of a width in ems; what does not fit ends in an ellipsis.
func folded(s string, width float64, n int) []string {
	var out []string
	line, w := []rune{}, 0.0
	rs := []rune(strings.TrimSpace(s))
	for i, r := range rs {
		e := ems(string(r))
		if w+e > width {
			if len(out) == n-1 {
				for len(line) > 0 && ems(string(line))+1 > width {
					line = line[:len(line)-1]
				}
				return append(out, string(line)+"…")
			}
			// A Latin word is not broken when it can stand whole in the next line.
			cut := len(line)
			if r < 0x2E80 && r != ' ' {
				for cut > 0 && line[cut-1] < 0x2E80 && line[cut-1] != ' ' {
					cut--
				}
				if cut == 0 {
					cut = len(line)
				}
			}
			out = append(out, strings.TrimSpace(string(line[:cut])))
			line = slices.Clone(line[cut:])
			w = ems(string(line))
		}
		line = append(line, rs[i])
		w += e
	}
	if rest := strings.TrimSpace(string(line)); rest != "" {
		out = append(out, rest)
	}
	return out
}

// Span is a time in minutes as a chart writes it.
func Span(minutes int) string {
	switch {
	case minutes >= 24*60 && minutes%(24*60) == 0:
		return fmt.Sprintf("T+%d d", minutes/24/60)
	case minutes >= 60 && minutes%60 == 0:
		return fmt.Sprintf("T+%d h", minutes/60)
	case minutes > 60:
		return fmt.Sprintf("T+%d h %d′", minutes/60, minutes%60)
	}
	return fmt.Sprintf("T+%d′", minutes)
}

// Flow draws what is done at a level as a chart (一图): lanes are roles, columns times, lines what follows what.
// Its words are Chinese and English. The same body gives the same drawing.
func Flow(s Sheet, b Body, level int) Drawing {
	var conditions []string
	decider := ""
	for _, l := range b.Levels {
		if l.Level != level {
			continue
		}
		decider = l.Decider
		for _, c := range l.Conditions {
			if c.Text != "" {
				conditions = append(conditions, c.Text)
			}
		}
	}
	shown := conditions[:min(len(conditions), 6)]
	startHeight := 64 + float64(len(shown))*20
	c := b.layout(level, margin+topHeight+startHeight+14)
	fill, ink := levelColour(level)
	p := &pen{Drawing{Title: s.Name + " " + Numeral(level) + "级响应流程图", Width: c.width, Height: c.height + 58, Shapes: []Shape{}}}
	p.head(s, c, level, fill, ink)
	p.start(c, shown, len(conditions)-len(shown), decider, fill, startHeight)
	p.lanes(c)
	p.edges(c)
	for _, o := range c.boxes {
		p.box(o)
	}
	zh, en := s.line()
	p.line(1, "#d5dde4", margin, c.height+18, c.width-margin, c.height+18)
	p.text(margin, c.height+40, 12, lettering{colour: faint}, s.Org+"　"+zh)
	p.text(c.width-margin, c.height+40, 11, lettering{colour: faint, align: "end"}, en+"  ·  T = 启动响应 start of the response  ·  虚线框 dashed = 有条件 conditional")
	return p.Drawing
}

// The colours of a chart.
const (
	inkColour = "#17222c"
	faint     = "#56697a"
	lead      = "#0f7d71"
	pale      = "#f6f8fa"
)

// pen draws.
type pen struct{ Drawing }

// lettering is how a text looks; empty: the ink, from the left.
type lettering struct {
	colour, align string
	bold          bool
}

func (p *pen) add(s Shape) { p.Shapes = append(p.Shapes, s) }

func (p *pen) rect(x, y, w, h, r float64, fill string) {
	p.add(Shape{Kind: ShapeRect, X: x, Y: y, W: w, H: h, R: r, Fill: fill})
}

func (p *pen) line(width float64, colour string, x1, y1, x2, y2 float64) {
	p.add(Shape{Kind: ShapeLine, Points: [][2]float64{{x1, y1}, {x2, y2}}, Stroke: colour, Width: width})
}

func (p *pen) text(x, y, size float64, l lettering, s string) {
	if s == "" {
		return
	}
	if l.colour == "" {
		l.colour = inkColour
	}
	p.add(Shape{Kind: ShapeText, X: x, Y: y, Size: size, Text: s, Fill: l.colour, Align: l.align, Bold: l.bold})
}

func (p *pen) head(s Sheet, c chart, level int, fill, ink string) {
	p.rect(margin, margin, 118, 50, 6, fill)
	p.text(margin+59, margin+23, 16, lettering{ink, "middle", true}, Numeral(level)+" 级响应")
	p.text(margin+59, margin+41, 12, lettering{ink, "middle", false}, "Level "+Numeral(level)+" response")
	for _, t := range folded(s.Name+" 处置流程图", (c.width-2*margin-140)/22, 1) {
		p.text(margin+134, margin+24, 22, lettering{bold: true}, t)
	}
	en := s.NameEN
	if en != "" {
		en += ": "
	}
	for _, t := range folded(en+"flow of the response", (c.width-2*margin-140)/13, 1) {
		p.text(margin+134, margin+45, 13, lettering{colour: faint}, t)
	}
}

func (p *pen) start(c chart, conditions []string, more int, decider, fill string, height float64) {
	y := float64(margin + topHeight)
	p.add(Shape{Kind: ShapeRect, X: margin, Y: y, W: c.width - 2*margin, H: height - 8, R: 6, Fill: pale, Stroke: "#d5dde4", Width: 1})
	p.rect(margin, y, 5, height-8, 2.5, fill)
	p.text(margin+18, y+24, 13, lettering{bold: true}, "启动条件（有一项即可）")
	p.text(margin+164, y+24, 11, lettering{colour: faint}, "Start conditions, any one of:")
	wide := (c.width - 2*margin - 60) / 13
	for i, t := range conditions {
		for _, line := range folded(t, wide, 1) {
			p.rect(margin+21, y+37+float64(i)*20, 6, 6, 1, fill)
			p.text(margin+36, y+44+float64(i)*20, 13, lettering{}, line)
		}
	}
	foot := ""
	if decider != "" {
		foot = "启动决定 Decided by：" + decider
	}
	if more > 0 {
		foot += fmt.Sprintf("　另有 %d 项见正文 (%d more in the text)", more, more)
	}
	p.text(margin+18, y+46+float64(len(conditions))*20, 12, lettering{colour: faint}, foot)
}

func (p *pen) lanes(c chart) {
	for i, r := range c.roles {
		y, h := c.laneY[i], float64(c.slots[i])*(boxHeight+rowGap)+lanePad
		if i%2 == 0 {
			p.rect(margin, y, c.width-2*margin, h, 0, pale)
		}
		p.rect(margin, y+3, laneWidth-12, h-6, 5, "#e3f0ee")
		zh := folded(r.Name, 9.5, 2)
		en := folded(r.NameEN, 13, 2)
		at := y + h/2 - (float64(len(zh))*18+float64(len(en))*14)/2 + 14
		for _, t := range zh {
			p.text(margin+(laneWidth-12)/2, at, 14, lettering{align: "middle", bold: true}, t)
			at += 18
		}
		for _, t := range en {
			p.text(margin+(laneWidth-12)/2, at-2, 11, lettering{colour: faint, align: "middle"}, t)
			at += 14
		}
	}
	y := c.top
	last := -1
	for i, minutes := range c.columns {
		x := margin + laneWidth + gutter/2 + float64(i)*(boxWidth+gutter)
		if minutes != last {
			p.text(x, y+18, 14, lettering{colour: lead, bold: true}, Span(minutes))
			p.line(2, lead, x, y+26, x+boxWidth, y+26)
			p.add(Shape{Kind: ShapeLine, Points: [][2]float64{{x - gutter/2, y + 8}, {x - gutter/2, c.height}}, Stroke: "#c6d3dc", Width: 1, Dash: [2]float64{2, 5}})
		} else {
			p.line(2, lead, x-gutter, y+26, x+boxWidth, y+26)
		}
		last = minutes
	}
}

// edges draws what follows what. Lines run in the gutters between columns and in the gaps between rows, where
// no box stands.
func (p *pen) edges(c chart) {
	n := 0
	for _, o := range c.boxes {
		for _, id := range o.After {
			i, ok := c.byID[id]
			if !ok {
				continue
			}
			from := c.boxes[i]
			n++
			shift := float64(n%5) * 5
			x1, y1 := from.x+boxWidth, from.y+boxHeight/2
			x2, y2 := o.x, o.y+boxHeight/2
			points := [][2]float64{{x1, y1}}
			if o.column <= from.column+1 {
				mid := x1 + 12 + shift
				points = append(points, [2]float64{mid, y1}, [2]float64{mid, y2})
			} else {
				out, gap, in := x1+12+shift, o.y-rowGap/2+float64(n%3)*3-3, x2-14-float64(n%3)*4
				points = append(points, [2]float64{out, y1}, [2]float64{out, gap}, [2]float64{in, gap}, [2]float64{in, y2})
			}
			p.add(Shape{Kind: ShapeLine, Points: append(points, [2]float64{x2, y2}), Stroke: faint, Width: 1.3, Arrow: true})
		}
	}
}

func (p *pen) box(o box) {
	frame := Shape{
		Kind: ShapeRect, X: o.x, Y: o.y, W: boxWidth, H: boxHeight, R: 6, Fill: "#ffffff", Stroke: "#778897", Width: 1.2,
		Tip: strings.TrimSpace(o.Title + "\n" + o.TitleEN + "\n" + o.Text),
	}
	if o.Condition != "" {
		frame.Dash = [2]float64{5, 3}
	}
	p.add(frame)
	p.rect(o.x, o.y+6, 4, boxHeight-12, 2, lead)
	zh := folded(o.Title, 11.6, 2)
	en := folded(o.TitleEN, 15.2, 3-len(zh))
	y := o.y + 19
	for _, t := range zh {
		p.text(o.x+13, y, 13.5, lettering{bold: true}, t)
		y += 16
	}
	for _, t := range en {
		p.text(o.x+13, y-1, 10.5, lettering{colour: faint}, t)
		y += 12
	}
	note := ""
	switch {
	case o.Condition != "":
		note = "若 if：" + o.Condition
	case o.Output != "":
		note = "→ " + o.Output
	case len(o.Demands) > 0:
		note = "需 needs：" + o.Demands[0].What
	}
	for _, t := range folded(note, 15, 1) {
		p.text(o.x+13, o.y+boxHeight-7, 10.5, lettering{colour: lead}, t)
	}
}
