package document

import (
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/paper"
)

func itoa(n int) string { return strconv.Itoa(n) }

// day is a date with whole year and no leading zeros (7.3.5.4).
func day(t time.Time) string {
	return itoa(t.Year()) + "年" + itoa(int(t.Month())) + "月" + itoa(t.Day()) + "日"
}

// base is the foot of letters of a size in a line of a height, so that they stand in its middle.
func base(y, height, size float64) float64 { return y + height/2 + size*0.36 }

// put draws a line with its left edge at x. A full one is stretched to width where that takes little.
func (p *Page) put(l textLine, x, y, size, step, width float64) {
	if natural := float64(l.half) * step / 2; l.full && l.half > 0 && width > natural && width < natural*1.12 {
		step = 2 * width / float64(l.half)
	}
	for _, s := range l.spans {
		p.Runs = append(p.Runs, Run{X: x, Y: y, Size: size, Pitch: step, Face: s.face, Text: s.text})
		x += float64(halvesOf(s.text)) * step / 2
	}
}

// line adds one line of 3号 at a distance of half cells from the left edge.
func (f *flow) line(l textLine, indent int, bound bool) {
	f.add(item{height: pitch, bound: bound, draw: func(p *Page, y float64) {
		in := float64(indent) * cell / 2
		p.put(l, left+in, base(y, pitch, size3), size3, cell, wide-in)
	}})
}

// centred adds lines in the middle.
func (f *flow) centred(lines []textLine, size, step, height float64, red bool) {
	for i, l := range lines {
		f.add(item{height: height, bound: i > 0, draw: func(p *Page, y float64) {
			at := len(p.Runs)
			l.full = false
			p.put(l, left+(wide-float64(l.half)*step/2)/2, base(y, height, size), size, step, 0)
			for k := range p.Runs[at:] {
				p.Runs[at+k].Red = red
			}
		}})
	}
}

// lead is 7.2 and the title: head, number, red line, title, addressee. Serial number and classification (7.2.1,
// 7.2.2) are left out: what is classified may not be in a network like this.
func (f *flow) lead(p paper.Print) {
	if p.Urgency != "" { // 7.2.3
		f.add(item{draw: func(page *Page, y float64) {
			page.put(textLine{spans: []span{{p.Urgency, Hei}}}, left, base(y, pitch, size3), size3, cell, 0)
		}})
		if p.Head == "" {
			f.add(item{height: pitch})
		}
	}
	if p.Head != "" { // 7.2.4
		size := min(headMost, 2*wide/float64(max(halvesOf(p.Head), 1)))
		size = max(size, size2)
		f.add(item{height: headDown})
		f.centred(wrap([]span{{p.Head, Biao}}, int(2*wide/size), 0), size, size, size, true)
		f.add(item{height: 2 * pitch})
	}
	upward := p.Upward && p.Signer != ""
	if p.Number != "" { // 7.2.5, 7.2.6
		number := textLine{spans: []span{{p.Number, Fang}}, half: halvesOf(p.Number)}
		if upward {
			f.line(number, 2, false)
			last := &f.items[len(f.items)-1]
			draw, half := last.draw, halvesOf("签发人："+p.Signer)
			last.draw = func(page *Page, y float64) {
				draw(page, y)
				x := left + wide - cell - float64(half)*cell/2
				page.put(textLine{spans: []span{{"签发人：", Fang}, {p.Signer, Kai}}}, x, base(y, pitch, size3), size3, cell, 0)
			}
		} else {
			f.centred([]textLine{number}, size3, cell, pitch, false)
		}
	}
	if p.Head != "" { // 7.2.7
		f.add(item{height: redDown, draw: func(page *Page, y float64) {
			y += redDown - (pitch-size3)/2 // 4 mm from the letters, not from their line
			page.Rules = append(page.Rules, Rule{left, y, left + wide, y, redWidth, true})
		}})
		f.add(item{height: 2 * pitch})
	} else if p.Number != "" {
		f.add(item{height: pitch})
	}
	f.centred(balance(p.Title, Biao, titleHalves), size2, size2, titlePitch, false) // 7.3.1
	f.blank(1, false)
	if p.To != "" { // 7.3.2
		for _, l := range wrap([]span{{p.To + "：", Fang}}, 2*columns, 0) {
			f.line(l, 0, false)
		}
	}
}

// body is 7.3.3. A heading keeps the line that follows on its page.
func (f *flow) body(text string) {
	after := false
	for _, b := range paper.Blocks(text) {
		if b.Rows != nil {
			f.table(b.Rows)
			after = false
			continue
		}
		if b.Picture != "" {
			f.picture(b, after)
			after = false
			continue
		}
		lines := wrap(faces(b), 2*columns, 4)
		for i, l := range lines {
			f.line(l, 4*max(1-i, 0), i == 0 && after)
		}
		after = b.Level > 0 && len(lines) == 1
	}
}

// faces are those of the levels; of one that runs on into a text, only the first sentence has it.
func faces(b paper.Block) []span {
	face := map[int]Face{1: Hei, 2: Kai}[b.Level]
	if face == "" {
		return []span{{b.Text, Fang}}
	}
	if head, rest, ok := strings.Cut(b.Text, "。"); ok && rest != "" {
		return []span{{head + "。", face}, {rest, Fang}}
	}
	return []span{{b.Text, face}}
}

