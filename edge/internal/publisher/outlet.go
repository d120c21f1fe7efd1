package publisher

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format/rtph264"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/edge/internal/camera"
)

const (
	clock       = 90000
	payloadMax  = 1200 - 12 // what every path on the way takes: MTU 1200 with the RTP header
	queueFrames = 64
	maxGap      = 10 * clock // a larger step of the camera's clock is a jump, not time
	paceEvery   = 10         // packets; a burst larger than the socket's buffer is lost
	pace        = time.Millisecond
	againAfter  = 1500 * time.Millisecond // between replays
)

// outlet makes RTP packets of frames and writes them to the session of the moment. It keeps the frames
// since the last key frame: a session that connects later begins with them, so that the centre has a
// picture at once instead of at the camera's next key frame.
type outlet struct {
	track *webrtc.TrackLocalStaticRTP
	rtp   *rtph264.Encoder
	queue chan camera.Frame

	mu      sync.Mutex
	waiting bool      // frames were dropped: nothing goes on before a key frame
	open    bool      // a session is connected
	replay  bool      // it needs the frames since the last key frame first
	asked   time.Time // when it got them last

	gop   camera.GOP // only run uses these
	out   uint32     // timestamp of the last frame
	sent  uint32     // timestamp of the last that was sent
	sends bool       // there was one
	last  camera.Frame
	began bool
}

func newOutlet(stream string) (*outlet, error) {
	track, err := webrtc.NewTrackLocalStaticRTP(h264, "video", stream)
	if err != nil {
		return nil, fmt.Errorf("make track: %w", err)
	}
	o := &outlet{
		track: track, queue: make(chan camera.Frame, queueFrames), out: rand.Uint32(),
		rtp: &rtph264.Encoder{PayloadType: 96, PayloadMaxSize: payloadMax, PacketizationMode: 1},
	}
	if err := o.rtp.Init(); err != nil {
		return nil, fmt.Errorf("make packets: %w", err)
	}
	return o, nil
}

// offer queues a frame; a full queue drops up to the next key frame.
func (o *outlet) offer(f camera.Frame) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.waiting && !f.Key {
		return
	}
	select {
	case o.queue <- f:
		o.waiting = false
	default:
		o.waiting = true
	}
}

// prime gives the outlet what the camera has shown since its last key frame to others. It is called before run.
func (o *outlet) prime(g camera.GOP) {
	o.gop = g
	if n := len(g.Frames); n > 0 {
		o.last, o.began = g.Frames[n-1], true
	}
}

// connect and disconnect tell of the session. One that was away has the frames since the last key frame sent again, unless
// the centre has asked for them already.
func (o *outlet) connect() {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if o.open && now.Sub(o.asked) < againAfter {
		return
	}
	o.open, o.replay, o.asked = true, true, now
}

// again has the frames since the last key frame sent once more, for a session that has lost too much to go on.
func (o *outlet) again(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.open && now.Sub(o.asked) >= againAfter {
		o.replay, o.asked = true, now
	}
}

func (o *outlet) disconnect() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open = false
}

// run writes until ctx ends.
func (o *outlet) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case f := <-o.queue:
			o.write(ctx, f)
		}
	}
}

func (o *outlet) write(ctx context.Context, f camera.Frame) {
	o.gop.Keep(f)
	o.out += o.step(f)
	o.last, o.began = f, true
	o.mu.Lock()
	open, replay := o.open, o.replay
	o.replay = false
	o.mu.Unlock()
	switch {
	case !open:
	case replay && !o.gop.Overfull:
		// A millisecond apart at most, ending at the present: the receiver shows the newest at once. None is before
		// what was sent already.
		n := uint32(len(o.gop.Frames)) //nolint:gosec // some hundreds at most
		apart := uint32(clock / 1000)
		if o.sends {
			room := o.out - o.sent
			if room < n {
				o.out += n - room
				room = n
			}
			apart = min(apart, room/n)
		}
		for i := range o.gop.Frames {
			o.send(ctx, &o.gop.Frames[i], o.out-(n-1-uint32(i))*apart) //nolint:gosec // as above
		}
	default:
		o.send(ctx, &f, o.out)
	}
}

// step is how far the clock goes on to a frame. Where the camera's clock cannot be trusted, the time of
// arrival counts.
func (o *outlet) step(f camera.Frame) uint32 {
	if !o.began {
		return 0
	}
	if d := f.Time - o.last.Time; !f.First && d < maxGap {
		return d
	}
	return uint32(max(f.At.Sub(o.last.At), time.Millisecond).Seconds() * clock)
}

// send writes one frame. Errors are of the session, which ends by itself.
func (o *outlet) send(ctx context.Context, f *camera.Frame, at uint32) {
	o.sent, o.sends = at, true
	packets, err := o.rtp.Encode(f.Units)
	if err != nil {
		return
	}
	for i, p := range packets {
		p.Timestamp = at
		if o.track.WriteRTP(p) != nil {
			return
		}
		if i%paceEvery == paceEvery-1 {
			select {
			case <-ctx.Done():
				return
			case <-time.After(pace):
			}
		}
	}
}
