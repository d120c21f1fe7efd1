package plan

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
)

// What the chart is drawn with, in points of the drawing.
const (
	boxWidth   = 176
	boxHeight  = 80
	rowGap     = 22
	gutter     = 56
	laneWidth  = 168
	lanePad    = 16
	topHeight  = 64
	margin     = 20
	axisHeight = 40
)

// box is an action where it stands on the chart.
type box struct {
	Due
	column, lane, slot int
	x, y               float64
}

// chart is the layout of one level.
type chart struct {
	boxes   []box
	byID    map[string]int
	roles   []Role
	slots   []int // rows of each lane
	laneY   []float64
	columns []int // minutes of each column
	width   float64
	height  float64
	top     float64
}

// layout puts the actions of a level into columns by time and lanes by role. What follows something that is due
// at the same minute stands in a column of its own behind it.
func (b Body) layout(level int, top float64) chart {
	c := chart{byID: map[string]int{}, top: top}
	list := b.Schedule(level)
	at := map[string]int{}
	for _, d := range list {
		at[d.ID] = d.At
	}
	behind := map[string]int{}
	rank := map[string]int{}
	for i, id := range b.order() {
		rank[id] = i
	}
	slices.SortStableFunc(list, func(x, y Due) int {
		return cmp.Or(cmp.Compare(x.At, y.At), cmp.Compare(rank[x.ID], rank[y.ID]))
	})
	type key struct{ at, behind int }
	var keys []key
	for _, d := range list {
		for _, id := range d.After {
			if t, ok := at[id]; ok && t == d.At {
				behind[d.ID] = max(behind[d.ID], behind[id]+1)
			}
		}
		if k := (key{d.At, behind[d.ID]}); !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(x, y key) int { return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.behind, y.behind)) })
	for _, k := range keys {
		c.columns = append(c.columns, k.at)
	}
	used := map[string]bool{}
	for _, d := range list {
		used[d.RoleID] = true
	}
	lanes := map[string]int{}
	for _, r := range b.Roles {
		if used[r.ID] {
			lanes[r.ID] = len(c.roles)
			c.roles = append(c.roles, r)
		}
	}
	if slices.ContainsFunc(list, func(d Due) bool { _, ok := lanes[d.RoleID]; return !ok }) {
		c.roles = append(c.roles, Role{Name: "未定", NameEN: "Nobody yet"})
	}
	c.slots = make([]int, len(c.roles))
	filled := map[[2]int]int{}
	for _, d := range list {
		lane, ok := lanes[d.RoleID]
		if !ok {
			lane = len(c.roles) - 1
		}
		column := slices.Index(keys, key{d.At, behind[d.ID]})
		slot := filled[[2]int{column, lane}]
		filled[[2]int{column, lane}]++
		c.slots[lane] = max(c.slots[lane], slot+1)
		c.byID[d.ID] = len(c.boxes)
		c.boxes = append(c.boxes, box{Due: d, column: column, lane: lane, slot: slot})
	}
	y := top + axisHeight
	for _, n := range c.slots {
		c.laneY = append(c.laneY, y)
		y += float64(n)*(boxHeight+rowGap) + lanePad
	}
	for i := range c.boxes {
		o := &c.boxes[i]
		o.x = margin + laneWidth + gutter/2 + float64(o.column)*(boxWidth+gutter)
		o.y = c.laneY[o.lane] + lanePad/2 + rowGap/2 + float64(o.slot)*(boxHeight+rowGap)
	}
	c.width = max(margin+laneWidth+float64(len(c.columns))*(boxWidth+gutter)+margin, 900)
	c.height = y
	return c
}

// Sheet says what a chart or a document is drawn from.
type Sheet struct {
	Name, NameEN string
	Org          string
	Number       string
	Version      int // 0: a draft
	Hash         string
	Demo         bool
}

func (s Sheet) line() (zh, en string) {
	if s.Version == 0 {
		zh, en = "草稿，未经批准", "draft, not approved"
	} else {
		zh, en = fmt.Sprintf("第 %d 版", s.Version), fmt.Sprintf("version %d", s.Version)
	}
	if s.Number != "" {
		zh += "　" + s.Number
	}
	if len(s.Hash) >= 12 {
		en += "  ·  SHA-256 " + s.Hash[:12] + "…"
	}
	if s.Demo {
		zh += "　演示数据"
	}
	return zh, en
}

