package board

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/actor"
)

// Store keeps boards.
type Store interface {
	// Boards lists those within the scope that are not removed, by title, without their tiles.
	Boards(ctx context.Context, scope actor.Scope) ([]Board, error)
	// Board finds one, removed or not: errs.NotFound.
	Board(ctx context.Context, id string) (Board, error)
	// Add stores a new one.
	Add(ctx context.Context, b Board) error
	// Save writes one over its version before: errs.Conflict when that is no longer the newest.
	Save(ctx context.Context, b Board) error
}

// Tx runs a function in one transaction of the store.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}
