package report

import (
	"context"
	"time"
)

// Tx runs a function in one transaction that travels in the context.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Store is what this package needs to be kept. What is looked for and is not there is errs.NotFound.
type Store interface {
	// Lock makes changes of reports follow one another until the end of the transaction.
	Lock(ctx context.Context) error
	Reports
	Hops
	Tasks
	Judgements
	Dailies
}

// Reports are the versions.
type Reports interface {
	Report(ctx context.Context, id string) (Report, error)
	// Save is errs.Conflict when the kept one is not of version was, or was sent; 0 adds it.
	Save(ctx context.Context, r Report, was int) error
	// Discard removes a draft.
	Discard(ctx context.Context, id string) error
	// Chain lists the versions that a desk has of an incident, in the order in which they were begun.
	Chain(ctx context.Context, incident, org string) ([]Report, error)
	// Of lists all versions of some incidents that were sent, in the order of sending.
	Of(ctx context.Context, incidents []string) ([]Report, error)
	// Drafts lists those of a desk, the newest first.
	Drafts(ctx context.Context, org string) ([]Report, error)
}

// Hops are the ways.
type Hops interface {
	Hop(ctx context.Context, id string) (Hop, error)
	SaveHop(ctx context.Context, h Hop) error
	// HopsOf lists those of some incidents, in the order of sending.
	HopsOf(ctx context.Context, incidents []string) ([]Hop, error)
	// HopsTo lists those to a desk since a time, the newest first, at most limit, 0 for all; with open only those that wait for it.
	HopsTo(ctx context.Context, org string, open bool, since time.Time, limit int) ([]Hop, error)
	// HopsFrom is the same for those that a desk has sent.
	HopsFrom(ctx context.Context, org string, since time.Time, limit int) ([]Hop, error)
}

// Tasks are instructions and what follows from them.
type Tasks interface {
	AddInstruction(ctx context.Context, n Instruction) error
	InstructionsOf(ctx context.Context, incident string) ([]Instruction, error)
	Task(ctx context.Context, id string) (Task, error)
	// SaveTask is errs.Conflict when the kept one is not of version was; 0 adds it.
	SaveTask(ctx context.Context, t Task, was int) error
	// TasksFor lists those that an organisation has given or has to do, the soonest due first; with open only those
	// that are not closed.
	TasksFor(ctx context.Context, org string, open bool, limit int) ([]Task, error)
	TasksOf(ctx context.Context, incident string) ([]Task, error)
}

// Judgements are what people have found, and the weights of the assessment.
type Judgements interface {
	AddJudgement(ctx context.Context, j Judgement) error
	JudgementsOf(ctx context.Context, incidents []string) ([]Judgement, error)
	// Weights is errs.NotFound before the first SaveWeights.
	Weights(ctx context.Context) (Weights, error)
	SaveWeights(ctx context.Context, w Weights) error
}