// levelColour is that of a level, and what is written on it.
func levelColour(level int) (fill, ink string) {
	switch level {
	case 1:
		return "#d6343a", "#ffffff"
	case 2:
		return "#ec8422", "#17222c"
	case 3:
		return "#e6c229", "#17222c"
	case 4:
		return "#3f7fe0", "#ffffff"
	}
	return "#778897", "#ffffff"
}

// pen writes SVG.
type pen struct{ strings.Builder }

func (p *pen) f(format string, args ...any) { fmt.Fprintf(p, format, args...) }

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a builder takes everything
	return b.String()
}

func (p *pen) text(x, y float64, size float64, style, s string) {
	if s != "" {
		p.f(`<text x="%.1f" y="%.1f" font-size="%g" %s>%s</text>`, x, y, size, style, escaped(s))
	}
}

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
// Its words are Chinese and English. The same body gives the same bytes.
func Flow(s Sheet, b Body, level int) string {
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
	lines := 0
	shown := conditions[:min(len(conditions), 6)]
	for range shown {
		lines++
	}
	startHeight := 64 + float64(lines)*20
	c := b.layout(level, margin+topHeight+startHeight+14)
	height := c.height + 58
	fill, ink := levelColour(level)
	p := &pen{}
	p.f(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" font-family="'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif" fill="#17222c">`, c.width, height, c.width, height)
	p.f(`<title>%s %s级响应流程图</title>`, escaped(s.Name), Numeral(level))
	p.f(`<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#56697a"/></marker></defs>`)
	p.f(`<rect width="100%%" height="100%%" fill="#ffffff"/>`)
	p.head(s, c, level, fill, ink)
	p.start(c, shown, len(conditions)-len(shown), decider, fill, startHeight)
	p.lanes(c)
	p.edges(c)
	for _, o := range c.boxes {
		p.box(o)
	}
	zh, en := s.line()
	p.f(`<line x1="%d" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#d5dde4"/>`, margin, c.height+18, c.width-margin, c.height+18)
	p.text(margin, c.height+40, 12, `fill="#56697a"`, s.Org+"　"+zh)
	p.text(c.width-margin, c.height+40, 11, `fill="#56697a" text-anchor="end"`, en+"  ·  T = 启动响应 start of the response  ·  虚线框 dashed = 有条件 conditional")
	p.f(`</svg>`)
	return p.String()
}

func (p *pen) head(s Sheet, c chart, level int, fill, ink string) {
	p.f(`<rect x="%d" y="%d" width="118" height="50" rx="6" fill="%s"/>`, margin, margin, fill)
	p.text(margin+59, margin+23, 16, fmt.Sprintf(`fill="%s" text-anchor="middle" font-weight="700"`, ink), Numeral(level)+" 级响应")
	p.text(margin+59, margin+41, 12, fmt.Sprintf(`fill="%s" text-anchor="middle"`, ink), "Level "+Numeral(level)+" response")
	for _, t := range folded(s.Name+" 处置流程图", (c.width-2*margin-140)/22, 1) {
		p.text(margin+134, margin+24, 22, `font-weight="700"`, t)
	}
	en := s.NameEN
	if en != "" {
		en += ": "
	}
	for _, t := range folded(en+"flow of the response", (c.width-2*margin-140)/13, 1) {
		p.text(margin+134, margin+45, 13, `fill="#56697a"`, t)
	}
}

func (p *pen) start(c chart, conditions []string, more int, decider, fill string, height float64) {
	y := float64(margin + topHeight)
	p.f(`<rect x="%d" y="%.1f" width="%.1f" height="%.1f" rx="6" fill="#f6f8fa" stroke="#d5dde4"/>`, margin, y, c.width-2*margin, height-8)
	p.f(`<rect x="%d" y="%.1f" width="5" height="%.1f" rx="2.5" fill="%s"/>`, margin, y, height-8, fill)
	p.text(margin+18, y+24, 13, `font-weight="700"`, "启动条件（有一项即可）")
	p.text(margin+164, y+24, 11, `fill="#56697a"`, "Start conditions, any one of:")
	wide := (c.width - 2*margin - 60) / 13
	for i, t := range conditions {
		for _, line := range folded(t, wide, 1) {
			p.f(`<path d="M%d %.1fl4 4l-4 4l-4 -4z" fill="%s"/>`, margin+24, y+36+float64(i)*20, fill)
			p.text(margin+36, y+44+float64(i)*20, 13, "", line)
		}
	}
	foot := ""
	if decider != "" {
		foot = "启动决定 Decided by：" + decider
	}
	if more > 0 {
		foot += fmt.Sprintf("　另有 %d 项见正文 (%d more in the text)", more, more)
	}
	p.text(margin+18, y+46+float64(len(conditions))*20, 12, `fill="#56697a"`, foot)
}

func (p *pen) lanes(c chart) {
	for i, r := range c.roles {
		y, h := c.laneY[i], float64(c.slots[i])*(boxHeight+rowGap)+lanePad
		if i%2 == 0 {
			p.f(`<rect x="%d" y="%.1f" width="%.1f" height="%.1f" fill="#f6f8fa"/>`, margin, y, c.width-2*margin, h)
		}
		p.f(`<rect x="%d" y="%.1f" width="%d" height="%.1f" rx="5" fill="#e3f0ee"/>`, margin, y+3, laneWidth-12, h-6)
		zh := folded(r.Name, 9.5, 2)
		en := folded(r.NameEN, 13, 2)
		at := y + h/2 - (float64(len(zh))*18+float64(len(en))*14)/2 + 14
		for _, t := range zh {
			p.text(margin+(laneWidth-12)/2, at, 14, `font-weight="600" text-anchor="middle"`, t)
			at += 18
		}
		for _, t := range en {
			p.text(margin+(laneWidth-12)/2, at-2, 11, `fill="#56697a" text-anchor="middle"`, t)
			at += 14
		}
	}
	y := c.top
	last := -1
	for i, minutes := range c.columns {
		x := margin + laneWidth + gutter/2 + float64(i)*(boxWidth+gutter)
		if minutes != last {
			p.text(x, y+18, 14, `font-weight="700" fill="#0f7d71"`, Span(minutes))
			p.f(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#0f7d71" stroke-width="2"/>`, x, y+26, x+boxWidth, y+26)
			p.f(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#c6d3dc" stroke-dasharray="2 5"/>`, x-gutter/2, y+8, x-gutter/2, c.height)
		} else {
			p.f(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#0f7d71" stroke-width="2"/>`, x-gutter, y+26, x+boxWidth, y+26)
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
			p.f(`<path d="%s" fill="none" stroke="#56697a" stroke-width="1.3" marker-end="url(#a)"/>`, rounded(append(points, [2]float64{x2, y2})))
		}
	}
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

func (p *pen) box(o box) {
	dash := ""
	if o.Condition != "" {
		dash = ` stroke-dasharray="5 3"`
	}
	p.f(`<g><rect x="%.1f" y="%.1f" width="%d" height="%d" rx="6" fill="#ffffff" stroke="#778897" stroke-width="1.2"%s/>`, o.x, o.y, boxWidth, boxHeight, dash)
	p.f(`<rect x="%.1f" y="%.1f" width="4" height="%d" rx="2" fill="#0f7d71"/>`, o.x, o.y+6, boxHeight-12)
	p.f(`<title>%s</title>`, escaped(strings.TrimSpace(o.Title+"\n"+o.TitleEN+"\n"+o.Text)))
	zh := folded(o.Title, 11.6, 2)
	en := folded(o.TitleEN, 15.2, 3-len(zh))
	y := o.y + 19
	for _, t := range zh {
		p.text(o.x+13, y, 13.5, `font-weight="600"`, t)
		y += 16
	}
	for _, t := range en {
		p.text(o.x+13, y-1, 10.5, `fill="#56697a"`, t)
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
		p.text(o.x+13, o.y+boxHeight-7, 10.5, `fill="#0f7d71"`, t)
	}
	p.f(`</g>`)
}
