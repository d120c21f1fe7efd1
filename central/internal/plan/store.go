package plan

import "context"

// Tx runs a function in one transaction that travels in the context.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Store is what this package needs to be kept. Methods that look for one thing return errs.NotFound.
type Store interface {
	Heads
	Texts
	Files
	// SaveSuggestion adds one or keeps its answer.
	SaveSuggestion(ctx context.Context, g Suggestion) error
	// Suggestions lists those of a plan, newest first.
	Suggestions(ctx context.Context, plan string) ([]Suggestion, error)
}

// Heads are the plans without their texts.
type Heads interface {
	// Lock makes changes of a plan follow one another until the end of the transaction.
	Lock(ctx context.Context, id string) error
	// Plans lists all, newest first.
	Plans(ctx context.Context) ([]Plan, error)
	Plan(ctx context.Context, id string) (Plan, error)
	SavePlan(ctx context.Context, p Plan) error
	AddStep(ctx context.Context, s Step) error
	// Steps lists those of a plan, oldest first.
	Steps(ctx context.Context, id string) ([]Step, error)
}

// Texts are drafts and published versions.
type Texts interface {
	// Draft is the text that is being written, as JSON of a Body.
	Draft(ctx context.Context, id string) ([]byte, error)
	SaveDraft(ctx context.Context, id string, text []byte) error
	// AddVersion is errs.Conflict when the number is taken.
	AddVersion(ctx context.Context, v Version, text []byte) error
	// Versions lists those of a plan without bodies, newest first.
	Versions(ctx context.Context, id string) ([]Version, error)
	// Version gives the body as it was kept.
	Version(ctx context.Context, id string, no int) (Version, []byte, error)
}

// Files are the attachments.
type Files interface {
	// FilesOf lists those of a plan without their bytes.
	FilesOf(ctx context.Context, id string) ([]File, error)
	File(ctx context.Context, plan, id string) (File, error)
	AddFile(ctx context.Context, f File) error
	RemoveFile(ctx context.Context, plan, id string) error
}
