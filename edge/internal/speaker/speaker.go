// Package speaker lets the centre be heard at the terminal: it holds a session while somebody speaks there and plays
// what comes by a command of edge.yml and by the loudspeakers of cameras. The agent hands it the commands of the centre.
// Rules that must never break: nothing is played without a running lease; a player that hangs, dies or is missing ends nothing but itself, and no
// process of it outlives the agent's stop.
package speaker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/pion/transport/v2"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/whip"
	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/wire"
)

// Options is what a speaker needs.
type Options struct {
	Log     *slog.Logger
	Command []string         // takes signed 16-bit samples, low byte first, 8000 a second, mono, on its standard input; empty: none
	Cameras []camera.Options // whose loudspeakers are used
	Volume  int              // percent, until somebody sets another
	File    string           // keeps what was set
	BaseURL string           // http(s) address of the centre
	Client  *http.Client
	Net     transport.Net   // nil for the system's
	TCP     func(bytes int) // is told what went over TCP, which passes Net by; nil for none
	Changed func()          // what State tells has changed
}

// The errors of commands.
var (
	ErrLease = errors.New("lease is not between 1 and 120 seconds")
	ErrStop  = errors.New("speaker is not running")
)

const (
	leaseMax   = 120 * time.Second
	retryFirst = 250 * time.Millisecond
	retryLast  = 4 * time.Second
	queueMax   = 50 // packets: a second
)

// kept is what is remembered over a restart.
type kept struct {
	Volume int  `json:"volume"`
	Muted  bool `json:"muted"`
}

// Speaker is the speaker of the terminal.
type Speaker struct {
	o       Options
	centre  *url.URL
	packets chan packet
	horns   []*horn

	mu     sync.Mutex
	ctx    context.Context // of the sessions; nil: not running
	wg     sync.WaitGroup
	set    kept
	until  time.Time
	target string
	token  string
	open   bool          // a goroutine looks after the session
	hears  bool          // it is connected
	turned chan struct{} // closed and made anew when anything of what State tells changes

	playing bool   // the command
	blows   bool   // a horn
	fault   string // why nothing was heard of late
}

// New makes a speaker.
func New(o Options) (*Speaker, error) {
	centre, err := url.Parse(o.BaseURL)
	if err != nil || centre.Host == "" {
		return nil, fmt.Errorf("open speaker: centre %q is not an address", o.BaseURL)
	}
	o.Log = o.Log.With("component", "speaker")
	s := &Speaker{o: o, centre: centre, packets: make(chan packet, queueMax), set: kept{Volume: o.Volume}, turned: make(chan struct{})}
	for _, c := range o.Cameras {
		s.horns = append(s.horns, &horn{id: c.ID, camera: camera.New(c), queue: make(chan blast, queueMax)})
	}
	text, err := os.ReadFile(o.File)
	if err == nil {
		err = json.Unmarshal(text, &s.set)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		o.Log.Warn("volume is not known any more", "error", err)
	}
	s.set.Volume = min(max(s.set.Volume, 0), wire.MaxVolume)
	return s, nil
}

// Run plays until ctx ends.
func (s *Speaker) Run(ctx context.Context) {
	s.mu.Lock()
	s.ctx = ctx
	s.mu.Unlock()
	s.play(ctx)
	s.mu.Lock()
	s.ctx = nil
	s.mu.Unlock()
	s.wg.Wait()
}

// Hear opens the session to the centre or renews its lease; what it returns waits until the session stands.
func (s *Speaker) Hear(m wire.TalkStart) (wait func(context.Context) error, err error) {
	length := time.Duration(m.LeaseSeconds) * time.Second
	if length < time.Second || length > leaseMax {
		return nil, ErrLease
	}
	target, err := whip.Target(s.centre, m.WHEP)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx == nil {
		return nil, ErrStop
	}
	s.until, s.target, s.token = time.Now().Add(length), target, m.Token
	if !s.open {
		s.open = true
		s.wg.Go(func() { s.hear(s.ctx) })
	}
	for _, h := range s.horns {
		if !h.attended {
			h.attended, h.fault = true, nil
			s.wg.Go(func() { s.keep(s.ctx, h) })
		}
	}
	return s.ready, nil
}

// ready waits until the session stands and something plays it.
func (s *Speaker) ready(ctx context.Context) error {
	for {
		s.mu.Lock()
		hears, open, fault, turned := s.hears, s.open, s.fault, s.turned
		plays, horns := s.plays()
		s.mu.Unlock()
		switch {
		case hears && plays:
			return nil
		case !plays && horns != nil:
			return horns
		case !open:
			return errors.New("the session to the centre has ended")
		}
		select {
		case <-turned:
		case <-ctx.Done():
			if fault == "" {
				fault = "no session to the centre in time"
			}
			return errors.New(fault)
		}
	}
}

// Set sets volume and mute, and keeps them.
func (s *Speaker) Set(m wire.SpeakerSet) error {
	if err := m.Check(); err != nil {
		return err
	}
	s.mu.Lock()
	next := s.set
	if m.Volume != nil {
		next.Volume = *m.Volume
	}
	if m.Muted != nil {
		next.Muted = *m.Muted
	}
	s.set = next
	s.mu.Unlock()
	s.o.Changed()
	text, err := json.Marshal(next)
	if err != nil {
		return fmt.Errorf("keep volume: %w", err)
	}
	if err := run.Replace(s.o.File, text); err != nil {
		return fmt.Errorf("keep volume: %w", err)
	}
	return nil
}

// State tells of the speaker.
func (s *Speaker) State() *wire.SpeakerState {
	s.mu.Lock()
	defer s.mu.Unlock()
	plays, horns := s.plays()
	out := &wire.SpeakerState{Volume: s.set.Volume, Muted: s.set.Muted, Hears: s.hears && plays, Playing: s.playing || s.blows, Error: s.fault}
	if out.Error == "" && horns != nil {
		out.Error = horns.Error()
	}
	for _, h := range s.horns {
		out.Cameras = append(out.Cameras, h.state())
	}
	return out
}

// tell changes what State says and wakes who waits for it.
func (s *Speaker) tell(change func()) {
	s.mu.Lock()
	change()
	close(s.turned)
	s.turned = make(chan struct{})
	s.mu.Unlock()
	s.o.Changed()
}

func (s *Speaker) leased() (target, token string, left time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.target, s.token, time.Until(s.until)
}
