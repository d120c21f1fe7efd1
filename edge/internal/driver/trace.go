package driver

import (
	"context"
	"slices"
	"sync"
)

// Frame is bytes as they went over the line.
type Frame struct {
	Sent bool   // to the device
	Raw  []byte // at most MaxRaw bytes
	Size int    // bytes that there were
}

// maxFrames is how many frames one trace keeps.
const maxFrames = 32

// Trace keeps the frames of one reading for somebody who looks. It may be used by several goroutines.
type Trace struct {
	mu     sync.Mutex
	frames []Frame
}

type traceKey struct{}

// WithTrace has the frames of what is done under the context kept.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// Record keeps a frame when somebody looks. Protocols whose library hides its frames record none.
func Record(ctx context.Context, sent bool, raw []byte) {
	t, ok := ctx.Value(traceKey{}).(*Trace)
	if !ok || len(raw) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.frames) < maxFrames {
		t.frames = append(t.frames, Frame{sent, slices.Clone(raw[:min(len(raw), MaxRaw)]), len(raw)})
	}
}

// Frames are what was kept, in order.
func (t *Trace) Frames() []Frame {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.frames)
}
