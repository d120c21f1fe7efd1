package notice

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

// Store is what this package needs to be kept. Methods that look for one thing return errs.NotFound.
type Store interface {
	// Lock makes changes of messages follow one another until the end of the transaction.
	Lock(ctx context.Context) error
	// Add keeps a message, unless one of the same key is kept; added says which.
	Add(ctx context.Context, n Notice) (added bool, err error)
	Notice(ctx context.Context, id string) (Notice, error)
	ByKey(ctx context.Context, key string) (Notice, error)
	// ByRef finds one by the gateway's name for it.
	ByRef(ctx context.Context, channel, ref string) (Notice, error)
	// SentSince lists those that went over a channel since a time and were not answered, newest first.
	SentSince(ctx context.Context, channel string, since time.Time) ([]Notice, error)
	Save(ctx context.Context, n Notice) error
	// KeepEarly keeps a receipt for which there is no message yet, and forgets those from before a time.
	KeepEarly(ctx context.Context, channel string, t Told, now, before time.Time) error
	// TakeEarly gives those of a gateway's name out, in the order in which they came, once.
	TakeEarly(ctx context.Context, channel, ref string) ([]Told, error)
	// Due lists messages whose next try over a channel has come, urgent ones first.
	Due(ctx context.Context, channel string, now time.Time, limit int) ([]Notice, error)
	// Hurry makes the messages that wait for a channel due.
	Hurry(ctx context.Context, channel string, now time.Time) error
	// List shows messages within a scope, newest first; an empty state is all.
	List(ctx context.Context, scope actor.Scope, state State, r page.Request) (page.List[Notice], error)
	Tries
}

// Tries are the attempts and what is known of channels.
type Tries interface {
	// AddTry gives it the next number of its message.
	AddTry(ctx context.Context, t Try) (Try, error)
	EndTry(ctx context.Context, t Try) error
	TriesOf(ctx context.Context, notice string) ([]Try, error)
	// CountTries counts those over a channel since a time.
	CountTries(ctx context.Context, channel string, since time.Time) (int, error)
	// Waiting counts the messages that wait for a channel.
	Waiting(ctx context.Context, channel string) (int, error)
	// Health is what is kept of a channel: errs.NotFound before its first try.
	Health(ctx context.Context, channel string) (Health, error)
	SaveHealth(ctx context.Context, h Health) error
	// Known lists the channels of which something is kept.
	Known(ctx context.Context) ([]Health, error)
	DropHealth(ctx context.Context, channel string) error
}
