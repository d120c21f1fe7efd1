package sfu

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/video"
)

// A cut is no sign that the link is narrow: after it the viewer has the picture that it had before, and soon.
func TestAfterACutThePictureIsBackSoon(t *testing.T) {
	for _, sub := range []bool{true, false} {
		for _, bits := range []int{6_000_000, 20_000_000, 200_000_000} {
			t.Run(fmt.Sprintf("sub %v, %d Mbit/s", sub, bits/1_000_000), func(t *testing.T) {
				inThin(t, sub, func(_ context.Context, t *testing.T, c *thinCase) {
					c.mu.Lock()
					c.delay, c.deaf = 50*time.Millisecond, 0.03
					c.mu.Unlock()
					c.set(bits, 300*time.Millisecond, 0.03)
					time.Sleep(10 * time.Second)
					began := time.Now()
					for i := range 10 {
						time.Sleep(time.Duration(5000+i*370) * time.Millisecond)
						c.cut(true)
						time.Sleep(5 * time.Second)
						c.cut(false)
						mended := time.Now()
						time.Sleep(8 * time.Second)
						if back := c.shownAfter(mended); back < 0 || back > 3*time.Second {
							t.Errorf("cut %d: a picture after %v", i, back)
						}
					}
					for _, got := range c.since(began) {
						if got != video.LayerMain {
							t.Errorf("the viewer got %v", c.since(began))
							break
						}
					}
					if t.Failed() {
						c.say()
					}
				})
			})
		}
	}
}
