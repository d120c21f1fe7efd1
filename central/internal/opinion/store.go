package opinion

import "context"

// Tx runs a function in one transaction that travels in the context.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Store is what this package needs to be kept. Methods that look for one thing return errs.NotFound. Lists of an
// incident are those of it and of all that stand merged into it, oldest first.
type Store interface {
	// Lock makes changes of what is said of an incident follow one another until the end of the transaction.
	Lock(ctx context.Context, incident string) error
	Entry(ctx context.Context, id string) (Entry, error)
	// Entries come without their lines, which Lines lists in their order.
	Entries(ctx context.Context, incident string) ([]Entry, error)
	AddEntry(ctx context.Context, e Entry) error
	Lines(ctx context.Context, incident string) ([]Line, error)
	// AddLine gives it the next number.
	AddLine(ctx context.Context, l Line) error
	Task(ctx context.Context, id string) (Task, error)
	Tasks(ctx context.Context, incident string) ([]Task, error)
	SaveTask(ctx context.Context, t Task) error
	Statement(ctx context.Context, id string) (Statement, error)
	Statements(ctx context.Context, incident string) ([]Statement, error)
	SaveStatement(ctx context.Context, s Statement) error
	DropStatement(ctx context.Context, id string) error
	Experts
}

// Experts are the opinions of experts, each with at most one file.
type Experts interface {
	Expert(ctx context.Context, id string) (Expert, error)
	Experts(ctx context.Context, incident string) ([]Expert, error)
	SaveExpert(ctx context.Context, e Expert) error
	DropExpert(ctx context.Context, id string) error
	SaveFile(ctx context.Context, expert string, f File) error
	FileOf(ctx context.Context, expert string) ([]byte, error)
}
