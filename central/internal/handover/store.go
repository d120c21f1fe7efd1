package handover

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/page"
)

// Tx runs a function in one transaction that travels in the context.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Store is what this package needs to be kept. Methods that look for one thing return errs.NotFound.
type Store interface {
	// Lock makes changes of a desk's book follow one another until the end of the transaction.
	Lock(ctx context.Context, org string) error
	Shifts
	Entries
	Items
}

// Shifts are the records.
type Shifts interface {
	// Current is the shift of a desk that is not closed.
	Current(ctx context.Context, org string) (Shift, error)
	// Running lists those of all desks.
	Running(ctx context.Context) ([]Shift, error)
	Shift(ctx context.Context, id string) (Shift, error)
	// LastNo is the number of the newest shift of a desk, 0 before the first.
	LastNo(ctx context.Context, org string) (int, error)
	SaveShift(ctx context.Context, s Shift) error
	// Past lists closed shifts of a desk, newest first.
	Past(ctx context.Context, org string, r page.Request) (page.List[Shift], error)
}

// Entries are the log.
type Entries interface {
	// AddEntry gives it the next number of its shift: errs.Conflict when the entry that it corrects is corrected
	// already, or when something was written from its source before.
	AddEntry(ctx context.Context, e Entry) (Entry, error)
	Entry(ctx context.Context, id string) (Entry, error)
	// EntriesOf lists those of a shift in their order, and corrections of them from later shifts.
	EntriesOf(ctx context.Context, shift string) ([]Entry, error)
	// Search lists those of a desk that hold a text, newest first.
	Search(ctx context.Context, org string, from time.Time, r page.Request) (page.List[Entry], error)
}

// Items are what stays to be done.
type Items interface {
	// OpenItems lists those of a desk, by their level and age.
	OpenItems(ctx context.Context, org string) ([]Item, error)
	Item(ctx context.Context, id string) (Item, error)
	// SaveItem is errs.Conflict when the kept one is not of version was; 0 adds it.
	SaveItem(ctx context.Context, i Item, was int) error
	AddStep(ctx context.Context, s Step) error
	Steps(ctx context.Context, item string) ([]Step, error)
}
