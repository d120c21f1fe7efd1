package deadline

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/world"
)

const (
	// lookEvery is how long the loop sleeps at most: a clock that was set in a transaction is seen, and a wall
	// clock that was set is noticed, within it.
	lookEvery = time.Second
	// beatEvery is how often the line is kept when nothing happens, so that a step while the centre is away is
	// found.
	beatEvery = time.Minute
	// atOnce is how many marks one transaction holds: others want to write too.
	atOnce = 400
	// againAfter is how long a mark rests that its owner could not take.
	againAfter = 10 * time.Second
)

// Start reaches what came due while the centre was away, and goes on until Stop.
func (s *Service) Start(ctx context.Context) {
	failed := false
	s.loop.Start(actor.WithSystem(ctx, "deadlines"), 0, func(ctx context.Context, _ bool) time.Duration {
		wait, err := s.Turn(ctx)
		if err != nil && ctx.Err() == nil && !failed {
			s.Log.ErrorContext(ctx, "clocks cannot be looked after; trying again every second", "error", err)
		}
		failed = err != nil
		return wait
	})
}

// Stop ends what Start began.
func (s *Service) Stop(ctx context.Context) error { return s.loop.Stop(ctx) }

// Turn is one turn of the engine: it notices a wall clock that was set, reaches every mark that has come and
// tells the owners. The answer is when to turn again.
func (s *Service) Turn(ctx context.Context) (time.Duration, error) {
	line, err := s.advance(ctx)
	if err != nil {
		return lookEvery, err
	}
	wait, err := s.next(ctx, line)
	for err == nil && wait <= 0 {
		if err = s.reach(ctx, line); err == nil {
			wait, err = s.next(ctx, line)
		}
	}
	if err != nil {
		return lookEvery, err
	}
	return wait, s.tell(ctx, line)
}

// next is how long it is to the next mark, at most lookEvery.
func (s *Service) next(ctx context.Context, line Line) (time.Duration, error) {
	fixed, counted, err := s.Store.Next(ctx)
	if err != nil {
		return lookEvery, err
	}
	wait := lookEvery
	for scale, at := range map[Scale]time.Time{Fixed: fixed, Counted: counted} {
		if !at.IsZero() {
			wait = min(wait, line.shown(scale, at).Sub(s.Clocks().Wall))
		}
	}
	return wait, nil
}

// advance takes a look at the clocks of the machine and keeps it when something was set, or a minute has gone.
func (s *Service) advance(ctx context.Context) (Line, error) {
	if _, _, err := s.look(ctx); err != nil { // loads what is kept
		return Line{}, err
	}
	s.mu.Lock()
	now := s.Clocks()
	line, step := s.line.look(now)
	keep := step != 0 || s.line.Last.Wall.IsZero() || s.line.Last.Boot != now.Boot || (now.Up-s.saved).Abs() >= beatEvery
	if !keep {
		s.line = line
	}
	s.mu.Unlock()
	if !keep {
		return line, nil
	}
	var done []*event.Event
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		done = nil
		if err := s.Store.SaveLine(ctx, line); err != nil {
			return err
		}
		if step == 0 {
			return nil
		}
		e := event.New(ctx, EventStepped, "clock", "", map[string]any{"seconds": step.Seconds(), "shift_seconds": line.Shift.Seconds()})
		done = []*event.Event{&e}
		return s.Events.Record(ctx, done...)
	})
	if err != nil {
		return Line{}, err
	}
	s.mu.Lock()
	s.line, s.saved = line, now.Up
	s.mu.Unlock()
	if step != 0 {
		s.Log.WarnContext(ctx, "the clock of the machine was set; what counts from an event is moved along", "seconds", step.Seconds())
		for _, e := range done {
			s.Events.Publish(ctx, *e)
		}
		s.changed(ctx)
	}
	return line, nil
}

