// Package station is simulated stations that dial a terminal and speak HJ 212 or SL 651, by the profiles
// that the terminal hears them with. The simulator runs them. Rule that must never break: a station forgets
// a message only when it was answered, and sends it again, byte for byte, until then.
package station

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fengsui/fengsui/shared/profile"
)

const (
	remembered = 10_000          // messages that wait for their answer at most
	patience   = 2 * time.Second // for an answer, then the message is sent again
	again      = 300 * time.Millisecond
)

// language makes messages and reads answers.
type language interface {
	// message is the n-th message, and by which key its answer is known.
	message(n uint64, at time.Time, values map[string]float64) (raw []byte, key string, err error)
	// next cuts one answer off: n bytes are used, 0 when more must come; key is empty for what is none.
	next(came []byte) (n int, key string)
}

// Station reports its values every so often.
type Station struct {
	Dial     string // of the terminal
	Name     string // MN, or station address
	Password string
	Profile  *profile.Profile
	Every    time.Duration
	Step     time.Duration // between two observations; 0: real time. Then the first is twelve hours back
	Values   map[string]func(at time.Time) float64
	Log      *slog.Logger

	speaks  language
	mu      sync.Mutex
	waiting []message
	made    uint64
	first   time.Time
	acked   atomic.Uint64
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

type message struct {
	raw []byte
	key string
}

// Start reports, and dials the terminal again and again.
func (s *Station) Start(ctx context.Context) error {
	if s.speaks == nil {
		var err error
		if s.speaks, err = s.language(); err != nil {
			return err
		}
		s.first = time.Now().Add(-12 * time.Hour).Truncate(time.Minute)
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	s.done.Go(func() { s.observe(run) })
	s.done.Go(func() { s.report(run) })
	return nil
}

func (s *Station) language() (language, error) {
	switch {
	case s.Profile.HJ212 != nil:
		return &environment{s: s}, nil
	case s.Profile.SL651 != nil:
		return newHydrology(s)
	}
	return nil, fmt.Errorf("profile %s is of no station that dials in", s.Profile.ID)
}

// Stop ends it; what waits goes out after the next Start.
func (s *Station) Stop(context.Context) error {
	if s.cancel != nil {
		s.cancel()
		s.done.Wait()
		s.cancel = nil
	}
	return nil
}

// Acked is how many messages were answered, Made how many there are.
func (s *Station) Acked() uint64 { return s.acked.Load() }

// Made is how many messages were made.
func (s *Station) Made() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made
}

func (s *Station) observe(ctx context.Context) {
	tick := time.NewTicker(s.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.mu.Lock()
		now := time.Now()
		at := now
		if s.Step > 0 {
			at = s.first.Add(time.Duration(s.made) * s.Step) //nolint:gosec // a simulation ends before
		}
		values := map[string]float64{}
		for property, value := range s.Values {
			values[property] = value(now)
		}
		raw, key, err := s.speaks.message(s.made, at, values)
		if err != nil {
			s.Log.Error("make message", "error", err)
		} else {
			s.made++
			s.waiting = append(s.waiting, message{raw, key})
			s.waiting = s.waiting[max(0, len(s.waiting)-remembered):]
		}
		s.mu.Unlock()
	}
}

// report keeps a connection and sends one message after the other.
func (s *Station) report(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.session(ctx); err != nil {
			s.Log.Debug("session ended", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
}

func (s *Station) session(ctx context.Context) error {
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, "tcp", s.Dial)
	if err != nil {
		return fmt.Errorf("dial the terminal: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	for {
		s.mu.Lock()
		var m message
		if len(s.waiting) > 0 {
			m = s.waiting[0]
		}
		s.mu.Unlock()
		if m.raw == nil {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(min(s.Every, again)):
			}
			continue
		}
		if err := s.exchange(conn, m); err != nil {
			return err
		}
		s.mu.Lock()
		if len(s.waiting) > 0 && s.waiting[0].key == m.key {
			s.waiting = s.waiting[1:]
		}
		s.mu.Unlock()
		s.acked.Add(1)
	}
}

// exchange sends a message and waits for its answer.
func (s *Station) exchange(conn net.Conn, m message) error {
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	if _, err := conn.Write(m.raw); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	var came []byte
	chunk := make([]byte, 1024)
	for {
		n, err := conn.Read(chunk)
		if err != nil {
			return fmt.Errorf("wait for the answer: %w", err)
		}
		came = append(came, chunk[:n]...)
		for len(came) > 0 {
			used, key := s.speaks.next(came)
			if used == 0 {
				break
			}
			came = came[used:]
			if key == m.key {
				return nil
			}
		}
	}
}
