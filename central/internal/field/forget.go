package field

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/event"
)

// EventForgotten is told when places of phones were deleted by their age. Data is Gone.
const EventForgotten = "field.forgotten"

// Gone is what the record says of it: how much, never whose.
type Gone struct {
	Before time.Time `json:"before"`
	Values int64     `json:"values"`
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
	before := now.AddDate(0, 0, -s.PlaceDays)
	for after := ""; ; {
		streams, err := s.Store.OldStreams(ctx, before, after, sweepMost)
		if err != nil || len(streams) == 0 {
			return err
		}
		after = streams[len(streams)-1]
		held, err := s.Positions.Held(ctx)
		if err != nil {
			return err
		}
		streams = slices.DeleteFunc(streams, func(id string) bool { return held[id] })
		if err := s.forget(ctx, streams, before); err != nil {
			return err
		}
	}
}

// forget deletes of some phones; the record says of each such step how many went. A phone of which nothing can be left or
// come any more is not looked at again.
func (s *Service) forget(ctx context.Context, streams []string, before time.Time) error {
	n, held, failed := s.Positions.Forget(ctx, streams, before)
	done := failed == nil && !held && !s.Elsewhere
	if n == 0 && !done {
		return failed
	}
	return errors.Join(failed, event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		if n > 0 {
			note(event.New(ctx, EventForgotten, "", "", Gone{before, n}))
		}
		if !done {
			return nil
		}
		return s.Store.PlacesGone(ctx, streams, before.Add(-staleAfter))
	}))
}
