package camera

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Look is what somebody who asks for one camera is shown.
type Look struct {
	Camera     string   `json:"camera"`
	Tracks     []string `json:"tracks"`      // codec of each track of its description, "video H264"
	DescribeMS int64    `json:"describe_ms"` // until it has described itself
	FirstKeyMS int64    `json:"first_key_ms,omitempty"`
	KeyBytes   int      `json:"key_bytes,omitempty"` // of the first key frame
	Error      string   `json:"error,omitempty"`
}

// Look has the camera describe itself and opens it until the first key frame has come, or ctx ends.
func (c *Camera) Look(ctx context.Context) Look {
	out := Look{Camera: c.o.ID, Tracks: []string{}}
	begun := time.Now()
	tracks, err := c.tracks(ctx)
	out.DescribeMS = time.Since(begun).Milliseconds()
	if err != nil {
		out.Error = err.Error()
		return out
	}
	out.Tracks = append(out.Tracks, tracks...)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	begun = time.Now()
	found := make(chan Frame, 1)
	take := func(f Frame) {
		if !f.Key {
			return
		}
		select {
		case found <- f:
			out.FirstKeyMS = time.Since(begun).Milliseconds()
			cancel()
		default:
		}
	}
	err = c.lookAt(ctx, take)
	var key Frame
	select {
	case key = <-found:
	default:
	}
	for _, u := range key.Units {
		out.KeyBytes += len(u)
	}
	switch {
	case key.Key:
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		out.Error = "no key frame in time"
	default:
		out.Error = err.Error()
	}
	return out
}

// lookAt hands over pictures until ctx ends: a camera that is open already is not opened again, for some take one session
// only.
func (c *Camera) lookAt(ctx context.Context, take func(Frame)) error {
	if !c.IsOpen() {
		quiet := c.o
		quiet.Sound = false // who hears the camera hears nothing of this
		return New(quiet).once(ctx, take)
	}
	defer c.Read(nil, take)() //nolint:contextcheck // open as long as somebody reads it
	<-ctx.Done()
	return ctx.Err()
}

// tracks are the codecs of what the camera says that it has.
func (c *Camera) tracks(ctx context.Context) (out []string, err error) {
	if c.o.Source != nil {
		return []string{"video H264"}, c.o.Check()
	}
	client, desc, err := c.connect(ctx, false)
	if err != nil {
		return nil, err
	}
	client.Close()
	for _, m := range desc.Medias {
		for _, f := range m.Formats {
			out = append(out, string(m.Type)+" "+strings.TrimPrefix(fmt.Sprintf("%T", f), "*format."))
		}
	}
	return out, nil
}
