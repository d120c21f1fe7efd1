package fleet

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/desired"
	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	lookEvery = time.Second
	sendAgain = 20 * time.Second // a message that had no effect is sent again
	maxTold   = 1000             // documents that wait to be stored
)

// loop is what the background work has to look at. Whoever puts something in never waits.
type loop struct {
	*run.Loop

	mu    *sync.Mutex
	dirty map[string]bool
	told  map[string]wire.ConfigTold

	// of the background work alone
	open  map[string]bool // terminals with a version that is wanted
	seen  map[string]wire.ConfigState
	sent  map[string]sending
	asked map[string]time.Time
}

type sending struct {
	number uint64
	at     time.Time
}

func newLoop() loop {
	return loop{
		Loop: run.NewLoop(), mu: &sync.Mutex{}, dirty: map[string]bool{}, told: map[string]wire.ConfigTold{},
		open: map[string]bool{}, seen: map[string]wire.ConfigState{}, sent: map[string]sending{}, asked: map[string]time.Time{},
	}
}

// look says that a terminal must be looked at, with force also when it says nothing new.
func (l *loop) look(edge string, force bool) {
	l.mu.Lock()
	l.dirty[edge] = l.dirty[edge] || force
	l.mu.Unlock()
	l.Wake()
}

// OnEvent hears what terminals say (event.Bus.Handle).
func (s *Service) OnEvent(_ context.Context, e event.Event) {
	switch data := e.Data.(type) {
	case wire.ConfigTold:
		s.loop.mu.Lock()
		if len(s.loop.told) < maxTold {
			s.loop.told[e.Subject] = data
		}
		s.loop.mu.Unlock()
		s.loop.look(e.Subject, true)
	case device.Device:
		if data.Kind == device.Edge && data.Agent != nil && data.Agent.Applied != nil {
			s.loop.look(e.Subject, false)
		}
	}
}

// Start begins to bring terminals to the version that is wanted.
func (s *Service) Start(ctx context.Context) error {
	ctx = actor.WithSystem(ctx, "fleet")
	pending, err := s.Store.Pending(ctx)
	if err != nil {
		return err
	}
	all, err := s.Devices.All(ctx)
	if err != nil {
		return err
	}
	for _, edge := range pending {
		s.loop.open[edge] = true
	}
	for _, d := range all {
		if d.Kind == device.Edge {
			s.loop.look(d.ID, true)
		}
	}
	s.loop.Start(ctx, lookEvery, func(ctx context.Context, woken bool) time.Duration {
		s.round(ctx, time.Now(), !woken)
		return lookEvery
	})
	return nil
}

// Stop ends it.
func (s *Service) Stop(ctx context.Context) error { return s.loop.Stop(ctx) }

// round looks at what has changed and, when all is true, at everything that waits.
func (s *Service) round(ctx context.Context, now time.Time, all bool) {
	l := &s.loop
	l.mu.Lock()
	dirty, told := l.dirty, l.told
	l.dirty, l.told = map[string]bool{}, map[string]wire.ConfigTold{}
	l.mu.Unlock()
	for edge, t := range told {
		if err := s.takeTold(ctx, edge, t, now); err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "configuration of a terminal is not kept", "edge", edge, "error", err)
		}
	}
	for edge, force := range dirty {
		if err := s.reconcile(ctx, edge, now, force); err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "configuration of a terminal is not brought on", "edge", edge, "error", err)
		}
	}
	if !all {
		return
	}
	for edge := range l.open {
		if err := s.reconcile(ctx, edge, now, true); err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "configuration of a terminal is not brought on", "edge", edge, "error", err)
		}
	}
	if err := s.roll(ctx, now); err != nil && ctx.Err() == nil {
		s.Log.ErrorContext(ctx, "roll-out is not brought on", "error", err)
	}
}

