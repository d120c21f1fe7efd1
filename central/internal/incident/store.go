package incident

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

// Filter narrows a list; empty parts let everything through. Category takes its parts along.
type Filter struct {
	State    State
	Category string
	From, To time.Time // of OccurredAt
}

// Store is what this package needs to be kept.
type Store interface {
	// Lock makes changes of incidents follow one another until the end of the transaction.
	Lock(ctx context.Context) error
	// Count is how many incidents have a number of a division and a year, given as 2026.
	Count(ctx context.Context, division, year string) (int, error)
	// Incident is errs.NotFound when there is none.
	Incident(ctx context.Context, id string) (Incident, error)
	// Group is an incident and all that stand merged into it, one after another.
	Group(ctx context.Context, id string) ([]Incident, error)
	// Save is errs.Conflict when the kept one is not of version was; 0 adds it.
	Save(ctx context.Context, i Incident, was int) error
	// List has the newest first.
	List(ctx context.Context, scope actor.Scope, f Filter, r page.Request) (page.List[Incident], error)
	// Add keeps a line of the timeline under the next number.
	Add(ctx context.Context, s Step) error
	// Steps begin with the lines that came over when it was split off.
	Steps(ctx context.Context, id string) ([]Step, error)
	AddFigure(ctx context.Context, f Figure) error
	// Figures and Known are those of an incident and of all that stand merged into it: who knew first is not lost by a
	// merge, and parts again with it.
	Figures(ctx context.Context, id string) ([]Figure, error)
	// AddKnown keeps one of each organisation, kind and ref; a second one changes nothing.
	AddKnown(ctx context.Context, k Known) error
	Known(ctx context.Context, id string) ([]Known, error)
	// Part reports whether a figure, an entry of public opinion or a task belongs to an incident, or to one that stands
	// merged into it.
	Part(ctx context.Context, id, kind, ref string) (bool, error)
	AddMove(ctx context.Context, m Move) error
}
