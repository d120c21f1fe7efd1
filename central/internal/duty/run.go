package duty

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/event"
)

// extendEvery is how often the edge of the rosters is looked after. A day begins at different times in
// different zones.
const extendEvery = time.Hour

// Start lays every roster ahead, then goes on to do so and tells of hand-offs, until Stop. A disk that is
// full keeps the rosters as they are laid, and nobody from starting.
func (s *Service) Start(ctx context.Context) {
	s.ahead(ctx)
	last, laid := stamp(), time.Now()
	s.loop.Start(actor.WithSystem(ctx, "duty"), 0, func(ctx context.Context, _ bool) time.Duration {
		if next, comes := s.nextEdge(ctx, last); comes && !stamp().Before(next) {
			last = next
			e := event.New(ctx, EventHandOff, "", "", nil)
			e.Ephemeral = true
			s.Events.Publish(ctx, e)
		}
		if time.Since(laid) >= extendEvery {
			s.ahead(ctx)
			laid = time.Now()
		}
		next, _ := s.nextEdge(ctx, last) // the roster may have changed
		return min(time.Until(next), time.Until(laid.Add(extendEvery)))
	})
}

func (s *Service) ahead(ctx context.Context) {
	if err := s.Extend(ctx); err != nil && ctx.Err() == nil {
		s.Log.ErrorContext(ctx, "rosters cannot be laid ahead", "error", err)
	}
}

// Stop ends what Start began.
func (s *Service) Stop(ctx context.Context) error { return s.loop.Stop(ctx) }

// Extend lays every roster to 92 days from today.
func (s *Service) Extend(ctx context.Context) error {
	all, err := s.kept(ctx, "")
	if err != nil {
		return err
	}
	for _, o := range all {
		if err := s.extend(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) extend(ctx context.Context, o account.Org) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx, o.ID); err != nil {
			return err
		}
		_, _, err := s.relay(ctx, o, time.Now())
		return err
	})
}

// nextEdge is when to look again: at the next hand-off, when one comes within the hour.
func (s *Service) nextEdge(ctx context.Context, after time.Time) (at time.Time, comes bool) {
	soon := time.Now().Add(extendEvery)
	next, err := s.Store.NextEdge(ctx, after)
	if err != nil {
		if ctx.Err() == nil {
			s.Log.WarnContext(ctx, "next hand-off cannot be found", "error", err)
		}
		return time.Now().Add(time.Minute), false
	}
	if next.IsZero() || next.After(soon) {
		return soon, false
	}
	return next, true
}
