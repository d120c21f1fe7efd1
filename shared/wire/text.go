package wire

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is foreign text as it may be kept and shown: valid UTF-8 of at most most bytes, cut between characters,
// with spaces for control characters. PostgreSQL takes no text with a NUL or with half a character.
func Text(s string, most int) string {
	var b strings.Builder
	for at, r := range s {
		if _, size := utf8.DecodeRuneInString(s[at:]); r == utf8.RuneError && size == 1 {
			continue // no character
		}
		if unicode.IsControl(r) {
			r = ' '
		}
		if b.Len()+utf8.RuneLen(r) > most {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}
