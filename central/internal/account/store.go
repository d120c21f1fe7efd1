package account

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

// Store is organisations and users. Methods that look for one thing return errs.NotFound.
type Store interface {
	// Lock makes changes of accounts follow one another until the end of the transaction.
	Lock(ctx context.Context) error
	Orgs(ctx context.Context) ([]Org, error)
	SaveOrg(ctx context.Context, o Org) error
	User(ctx context.Context, id string) (User, error)
	UserByName(ctx context.Context, username string) (User, error)
	// Users lists by scope and search, oldest first.
	Users(ctx context.Context, scope actor.Scope, r page.Request) (page.List[User], error)
	// Admins lists the enabled users with the role admin.
	Admins(ctx context.Context) ([]User, error)
	// AddUser returns errs.Conflict when the username is taken.
	AddUser(ctx context.Context, u User) error
	SaveUser(ctx context.Context, u User) error
}

// Keys are sessions and API tokens. Methods that look for one thing return errs.NotFound.
type Keys interface {
	AddSession(ctx context.Context, s Session) error
	SessionByToken(ctx context.Context, hash string) (Session, error)
	TouchSession(ctx context.Context, s Session) error
	// EndSessions removes a user's sessions except one, which may be empty.
	EndSessions(ctx context.Context, userID, except string) error
	EndSession(ctx context.Context, id string) error
	// EndEverySession removes the sessions of all users.
	EndEverySession(ctx context.Context) error
	// Forget removes sessions and failures that ended before.
	Forget(ctx context.Context, sessions, failures time.Time) error

	AddToken(ctx context.Context, t Token) error
	TokenByHash(ctx context.Context, hash string) (Token, error)
	Tokens(ctx context.Context, userID string) ([]Token, error)
	// ValidTokens lists those of all users that are not revoked, with the name of the user.
	ValidTokens(ctx context.Context) ([]UserToken, error)
	SaveToken(ctx context.Context, t Token) error
}

// Attempts are failed sign-ins.
type Attempts interface {
	// Attempt returns a zero count for a name that never failed from the source.
	Attempt(ctx context.Context, username, source string) (Attempt, error)
	// Failures counts those under a name since a time, from everywhere.
	Failures(ctx context.Context, username string, since time.Time) (int, error)
	SaveAttempt(ctx context.Context, a Attempt) error
	// ForgetAttempts removes the failures under a name from a source; an empty one means from everywhere.
	ForgetAttempts(ctx context.Context, username, source string) error
}
