package speaker

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// The first word after a silence is marked for the camera, and no other, on a clock of its own: a busy machine makes
// silences where nobody is silent.
func TestTheFirstWordAfterASilenceIsMarked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		h := &horn{id: "gate", open: true, queue: make(chan blast, queueMax)}
		s := &Speaker{
			o: Options{Log: slog.New(slog.DiscardHandler), Changed: func() {}}, set: kept{Volume: 100},
			packets: make(chan packet, queueMax), turned: make(chan struct{}), horns: []*horn{h},
		}
		done := make(chan struct{})
		go func() { defer close(done); s.play(ctx) }()
		for range 2 {
			for seq := range uint16(3) {
				s.packets <- packet{seq, make([]byte, 160)}
				time.Sleep(quiet / 2)
			}
			if !s.State().Playing {
				t.Error("a pause between two words ends them")
			}
			time.Sleep(2 * quiet)
			if s.State().Playing {
				t.Error("plays although nobody speaks")
			}
		}
		cancel()
		<-done
		var marks []bool
		for len(h.queue) > 0 {
			marks = append(marks, (<-h.queue).first)
		}
		if want := []bool{true, false, false, true, false, false}; !slices.Equal(marks, want) {
			t.Errorf("marked %v, want %v", marks, want)
		}
	})
}
