package review

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Tx runs a function in one transaction that travels in the context.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Store is what this package needs to be kept. Methods that look for one thing return errs.NotFound.
type Store interface {
	// Lock makes changes of the review of an incident follow one another until the end of the transaction.
	Lock(ctx context.Context, incident string) error
	Review(ctx context.Context, incident string) (Review, error)
	// SaveReview keeps it with what a search looks through.
	SaveReview(ctx context.Context, r Review, words string) error
	// Cases lists the concluded ones, the newest incident first.
	Cases(ctx context.Context, scope actor.Scope, f Filter, r page.Request) (page.List[Review], error)
	// AddReason gives it the next number.
	AddReason(ctx context.Context, r Reason) error
	// Reasons lists those of an incident, oldest first.
	Reasons(ctx context.Context, incident string) ([]Reason, error)
	Lesson(ctx context.Context, id string) (Lesson, error)
	// Lessons lists those of an incident, oldest first.
	Lessons(ctx context.Context, incident string) ([]Lesson, error)
	SaveLesson(ctx context.Context, l Lesson) error
}
