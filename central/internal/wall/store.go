package wall

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/actor"
)

// Store keeps walls.
type Store interface {
	// Walls lists those within the scope that are not removed, by title.
	Walls(ctx context.Context, scope actor.Scope) ([]Wall, error)
	// Wall finds one, removed or not: errs.NotFound.
	Wall(ctx context.Context, id string) (Wall, error)
	// Add stores a new one.
	Add(ctx context.Context, w Wall) error
	// Save writes one over its version before: errs.Conflict when that is no longer the newest.
	Save(ctx context.Context, w Wall) error
}

// Tx runs a function in one transaction of the store.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}
