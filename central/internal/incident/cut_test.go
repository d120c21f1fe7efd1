package incident_test

import (
	"testing"

	"github.com/fengsui/fengsui/central/internal/incident"
)

func TestCutLeavesWhatFitsAndSaysWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{{"洋口镇", 3, "洋口镇"}, {"洋口镇圩堤", 3, "洋口…"}, {"", 1, ""}} {
		if got := incident.Cut(c.text, c.most); got != c.want {
			t.Errorf("%q to %d: %q", c.text, c.most, got)
		}
	}
}
