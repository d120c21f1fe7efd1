package document

import (
	"fmt"
	"slices"
	"strings"

	"github.com/signintech/gopdf"

	"github.com/fengsui/fengsui/central/internal/paper"
)

// How pictures stand: in the middle, as wide as the 版心 and as high as leaves room for two with their captions on a page.
// The standard does not speak of pictures; the measures are ours.
const (
	shotsOnPage   = 2
	shotHigh      = 84 * mm
	shotAbove     = 6.0
	shotBelow     = 4.0
	shotAfter     = 10.0
	captionSize   = 12.0
	captionPitch  = 17.0
	captionMost   = 4       // lines
	captionHalves = 73      // of captionSize in the width of the 版心
	goneHigh      = 20 * mm // of the frame in which it is said why there is none
)

// shotRel begins the names of relations to pictures in a DOCX.
const shotRel = "pic"

// shotSize is that of a picture on paper: a pixel is at most a point.
func shotSize(p paper.Picture) (width, height float64) {
	w, h := float64(p.Width), float64(p.Height)
	by := min(1, wide/w, shotHigh/h)
	return w * by, h * by
}

// caption is what stands under a picture: what its line says, and the hash by which its file is found.
func caption(b paper.Block) []textLine {
	text := strings.TrimSpace(b.Text)
	if text != "" && !strings.HasSuffix(text, "。") {
		text += "。"
	}
	mark := "SHA-256 " + b.Picture + "…"
	lines := wrap([]span{{text, Fang}}, captionHalves, 0)
	if len(lines) >= captionMost { // the hash is never what is cut off
		lines = lines[:captionMost-1]
	}
	last := textLine{spans: []span{{mark, Fang}}, half: halvesOf(mark)}
	if n := len(lines) - 1; n >= 0 && float64(lines[n].half+last.half)*captionSize/2 <= wide {
		lines[n].spans = append(slices.Clone(lines[n].spans), last.spans...)
		lines[n].half += last.half
		return lines
	}
	return append(lines, last)
}

// again is said instead of a picture that stands further up already.
const again = "此图见前"

// unshown is why a line shows no picture; empty when it does.
func unshown(p paper.Picture, shown []string) string {
	if p.Problem == "" && slices.Contains(shown, p.Key()) {
		return again
	}
	return p.Problem.Word()
}

// picture is one with its caption, on one page.
func (f *flow) picture(b paper.Block, bound bool) {
	p, lines := f.print.Shown(b.Picture), caption(b)
	why := unshown(p, f.shown)
	w, h := wide, goneHigh
	if why == "" {
		w, h = shotSize(p)
		f.shown = append(f.shown, p.Key())
	}
	height := shotAbove + h + shotBelow + float64(len(lines))*captionPitch + shotAfter
	f.add(item{height: height, bound: bound, shot: true, draw: func(page *Page, y float64) {
		y += shotAbove
		x := left + (wide-w)/2
		if why == "" {
			page.Shots = append(page.Shots, Shot{X: x, Y: y, W: w, H: h, Key: p.Key()})
		} else {
			page.Rules = append(page.Rules, Rule{x, y, x + w, y, tableRule, false}, Rule{x, y + h, x + w, y + h, tableRule, false},
				Rule{x, y, x, y + h, tableRule, false}, Rule{x + w, y, x + w, y + h, tableRule, false})
			page.centre(textLine{spans: []span{{why, Hei}}, half: halvesOf(why)}, y+(h-captionPitch)/2)
		}
		y += h + shotBelow
		for i, l := range lines {
			page.centre(l, y+float64(i)*captionPitch)
		}
	}})
}

// centre puts a line of a caption in the middle.
func (p *Page) centre(l textLine, y float64) {
	l.full = false
	p.put(l, left+(wide-float64(l.half)*captionSize/2)/2, base(y, captionPitch, captionSize), captionSize, captionSize, 0)
}

// shot draws a picture.
func (w *pdfWriter) shot(s Shot, file []byte) error {
	in, err := gopdf.ImageHolderByBytes(file)
	if err != nil {
		return fmt.Errorf("draw picture: %w", err)
	}
	if err := w.pdf.ImageByHolder(in, s.X, s.Y, &gopdf.Rect{W: s.W, H: s.H}); err != nil {
		return fmt.Errorf("draw picture %s: %w", s.Key, err)
	}
	return nil
}

// picture is one with its caption; what has no file is said in its place.
func (w *docxWriter) picture(b paper.Block) {
	p := w.print.Shown(b.Picture)
	under := style{size: captionSize, line: captionPitch, align: "center", keepLines: true, after: shotAfter}
	if why := unshown(p, w.media); why != "" {
		frame := edge("top", tableRule, 12, "000000") + edge("left", tableRule, 0, "000000") + edge("bottom", tableRule, 12, "000000") + edge("right", tableRule, 0, "000000")
		w.paragraph(style{size: captionSize, line: captionPitch, align: "center", keep: true, before: 2 * captionPitch, after: captionPitch, edges: frame}, span{why, Hei})
	} else {
		w.media = append(w.media, p.Key())
		w.WriteString(`<w:p><w:pPr><w:keepNext/><w:snapToGrid w:val="0"/>`)
		fmt.Fprintf(w, `<w:spacing w:before="%d" w:after="%d" w:line="240" w:lineRule="auto"/><w:jc w:val="center"/></w:pPr>`, twips(shotAbove), twips(shotBelow))
		w.WriteString(w.inline(p, b.Text) + `</w:p>`)
	}
	lines := caption(b)
	for i, l := range lines {
		one := under
		if one.keep = i < len(lines)-1; one.keep {
			one.after = 0
		}
		w.paragraph(one, l.spans...)
	}
}

// inline is a picture in the line, as DrawingML has it (ECMA-376 part 1, 20.4.2.8).
func (w *docxWriter) inline(p paper.Picture, text string) string {
	const emu = 12700 // in a point
	wide, high := shotSize(p)
	size := fmt.Sprintf(`cx="%d" cy="%d"`, int(wide*emu), int(high*emu))
	about := fmt.Sprintf(`id="%d" name="%s.jpg" descr="%s"`, len(w.media), p.Key(), escaped(text+" SHA-256 "+p.SHA256))
	return `<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent ` + size + `/><wp:docPr ` + about + `/>` +
		`<wp:cNvGraphicFramePr><a:graphicFrameLocks xmlns:a="` + drawingSpace + `" noChangeAspect="1"/></wp:cNvGraphicFramePr>` +
		`<a:graphic xmlns:a="` + drawingSpace + `"><a:graphicData uri="` + pictureSpace + `"><pic:pic xmlns:pic="` + pictureSpace + `">` +
		`<pic:nvPicPr><pic:cNvPr ` + about + `/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="` + shotRel + p.Key() + `"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>` +
		`<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext ` + size + `/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>`
}

const (
	drawingSpace = "http://schemas.openxmlformats.org/drawingml/2006/main"
	pictureSpace = "http://schemas.openxmlformats.org/drawingml/2006/picture"
)
