package encoder

import (
	"context"
	"slices"
	"sync"
	"time"
)

// turn is one run of a program that may run beside the next.
type turn struct {
	stop context.CancelFunc
	seen chan struct{} // closed with its first key picture
	done chan error
}

// overlap runs the program until it ends. For another bit rate the next begins beside it, and the one before ends with the
// next one's first key picture, so that the picture does not stand still meanwhile. A next one that ends before that is
// tried once more alone.
func (e *Encoder) overlap(ctx context.Context, r *run, give giver) error {
	change := make(chan struct{}, 1)
	again := context.CancelFunc(func() {
		select {
		case change <- struct{}{}:
		default: // it looks for the bit rate when it starts
		}
	})
	r.again.Store(&again)
	var mu sync.Mutex
	var shown *turn // whose pictures are handed over
	begin := func() *turn {
		t := &turn{seen: make(chan struct{}), done: make(chan error, 1)}
		var own context.Context
		own, t.stop = context.WithCancel(ctx)
		first := true
		go func() {
			t.done <- e.start(own, func(units [][]byte, now time.Time, small bool) {
				mu.Lock()
				defer mu.Unlock()
				if first && slices.ContainsFunc(units, func(u []byte) bool { return kindOf(u) == unitIDR }) {
					first, shown = false, t
					close(t.seen)
				}
				if shown == t {
					give(units, now, small)
				}
			})
		}()
		return t
	}
	end := func(t *turn) error { t.stop(); return <-t.done }
	now := begin()
	for {
		select {
		case err := <-now.done:
			now.stop()
			return err
		case <-change:
		}
		next := begin()
		select {
		case <-next.seen:
		case err := <-next.done:
			next.stop()
			if ctx.Err() != nil {
				return end(now)
			}
			e.o.Log.Warn("encoder does not run twice at once", "error", err)
			_ = end(now)
			now = begin()
			continue
		}
		_ = end(now) // it was stopped
		now = next
	}
}
