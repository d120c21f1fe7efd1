package wire

import (
	"regexp"
	"strings"
	"testing"
)

func FuzzValidID(f *testing.F) {
	shape := regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)
	long := strings.Repeat("a", MaxIDLength)
	for _, s := range []string{"", "a", "0", "_", "-", "_a", "-a", "a_", "rd-level-1", "A", "a.b", "a/b", "a\n", "水", "a\xff", long, long + "a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := ValidID(s), shape.MatchString(s); got != want {
			t.Errorf("ValidID(%q) = %v, want %v", s, got, want)
		}
	})
}