// reach takes marks that have come, at most atOnce: each is kept with its clock in one transaction.
func (s *Service) reach(ctx context.Context, line Line) error {
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		now := event.Stamp(s.Clocks().Wall)
		due, err := s.Store.Due(ctx, now, line.kept(Counted, now), atOnce)
		if err != nil {
			return err
		}
		asked := map[question]Asked{}
		var fired []Firing
		for _, kept := range due {
			ctx := world.Into(ctx, world.World(kept.Exercise))
			c := shown(line, kept)
			c, f := c.reach(now, s.ask(ctx, asked, c, now))
			fired = append(fired, f)
			next, ok := c.next()
			if ok {
				next = line.kept(c.Scale, next)
			}
			if err := s.Store.Advance(ctx, c, next); err != nil {
				return err
			}
		}
		return s.Store.AddFirings(ctx, fired)
	})
	if err == nil {
		s.changed(ctx)
	}
	return err
}

// question is one that many clocks of one moment share.
type question struct {
	org string
	to  To
}

// ask finds whose turn it is. That nobody can be named keeps no mark from being reached.
func (s *Service) ask(ctx context.Context, known map[question]Asked, c Clock, now time.Time) Asked {
	q := question{c.OrgID, c.Stages[c.Stage].To}
	if a, ok := known[q]; ok {
		return a
	}
	a := Asked{To: q.to, OrgID: c.OrgID, Division: c.Division, Names: []string{}, People: []string{}}
	if s.Desks != nil {
		found, err := s.Desks.Asked(ctx, q.org, q.to, now)
		if err != nil {
			s.Log.WarnContext(ctx, "nobody can be named for a clock", "clock", c.ID, "to", q.to, "error", err)
		} else {
			a = found
		}
	}
	known[q] = a
	return a
}

// tell hands marks to their owners, many in one transaction; when one cannot be taken, each in its own, so
// that it holds up no other.
func (s *Service) tell(ctx context.Context, line Line) error {
	for {
		list, err := s.Store.Untold(ctx, s.Clocks().Wall, atOnce)
		if err != nil || len(list) == 0 {
			return err
		}
		for i := range list {
			list[i].Clock = shown(line, list[i].Clock)
		}
		if s.told(ctx, list) == nil {
			continue
		}
		for _, f := range list {
			err := s.told(ctx, []Firing{f})
			if err == nil {
				continue
			}
			s.Log.ErrorContext(ctx, "the owner of a clock cannot be told; trying again", "clock", f.Clock.ID, "owner", f.Clock.Owner.Kind, "mark", f.Mark, "error", err)
			if err := s.Store.Postpone(ctx, f, s.Clocks().Wall.Add(againAfter)); err != nil {
				return err
			}
		}
	}
}

// told tells the owners and writes the trail, in the transaction in which the marks count as told.
func (s *Service) told(ctx context.Context, list []Firing) error {
	var done, lasting []*event.Event
	note := func(e *event.Event) {
		done = append(done, e)
		if !e.Ephemeral {
			lasting = append(lasting, e)
		}
	}
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		done, lasting = nil, nil
		if err := s.Store.LockOwners(ctx); err != nil {
			return err
		}
		now := event.Stamp(s.Clocks().Wall)
		for _, f := range list {
			ctx := world.Into(ctx, world.World(f.Clock.Exercise))
			if err := s.Store.Told(ctx, f, now); err != nil {
				return err
			}
			if kind, ok := map[Mark]string{Passed: EventPassed, Escalated: EventEscalated}[f.Mark]; ok {
				e := event.New(ctx, kind, f.Clock.ID, f.Clock.Division, f.Clock)
				note(&e)
			}
			h := s.handlers[f.Clock.Owner.Kind]
			if h == nil {
				continue
			}
			events, err := h(ctx, f)
			if err != nil {
				return err
			}
			for _, e := range events {
				note(e)
			}
		}
		return s.Events.Record(ctx, lasting...)
	})
	if err != nil {
		return err
	}
	for _, e := range done {
		s.Events.Publish(ctx, *e)
	}
	return nil
}
