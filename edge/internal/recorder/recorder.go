// Package recorder gives a camera without a microphone the sound of another: of a command of edge.yml that writes raw
// sound. The publisher and the ring use it. Rule that must never break: the command runs only while somebody takes its sound.
package recorder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/g711"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/child"
)

const (
	packet     = 160 // samples: 20 ms at 8000 a second
	stall      = 5 * time.Second
	retryFirst = 500 * time.Millisecond
	retryLast  = 10 * time.Second
)

var errStalled = errors.New("sends nothing any more")

// Recorder is the command.
type Recorder struct {
	command []string // writes signed 16-bit samples, low byte first, 8000 a second, mono, to its standard output
	log     *slog.Logger

	state sync.Mutex // of the next two; who asks for them never waits for who takes sound
	hears bool
	fault error

	mu     sync.Mutex
	takers map[int]func(camera.Sound)
	next   int
	end    context.CancelFunc // of the command; nil: nobody listens
	ended  chan struct{}
}

// New makes a recorder; nothing is started.
func New(command []string, log *slog.Logger) *Recorder {
	return &Recorder{command: command, log: log.With("component", "recorder"), takers: map[int]func(camera.Sound){}}
}

// Sounds is the codec of the sound, or why there is none; both are empty while nobody has listened.
func (r *Recorder) Sounds() (codec string, err error) {
	r.state.Lock()
	defer r.state.Unlock()
	if r.hears {
		codec = camera.PCMA
	}
	return codec, r.fault
}

func (r *Recorder) tell(hears bool, fault error) {
	r.state.Lock()
	defer r.state.Unlock()
	r.hears, r.fault = hears, fault
}

// Run hands over the sound until ctx ends. Who listens at the same time hears the same run of the command, for a
// microphone opens once.
func (r *Recorder) Run(ctx context.Context, fn func(camera.Sound)) {
	r.mu.Lock()
	id := r.next
	r.next++
	r.takers[id] = fn
	if r.end == nil {
		before, done := r.ended, make(chan struct{})
		inner, end := context.WithCancel(context.WithoutCancel(ctx)) // it outlives the first who listens
		r.end, r.ended = end, done
		go func() {
			defer close(done)
			if before != nil {
				<-before // until the microphone is free
			}
			r.work(inner)
		}()
	}
	ended := r.ended
	r.mu.Unlock()
	<-ctx.Done()
	r.mu.Lock()
	delete(r.takers, id)
	last := len(r.takers) == 0
	if last {
		r.end()
		r.end = nil
	}
	r.mu.Unlock()
	if last {
		<-ended
	}
}

// give hands a packet to all who listen, under the lock: once Run has ended, nothing is handed over any more.
func (r *Recorder) give(s camera.Sound) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, take := range r.takers {
		take(s)
	}
}

// work runs the command until ctx ends; one that ends or falls silent is started again.
func (r *Recorder) work(ctx context.Context) {
	line := &line{fn: r.give}
	wait := retryFirst
	for {
		began := time.Now()
		err := r.once(ctx, line)
		if ctx.Err() != nil {
			return
		}
		r.log.Warn("recorder ended", "error", err)
		r.tell(false, err)
		if time.Since(began) > retryLast {
			wait = retryFirst
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, retryLast)
	}
}

// once runs the command until it ends.
func (r *Recorder) once(ctx context.Context, to *line) error {
	var out io.ReadCloser
	p, err := child.Start(ctx, r.command, func(cmd *exec.Cmd) (err error) {
		out, err = cmd.StdoutPipe()
		return err
	})
	if err != nil {
		return fmt.Errorf("recorder %w", err)
	}
	stop := context.AfterFunc(ctx, p.Kill)
	defer stop()
	var silent atomic.Bool
	watchdog := time.AfterFunc(stall, func() { silent.Store(true); p.Kill() })
	to.first = true
	for {
		pcm := make(g711.Alaw, 2*packet)
		if _, err := io.ReadFull(out, pcm); err != nil {
			break
		}
		watchdog.Reset(stall)
		r.tell(true, nil)
		to.say(pcm, time.Now())
	}
	watchdog.Stop()
	p.Kill() // what it has started may hold its output
	p.Watch()
	if silent.Load() {
		return fmt.Errorf("recorder %s %w", r.command[0], errStalled)
	}
	return errors.New("recorder " + p.Why())
}

// line numbers the packets of all runs of the command.
type line struct {
	fn    func(camera.Sound)
	first bool // of a run
	seq   uint16
	time  uint32
	at    time.Time
}

// say hands over samples, whose bytes it turns round.
func (l *line) say(pcm g711.Alaw, now time.Time) {
	for i := 0; i+1 < len(pcm); i += 2 {
		pcm[i], pcm[i+1] = pcm[i+1], pcm[i]
	}
	payload, err := pcm.Marshal()
	if err != nil {
		return // an odd number of bytes, which is not read
	}
	step := uint32(packet)
	if l.first && !l.at.IsZero() {
		step = uint32(max(now.Sub(l.at), 0).Seconds() * 8000)
	}
	l.seq++
	l.time += step
	l.fn(camera.Sound{Codec: camera.PCMA, Seq: l.seq, Time: l.time, Marker: l.first, Payload: payload})
	l.first, l.at = false, now
}
