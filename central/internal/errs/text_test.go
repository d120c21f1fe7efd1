package errs_test

import (
	"testing"

	"github.com/fengsui/fengsui/central/internal/errs"
)

func TestWhatIsALineAndWhatIsAText(t *testing.T) {
	for _, c := range []struct {
		s                string
		name, line, text bool
	}{
		{"", false, true, true},
		{" \u3000", false, true, true},
		{"洋口闸水位", true, true, true},
		{"六个字太长了", false, false, false},
		{"a\nb", false, false, true},
		{"a\t\r\n", false, false, true},
		{"a\x00b", false, false, false},
		{"a\x1bb", false, false, false},
		{"a\u0085b", false, false, false},
		{"a\xe9\x94", false, false, false},
	} {
		if name, line, text := errs.Name(c.s, 5), errs.Line(c.s, 5), errs.Text(c.s, 5); name != c.name || line != c.line || text != c.text {
			t.Errorf("%q is a name: %v, a line: %v, a text: %v", c.s, name, line, text)
		}
	}
}
