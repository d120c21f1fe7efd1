package drill

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/actor"
)

// Tx runs a function in one transaction that travels in the context.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Store is what this package needs to be kept. Methods that look for one thing return errs.NotFound.
type Store interface {
	// Lock makes changes of exercises follow one another until the end of the transaction.
	Lock(ctx context.Context) error
	Drill(ctx context.Context, id string) (Drill, error)
	// Save is errs.Conflict when the kept one is not of version was; 0 adds it.
	Save(ctx context.Context, d Drill, was int) error
	// Year lists those planned in a year (2026; empty: all), the newest first. Sealed ones only for their controllers.
	Year(ctx context.Context, scope actor.Scope, viewer, year string) ([]Drill, error)
	// Running lists those that run.
	Running(ctx context.Context) ([]Drill, error)
	// AddStep gives it the next number.
	AddStep(ctx context.Context, s Step) error
	Steps(ctx context.Context, id string) ([]Step, error)
	Outcomes
}

// Outcomes are what came of exercises.
type Outcomes interface {
	Sheets(ctx context.Context, drill string) ([]Sheet, error)
	SheetByHash(ctx context.Context, hash string) (Sheet, error)
	SaveSheet(ctx context.Context, s Sheet) error
	Items(ctx context.Context, drill string) ([]Item, error)
	SaveItem(ctx context.Context, i Item) error
}
