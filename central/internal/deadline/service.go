package deadline

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/world"
	"github.com/fengsui/fengsui/shared/run"
)

// Desks knows who is asked (duty.Service).
type Desks interface {
	// Asked names those who are asked for an organisation at a moment. Where there is no desk above, it is the
	// organisation itself again.
	Asked(ctx context.Context, org string, to To, at time.Time) (Asked, error)
}

// Handler is told of a mark in the transaction in which the mark counts as told: what it writes is written
// once. The events that it returns are recorded there and published after the commit.
type Handler func(ctx context.Context, f Firing) ([]*event.Event, error)

// Options of the service.
type Options struct {
	Store  Store
	Tx     Tx
	Desks  Desks // nil: the owner's organisation, without names
	Events event.Publisher
	Book   *Book
	Clocks func() Sample // nil: those of this machine
	// Reads is what it takes to read the names of clocks, by the kind of their owners; of other kinds everybody reads them.
	Reads map[string]actor.Permission
	Log   *slog.Logger
}

// Service is the engine and what people see of it. Register handlers before Start.
type Service struct {
	Options
	handlers map[string]Handler
	movers   map[string]Mover
	loop     *run.Loop

	mu     sync.Mutex
	line   Line
	loaded bool
	saved  time.Duration // Up of the line that is kept
}

// New makes a service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clocks == nil {
		o.Clocks = MachineClocks()
	}
	if o.Book == nil {
		o.Book = &Book{}
	}
	return &Service{Options: o, handlers: map[string]Handler{}, movers: map[string]Mover{}, loop: run.NewLoop()}
}

// On calls a handler for the clocks of a kind of owners.
func (s *Service) On(owner string, h Handler) { s.handlers[owner] = h }

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// Set starts a clock, or sets the one of the same owner and kind anew. Call it in the transaction of the
// owner, so that there is no thing without its clock. Setting what runs already changes nothing.
func (s *Service) Set(ctx context.Context, c Clock) (Clock, error) {
	list := []Clock{c}
	err := s.SetAll(ctx, list)
	return list[0], err
}

// SetAll is Set for clocks that begin together; what was set stands in the list afterwards.
func (s *Service) SetAll(ctx context.Context, list []Clock) error {
	for _, c := range list {
		if err := c.validate(); err != nil {
			return err
		}
	}
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		line, now, err := s.look(ctx)
		if err != nil {
			return err
		}
		for i, c := range list {
			if list[i], err = s.set(ctx, line, now, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.changed(ctx)
	}
	return err
}

func (s *Service) set(ctx context.Context, line Line, now time.Time, c Clock) (Clock, error) {
	c.BaseAt, c.DueAt, c.Exercise = event.Stamp(c.BaseAt), event.Stamp(c.DueAt), string(world.Of(ctx))
	old, err := s.Store.ByOwner(ctx, c.Owner, c.Kind)
	switch {
	case errs.KindOf(err) == errs.NotFound:
		c.ID, c.Round, c.CreatedAt = newID(), 0, event.Stamp(now)
	case err != nil:
		return c, err
	default:
		if shown := shown(line, old); same(shown, c) {
			return shown, nil
		}
		c.ID, c.Round, c.CreatedAt = old.ID, old.Round+1, old.CreatedAt
	}
	c = c.begin(now)
	if c.Exercise != "" {
		if c, err = s.resting(ctx, line, now, c); err != nil {
			return c, err
		}
	}
	return c, s.save(ctx, line, c)
}

// End ends a clock: met when what was due is done, dropped when nobody waits for it any more. One that does
// not run stays as it is.
func (s *Service) End(ctx context.Context, o Owner, kind string, to State) error {
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		c, err := s.Store.ByOwner(ctx, o, kind)
		if errs.KindOf(err) == errs.NotFound || (err == nil && c.State != Running) {
			return nil
		}
		if err != nil {
			return err
		}
		line, now, err := s.look(ctx)
		if err != nil {
			return err
		}
		who, _ := actor.From(ctx)
		return s.save(ctx, line, shown(line, c).end(to, who.Name, event.Stamp(now)))
	})
	if err != nil {
		return err
	}
	s.changed(ctx)
	return nil
}

