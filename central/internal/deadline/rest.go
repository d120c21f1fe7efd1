package deadline

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/world"
)

// Rest is a time in which the clocks of an exercise stand still. One that is Over lasts for good.
type Rest struct {
	Since time.Time
	Until *time.Time
	Over  bool
}

// Mover is told that a clock rested for so long: what its owner keeps of when it is due moves along. It is called in the
// transaction that lets the clock go on.
type Mover func(ctx context.Context, c Clock, by time.Duration) error

// OnMove calls a mover for the clocks of a kind of owners.
func (s *Service) OnMove(owner string, m Mover) { s.movers[owner] = m }

// exercise is errs.Invalid in reality: no real clock rests.
func inExercise(ctx context.Context) error {
	if world.Of(ctx) == world.Real {
		return errs.E(errs.Invalid, "deadline.real", "only the clocks of an exercise rest")
	}
	return nil
}

// Steady is a time that goes on evenly, whatever the wall clock is set to, also while the centre is away: the time of
// the wall without what it was set by.
func (s *Service) Steady(ctx context.Context) (time.Time, error) {
	line, now, err := s.look(ctx)
	return line.kept(Counted, now), err
}

// Rest lets the clocks of the context's exercise stand still, in the transaction of who pauses it. Whatever is set
// meanwhile stands still too.
func (s *Service) Rest(ctx context.Context) error { return s.rest(ctx, false) }

func (s *Service) rest(ctx context.Context, over bool) error {
	if err := inExercise(ctx); err != nil {
		return err
	}
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		line, now, open, err := s.standing(ctx)
		if err != nil || open != nil {
			return err
		}
		since := line.kept(Counted, now)
		if err := s.Store.SaveRest(ctx, Rest{Since: since, Over: over}); err != nil {
			return err
		}
		list, err := s.Store.OfExercise(ctx)
		if err != nil {
			return err
		}
		for _, c := range list {
			c = shown(line, c)
			c.RestsAt = &now
			if err := s.save(ctx, line, c); err != nil {
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

// standing takes the locks and finds the rest of the exercise that has no end yet.
func (s *Service) standing(ctx context.Context) (Line, time.Time, *Rest, error) {
	if err := s.Store.LockOwners(ctx); err != nil {
		return Line{}, time.Time{}, nil, err
	}
	if err := s.Store.Lock(ctx); err != nil {
		return Line{}, time.Time{}, nil, err
	}
	line, now, err := s.look(ctx)
	if err != nil {
		return line, now, nil, err
	}
	r, err := s.open(ctx)
	return line, event.Stamp(now), r, err
}

func (s *Service) open(ctx context.Context) (*Rest, error) {
	list, err := s.Store.Rested(ctx)
	if n := len(list); err == nil && n > 0 && list[n-1].Until == nil {
		return &list[n-1], nil
	}
	return nil, err
}

// resting is a clock that is set in an exercise whose clocks stand still: it begins to run with them. What was gone of
// the rest when it was set is none of its time.
func (s *Service) resting(ctx context.Context, line Line, now time.Time, c Clock) (Clock, error) {
	r, err := s.open(ctx)
	if err != nil || r == nil {
		return c, err
	}
	since := line.shown(Counted, r.Since)
	c.DueAt, c.RestsAt = c.DueAt.Add(-now.Sub(since)), &since
	return c, nil
}

// Resume lets the clocks of the context's exercise go on, each later by as long as it stood still, and tells their
// owners.
func (s *Service) Resume(ctx context.Context) error {
	if err := inExercise(ctx); err != nil {
		return err
	}
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		line, now, open, err := s.standing(ctx)
		switch {
		case err != nil || open == nil:
			return err
		case open.Over:
			return errs.E(errs.Conflict, "drill.rests", "the exercise is over; its clocks do not go on")
		}
		until := line.kept(Counted, now)
		by := until.Sub(open.Since)
		open.Until = &until
		if err := s.Store.SaveRest(ctx, *open); err != nil {
			return err
		}
		list, err := s.Store.OfExercise(ctx)
		if err != nil {
			return err
		}
		for _, c := range list {
			c = shown(line, c)
			c.DueAt, c.RestsAt = c.DueAt.Add(by), nil
			if err := s.save(ctx, line, c); err != nil {
				return err
			}
			if m := s.movers[c.Owner.Kind]; m != nil {
				if err := m(ctx, c, by); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil {
		s.changed(ctx)
	}
	return err
}

// Finish drops the clocks of the context's exercise, which has ended, and answers which ran. Marks that nobody was told
// are told to nobody, and what is set from now on never runs.
func (s *Service) Finish(ctx context.Context) ([]Clock, error) {
	if err := inExercise(ctx); err != nil {
		return nil, err
	}
	var out []Clock
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		line, now, open, err := s.standing(ctx)
		if err != nil {
			return err
		}
		if open != nil { // it ends while it rests
			open.Over = true
			if err := s.Store.SaveRest(ctx, *open); err != nil {
				return err
			}
		} else if err := s.Store.SaveRest(ctx, Rest{Since: line.kept(Counted, now), Over: true}); err != nil {
			return err
		}
		list, err := s.Store.OfExercise(ctx)
		if err != nil {
			return err
		}
		who, _ := actor.From(ctx)
		out = nil
		for _, c := range list {
			c = shown(line, c)
			out = append(out, c)
			if err := s.save(ctx, line, c.end(Dropped, who.Name, now)); err != nil {
				return err
			}
		}
		return s.Store.Hush(ctx, now)
	})
	if err == nil {
		s.changed(ctx)
	}
	return out, err
}

// Stood is for how long the clocks of the context's exercise have stood still since a time of the wall; in reality
// never. Who counts a limit from something in the past adds it.
func (s *Service) Stood(ctx context.Context, since time.Time) (time.Duration, error) {
	if world.Of(ctx) == world.Real {
		return 0, nil
	}
	list, err := s.Store.Rested(ctx)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	line, now, err := s.look(ctx)
	if err != nil {
		return 0, err
	}
	from, sum := line.kept(Counted, since), time.Duration(0)
	for _, r := range list {
		until := line.kept(Counted, now)
		if r.Until != nil {
			until = *r.Until
		}
		if r.Since.Before(from) {
			r.Since = from
		}
		sum += max(0, until.Sub(r.Since))
	}
	return sum, nil
}
