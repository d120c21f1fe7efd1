package encoder

import (
	"testing"
	"time"
)

func TestLadderGoesDownAtOnceAndUpSlowly(t *testing.T) {
	l := newLadder([]int{2000, 1000, 500})
	now := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	pass := func(seconds, kbps, sent, want int) {
		t.Helper()
		for range seconds {
			now = now.Add(time.Second)
			l.take(1000*kbps, 1000*sent, now)
		}
		if l.kbps() != want {
			t.Fatalf("at %d kbit/s with %d on the link, want %d", l.kbps(), kbps, want)
		}
	}
	pass(60, 2800, 2000, 2000)
	pass(60, 600, 400, 2000) // a quiet scene
	pass(1, 700, 800, 500)   // two steps at once
	pass(19, 700, 500, 500)
	pass(3, 700, 500, 1000) // an attempt
	pass(5, 700, 800, 500)  // which fails
	pass(35, 700, 500, 500) // the next is waited for twice as long
	pass(5, 700, 500, 1000)
	pass(1, 550, 800, 500) // and fails at once
	pass(79, 700, 500, 500)
	pass(2, 1400, 500, 1000) // this one
	pass(17, 1400, 1000, 1000)
	pass(70, 2800, 1500, 2000) // lasts
	pass(1, 500, 1800, 500)
	pass(60, 550, 500, 500) // not worth an attempt
}
