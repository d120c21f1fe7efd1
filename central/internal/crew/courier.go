package crew

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	idle = time.Hour
	// againFirst and againMost are after how long a message without a receipt is sent again: twice as long each time.
	againFirst, againMost = 20 * time.Second, 5 * time.Minute
	failedAgain           = 5 * time.Second
	maxHeard              = 1000
)

// try is how a message was last sent over the session that stands.
type try struct {
	at    time.Time
	n     int
	state State // that it had
}

// heard is a receipt, or the result of a command, that waits to be written down.
type heard struct {
	edge    string
	receipt wire.CrewReceipt
	result  wire.CommandResult
}

// Receipt takes what a terminal says of a message. It returns at once; what is lost here, the terminal says again when
// it is asked.
func (s *Service) Receipt(edge string, r wire.CrewReceipt) { s.hear(heard{edge: edge, receipt: r}) }

func (s *Service) hear(h heard) {
	s.mu.Lock()
	if len(s.heard) < maxHeard {
		s.heard = append(s.heard, h)
	}
	s.mu.Unlock()
	s.loop.Wake()
}

// OnEvent hears of terminals that come, what they say, and how they took commands (event.Bus.Handle).
func (s *Service) OnEvent(_ context.Context, e event.Event) {
	switch data := e.Data.(type) {
	case wire.CrewReceipt:
		if e.Kind == device.EventCrew {
			s.Receipt(e.Subject, data)
		}
	case wire.CommandResult:
		if e.Kind == device.EventResult && !data.OK && data.Code == wire.CodeUnknown {
			s.hear(heard{edge: e.Subject, result: data})
		}
	case device.Device:
		if e.Kind == device.EventOnline && data.Kind == device.Edge {
			s.mu.Lock()
			// What went over this session already stays: a round may have found the terminal connected before this was heard.
			maps.DeleteFunc(s.tries, func(_ string, t try) bool { return t.at.Before(e.At) })
			s.mu.Unlock()
			s.loop.Wake()
		}
	}
}

// Start brings messages to terminals, and ends those whose time is over.
func (s *Service) Start(ctx context.Context) {
	s.loop.Start(actor.WithSystem(ctx, "messages"), 0, func(ctx context.Context, _ bool) time.Duration {
		next, err := s.round(ctx, time.Now())
		if err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "messages do not reach the crews yet", "error", err)
			return failedAgain
		}
		return next
	})
}

// Stop ends that.
func (s *Service) Stop(ctx context.Context) error { return s.loop.Stop(ctx) }

func (s *Service) round(ctx context.Context, now time.Time) (next time.Duration, err error) {
	s.mu.Lock()
	list := s.heard
	s.heard = nil
	s.mu.Unlock()
	for n, h := range list {
		if err := s.note(ctx, h); err != nil && errs.KindOf(err) != errs.NotFound {
			s.mu.Lock()
			s.heard = append(list[n:], s.heard...)
			s.mu.Unlock()
			return 0, err
		}
	}
	waiting, err := s.Store.Waiting(ctx)
	if err != nil {
		return 0, err
	}
	next = idle
	open := map[string]bool{}
	for _, m := range waiting {
		open[m.ID] = true
		if !now.Before(m.Until) {
			if err := s.end(ctx, m.ID, now); err != nil {
				return 0, err
			}
			continue
		}
		next = min(next, m.Until.Sub(now))
		if wait := s.bring(ctx, m, now); wait > 0 {
			next = min(next, wait)
		}
	}
	s.mu.Lock()
	for id := range s.tries {
		if !open[id] {
			delete(s.tries, id)
		}
	}
	for cmd, id := range s.asked {
		if !open[id] {
			delete(s.asked, cmd)
		}
	}
	s.mu.Unlock()
	return max(next, time.Millisecond), nil
}

// note writes a receipt down.
func (s *Service) note(ctx context.Context, h heard) error {
	r := h.receipt
	if h.result.Command != "" {
		s.mu.Lock()
		id := s.asked[h.result.Command]
		s.mu.Unlock()
		if id == "" {
			return nil
		}
		r = wire.CrewReceipt{Message: id, State: wire.CrewRefused, At: wire.Millis(time.Now()), By: "edge", Text: "the program of this terminal is too old to show messages"}
	}
	if r.Check() != nil {
		return nil
	}
	s.write.Lock()
	defer s.write.Unlock()
	m, err := s.Store.Message(ctx, r.Message)
	if err != nil || m.Target != h.edge {
		return err // one terminal says nothing of another's
	}
	was := m.State
	if !m.take(r, event.Stamp(time.Now())) {
		return nil
	}
	if r.State == wire.CrewMissing {
		s.mu.Lock()
		delete(s.tries, m.ID) // at once
		s.mu.Unlock()
	}
	act := ""
	if m.State != was && (m.State == Confirmed || m.State == Refused) {
		act = string(m.State)
	}
	return s.change(ctx, &m, EventReceipt, act)
}

// end ends a message whose time is over.
func (s *Service) end(ctx context.Context, id string, now time.Time) error {
	s.write.Lock()
	defer s.write.Unlock()
	m, err := s.Store.Message(ctx, id)
	if err != nil || !m.expire(now) {
		return err
	}
	act := ""
	if m.State == Expired {
		act = string(Expired)
	}
	return s.change(ctx, &m, EventExpired, act)
}

// bring sends a message when it is due; it says after how long to look again, 0: not before something happens.
func (s *Service) bring(ctx context.Context, m Message, now time.Time) time.Duration {
	if m.Kind == Phone || !s.Devices.Connected(ctx, m.Target) { // a phone comes for its own
		return 0
	}
	s.mu.Lock()
	t, sent := s.tries[m.ID]
	s.mu.Unlock()
	if sent && t.state == m.State {
		if m.State != Sent && m.State != Withdrawn {
			return 0 // it was asked over this session how it stands
		}
		if wait := t.at.Add(min(againFirst<<min(t.n, 8), againMost)).Sub(now); wait > 0 {
			return wait
		}
	} else if sent && m.State != Withdrawn && m.State != Sent {
		return 0 // it has come further meanwhile
	}
	out := m.wire()
	if m.Picture > 0 && m.State == Sent {
		kept, err := s.Store.Drawing(ctx, m.Drawing)
		if err != nil {
			s.Log.ErrorContext(ctx, "picture of a message is not read", "message", m.ID, "error", err)
			return againMost
		}
		out.Picture = kept.Picture
	}
	body, err := json.Marshal(out)
	if err != nil {
		s.Log.ErrorContext(ctx, "message is not encoded", "message", m.ID, "error", err)
		return 0
	}
	cmd := device.NewCommand(wire.CommandCrew, body, m.Until.Sub(now))
	s.mu.Lock()
	s.tries[m.ID] = try{at: time.Now(), n: t.n + 1, state: m.State}
	s.asked[cmd.ID] = m.ID
	s.mu.Unlock()
	if err := s.Sender.Command(ctx, m.Target, cmd); err != nil {
		s.Log.WarnContext(ctx, "message is not sent", "edge", m.Target, "error", err)
	}
	return againFirst
}
