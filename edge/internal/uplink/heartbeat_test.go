package uplink

import (
	"testing"
	"time"
)

func TestHeartbeatFindsWhatTheWayAllows(t *testing.T) {
	const nat = 130 * time.Second // a silent connection dies after that
	h := &heartbeat{least: time.Minute, most: 4 * time.Minute}
	losses, longest := 0, time.Duration(0)
	for range 200 {
		if every := h.current(); every < nat {
			longest = max(longest, every)
			h.answered()
		} else {
			losses++
			h.lost(every)
			if h.current() != time.Minute {
				t.Fatalf("after a silent loss it is %v", h.current())
			}
		}
	}
	if losses != 1 || longest < 100*time.Second || h.current() != longest {
		t.Errorf("%d losses, longest silence %v, now %v", losses, longest, h.current())
	}
}

func TestHeartbeatStaysWithinItsBounds(t *testing.T) {
	h := &heartbeat{least: time.Minute, most: 4 * time.Minute}
	for range 100 {
		h.answered()
	}
	if h.current() != 4*time.Minute {
		t.Errorf("got %v", h.current())
	}
	h.lost(30 * time.Second)
	for range 100 {
		h.answered()
	}
	if h.current() != time.Minute {
		t.Errorf("got %v after a loss below the least", h.current())
	}
}