// look reads the line and the wall clock as they are now.
func (s *Service) look(ctx context.Context) (Line, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.loaded {
		l, err := s.Store.Line(ctx)
		if err != nil {
			return Line{}, time.Time{}, err
		}
		s.line, s.loaded = l, true
	}
	now := s.Clocks()
	line, _ := s.line.look(now) // a step that the loop has not seen yet
	return line, now.Wall, nil
}

// shown is a kept clock in times of the wall. What has ended is kept as it was then.
func shown(l Line, c Clock) Clock {
	if c.State == Running {
		c.BaseAt, c.DueAt = l.shown(c.Scale, c.BaseAt), l.shown(c.Scale, c.DueAt)
		c.RestsAt = l.moment(c.RestsAt, Line.shown)
	}
	return c
}

func (s *Service) save(ctx context.Context, l Line, c Clock) error {
	next, ok := c.next()
	if c.State == Running {
		c.BaseAt, c.DueAt = l.kept(c.Scale, c.BaseAt), l.kept(c.Scale, c.DueAt)
		c.RestsAt = l.moment(c.RestsAt, Line.kept)
	}
	if !ok {
		return s.Store.Save(ctx, c, time.Time{})
	}
	return s.Store.Save(ctx, c, l.kept(c.Scale, next))
}

// changed tells screens and the loop. Inside a transaction of the owner it comes before the commit; the loop
// looks again within a second anyway.
func (s *Service) changed(ctx context.Context) {
	e := event.New(ctx, EventChanged, "", "", nil)
	e.Ephemeral = true
	s.Events.Publish(ctx, e)
	s.loop.Wake()
}

// Running lists the clocks that run where the actor may see, the next due first; asked leaves those that ask an
// organisation now, empty is all.
func (s *Service) Running(ctx context.Context, asked string, r page.Request) (page.List[Clock], error) {
	a, err := actor.Require(ctx, actor.DutyRead)
	if err != nil {
		return page.List[Clock]{}, err
	}
	list, err := s.Store.Running(ctx, a.Scope(), asked, r)
	if err != nil {
		return list, err
	}
	line, _, err := s.look(ctx)
	for i, c := range list.Items {
		list.Items[i] = s.named(a, shown(line, c))
	}
	return list, err
}

// named leaves out what a clock is called where that is the name of a thing that the actor may not read.
func (s *Service) named(a actor.Actor, c Clock) Clock {
	if p, ok := s.Reads[c.Owner.Kind]; ok && !a.Can(p) {
		c.Name = ""
	}
	return c
}

// Breaches lists the clocks that have passed where the actor may see, the newest first.
func (s *Service) Breaches(ctx context.Context, from time.Time, r page.Request) (page.List[Clock], error) {
	a, err := actor.Require(ctx, actor.DutyRead)
	if err != nil {
		return page.List[Clock]{}, err
	}
	list, err := s.Store.Breaches(ctx, a.Scope(), from, r)
	if err != nil {
		return list, err
	}
	line, _, err := s.look(ctx)
	for i, c := range list.Items {
		list.Items[i] = s.named(a, shown(line, c))
	}
	if r.Search != "" { // what is not shown is not found either
		list.Items = slices.DeleteFunc(list.Items, func(c Clock) bool { return c.Name == "" })
	}
	return list, err
}

// Detail is a clock with the marks that it has reached.
type Detail struct {
	Clock
	Firings []Firing `json:"firings"`
}

// Of is the clock of an owner: errs.NotFound when there is none, or none that the actor may see.
func (s *Service) Of(ctx context.Context, o Owner, kind string) (Detail, error) {
	a, err := actor.Require(ctx, actor.DutyRead)
	if err != nil {
		return Detail{}, err
	}
	c, err := s.Store.ByOwner(ctx, o, kind)
	if err != nil {
		return Detail{}, err
	}
	if !a.Covers(c.Division) {
		return Detail{}, errs.E(errs.NotFound, "deadline.not_found", "there is no such clock among those that you see")
	}
	line, _, err := s.look(ctx)
	if err != nil {
		return Detail{}, err
	}
	firings, err := s.Store.Firings(ctx, c.ID)
	return Detail{s.named(a, shown(line, c)), append([]Firing{}, firings...)}, err
}

// Packs lists the packs of rules that there are.
func (s *Service) Packs(ctx context.Context) ([]Pack, error) {
	if _, err := actor.Require(ctx, actor.DutyRead); err != nil {
		return nil, err
	}
	return s.Book.Packs(), nil
}
