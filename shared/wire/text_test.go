package wire

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestTextIsWhatADatabaseTakes(t *testing.T) {
	for _, c := range []struct {
		name, in string
		most     int
		want     string
	}{
		{"plain", "10.0.0.1 (车载)", 100, "10.0.0.1 (车载)"},
		{"NUL", "1.2.3.4\x00 (b)", 100, "1.2.3.4  (b)"},
		{"lines", "no\r\nanswer\x7f\u0085", 100, "no  answer"},
		{"half a character", "错误"[:4], 100, "错"},
		{"cut between characters", strings.Repeat("错", 4), 10, "错错错"},
		{"no room", "错", 2, ""},
		{"no text", "\x00\xff", 100, ""},
		{"replaced by a decoder", "a\ufffdb", 100, "a\ufffdb"},
	} {
		if got := Text(c.in, c.most); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("1.2.3.4\x00 (b)", 10)
	f.Add("错误"[:4], 3)
	f.Add("\xf0\x9f", 0)
	f.Fuzz(func(t *testing.T, s string, most int) {
		most = max(0, min(most, 1000))
		got := Text(s, most)
		if len(got) > most || !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("Text(%q, %d) is %q", s, most, got)
		}
		if again := Text(got, most); again != got {
			t.Errorf("Text(%q, %d) is %q and then %q", s, most, got, again)
		}
	})
}
