// Package encoder gives a camera a picture that does not come by RTSP: of a V4L2 device, of a file, or of any program
// of edge.yml that writes H.264 to its standard output. The cameras use it. Rule that must never break: a program runs
// only while somebody takes its picture, whatever it writes costs bounded memory, and only edge.yml names it.
package encoder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"
)

const (
	clock   = 90000
	stall   = 10 * time.Second // without a picture a program is started again; a device takes a while to open
	tooMuch = 0.1              // loss of a link that carries less than is sent; on the air it is a few percent
	smooth  = 0.3              // of each new measure of what is sent: key frames come every few
	// Rate is what stands for the bit rate, in kbit/s, in the words of a command.
	Rate = "{kbps}"
)

var errStalled = errors.New("sends no picture any more")

// Options describe where the picture comes from: exactly one of Command, Device and File.
type Options struct {
	Log     *slog.Logger
	Command []string // writes H.264 with start codes to its standard output; Rate stands for the bit rate
	Device  string   // V4L2, encoded by ffmpeg
	File    string   // H.264 with start codes, played again and again
	Width   int      // of a device
	Height  int
	FPS     int   // of a device or file
	Kbps    []int // bit rates that a program may be started with, falling; the first to begin with
	Twice   bool  // a command may run beside itself: the next begins before the one before ends
	Small   Small // the smaller picture of a device, which opens once: the same program makes both
}

// Small is a smaller picture.
type Small struct{ Width, Height, Kbps int } // without a width there is none

// Picture takes one picture: all NAL units of it in order, its time at 90 kHz, and when it came.
type Picture = func(units [][]byte, at uint32, now time.Time)

// Encoder is one source. Who takes its picture at the same time shares it.
type Encoder struct {
	o Options

	mu     sync.Mutex
	ladder *ladder
	takers map[int]taker
	next   int
	run    *run // nil: nobody takes it
	bytes  int  // of pictures since asked
	asked  time.Time
	sent   float64 // bits a second of late
	now    func() time.Time
}

// taker is somebody who takes the picture.
type taker struct {
	take  Picture
	small bool
}

// run is the source while somebody takes its picture.
type run struct {
	cancel context.CancelFunc
	again  atomic.Pointer[context.CancelFunc] // has the program go on with another bit rate
	done   chan struct{}
	err    error // read it when done
}

// New makes a source; nothing is started.
func New(o Options) *Encoder {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if len(o.Kbps) == 0 {
		o.Kbps = []int{0}
	}
	return &Encoder{o: o, ladder: newLadder(o.Kbps), takers: map[int]taker{}, now: time.Now}
}

// Check says what is missing without opening anything.
func (e *Encoder) Check() error {
	if at := e.o.File + e.o.Device; at != "" {
		if _, err := os.Stat(at); err != nil {
			return fmt.Errorf("open source: %w", err)
		}
	}
	if e.o.File != "" {
		return nil
	}
	name := e.command(0)[0]
	if _, err := exec.LookPath(name); err != nil {
		return fmt.Errorf("find %s, install it: %w", name, err)
	}
	return nil
}

// Adapts reports whether the bit rate can follow the link.
func (e *Encoder) Adapts() bool { return len(e.o.Kbps) > 1 }

// Estimate tells how many bits a second the link carries and which part of the packets was lost of late; another step
// of the ladder starts the program again. A loss beyond tooMuch counts by itself: the estimate follows reports on
// packets that are known to have left a short while ago, and on an overfull link none may be left of those.
func (e *Encoder) Estimate(bits int, lost float64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.now()
	if passed := now.Sub(e.asked); !e.asked.IsZero() && passed > 0 {
		e.sent += (8*float64(e.bytes)/passed.Seconds() - e.sent) * smooth
	}
	e.asked, e.bytes = now, 0
	e.o.Log.Debug("link of the encoder", "link_kbps", bits/1000, "sent_kbps", int(e.sent)/1000, "kbps", e.ladder.kbps())
	if lost > tooMuch {
		bits = min(bits, int(e.sent*(1-lost)))
	}
	if !e.Adapts() || !e.ladder.take(bits, int(e.sent), now) {
		return
	}
	e.o.Log.Info("encoder goes on with another bit rate", "kbps", e.ladder.kbps(), "link_kbps", bits/1000)
	if e.run != nil {
		if again := e.run.again.Load(); again != nil {
			(*again)()
		}
	}
}

// Kbps is the bit rate of the moment; 0: the program decides.
func (e *Encoder) Kbps() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ladder.kbps()
}

// Read hands over pictures until ctx ends, or the source fails for good. The function is called by one goroutine at a time.
func (e *Encoder) Read(ctx context.Context, take Picture) error {
	return e.read(ctx, taker{take: take})
}

func (e *Encoder) read(ctx context.Context, t taker) error {
	e.mu.Lock()
	id := e.next
	e.next++
	e.takers[id] = t
	if e.run == nil {
		var inner context.Context
		r := &run{done: make(chan struct{})}
		inner, r.cancel = context.WithCancel(context.WithoutCancel(ctx)) // it outlives the first who takes it
		e.run = r
		go e.work(inner, r)
	}
	r := e.run
	e.mu.Unlock()
	var err error
	select {
	case <-ctx.Done():
		err = ctx.Err()
	case <-r.done:
		err = r.err
	}
	e.mu.Lock()
	delete(e.takers, id)
	last := len(e.takers) == 0 && e.run == r
	if last {
		e.run = nil
	}
	e.mu.Unlock()
	if last {
		r.cancel()
		<-r.done // nobody has the device open any more
	}
	return err
}

// giver hands a picture, or a smaller one, to those who take it.
type giver = func(units [][]byte, now time.Time, small bool)

// work reads the source until nobody takes it, or it fails.
func (e *Encoder) work(ctx context.Context, r *run) {
	defer close(r.done)
	began := time.Now()
	give := func(units [][]byte, now time.Time, small bool) {
		at := uint32(now.Sub(began).Seconds() * clock)
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.run != r {
			return // another run has begun
		}
		for _, u := range units {
			if !small {
				e.bytes += len(u)
			}
		}
		for _, t := range e.takers {
			if t.small == small {
				t.take(units, at, now)
			}
		}
	}
	for ctx.Err() == nil {
		one, stop := context.WithCancel(ctx)
		r.again.Store(&stop)
		var err error
		switch {
		case e.o.File != "":
			err = e.play(one, give)
		case e.o.Twice:
			err = e.overlap(one, r, give)
		default:
			err = e.start(one, give)
		}
		changed := one.Err() != nil
		stop()
		if changed {
			continue // another bit rate, or the end
		}
		r.err = err
		e.mu.Lock()
		if e.run == r {
			e.run = nil
		}
		e.mu.Unlock()
		return
	}
	r.err = ctx.Err()
}

// play reads the file at its speed, from its beginning to its end.
func (e *Encoder) play(ctx context.Context, give giver) error {
	f, err := os.Open(e.o.File)
	if err != nil {
		return fmt.Errorf("open source: %w", err)
	}
	defer func() { _ = f.Close() }()
	tick := time.NewTicker(time.Second / time.Duration(max(1, e.o.FPS)))
	defer tick.Stop()
	for in, some := newReader(f), false; ; some = true {
		units, err := in.picture()
		if errors.Is(err, io.EOF) && some {
			if _, err := f.Seek(0, io.SeekStart); err != nil {
				return fmt.Errorf("read source: %w", err)
			}
			in = newReader(f)
			continue
		}
		if err != nil {
			return fmt.Errorf("source %s %w", e.o.File, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		give(units, time.Now(), false)
	}
}
