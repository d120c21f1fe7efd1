package rulebook

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/desired"
	"github.com/fengsui/fengsui/shared/run"
)

const (
	lookEvery = 10 * time.Second
	// calm is how long it is waited for more changes of the register.
	calm = 500 * time.Millisecond
)

// loop is what the background work has to look at. Whoever puts something in never waits.
type loop struct {
	*run.Loop

	mu *sync.Mutex
	todo
}

// todo is what one round takes away.
type todo struct {
	changes []change        // that people made since the last round
	dirty   map[string]bool // terminals whose configuration has changed
	stale   bool            // the book in memory is behind the store
	all     bool
	every   bool // the rules of every terminal are compared, whatever it was last given
}

// change is who changed the rules and why.
type change struct {
	who  actor.Actor
	note string
}

// author names one person when all changes are his, and the reasons of all.
func author(changes []change) (who actor.Actor, note string) {
	var notes []string
	if len(changes) > 0 && !slices.ContainsFunc(changes, func(c change) bool { return c.who.ID != changes[0].who.ID }) {
		who = changes[0].who
	}
	for _, c := range changes {
		if c.note != "" && !slices.Contains(notes, c.note) {
			notes = append(notes, c.note)
		}
	}
	return who, strings.Join(notes, "；")
}

func newLoop() loop {
	return loop{Loop: run.NewLoop(), mu: &sync.Mutex{}, todo: todo{dirty: map[string]bool{}}}
}

// look says that the rules have changed; stale that memory does not have the change yet.
func (l *loop) look(c change, stale bool) {
	l.mu.Lock()
	l.changes, l.all, l.stale = append(l.changes, c), true, l.stale || stale
	l.mu.Unlock()
	l.Wake()
}

// take is what there is to do.
func (l *loop) take() todo {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.todo
	l.todo = todo{dirty: map[string]bool{}}
	return t
}

// again puts back what could not be done, for the next tick.
func (l *loop) again(t todo) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes = append(t.changes, l.changes...)
	l.stale, l.every, l.all = l.stale || t.stale, l.every || t.every, true
	for edge := range t.dirty {
		l.dirty[edge] = true
	}
}

// OnEvent hears of devices and configurations that change (event.Bus.Handle).
func (s *Service) OnEvent(_ context.Context, e event.Event) {
	if e.Ephemeral {
		return
	}
	l := &s.loop
	l.mu.Lock()
	switch {
	case strings.HasPrefix(e.Kind, "device."):
		l.all = true
	case strings.HasPrefix(e.Kind, "config."):
		l.dirty[e.Subject] = true
	default:
		l.mu.Unlock()
		return
	}
	l.mu.Unlock()
	l.Wake()
}

// Start begins to keep telemetry and terminals at the rules that are published.
func (s *Service) Start(ctx context.Context) {
	s.loop.all, s.loop.every = true, true
	s.loop.Start(actor.WithSystem(ctx, "rules"), 0, func(ctx context.Context, woken bool) time.Duration {
		if woken {
			select {
			case <-ctx.Done():
				return lookEvery
			case <-time.After(calm):
			}
		}
		s.round(ctx, time.Now())
		return lookEvery
	})
}

// Stop ends it.
func (s *Service) Stop(ctx context.Context) error { return s.loop.Stop(ctx) }

func (s *Service) round(ctx context.Context, now time.Time) {
	if err := s.expire(ctx, now); err != nil && ctx.Err() == nil {
		s.Log.ErrorContext(ctx, "override does not end", "error", err)
	}
	t := s.loop.take()
	if err := s.settle(ctx, now, t); err != nil {
		if ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "rules do not decide everywhere yet; the next look will see to it", "error", err)
		}
		s.loop.again(t)
	}
}

// settle brings telemetry and terminals to the rules that are published.
func (s *Service) settle(ctx context.Context, now time.Time, t todo) error {
	if t.stale {
		s.write.Lock()
		err := s.read(ctx)
		s.write.Unlock()
		if err != nil {
			return err
		}
	}
	who, note := author(t.changes)
	if t.all {
		if err := s.apply(ctx, now, note); err != nil {
			return err
		}
	}
	if s.Terminals == nil || (!t.all && len(t.dirty) == 0) {
		return nil
	}
	if who.ID != "" { // the record names the person
		ctx = actor.With(ctx, actor.Actor{Kind: actor.System, ID: who.ID, Name: who.Name})
	}
	return s.give(ctx, note, func(edge string) bool { return t.every || t.dirty[edge] })
}

// give brings terminals to the rules that concern them. A terminal that nobody's change ever concerned goes
// on with its own files, unless its configuration brings rules that are nobody's.
func (s *Service) give(ctx context.Context, note string, dirty func(edge string) bool) error {
	devices, err := s.Devices.All(ctx)
	if err != nil {
		return err
	}
	given, err := s.Store.Given(ctx)
	if err != nil {
		return err
	}
	s.mu.RLock()
	rules, book := slices.Clone(s.rules), slices.Clone(s.book)
	s.mu.RUnlock()
	behind := map[string][]device.Device{}
	for _, d := range devices {
		if d.Parent != "" && d.State != device.Revoked {
			behind[d.Parent] = append(behind[d.Parent], d)
		}
	}
	for _, d := range devices {
		if d.Kind != device.Edge || d.State == device.Revoked {
			continue
		}
		own := behind[d.ID]
		i := slices.IndexFunc(given, func(g Given) bool { return g.Edge == d.ID })
		if i < 0 && !s.concerned(book, own) && (!dirty(d.ID) || !s.foreign(ctx, d.ID)) {
			continue
		}
		document, err := json.Marshal(atTerminal(rules, own))
		if err != nil {
			return err
		}
		g := Given{Edge: d.ID, Hash: desired.Hash(document)}
		if i >= 0 && given[i].Hash == g.Hash && !dirty(d.ID) {
			continue
		}
		if g.Number, err = s.Terminals.GiveRules(ctx, d.ID, document, note); errs.KindOf(err) == errs.Conflict {
			continue // not known yet what it runs: it will say so when it greets, and that is an event
		}
		if err != nil {
			s.Log.ErrorContext(ctx, "rules are not given to a terminal", "edge", d.ID, "error", err)
			continue
		}
		if i >= 0 && given[i] == g {
			continue
		}
		if err := s.Store.SaveGiven(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

// foreign reports whether a terminal that was given no rules has some in its configuration all the same.
func (s *Service) foreign(ctx context.Context, edge string) bool {
	rules, err := s.Terminals.GivenRules(ctx, edge)
	if err != nil && errs.KindOf(err) != errs.Conflict {
		s.Log.ErrorContext(ctx, "rules of a terminal cannot be compared", "edge", edge, "error", err)
	}
	return rules != nil
}

// concerned reports whether a person has changed a rule that is about one of the devices.
func (s *Service) concerned(book []Kept, own []device.Device) bool {
	for i := range book {
		e := &book[i]
		if !e.Touched || e.Version == 0 {
			continue
		}
		if slices.ContainsFunc(own, func(d device.Device) bool { return e.watches(&e.Rule, &d, s.Division) }) {
			return true
		}
	}
	return false
}
