package wall

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Service is the use cases. Whoever may watch may arrange.
type Service struct {
	Store  Store
	Tx     Tx
	Events event.Publisher
}

// List is the walls that the actor may see, by title.
func (s *Service) List(ctx context.Context) ([]Wall, error) {
	a, err := actor.Require(ctx, actor.VideoWatch)
	if err != nil {
		return nil, err
	}
	return s.Store.Walls(ctx, a.Scope())
}

// Create saves a new wall.
func (s *Service) Create(ctx context.Context, d Draft) (Wall, error) {
	a, err := actor.Require(ctx, actor.VideoWatch)
	if err != nil {
		return Wall{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Wall{}, fmt.Errorf("make id: %w", err)
	}
	w := Wall{ID: id.String(), Version: 1, CreatedAt: event.Stamp(time.Now())}
	if err := fill(a, &w, d); err != nil {
		return Wall{}, err
	}
	return s.keep(ctx, w, EventCreated, s.Store.Add)
}

// fill takes a draft over into a wall.
func fill(a actor.Actor, w *Wall, d Draft) error {
	if d.Division == "" {
		d.Division = a.DivisionCode
	}
	if err := d.check(); err != nil {
		return err
	}
	if !a.Covers(d.Division) {
		return errs.E(errs.Denied, "wall.division", "division %s is not yours", d.Division)
	}
	w.Division, w.Title, w.Size, w.Tour = d.Division, d.Title, d.Size, d.Tour
	w.Cameras = append([]string{}, d.Cameras...)
	w.sign(a)
	return nil
}

// sign writes who changed it and when.
func (w *Wall) sign(a actor.Actor) {
	w.Author, w.AuthorName, w.UpdatedAt = a.ID, a.Name, event.Stamp(time.Now())
}

// Change saves a draft over the version that its author has seen: errs.Conflict when it has changed since.
func (s *Service) Change(ctx context.Context, id string, version int64, d Draft) (Wall, error) {
	return s.change(ctx, id, version, false, EventChanged, func(a actor.Actor, w *Wall) error { return fill(a, w, d) })
}

// Remove takes a wall out of the list; it can be brought back.
func (s *Service) Remove(ctx context.Context, id string, version int64) (Wall, error) {
	return s.change(ctx, id, version, false, EventRemoved, func(a actor.Actor, w *Wall) error {
		w.sign(a)
		w.RemovedAt = &w.UpdatedAt
		return nil
	})
}

// Restore brings a removed wall back as it was.
func (s *Service) Restore(ctx context.Context, id string) (Wall, error) {
	return s.change(ctx, id, 0, true, EventRestored, func(a actor.Actor, w *Wall) error {
		w.sign(a)
		w.RemovedAt = nil
		return nil
	})
}

// change is the shape of every change; version 0 takes whatever is the newest.
func (s *Service) change(ctx context.Context, id string, version int64, removed bool, kind string, decide func(actor.Actor, *Wall) error) (Wall, error) {
	a, err := actor.Require(ctx, actor.VideoWatch)
	if err != nil {
		return Wall{}, err
	}
	w, err := s.Store.Wall(ctx, id)
	switch {
	case errs.KindOf(err) == errs.NotFound:
		return Wall{}, notFound(id)
	case err != nil:
		return Wall{}, err
	case !a.Covers(w.Division), (w.RemovedAt != nil) != removed:
		return Wall{}, notFound(id)
	case version != 0 && version != w.Version:
		return Wall{}, changed(w)
	}
	if err := decide(a, &w); err != nil {
		return Wall{}, err
	}
	w.Version++
	return s.keep(ctx, w, kind, s.Store.Save)
}

// keep saves and records in one transaction, and tells.
func (s *Service) keep(ctx context.Context, w Wall, kind string, save func(context.Context, Wall) error) (Wall, error) {
	done := event.New(ctx, kind, w.ID, w.Division, w)
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := save(ctx, w); err != nil {
			return err
		}
		return s.Events.Record(ctx, &done)
	})
	if err != nil {
		return Wall{}, err
	}
	s.Events.Publish(ctx, done)
	return w, nil
}
