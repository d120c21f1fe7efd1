package board

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Devices is the register (device.Service).
type Devices interface {
	// All lists every device that the actor of the context may see.
	All(ctx context.Context) ([]device.Device, error)
}

// Service is the use cases.
type Service struct {
	Store   Store
	Tx      Tx
	Devices Devices
	Events  event.Publisher
}

// Draft is what a person gives.
type Draft struct {
	Division string
	Title    string
	TitleEN  string
	Tiles    []Tile
}

// List is the boards that the actor may see, by title and without tiles.
func (s *Service) List(ctx context.Context) ([]Board, error) {
	a, err := actor.Require(ctx, actor.TelemetryRead)
	if err != nil {
		return nil, err
	}
	return s.Store.Boards(ctx, a.Scope())
}

// Get finds one board that the actor may see.
func (s *Service) Get(ctx context.Context, id string) (Board, error) {
	a, err := actor.Require(ctx, actor.TelemetryRead)
	if err != nil {
		return Board{}, err
	}
	return s.find(ctx, a, id, false)
}

func (s *Service) find(ctx context.Context, a actor.Actor, id string, removed bool) (Board, error) {
	b, err := s.Store.Board(ctx, id)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return Board{}, err
	}
	if err != nil || !a.Covers(b.Division) || (b.RemovedAt != nil) != removed {
		return Board{}, errs.E(errs.NotFound, "board.not_found", "there is no board %s", id)
	}
	return b, nil
}

// Suggest is a board of what stands in a division, not yet saved. An empty division is the actor's own.
func (s *Service) Suggest(ctx context.Context, division string) (Board, error) {
	a, err := actor.Require(ctx, actor.TelemetryRead)
	if err != nil {
		return Board{}, err
	}
	if division == "" {
		division = a.DivisionCode
	}
	if err := yours(a, division); err != nil {
		return Board{}, err
	}
	all, err := s.Devices.All(ctx)
	if err != nil {
		return Board{}, err
	}
	return suggest(division, all), nil
}

func yours(a actor.Actor, division string) error {
	if !a.Covers(division) {
		return errs.E(errs.Denied, "board.division", "division %s is not yours", division)
	}
	return nil
}

// Create saves a new board.
func (s *Service) Create(ctx context.Context, d Draft) (Board, error) {
	a, err := actor.Require(ctx, actor.BoardWrite)
	if err != nil {
		return Board{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Board{}, fmt.Errorf("make id: %w", err)
	}
	b := Board{ID: id.String(), Version: 1, CreatedAt: event.Stamp(time.Now())}
	if err := s.fill(ctx, a, &b, d); err != nil {
		return Board{}, err
	}
	return s.keep(ctx, b, EventCreated, s.Store.Add)
}

// fill takes a draft over into a board.
func (s *Service) fill(ctx context.Context, a actor.Actor, b *Board, d Draft) error {
	b.Division, b.Title, b.TitleEN, b.Tiles = d.Division, d.Title, d.TitleEN, append([]Tile{}, d.Tiles...)
	if err := b.check(); err != nil {
		return err
	}
	if err := yours(a, b.Division); err != nil {
		return err
	}
	document, err := json.Marshal(b.Tiles)
	if err != nil {
		return fmt.Errorf("write tiles: %w", err)
	}
	if len(document) > maxDocument {
		return bad("tiles", "the board is larger than 900 KB; use smaller pictures")
	}
	all, err := s.Devices.All(ctx)
	if err != nil {
		return err
	}
	b.Demo = demo(b.Tiles, all)
	b.sign(a)
	return nil
}

// sign writes who changed it and when.
func (b *Board) sign(a actor.Actor) {
	b.Author, b.AuthorName, b.UpdatedAt = a.ID, a.Name, event.Stamp(time.Now())
}

// keep saves and records in one transaction, and tells.
func (s *Service) keep(ctx context.Context, b Board, kind string, save func(context.Context, Board) error) (Board, error) {
	done := news(ctx, kind, b)
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := save(ctx, b); err != nil {
			return err
		}
		return s.Events.Record(ctx, &done)
	})
	if err != nil {
		return Board{}, err
	}
	s.Events.Publish(ctx, done)
	return b, nil
}

// Change saves a draft over the version that its author has seen: errs.Conflict, with who changed it, when
// it has changed since.
func (s *Service) Change(ctx context.Context, id string, version int64, d Draft) (Board, error) {
	return s.change(ctx, id, version, false, EventChanged, func(a actor.Actor, b *Board) error { return s.fill(ctx, a, b, d) })
}

// Remove takes a board out of the lists; it can be brought back.
func (s *Service) Remove(ctx context.Context, id string, version int64) (Board, error) {
	return s.change(ctx, id, version, false, EventRemoved, func(a actor.Actor, b *Board) error {
		b.sign(a)
		b.RemovedAt = &b.UpdatedAt
		return nil
	})
}

// Restore brings a removed board back as it was.
func (s *Service) Restore(ctx context.Context, id string) (Board, error) {
	return s.change(ctx, id, 0, true, EventRestored, func(a actor.Actor, b *Board) error {
		b.sign(a)
		b.RemovedAt = nil
		return nil
	})
}

// change is the shape of every change; version 0 takes whatever is the newest.
func (s *Service) change(ctx context.Context, id string, version int64, removed bool, kind string, decide func(actor.Actor, *Board) error) (Board, error) {
	a, err := actor.Require(ctx, actor.BoardWrite)
	if err != nil {
		return Board{}, err
	}
	b, err := s.find(ctx, a, id, removed)
	if err != nil {
		return Board{}, err
	}
	if version != 0 && version != b.Version {
		return Board{}, changed(b)
	}
	if err := decide(a, &b); err != nil {
		return Board{}, err
	}
	b.Version++
	out, err := s.keep(ctx, b, kind, s.Store.Save)
	if errs.KindOf(err) == errs.Conflict {
		// Somebody was quicker between the look and the save.
		if now, lookErr := s.find(ctx, a, id, removed); lookErr == nil {
			return Board{}, changed(now)
		}
	}
	return out, err
}

func changed(b Board) error {
	return errs.E(errs.Conflict, "board.changed", "%s changed this board at %s (version %d); look at that first",
		b.AuthorName, b.UpdatedAt.Format(time.RFC3339), b.Version)
}
