package release

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	lookEvery = 2 * time.Second
	sendAgain = 20 * time.Second // an order that had no effect is sent again
)

// loop is the terminals with an upgrade that is wanted.
type loop struct {
	*run.Loop

	mu      *sync.Mutex
	waiting map[string]*order
}

// order is an upgrade that is wanted, and when it was last sent.
type order struct {
	Upgrade
	sent    time.Time
	command string // id of the message
	refused string // what the terminal answered to it
}

func newLoop() loop {
	return loop{Loop: run.NewLoop(), mu: &sync.Mutex{}, waiting: map[string]*order{}}
}

func (l *loop) open(u Upgrade) {
	l.mu.Lock()
	l.waiting[u.Edge] = &order{Upgrade: u}
	l.mu.Unlock()
	l.Wake()
}

func (l *loop) close(u Upgrade) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if o := l.waiting[u.Edge]; o != nil && o.ID == u.ID {
		delete(l.waiting, u.Edge)
	}
}

// OnEvent hears what terminals say (event.Bus.Handle).
func (s *Service) OnEvent(_ context.Context, e event.Event) {
	s.loop.mu.Lock()
	o := s.loop.waiting[e.Subject]
	if r, ok := e.Data.(wire.CommandResult); ok && o != nil && r.Command == o.command && !r.OK {
		o.refused = r.Error
	}
	s.loop.mu.Unlock()
	if o != nil {
		s.loop.Wake()
	}
}

// Start begins to bring terminals to what is wanted.
func (s *Service) Start(ctx context.Context) error {
	ctx = actor.WithSystem(ctx, "release")
	open, err := s.Store.Open(ctx)
	if err != nil {
		return err
	}
	for _, u := range open {
		s.loop.open(u)
	}
	s.loop.Start(ctx, lookEvery, func(ctx context.Context, _ bool) time.Duration {
		s.round(ctx, time.Now())
		return lookEvery
	})
	return nil
}

// Stop ends it.
func (s *Service) Stop(ctx context.Context) error { return s.loop.Stop(ctx) }

func (s *Service) round(ctx context.Context, now time.Time) {
	s.loop.mu.Lock()
	list := make([]order, 0, len(s.loop.waiting))
	for _, o := range s.loop.waiting {
		list = append(list, *o)
	}
	s.loop.mu.Unlock()
	for _, o := range list {
		if err := s.bring(ctx, o, now); err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "upgrade of a terminal is not brought on", "edge", o.Edge, "error", err)
		}
	}
}

// bring compares a wish with the word of its terminal and sends it again when that does not know it.
func (s *Service) bring(ctx context.Context, o order, now time.Time) error {
	d, ok := s.Devices.Visible(ctx, o.Edge)
	if !ok || d.State == device.Revoked {
		_, err := s.settle(ctx, o.ID, o.Edge, func(u Upgrade) Upgrade { u.State = Withdrawn; return u })
		return err
	}
	if o.refused != "" {
		_, err := s.settle(ctx, o.ID, o.Edge, func(u Upgrade) Upgrade { u.State, u.Error = Failed, o.refused[:min(len(o.refused), 500)]; return u })
		return err
	}
	if d.Agent == nil || d.Agent.Upgrade == nil {
		return nil
	}
	said := *d.Agent.Upgrade
	settled, send := judge(o.Upgrade, said)
	if settled.State != Wanted {
		_, err := s.settle(ctx, o.ID, o.Edge, func(u Upgrade) Upgrade { settled, _ := judge(u, said); return settled })
		return err
	}
	if !send || !s.Devices.Connected(ctx, o.Edge) || now.Sub(o.sent) < sendAgain {
		return nil
	}
	return s.send(ctx, o, now)
}

func (s *Service) send(ctx context.Context, o order, now time.Time) error {
	w := wire.Upgrade{ID: o.ID, Back: o.Release == ""}
	if !w.Back {
		r, err := s.find(ctx, o.Release)
		if err != nil {
			return err
		}
		if why := s.distrust(r.Release); why != nil {
			_, err := s.settle(ctx, o.ID, o.Edge, func(u Upgrade) Upgrade { u.State, u.Error = Failed, why.Error(); return u })
			return err
		}
		w.Release, w.Packed, w.URL, w.Token = r.Release, r.Packed, "/program/"+o.ID, o.Ticket
	}
	body, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("encode upgrade: %w", err)
	}
	cmd := wire.Command{ID: uuid.Must(uuid.NewV7()).String(), Kind: wire.CommandUpgrade, Body: body}
	s.loop.mu.Lock()
	if kept := s.loop.waiting[o.Edge]; kept != nil && kept.ID == o.ID {
		kept.sent, kept.command = now, cmd.ID
	}
	s.loop.mu.Unlock()
	err = s.Sender.Command(ctx, o.Edge, cmd)
	if errs.KindOf(err) == errs.Unavailable {
		return nil // it has just gone; it is asked again when it is back
	}
	return err
}
