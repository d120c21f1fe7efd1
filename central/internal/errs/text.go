package errs

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Name reports whether s is a name fit to be shown: one line that is not blank.
func Name(s string, limit int) bool { return strings.TrimSpace(s) != "" && Line(s, limit) }

// leastReason is how many letters a reason has that somebody answers for afterwards.
const leastReason = 6

// Reason reports whether s is one line of up to limit characters that says why: a letter or two, or one that is
// repeated, says nothing.
func Reason(s string, limit int) bool {
	seen, n := map[rune]bool{}, 0
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			seen[r] = true
			n++
		}
	}
	return n >= leastReason && len(seen) > leastReason/2 && Line(s, limit)
}

// Line reports whether s is one line, or empty: valid UTF-8 of at most limit characters, no control characters.
func Line(s string, limit int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= limit && !strings.ContainsFunc(s, unicode.IsControl)
}

// Text reports whether s is what a person has written: as Line, but in several lines and with tabs if they like.
// PostgreSQL keeps no NUL, and no screen shows the other control characters.
func Text(s string, limit int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= limit && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r)
	})
}
