package plan

import (
	"cmp"
	"fmt"
	"slices"
	"time"
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
	At           time.Time // of the version, or of the last change of the draft
	Demo         bool
}

// edition tells the files of versions from each other.
func (s Sheet) edition() string {
	if s.Version == 0 {
		return "草稿"
	}
	return fmt.Sprintf("第%d版", s.Version)
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
