package camera

import (
	"context"
	"slices"
)

// reader is one who reads the picture.
type reader struct{ take func(Frame) }

// opening is one time that the camera is open.
type opening struct {
	close context.CancelFunc
	done  chan struct{}
}

// Read hands over frames until stop is called, and never after it. The camera is open once for all who read it, and only
// while somebody does. begin, if not nil, is first given the frames since the last key frame; neither may block, for the
// others wait, and the frames are shared: nobody changes them.
func (c *Camera) Read(begin func(GOP), take func(Frame)) (stop func()) {
	r := &reader{take}
	c.sharing.Lock()
	defer c.sharing.Unlock()
	if begin != nil {
		begin(c.gop.Clone())
		if c.gop.Overfull && c.o.KeyFrame != nil { // else nothing is shown before the next, be it far
			go c.demand()
		}
	}
	c.readers = append(c.readers, r)
	if c.open == nil {
		c.open = c.start()
	}
	return func() { c.leave(r) }
}

// demand asks the camera for a key frame, beside whatever it sends.
func (c *Camera) demand() {
	ctx, cancel := context.WithTimeout(context.Background(), stall)
	defer cancel()
	c.keyFrame(ctx)
}

// leave lets go of the camera; the last one waits until it is closed.
func (c *Camera) leave(r *reader) {
	c.sharing.Lock()
	at := slices.Index(c.readers, r)
	if at < 0 {
		c.sharing.Unlock()
		return
	}
	c.readers = slices.Delete(c.readers, at, at+1)
	var last *opening
	if len(c.readers) == 0 {
		last, c.open = c.open, nil
		c.gop = GOP{}
	}
	c.sharing.Unlock()
	if last != nil {
		last.close()
		<-last.done
	}
}

func (c *Camera) start() *opening {
	ctx, cancel := context.WithCancel(context.Background())
	o := &opening{close: cancel, done: make(chan struct{})}
	go func() {
		defer close(o.done)
		c.run(ctx, func(f Frame) { c.give(o, f) }, func(err error) { c.tell(o, err) })
	}()
	return o
}

func (c *Camera) give(o *opening, f Frame) {
	c.sharing.Lock()
	defer c.sharing.Unlock()
	if c.open != o {
		return
	}
	c.gop.Keep(f)
	for _, r := range c.readers {
		r.take(f)
	}
}

func (c *Camera) tell(o *opening, err error) {
	c.sharing.Lock()
	if c.open != o {
		c.sharing.Unlock()
		return
	}
	if err != nil {
		c.gop.Forget() // what was before a break must not be shown as the present
	}
	watchers := slices.Clone(c.watchers)
	c.sharing.Unlock()
	for _, w := range watchers {
		w(err)
	}
}

// Watch tells nil with the first frame of each connection, and the error when it ends.
func (c *Camera) Watch(state func(error)) {
	c.sharing.Lock()
	defer c.sharing.Unlock()
	c.watchers = append(c.watchers, state)
}

// IsOpen reports whether somebody reads it.
func (c *Camera) IsOpen() bool {
	c.sharing.Lock()
	defer c.sharing.Unlock()
	return c.open != nil
}

const (
	gopBytes  = 4 << 20 // that are kept of one picture
	gopFrames = 600
)

// GOP is the frames since the last key frame, up to a limit.
type GOP struct {
	Frames   []Frame
	Overfull bool // there were too many to keep
	size     int
}

// Keep adds a frame.
func (g *GOP) Keep(f Frame) {
	if f.Key {
		g.Forget()
		g.Overfull = false
	}
	for _, u := range f.Units {
		g.size += len(u)
	}
	if g.size > gopBytes || len(g.Frames) >= gopFrames {
		g.Forget()
		g.Overfull = true
	}
	if !g.Overfull {
		g.Frames = append(g.Frames, f)
	}
}

// Forget drops them.
func (g *GOP) Forget() {
	clear(g.Frames)
	g.Frames, g.size = g.Frames[:0], 0
}

// Clone is the same frames in a list of its own.
func (g *GOP) Clone() GOP {
	return GOP{Frames: slices.Clone(g.Frames), Overfull: g.Overfull, size: g.size}
}
