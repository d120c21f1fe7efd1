package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"

	"golang.org/x/image/draw"
)

// MaxPrint is the most bytes of a picture that goes into a document, and printSide its longest side when it is drawn
// anew: 300 dots an inch over the width of a page.
const (
	MaxPrint  = 1 << 20
	printSide = 1840
)

// Print is a picture as documents take it: a JPEG of grey or YCbCr that stands upright, of at most MaxPrint bytes, without
// what it says beside what it shows. One that is so already is not coded again.
func Print(data []byte) (out []byte, width, height int, err error) {
	clean, kind, err := Strip(data)
	if err != nil {
		return nil, 0, 0, err
	}
	head, err := kinds[kind].size(bytes.NewReader(clean))
	if err != nil {
		return nil, 0, 0, ErrForm
	}
	up := 1
	if kind == "image/jpeg" {
		up = orientation(clean)
		if up == 1 && len(clean) <= MaxPrint && (head.ColorModel == color.YCbCrModel || head.ColorModel == color.GrayModel) {
			return clean, head.Width, head.Height, nil
		}
	}
	drawing <- struct{}{}
	defer func() { <-drawing }()
	m, err := kinds[kind].decode(bytes.NewReader(clean))
	if err != nil {
		return nil, 0, 0, ErrForm
	}
	for side, quality := printSide, 85; side > 64; side, quality = side*3/4, 75 {
		sheet := turned(scaled(m, side), up)
		var b bytes.Buffer
		if err := jpeg.Encode(&b, sheet, &jpeg.Options{Quality: quality}); err != nil {
			return nil, 0, 0, fmt.Errorf("draw picture: %w", err)
		}
		if b.Len() <= MaxPrint {
			return b.Bytes(), sheet.Bounds().Dx(), sheet.Bounds().Dy(), nil
		}
	}
	return nil, 0, 0, ErrForm
}

// scaled draws a picture on white paper, its longest side at most so long.
func scaled(m image.Image, side int) *image.RGBA {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	if long := max(w, h); long > side {
		w, h = max(w*side/long, 1), max(h*side/long, 1)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(out, out.Bounds(), m, m.Bounds(), draw.Over, nil)
	return out
}

// turned stands a picture upright, given which side of it is up as Exif counts them.
func turned(m *image.RGBA, up int) *image.RGBA {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	if up < 2 || up > 8 {
		return m
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	if up >= 5 {
		out = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			tx, ty := x, y
			if up == 2 || up == 3 || up == 7 || up == 8 { // from the right, or turned to the left
				tx = w - 1 - x
			}
			if up == 3 || up == 4 || up == 6 || up == 7 {
				ty = h - 1 - y
			}
			if up >= 5 {
				tx, ty = ty, tx
			}
			out.SetRGBA(tx, ty, m.RGBAAt(x, y))
		}
	}
	return out
}
