package field

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/event"
)

const (
	// EventForgetting is told before places of phones are deleted by their age. Data is Going.
	EventForgetting = "field.forgetting"
	// EventForgotten is told when they were. Data is Gone.
	EventForgotten = "field.forgotten"
)

// Going is what the record says before: a deletion is never without its record, whatever dies in between.
type Going struct {
	Before time.Time `json:"before"`
	Values int64     `json:"values"`
	Phones []string  `json:"phones"` // their streams; whose they are it does not say
}

// Gone is what the record says after: how much, never whose.
type Gone struct {
	Before  time.Time `json:"before"`
	Values  int64     `json:"values"`
	Resumed bool      `json:"resumed,omitempty"` // what was announced had been cut off: Values are what was left of it
}

const (
	sweepEvery = time.Hour
	sweepAgain = 5 * time.Minute // after a failure
	sweepMost  = 50              // phones at once; those who write and read readings get their turn in between
)

// Start deletes from now on what is older than its term.
func (s *Service) Start(ctx context.Context) {
	if s.PlaceDays == 0 {
		return
	}
	s.loop.Start(ctx, time.Minute, func(ctx context.Context, _ bool) time.Duration {
		if err := s.Sweep(ctx, stamp()); err != nil && !errors.Is(err, context.Canceled) {
			s.Log.Error("places of phones that are older than their term stay for now", "error", err)
			return sweepAgain
		}
		return sweepEvery
	})
}

// Stop ends that.
func (s *Service) Stop(ctx context.Context) error { return s.loop.Stop(ctx) }

// Sweep deletes where phones were longer ago than their term. What stands in the record of an incident, the place of a
// report among it, stays there, and so does what is under a legal hold.
func (s *Service) Sweep(ctx context.Context, now time.Time) error {
	if s.PlaceDays == 0 {
		return nil
	}
	ctx = actor.WithSystem(ctx, "field")
	if err := s.resume(ctx); err != nil {
		return err
	}
	before := now.AddDate(0, 0, -s.PlaceDays)
	for after := ""; ; {
		streams, err := s.Store.OldStreams(ctx, before, after, sweepMost)
		if err != nil || len(streams) == 0 {
			return err
		}
		after = streams[len(streams)-1]
		if streams, err = s.free(ctx, streams); err != nil {
			return err
		}
		if err := s.forget(ctx, streams, before); err != nil {
			return err
		}
	}
}

// free leaves out of some phones those that are held.
func (s *Service) free(ctx context.Context, streams []string) ([]string, error) {
	held, err := s.Positions.Held(ctx)
	return slices.DeleteFunc(streams, func(id string) bool { return held[id] }), err
}

// resume finishes what was announced and not told as deleted: the centre died in between, or could not write.
func (s *Service) resume(ctx context.Context) error {
	g, ok, err := s.Store.Forgetting(ctx)
	if err != nil || !ok {
		return err
	}
	streams, err := s.free(ctx, g.Phones)
	if err != nil {
		return err
	}
	n, _, err := s.Positions.Forget(ctx, streams, g.Before, func(int64) error { return nil })
	if err != nil {
		return err
	}
	return event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		note(event.New(ctx, EventForgotten, "", "", Gone{g.Before, n, true}))
		return nil
	})
}

// forget deletes of some phones; the record says before each such step how many will go, and after it how many went. A
// phone of which nothing can be left or come any more is not looked at again.
func (s *Service) forget(ctx context.Context, streams []string, before time.Time) error {
	n, held, failed := s.Positions.Forget(ctx, streams, before, func(values int64) error {
		return event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
			note(event.New(ctx, EventForgetting, "", "", Going{before, values, streams}))
			return nil
		})
	})
	done := failed == nil && !held && !s.Elsewhere
	if n == 0 && !done {
		return failed
	}
	return errors.Join(failed, event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		if n > 0 {
			note(event.New(ctx, EventForgotten, "", "", Gone{before, n, false}))
		}
		if !done {
			return nil
		}
		return s.Store.PlacesGone(ctx, streams, before.Add(-staleAfter))
	}))
}
