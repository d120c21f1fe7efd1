// Package picture takes out of photographs what they say beside what they show: where and when, with which phone,
// by whom, with which words. The picture itself is not coded again. Rule that must never break: nothing that is not
// known to be needed for drawing passes.
package picture

import (
	"errors"
	"net/http"
)

// ErrForm is a picture that is none, is broken, or of a form that is not taken (HEIC, GIF and others).
var ErrForm = errors.New("not a whole JPEG, PNG or WebP picture")

// Strip is a JPEG, PNG or WebP picture with what is needed to draw it: coding, size, colours, and of a JPEG which
// side is up. What follows its end, such as the film of a moving photo, goes as well. The result is never longer
// than data by more than a few bytes.
func Strip(data []byte) (clean []byte, kind string, err error) {
	kind = http.DetectContentType(data)
	ok := false
	switch kind {
	case "image/jpeg":
		clean, ok = stripJPEG(data)
	case "image/png":
		clean, ok = stripPNG(data)
	case "image/webp":
		clean, ok = stripWebP(data)
	}
	if !ok {
		return nil, "", ErrForm
	}
	return clean, kind, nil
}
