package rollcall

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Tx runs a function in one transaction that travels in the context.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Link is an address by which a person answers without a login. Hash is all that is kept of its token.
type Link struct {
	Hash     string
	PostID   string
	PersonID string
	Name     string
}

// Store is what this package needs to be kept. Methods that look for one thing return errs.NotFound.
type Store interface {
	// Lock makes changes follow one another until the end of the transaction.
	Lock(ctx context.Context) error
	// AddCall keeps a call with its posts.
	AddCall(ctx context.Context, c Call) error
	// Call is one with its posts.
	Call(ctx context.Context, id string) (Call, error)
	// Calls lists those that a scope called or is asked by, newest first, with all posts.
	Calls(ctx context.Context, scope actor.Scope, r page.Request) (page.List[Call], error)
	Post(ctx context.Context, id string) (Post, error)
	SavePost(ctx context.Context, p Post) error
	// Open lists the posts of an organisation that wait, or were missed since a time.
	Open(ctx context.Context, org string, since time.Time) ([]Post, error)
	// Posts lists those within a scope whose call was between two times, oldest first.
	Posts(ctx context.Context, scope actor.Scope, from, to time.Time) ([]Post, error)
	// LastAsked is when an organisation was asked last; zero when never.
	LastAsked(ctx context.Context, org string) (time.Time, error)
	AddLink(ctx context.Context, l Link) error
	Link(ctx context.Context, hash string) (Link, error)
	Plans
}

// Draw is an instant at which a plan calls.
type Draw struct {
	PlanID string
	At     time.Time
}

// Plans are what calls by itself.
type Plans interface {
	Plans(ctx context.Context, scope actor.Scope) ([]Plan, error)
	Plan(ctx context.Context, id string) (Plan, error)
	// SavePlan forgets the draws of the plan that have not come.
	SavePlan(ctx context.Context, p Plan, now time.Time) error
	// Drawn reports whether a day of a plan was drawn already.
	Drawn(ctx context.Context, plan string, d duty.Day) (bool, error)
	SaveDraws(ctx context.Context, plan string, d duty.Day, at []time.Time) error
	// Coming lists the draws of all plans that have not been done.
	Coming(ctx context.Context) ([]Draw, error)
	DoneDraw(ctx context.Context, d Draw, now time.Time, call, why string) error
}
