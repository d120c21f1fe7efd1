package wire

import (
	"math"
	"testing"
	"time"
)

func TestOnlyTimesThatCanBeTrueAreTaken(t *testing.T) {
	now := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name  string
		ms    int64
		ok    bool
		bound int64
	}{
		{"now", Millis(now), true, Millis(now)},
		{"ten minutes ahead", Millis(now.Add(MaxAhead)), true, Millis(now.Add(MaxAhead))},
		{"a little more", Millis(now.Add(MaxAhead)) + 1, false, Millis(now.Add(MaxAhead))},
		{"2000", FirstTime, true, FirstTime},
		{"before 2000", FirstTime - 1, false, FirstTime},
		{"a clock that was never set", 0, false, FirstTime},
		{"year 287178", 9_000_000_000_000_000, false, Millis(now.Add(MaxAhead))},
		{"long before Christ", -90_000_000_000_000_000, false, FirstTime},
		{"largest", math.MaxInt64, false, Millis(now.Add(MaxAhead))},
		{"smallest", math.MinInt64, false, FirstTime},
	} {
		if got := TimeOK(c.ms, now); got != c.ok {
			t.Errorf("%s: got %v, want %v", c.name, got, c.ok)
		}
		ms := c.ms
		if changed := Bound(&ms, now); changed == c.ok || ms != c.bound {
			t.Errorf("%s: bound to %d (changed %v), want %d", c.name, ms, changed, c.bound)
		}
	}
}
