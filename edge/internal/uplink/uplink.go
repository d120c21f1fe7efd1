// Package uplink is the terminal's session with the centre: it empties the outbox over MQTT, takes
// acknowledgements and commands, and says how the terminal is. The agent runs one. Rule that must never
// break: MQTT is a pipe and nothing more – a block counts as delivered only when the centre's own
// acknowledgement names its range.
package uplink

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/fengsui/fengsui/edge/internal/clock"
	"github.com/fengsui/fengsui/edge/internal/outbox"
	"github.com/fengsui/fengsui/shared/wire"
)

// Handler does one kind of command. The error is what the centre's operator reads.
type Handler func(ctx context.Context, body json.RawMessage) error

// Answerer does one kind of command that takes a while and has an answer, zstd of UTF-8 text. It works beside
// the others, so that no siren waits for it, and one at a time.
type Answerer func(ctx context.Context, body json.RawMessage) ([]byte, error)

// Slow takes one kind of command at once, in order with the others; what it returns waits for what becomes of it beside
// them.
type Slow func(body json.RawMessage) (wait func(context.Context) error, err error)

// Options is what an uplink needs.
type Options struct {
	Log       *slog.Logger
	Edge      string
	Boot      string
	Address   func() string               // host:port of the broker; asked before each connect
	TLS       func() (*tls.Config, error) // nil for plain MQTT; asked before each connect
	KeepAlive [2]time.Duration            // least and most silence before the link is probed
	Box       *outbox.Box
	Clock     *clock.Clock
	Hello     func() wire.Hello                    // what the terminal is; epoch, time and lanes are filled in
	Status    func(context.Context) wire.Status    // how the terminal is
	Commands  map[string]Handler                   // by kind
	Answers   map[string]Answerer                  // by kind
	Slow      map[string]Slow                      // by kind
	Config    func(payload []byte)                 // takes a configuration and returns at once; nil for none
	Greeted   func()                               // the centre has answered the hello of a session; nil for none
	Conn      func(net.Conn) net.Conn              // wraps each connection; nil for none
	Level     func() wire.BudgetLevel              // how sparing to be; nil for normal
	ClockSet  func(context.Context, time.Duration) // the first set time: readings so far were behind by so much
}

// The waits between attempts: quick at first, so that a centre that was killed and comes back is found at
// once, and slower when it stays away.
const (
	quickWait  = time.Second
	quickTries = 30
	slowWait   = 30 * time.Second
)

// Uplink is the session, made anew whenever it breaks.
type Uplink struct {
	o       Options
	changed chan struct{} // the status has changed
	renew   chan struct{} // connect anew
	doubts  chan struct{} // the session may be stuck
	pings   chan chan<- time.Duration

	cancel context.CancelFunc
	wg     sync.WaitGroup

	cmd   *commands
	pulse *heartbeat

	mu sync.Mutex
	st State
}

// State is how the session is, for the technician.
type State struct {
	Connected bool          `json:"connected"` // and greeted
	Since     time.Time     `json:"since,omitzero"`
	Attempts  int           `json:"attempts"` // since it was connected last
	Sessions  uint64        `json:"sessions"`
	Error     string        `json:"error,omitempty"`
	InFlight  int           `json:"in_flight"`
	Window    int           `json:"window"`
	RoundTrip time.Duration `json:"round_trip_ns"`
	Sent      uint64        `json:"sent"`   // blocks
	Resent    uint64        `json:"resent"` // of these, again
}

// New makes an uplink.
func New(o Options) *Uplink {
	o.Log = o.Log.With("component", "uplink")
	return &Uplink{o: o, changed: make(chan struct{}, 1), renew: make(chan struct{}, 1), doubts: make(chan struct{}, 1), pings: make(chan chan<- time.Duration), cmd: newCommands(o), pulse: &heartbeat{least: o.KeepAlive[0], most: o.KeepAlive[1]}}
}

// Start connects in the background and keeps connecting until Stop.
func (u *Uplink) Start(ctx context.Context) error {
	ctx, u.cancel = context.WithCancel(context.WithoutCancel(ctx))
	u.wg.Go(func() { u.cmd.run(ctx) })
	u.wg.Go(func() { u.run(ctx) })
	return nil
}

// Stop says goodbye and ends.
func (u *Uplink) Stop(ctx context.Context) error {
	u.cancel()
	done := make(chan struct{})
	go func() { u.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// KeepAlive is how long the link may be silent at present before it is probed.
func (u *Uplink) KeepAlive() time.Duration { return u.pulse.current() }

func (u *Uplink) level() wire.BudgetLevel {
	if u.o.Level == nil {
		return wire.BudgetNormal
	}
	return u.o.Level()
}

// Changed says that the status is not what was last sent.
func (u *Uplink) Changed() { poke(u.changed) }

// Ping is how long a status takes to the broker and its acknowledgement back, over the session that stands.
func (u *Uplink) Ping(ctx context.Context) (time.Duration, error) {
	took := make(chan time.Duration, 1)
	select {
	case u.pings <- took:
	case <-ctx.Done():
		return 0, errors.New("no session with the centre")
	}
	select {
	case d := <-took:
		return d, nil
	case <-ctx.Done():
		return 0, errors.New("no acknowledgement in time")
	}
}

// Reconnect ends the session; the next one uses what Address and TLS give then.
func (u *Uplink) Reconnect() { poke(u.renew) }

// Doubt says that the link has just come back, as another connection found. After a cut TCP waits longer before each time
// it sends again, and may stand still for half a minute over a link that is good: unless something comes within
// doubtAnswer the session is made anew at once.
func (u *Uplink) Doubt() { poke(u.doubts) }

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// State is how the session is.
func (u *Uplink) State() State {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.st
}

func (u *Uplink) set(change func(*State)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	change(&u.st)
}

func (u *Uplink) run(ctx context.Context) {
	for tries := 0; ; tries++ {
		greeted, err := u.session(ctx)
		u.o.Box.SetLinked(false)
		if ctx.Err() != nil {
			return
		}
		if greeted {
			tries = 0
		}
		u.set(func(s *State) {
			if s.Connected || s.Since.IsZero() {
				s.Since = time.Now().UTC()
			}
			s.Connected, s.Attempts, s.InFlight = false, tries+1, 0
			s.Error = ""
			if err != nil {
				s.Error = err.Error()
			}
		})
		switch {
		case errors.Is(err, errRenew), errors.Is(err, errStuck):
			continue
		case tries < 3 || tries%20 == 0:
			u.o.Log.Warn("no link to the centre", "error", err, "attempt", tries+1)
		}
		select {
		case <-ctx.Done():
			return
		case <-u.renew:
		case <-time.After(pause(tries)):
		}
	}
}

// pause is spread by a fifth, so that a city's terminals do not all come at once.
func pause(tries int) time.Duration {
	wait := quickWait
	for i := quickTries; i < tries && wait < slowWait; i++ {
		wait = min(wait*3/2, slowWait)
	}
	return wait*4/5 + rand.N(wait*2/5)
}
