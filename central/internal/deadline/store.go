package deadline

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Tx runs a function in one transaction that travels in the context.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Store is what this package needs to be kept. Clocks go in and come out as they are kept (see Line.kept),
// except those that have ended.
type Store interface {
	// Lock makes changes of clocks follow one another until the end of the transaction.
	Lock(ctx context.Context) error
	// LockOwners makes the owners of clocks that stand in incidents wait until the end of the transaction: marks of many
	// of them are told in one.
	LockOwners(ctx context.Context) error
	// Line is how far the wall clock was set; the zero Line before the first SaveLine.
	Line(ctx context.Context) (Line, error)
	SaveLine(ctx context.Context, l Line) error
	// ByOwner finds a clock, ended ones as well: errs.NotFound when there is none.
	ByOwner(ctx context.Context, o Owner, kind string) (Clock, error)
	// Save takes the place of the clock of the same owner and kind; next is zero when no mark comes.
	Save(ctx context.Context, c Clock, next time.Time) error
	// Due lists the clocks whose next mark has come: fixed ones by one time, counted ones by the other.
	Due(ctx context.Context, fixed, counted time.Time, limit int) ([]Clock, error)
	// Next is when the next mark of each scale comes; zero when none does.
	Next(ctx context.Context) (fixed, counted time.Time, err error)
	// Advance keeps what a mark has changed in a clock: the next mark, the breach and who is asked.
	Advance(ctx context.Context, c Clock, next time.Time) error
	// AddFirings keeps marks that were reached.
	AddFirings(ctx context.Context, list []Firing) error
	// Untold lists marks that the owner has not taken, in their order, with their clocks.
	Untold(ctx context.Context, now time.Time, limit int) ([]Firing, error)
	// Told marks one as taken; Postpone lets it rest until a time.
	Told(ctx context.Context, f Firing, at time.Time) error
	Postpone(ctx context.Context, f Firing, until time.Time) error
	Rests
	Lists
}

// Rests are the times in which the clocks of the context's exercise stand still. Times go in and come out as counted
// ones are kept.
type Rests interface {
	// Rested lists those of the exercise, oldest first.
	Rested(ctx context.Context) ([]Rest, error)
	// SaveRest takes the place of the one of the same beginning.
	SaveRest(ctx context.Context, r Rest) error
	// OfExercise lists the clocks of the exercise that run or rest.
	OfExercise(ctx context.Context) ([]Clock, error)
	// Hush counts the marks of the exercise that nobody was told as told.
	Hush(ctx context.Context, at time.Time) error
}

// Lists are what people see.
type Lists interface {
	// Running lists the clocks that run within a scope, the next due first; asked leaves those that ask an organisation.
	Running(ctx context.Context, scope actor.Scope, asked string, r page.Request) (page.List[Clock], error)
	// Breaches lists the clocks that have passed within a scope, the newest first, from a time of the wall on.
	Breaches(ctx context.Context, scope actor.Scope, from time.Time, r page.Request) (page.List[Clock], error)
	// Firings lists the marks that a clock has reached, oldest first.
	Firings(ctx context.Context, clock string) ([]Firing, error)
}
