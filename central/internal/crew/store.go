package crew

import (
	"context"
	"time"
)

// Filter narrows a list. Zero values narrow nothing.
type Filter struct {
	Target   string
	Incident string
	Since    time.Time
}

// Store is what this package needs to be kept.
type Store interface {
	// Message is errs.NotFound when there is none.
	Message(ctx context.Context, id string) (Message, error)
	// Messages lists the newest first.
	Messages(ctx context.Context, f Filter, most int) ([]Message, error)
	// Waiting lists those of which something has still to become, the oldest first.
	Waiting(ctx context.Context) ([]Message, error)
	// Count is how many an author has sent since a time.
	Count(ctx context.Context, author string, since time.Time) (int, error)
	// Save is errs.Conflict when the kept one is not of version was; 0 adds it.
	Save(ctx context.Context, m Message, waiting bool, was int) error
	AddDrawing(ctx context.Context, k Kept) error
	// Drawing is errs.NotFound when there is none.
	Drawing(ctx context.Context, id string) (Kept, error)
}
