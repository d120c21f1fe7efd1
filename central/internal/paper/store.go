package paper

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

// Filter of a list. Drafts are seen by their own organisation only.
type Filter struct {
	page.Request
	Scope actor.Scope
	Own   string // organisation of whoever asks
	Org   string // of the documents; empty: every one
	Kind  Kind
	State State
	Year  int // 0: all
}

// Store is what this package needs to be kept. Methods that look for one thing return errs.NotFound.
type Store interface {
	// Lock makes changes that name the same thing follow one another until the end of the transaction.
	Lock(ctx context.Context, name string) error
	Papers
	Register
	Letterheads
}

// Papers are the documents.
type Papers interface {
	// Papers lists documents, newest first, of their content only the title.
	Papers(ctx context.Context, f Filter) (page.List[Paper], error)
	Paper(ctx context.Context, id string) (Paper, error)
	// MadeOf is the newest document of an organisation that was made from a source and was not withdrawn.
	MadeOf(ctx context.Context, org, source string) (Paper, error)
	AddPaper(ctx context.Context, p Paper) error
	// SavePaper writes version p.Version: errs.Conflict when the kept one is not the version before.
	SavePaper(ctx context.Context, p Paper) error
	DropPaper(ctx context.Context, id string) error
	// SavePictures keeps the pictures of a document as they are printed, by their keys, instead of those before.
	SavePictures(ctx context.Context, id string, files map[string][]byte) error
	Pictures(ctx context.Context, id string) (map[string][]byte, error)
	// Picture is one of them; errs.NotFound when the document has none of that key.
	Picture(ctx context.Context, id, key string) ([]byte, error)
	AddFiles(ctx context.Context, id string, f Files) error
	Files(ctx context.Context, id string) (Files, error)
}

// Register is the numbers.
type Register interface {
	// TakeNumber gives the next of an organisation's prefix and year.
	TakeNumber(ctx context.Context, t Taken) (Taken, error)
	// VoidNumber marks one as void; errs.Conflict when it is so already.
	VoidNumber(ctx context.Context, t Taken) error
	// Numbers lists the register of an organisation, newest first; year 0 and an empty kind are all.
	Numbers(ctx context.Context, org string, year int, k Kind, r page.Request) (page.List[Taken], error)
}

// Letterheads are what organisations put on their documents.
type Letterheads interface {
	Letterhead(ctx context.Context, org string) (Letterhead, error)
	// SaveLetterhead is errs.Conflict when the kept one is not the version before.
	SaveLetterhead(ctx context.Context, l Letterhead) error
	// ClaimPrefix gives a prefix to an organisation for ever; errs.Conflict when another has it.
	ClaimPrefix(ctx context.Context, org, prefix string, at time.Time) error
}