// reconcile compares a terminal with its versions and sends what is wanted.
func (s *Service) reconcile(ctx context.Context, edge string, now time.Time, force bool) error {
	l := &s.loop
	d, ok := s.Devices.Visible(ctx, edge)
	if !ok || d.Kind != device.Edge || d.Agent == nil || d.Agent.Applied == nil {
		return nil
	}
	said := *d.Agent.Applied
	if was, known := l.seen[edge]; known && !force && same(was, said) && !l.open[edge] {
		return nil
	}
	v, err := s.settle(ctx, edge, said, now)
	if err != nil {
		return err
	}
	l.seen[edge] = said
	if v.send == nil {
		delete(l.open, edge)
		delete(l.sent, edge)
	} else {
		l.open[edge] = true
	}
	if !s.Devices.Connected(ctx, edge) {
		delete(l.sent, edge) // it is sent at once when the terminal is back
		return nil
	}
	if v.send != nil {
		if last := l.sent[edge]; last.number != v.send.Number || now.Sub(last.at) >= sendAgain {
			if err := s.send(ctx, *v.send); err != nil {
				return err
			}
			l.sent[edge] = sending{number: v.send.Number, at: now}
		}
	}
	if v.ask && now.Sub(l.asked[edge]) >= sendAgain {
		l.asked[edge] = now
		return s.Sender.Command(ctx, edge, wire.Command{Kind: wire.CommandConfigTell})
	}
	return nil
}

// same reports whether a terminal says what it said before.
func same(a, b wire.ConfigState) bool {
	if (a.Last == nil) != (b.Last == nil) || (a.Last != nil && *a.Last != *b.Last) {
		return false
	}
	a.Last, b.Last = nil, nil
	return a == b
}

// settle writes down what follows from the word of a terminal.
func (s *Service) settle(ctx context.Context, edge string, said wire.ConfigState, now time.Time) (verdict, error) {
	s.write.Lock()
	defer s.write.Unlock()
	at := event.Stamp(now)
	var v verdict
	var done []*event.Event
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		done = nil
		versions, err := s.Store.Versions(ctx, edge)
		if err != nil {
			return err
		}
		v = judge(versions, said)
		for _, one := range v.settle {
			one.SettledAt = &at
			if err := s.Store.Settle(ctx, one); err != nil {
				return err
			}
			switch one.State {
			case Running:
				done = append(done, s.news(ctx, EventConfirmed, one))
			case Failed:
				done = append(done, s.news(ctx, EventFailed, one))
			default:
			}
		}
		if len(done) == 0 {
			return nil
		}
		return s.Events.Record(ctx, done...)
	})
	if err != nil {
		return v, err
	}
	s.publish(ctx, done)
	return v, nil
}

func (s *Service) send(ctx context.Context, v Version) error {
	document, err := s.Store.Document(ctx, v.Edge, v.Number)
	if err != nil {
		return err
	}
	err = s.Sender.Config(ctx, v.Edge, wire.Config{ID: v.ID, Version: v.Number, Hash: v.Hash, Document: document})
	if errs.KindOf(err) == errs.Unavailable {
		return nil // it has just gone; it greets when it is back
	}
	return err
}

// takeTold stores a document that was found at a terminal.
func (s *Service) takeTold(ctx context.Context, edge string, t wire.ConfigTold, now time.Time) error {
	d, ok := s.Devices.Visible(ctx, edge)
	if !ok || d.Kind != device.Edge || d.Agent == nil || d.Agent.Applied == nil {
		return nil
	}
	canonical := t.Document
	if checked, err := s.schema.Check(t.Document); err == nil {
		canonical = checked
	}
	// What the terminal runs is shown as it is; whether it could be given back is another question.
	if len(canonical) == 0 || len(canonical) > desired.MaxSize || !json.Valid(canonical) || desired.Hash(canonical) != t.Hash || d.Agent.Applied.Hash != t.Hash {
		s.Log.WarnContext(ctx, "terminal told another configuration than it says it runs", "edge", edge)
		return nil
	}
	at := event.Stamp(now)
	s.write.Lock()
	defer s.write.Unlock()
	var done []*event.Event
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		done = nil
		versions, err := s.Store.Versions(ctx, edge)
		if err != nil {
			return err
		}
		for _, old := range versions {
			if old.State == Running && old.Hash == t.Hash {
				return nil
			}
		}
		v := Version{Edge: edge, Number: newest(versions) + 1, Hash: t.Hash, Document: canonical, State: Replaced, CreatedAt: at, SettledAt: &at}
		if err := s.Store.Add(ctx, v); err != nil {
			return err
		}
		if err := s.Store.Prune(ctx, edge, desired.Keep); err != nil {
			return err
		}
		done = append(done, s.news(ctx, EventTold, v))
		return s.Events.Record(ctx, done...)
	})
	if err != nil {
		return err
	}
	s.publish(ctx, done)
	return nil
}
