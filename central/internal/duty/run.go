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
	background, stop := context.WithCancel(actor.WithSystem(context.WithoutCancel(ctx), "duty"))
	s.stop = stop
	s.done.Go(func() { s.run(background) })
}

func (s *Service) ahead(ctx context.Context) {
	if err := s.Extend(ctx); err != nil && ctx.Err() == nil {
		s.Log.ErrorContext(ctx, "rosters cannot be laid ahead", "error", err)
	}
}

// Stop ends what Start began.
func (s *Service) Stop(context.Context) error {
	if s.stop != nil {
		s.stop()
	}
	s.done.Wait()
	return nil
}

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

func (s *Service) run(ctx context.Context) {
	tick := time.NewTicker(extendEvery)
	defer tick.Stop()
	last := stamp()
	for {
		next, comes := s.nextEdge(ctx, last)
		edge := time.NewTimer(time.Until(next))
		select {
		case <-ctx.Done():
			edge.Stop()
			return
		case <-s.wake: // the roster has changed; the next edge may be another
		case <-tick.C:
			s.ahead(ctx)
		case <-edge.C:
			if comes && !stamp().Before(next) {
				last = next
				e := event.New(ctx, EventHandOff, "", "", nil)
				e.Ephemeral = true
				s.Events.Publish(ctx, e)
			}
		}
		edge.Stop()
	}
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
