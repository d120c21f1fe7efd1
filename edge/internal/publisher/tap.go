package publisher

import (
	"context"
	"sync"

	"github.com/fengsui/fengsui/edge/internal/camera"
)

// tap holds a camera open while nobody watches (standby) and keeps its pictures since the last key frame, so that
// a lease begins with them instead of waiting for the camera's next key frame. Nothing of it leaves the terminal
// without a lease.
type tap struct {
	mu  sync.Mutex
	gop gop
	out *outlet // of the lease, if there is one
}

// run reads the camera until ctx ends.
func (t *tap) run(ctx context.Context, c *camera.Camera, state func(error)) {
	c.Run(ctx, t.take, func(err error) {
		if err != nil {
			t.mu.Lock()
			t.gop.forget() // what was before a break must not be shown as the present
			t.mu.Unlock()
		}
		state(err)
	})
}

func (t *tap) take(f camera.Frame) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gop.keep(f)
	if t.out != nil {
		t.out.offer(f)
	}
}

// lend gives a lease what is there and every frame from now on, until the returned function is called.
func (t *tap) lend(o *outlet) (stop func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o.prime(t.gop)
	t.out = o
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.out == o { // another lease may have begun
			t.out = nil
		}
	}
}

// gop is the pictures since the last key frame, up to a limit.
type gop struct {
	frames   []camera.Frame
	size     int
	overfull bool // there were too many to keep
}

func (g *gop) keep(f camera.Frame) {
	if f.Key {
		g.forget()
		g.overfull = false
	}
	for _, u := range f.Units {
		g.size += len(u)
	}
	if g.size > gopBytes || len(g.frames) >= gopFrames {
		g.forget()
		g.overfull = true
	}
	if !g.overfull {
		g.frames = append(g.frames, f)
	}
}

func (g *gop) forget() {
	clear(g.frames)
	g.frames, g.size = g.frames[:0], 0
}
