package diagnose

import "context"

// Store keeps questions and answers.
type Store interface {
	// Questions lists those of a terminal, newest first.
	Questions(ctx context.Context, edge string) ([]Question, error)
	// Question finds one with its packed answer, nil for none: errs.NotFound.
	Question(ctx context.Context, id string) (Question, []byte, error)
	// Add stores a new one.
	Add(ctx context.Context, q Question) error
	// Settle writes what became of it.
	Settle(ctx context.Context, q Question, packed []byte) error
	// Prune deletes those of a terminal that are older than the newest ones to keep.
	Prune(ctx context.Context, edge string, keep int) error
}

// Tx runs a function in one transaction of the store.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}
