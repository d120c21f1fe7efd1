package audit

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Tx runs a function in one transaction that travels in the context.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Store is what this package needs to be kept. There is no way to change or remove an entry.
type Store interface {
	// LockHead returns the end of the chain and keeps others from moving it until the transaction ends.
	LockHead(ctx context.Context) (Head, error)
	// Append adds an entry and makes it the end.
	Append(ctx context.Context, e Entry) error
	Head(ctx context.Context) (Head, error)
	// After returns entries with after < seq <= last, in order.
	After(ctx context.Context, after, last int64, limit int) ([]Entry, error)
	// List returns entries in the scope and those without a division, newest first; Request.After is the id of
	// the last entry of the part before.
	List(ctx context.Context, scope actor.Scope, q Query) (page.List[Entry], error)
}