// named is 7.3.4: what is bound in behind, with names under one another.
func (f *flow) named(annexes []paper.Annex) {
	if len(annexes) > 0 {
		f.blank(1, false)
	}
	for i, a := range annexes {
		mark := "附件："
		if i > 0 {
			mark = "　　　"
		}
		if len(annexes) > 1 {
			mark += itoa(i+1) + "."
		}
		indent := 4 + halvesOf(mark)
		for k, l := range wrap([]span{{a.Title, Fang}}, 2*columns-indent, 0) {
			if k > 0 {
				f.line(l, indent, true)
				continue
			}
			l.spans = append([]span{{mark, Fang}}, l.spans...)
			l.half += halvesOf(mark)
			f.line(l, 4, false)
		}
	}
}

// closing is where name and date stand, in half cells from the left (7.3.5).
type closing struct {
	above  int // empty lines
	name   []textLine
	nameIn int
	date   string
	dateIn int
}

func closingOf(p paper.Print) closing {
	c := closing{above: 1, date: day(p.Date), name: wrap([]span{{p.From, Fang}}, 2*columns-4, 0)}
	name, dated := halvesOf(p.From), halvesOf(day(p.Date))
	if p.Seal { // 7.3.5.1: date four characters in, the name over its middle
		c.above, c.dateIn = 2, 2*columns-8-dated
		c.nameIn = c.dateIn + (dated-name)/2
		return c
	}
	c.nameIn = 2*columns - 4 - name // 7.3.5.2: name two characters in, the date begins two to the right of it
	if c.dateIn = c.nameIn + 4; c.dateIn+dated > 2*columns-4 {
		c.dateIn = 2*columns - 4 - dated // as far as that leaves two characters
		c.nameIn = min(c.nameIn, c.dateIn-4)
	}
	return c
}

// indent is where a line of the name begins.
func (c closing) indent(l textLine) int { return max(min(c.nameIn, 2*columns-l.half), 0) }

func noteOf(p paper.Print) string { return "（" + strings.Trim(p.Note, "（）()") + "）" }

// close is 7.3.5 and 7.3.6: name, date, room for the seal. It never stands on a page alone.
func (f *flow) close(p paper.Print) {
	c := closingOf(p)
	f.blank(float64(c.above), true)
	if p.From != "" {
		for _, l := range c.name {
			f.line(l, c.indent(l), true)
		}
	}
	dated := halvesOf(c.date)
	f.line(textLine{spans: []span{{c.date, Fang}}, half: dated}, c.dateIn, true)
	if p.Seal {
		last := &f.items[len(f.items)-1]
		draw := last.draw
		last.draw = func(page *Page, y float64) {
			draw(page, y)
			x := left + (float64(c.dateIn)+float64(dated)/2)*cell/2
			page.Seals = append(page.Seals, Spot{X: x, Y: y - 0.4*pitch, R: sealWide / 2})
		}
	}
	if p.Note != "" { // 7.3.6
		for i, l := range wrap([]span{{noteOf(p), Fang}}, 2*columns, 4) {
			f.line(l, 4*max(1-i, 0), true)
		}
	}
}

// bound is 7.3.7: each annex on a page of its own.
func (f *flow) bound(annexes []paper.Annex) {
	for i, a := range annexes {
		if a.Text == "" {
			continue
		}
		mark := "附件"
		if len(annexes) > 1 {
			mark += itoa(i + 1)
		}
		f.line(textLine{spans: []span{{mark, Hei}}, half: halvesOf(mark)}, 0, false)
		f.items[len(f.items)-1].begins = true
		f.add(item{height: pitch})
		f.centred(balance(a.Title, Biao, titleHalves), size2, size2, titlePitch, false)
		f.blank(1, false)
		f.body(a.Text)
	}
}

// footLines are whom a copy goes to, behind 抄送： and with one character left and right of them (7.4.2).
func footLines(cc string) []textLine {
	if cc == "" {
		return nil
	}
	const most = 52 // half cells: 156 mm are 31 characters of 4号, less two and three
	return wrap([]span{{cc + "。", Fang}}, most, 0)
}

// foot is 7.4, at the lower edge of the last page that has text. The standard's last page is the back of a leaf;
// where a document ends on its front, ours stands there all the same.
func (f *flow) foot(p paper.Print) {
	if p.CC == "" && p.Issuer == "" {
		return
	}
	step := size4
	cc := footLines(p.CC)
	height := footPitch * float64(len(cc))
	if p.Issuer != "" {
		height += footPitch
	}
	f.add(item{height: height + 2*footThick + pitch, draw: func(page *Page, _ float64) {
		y := top + high - height
		rule := func(y, width float64) { page.Rules = append(page.Rules, Rule{left, y, left + wide, y, width, false}) }
		rule(y, footThick)
		for i, l := range cc {
			if i == 0 {
				page.put(textLine{spans: []span{{"抄送：", Fang}}}, left+size4, base(y, footPitch, size4), size4, step, 0)
			}
			l.full = false
			page.put(l, left+size4+3*step, base(y, footPitch, size4), size4, step, 0)
			y += footPitch
		}
		if p.Issuer != "" {
			if len(cc) > 0 {
				rule(y, footThin)
			}
			sent := day(p.Date) + "印发"
			page.put(textLine{spans: []span{{p.Issuer, Fang}}}, left+size4, base(y, footPitch, size4), size4, step, 0)
			page.put(textLine{spans: []span{{sent, Fang}}}, left+wide-size4-float64(halvesOf(sent))*step/2, base(y, footPitch, size4), size4, step, 0)
		}
		rule(top+high, footThick)
	}})
}
