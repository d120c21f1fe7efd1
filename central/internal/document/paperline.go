package document

import (
	"strings"
)

// Face is a typeface of GB/T 9704-2012 by the part that it plays.
type Face string

// The faces.
const (
	Fang Face = "fang" // 仿宋: the body
	Biao Face = "biao" // 小标宋: titles
	Hei  Face = "hei"  // 黑体: first level
	Kai  Face = "kai"  // 楷体: second level, signer
	Song Face = "song" // 宋体: page numbers
)

// span is text of one face.
type span struct {
	text string
	face Face
}

// halves is how many half cells a character takes: those of ASCII one, others two. 仿宋_GB2312 and its kin are
// made so, and lines break alike whatever font is at hand.
func halves(r rune) int {
	if r < 0x80 {
		return 1
	}
	return 2
}

func halvesOf(text string) int {
	n := 0
	for _, r := range text {
		n += halves(r)
	}
	return n
}

// atom is what is not broken: a character of Chinese, a word or figure.
type atom struct {
	span
	half  int
	blank bool
}

// unit is atoms that stay on one line.
type unit struct {
	atoms []atom
	half  int
	blank bool
}

// textLine is what stands beside each other. full tells one that was broken from the last of its paragraph.
type textLine struct {
	spans []span
	half  int
	full  bool
}

// What may not begin a line, and what may not end one (避头尾).
const (
	noBegin = "，。、；：？！）》」』】〕〉”’…—·％℃,.;:?!)]}%"
	noEnd   = "（《「『【〔〈“‘([{"
)

// wrap breaks spans into lines of width half cells, the first one less by indent. A word that is longer than a
// line is cut.
func wrap(spans []span, width, indent int) []textLine {
	var out []textLine
	var row []unit
	used, room := 0, width-indent
	flush := func(full bool) {
		for len(row) > 0 && row[len(row)-1].blank {
			row = row[:len(row)-1]
		}
		out = append(out, lineOf(row, full))
		row, used, room = nil, 0, width
	}
	for _, u := range units(spans, width-indent) {
		if used+u.half > room && len(row) > 0 {
			flush(true)
		}
		if u.blank && len(row) == 0 && len(out) > 0 {
			continue
		}
		row = append(row, u)
		used += u.half
	}
	flush(false)
	return out
}

func lineOf(row []unit, full bool) textLine {
	l := textLine{full: full}
	for _, u := range row {
		for _, a := range u.atoms {
			if last := len(l.spans) - 1; last >= 0 && l.spans[last].face == a.face {
				l.spans[last].text += a.text
			} else {
				l.spans = append(l.spans, a.span)
			}
		}
		l.half += u.half
	}
	return l
}

func units(spans []span, most int) []unit {
	var out []unit
	open := false
	for _, a := range atoms(spans, most) {
		last := len(out) - 1
		first := []rune(a.text)[0]
		joins := last >= 0 && !a.blank && !out[last].blank && (open || strings.ContainsRune(noBegin, first)) && out[last].half+a.half <= most
		if joins {
			out[last].atoms = append(out[last].atoms, a)
			out[last].half += a.half
		} else {
			out = append(out, unit{atoms: []atom{a}, half: a.half, blank: a.blank})
		}
		open = strings.ContainsRune(noEnd, []rune(a.text)[len([]rune(a.text))-1])
	}
	return out
}

func atoms(spans []span, most int) []atom {
	var out []atom
	for _, s := range spans {
		word := ""
		end := func() {
			if word != "" {
				out = append(out, atom{span: span{word, s.face}, half: len(word)})
			}
			word = ""
		}
		for _, r := range s.text {
			switch {
			case r == ' ':
				end()
				out = append(out, atom{span: span{" ", s.face}, half: 1, blank: true})
			case r < 0x80:
				if len(word) == most {
					end()
				}
				word += string(r)
			default:
				end()
				out = append(out, atom{span: span{string(r), s.face}, half: 2})
			}
		}
		end()
	}
	return out
}

// balance breaks a title into lines of width half cells whose length differs as little as may be, the first
// longest: 7.3.1 wants them as a trapezium or a rhombus. Lines that the author has broken stay so.
func balance(text string, face Face, width int) []textLine {
	if first, rest, ok := strings.Cut(text, "\n"); ok {
		return append(balance(first, face, width), balance(rest, face, width)...)
	}
	spans := []span{{text, face}}
	lines := wrap(spans, width, 0)
	if n := len(lines); n > 1 {
		for w := (halvesOf(text)/n)/2*2 + 4; w < width; w += 2 {
			if tight := wrap(spans, w, 0); len(tight) == n {
				return tight
			}
		}
	}
	return lines
}
