package tsdb

import (
	"testing"
	"time"
)

func TestPausesGrowToTheirMost(t *testing.T) {
	r := Retry{Least: time.Second, Most: 10 * time.Second}
	for attempt, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second} {
		for range 100 {
			if got := r.pause(attempt); got > want || got < want/2 {
				t.Fatalf("attempt %d: %s, want %s to %s", attempt, got, want/2, want)
			}
		}
	}
	if got := (Retry{}).pause(1_000_000); got > time.Minute || got < 30*time.Second {
		t.Errorf("after very many attempts: %s", got)
	}
}
