// Package picture takes out of photographs what they say beside what they show: where and when, with which phone,
// by whom, with which words. The picture itself is not coded again, but it is drawn once to see that it is one. Rule that
// must never break: nothing that is not known to be needed for drawing passes, and nothing that cannot be drawn.
package picture

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"

	"golang.org/x/image/webp"
)

// MaxPixels is how large a picture may be, a file that its camera wrote with 16 million pixels included: a file of a few
// bytes can say that it is as large as memory.
const MaxPixels = 1 << 24

// ErrForm is a picture that is none, is broken, or of a form that is not taken (HEIC, GIF and others).
var ErrForm = errors.New("not a whole JPEG, PNG or WebP picture")

// kinds draw the forms that are taken.
var kinds = map[string]struct {
	strip  func([]byte) ([]byte, bool)
	size   func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}{
	"image/jpeg": {stripJPEG, jpeg.DecodeConfig, jpeg.Decode},
	"image/png":  {stripPNG, png.DecodeConfig, png.Decode},
	"image/webp": {stripWebP, webp.DecodeConfig, webp.Decode},
}

// drawing lets one picture be drawn at a time: each takes memory of many times its file.
var drawing = make(chan struct{}, 1)

// Strip is a JPEG, PNG or WebP picture with what is needed to draw it: coding, size, colours, and of a JPEG which
// side is up. What follows its end, such as the film of a moving photo, goes as well. The result is never longer
// than data by more than a few bytes. What only begins like a picture, or is larger than MaxPixels, is ErrForm.
func Strip(data []byte) (clean []byte, kind string, err error) {
	kind = http.DetectContentType(data)
	k, known := kinds[kind]
	if !known {
		return nil, "", ErrForm
	}
	clean, ok := k.strip(data)
	if !ok {
		return nil, "", ErrForm
	}
	c, err := k.size(bytes.NewReader(clean))
	if err != nil || c.Width < 1 || c.Height < 1 || c.Width > MaxPixels/c.Height {
		return nil, "", ErrForm
	}
	drawing <- struct{}{}
	defer func() { <-drawing }()
	if _, err := k.decode(bytes.NewReader(clean)); err != nil {
		return nil, "", ErrForm
	}
	return clean, kind, nil
}
