package fleet

import (
	"context"
	"encoding/json"
)

// Store keeps versions and roll-outs.
type Store interface {
	// Versions lists those of a terminal, newest first, without documents.
	Versions(ctx context.Context, edge string) ([]Version, error)
	// Document is that of one version: errs.NotFound.
	Document(ctx context.Context, edge string, number uint64) (json.RawMessage, error)
	// Add stores a new version: errs.Conflict when the number exists.
	Add(ctx context.Context, v Version) error
	// Settle writes state, error and the time of it.
	Settle(ctx context.Context, v Version) error
	// Prune deletes what is not needed any more. The newest keep stay that are not made by a publish of rules,
	// and the newest of all, what runs, what is wanted, and what ran last before that.
	Prune(ctx context.Context, edge string, keep int) error
	// Pending lists the terminals with a version that is wanted.
	Pending(ctx context.Context) ([]string, error)
	// AddRollout and SaveRollout write a roll-out.
	AddRollout(ctx context.Context, r Rollout) error
	SaveRollout(ctx context.Context, r Rollout) error
	// Rollout finds one: errs.NotFound.
	Rollout(ctx context.Context, id string) (Rollout, error)
	// Rollouts lists them, newest first, at most so many.
	Rollouts(ctx context.Context, limit int) ([]Rollout, error)
}

// Tx runs a function in one transaction of the store.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}
