// Package account is who may use the centre: organisations as a tree by division code, users and their
// roles, sessions and API tokens. The console, the command line and every login use it. Rule that must
// never break: nobody gives what they do not have, neither a permission nor a division.
package account

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/geo"
)

// How long things last.
const (
	SessionIdle   = 12 * time.Hour     // without a request
	SessionLimit  = 7 * 24 * time.Hour // in any case
	TokenLife     = 365 * 24 * time.Hour
	touchEvery    = time.Minute // a session in use is written at most this often
	LockAfter     = 5           // failures in a row
	LockFor       = 15 * time.Minute
	forgetFailure = 15 * time.Minute // failures older than this no longer count
)

// Org is an organisation. Several may stand in one division; what its people see is the division and
// everything below it.
type Org struct {
	ID        string    `json:"id"`
	ParentID  string    `json:"parent_id,omitempty"`
	Name      string    `json:"name"`
	NameEN    string    `json:"name_en"`
	Division  string    `json:"division"`
	CreatedAt time.Time `json:"created_at"`
}

// User is a person. Hash never leaves this package and the store.
type User struct {
	ID                 string     `json:"id"`
	Username           string     `json:"username"`
	Name               string     `json:"name"`
	OrgID              string     `json:"org_id"`
	OrgName            string     `json:"org_name"`
	OrgNameEN          string     `json:"org_name_en"`
	Division           string     `json:"division"`
	Roles              []string   `json:"roles"`
	Disabled           bool       `json:"disabled"`
	MustChangePassword bool       `json:"must_change_password"`
	LastLoginAt        *time.Time `json:"last_login_at,omitempty"`
	CreatedAt          time.Time  `json:"created_at"`
	UpdatedAt          time.Time  `json:"-"`
	Hash               string     `json:"-"`
}

// Session is one signed-in browser. TokenHash is all that is kept of its token.
type Session struct {
	ID        string
	UserID    string
	TokenHash string
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time // moves with use
	EndsAt    time.Time // does not
}

// live reports whether the session may still be used.
func (s Session) live(at time.Time) bool { return at.Before(s.ExpiresAt) && at.Before(s.EndsAt) }

// touched is the session after a use.
func (s Session) touched(at time.Time) Session {
	s.SeenAt, s.ExpiresAt = at, at.Add(SessionIdle)
	if s.ExpiresAt.After(s.EndsAt) {
		s.ExpiresAt = s.EndsAt
	}
	return s
}

// Token is an API token of a user: it may do what the user may do.
type Token struct {
	ID         string     `json:"id"`
	UserID     string     `json:"user_id"`
	Name       string     `json:"name"`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  time.Time  `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty"`
	RevokedAt  *time.Time `json:"revoked_at,omitempty"`
	Hash       string     `json:"-"`
}

// valid reports whether the token may still be used.
func (t Token) valid(at time.Time) bool { return t.RevokedAt == nil && at.Before(t.ExpiresAt) }

// UserToken is an API token with the name of its user.
type UserToken struct {
	Token
	Username string
}

// Attempt counts the failed sign-ins under one name, known or not, from one source: an address, or a
// browser that signed in before. A stranger's guesses lock the stranger out and nobody else.
type Attempt struct {
	Username    string
	Source      string
	Failures    int
	LastAt      time.Time
	LockedUntil *time.Time
}

// locked reports whether the source is locked out of the name.
func (a Attempt) locked(at time.Time) bool { return a.LockedUntil != nil && at.Before(*a.LockedUntil) }

// failed is the count after one more failure.
func (a Attempt) failed(at time.Time) Attempt {
	if at.Sub(a.LastAt) > forgetFailure || a.LockedUntil != nil {
		a.Failures, a.LockedUntil = 0, nil
	}
	a.Failures, a.LastAt = a.Failures+1, at
	if a.Failures >= LockAfter {
		until := at.Add(LockFor)
		a.LockedUntil = &until
	}
	return a
}

// slowed is how long a sign-in waits after so many failures under its name from anywhere. It grows with
// them and stays short: it makes guessing from many addresses dear and keeps nobody from their desk.
func slowed(failures int) time.Duration {
	return time.Duration(min(max(failures-LockAfter+1, 0), 6)) * 500 * time.Millisecond
}

// as is the actor that a user is. Somebody who must change the password first may do nothing else.
func (u User) as() actor.Actor {
	a := actor.Actor{Kind: actor.User, ID: u.ID, Name: u.Name, DivisionCode: u.Division}
	if !u.MustChangePassword && !u.Disabled {
		a.Permissions = Permissions(u.Roles)
	}
	return a
}

var usernamePattern = regexp.MustCompile(`^[a-z][a-z0-9._-]{1,31}$`)

// normalName is the form of a username that is compared and kept.
func normalName(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

func (u User) validate() error {
	switch {
	case !usernamePattern.MatchString(u.Username):
		return errs.Field("account.username", "username", "2 to 32 of a-z, 0-9, dot, dash and underscore, beginning with a letter")
	case !errs.Name(u.Name, 64):
		return errs.Field("account.name", "name", "1 to 64 characters on one line")
	case u.OrgID == "":
		return errs.Field("account.org", "org_id", "an organisation is needed")
	case len(u.Roles) == 0:
		return errs.Field("account.roles", "roles", "at least one role is needed")
	}
	for i, r := range u.Roles {
		if _, ok := roleByID(r); !ok {
			return errs.Field("account.roles", "roles", "there is no role "+r)
		}
		if slices.Contains(u.Roles[:i], r) {
			return errs.Field("account.roles", "roles", "role "+r+" is given twice")
		}
	}
	return nil
}

func (o Org) validate() error {
	switch {
	case !errs.Name(o.Name, 64):
		return errs.Field("account.org_name", "name", "1 to 64 characters on one line")
	case !errs.Line(o.NameEN, 128):
		return errs.Field("account.org_name_en", "name_en", "at most 128 characters on one line")
	case !geo.Division(o.Division).Valid():
		return errs.Field("account.division", "division", "a division code has 6, 9 or 12 digits (GB/T 2260, GB/T 10114)")
	}
	return nil
}

// mayGrant refuses roles with a permission that the actor does not hold.
func mayGrant(a actor.Actor, roles []string) error {
	for _, p := range Permissions(roles) {
		if !a.Can(p) {
			return errs.E(errs.Denied, "account.grant", "you cannot give or change a role with permission %s, because you do not hold it", p)
		}
	}
	return nil
}

// lastAdmin reports whether u is the only enabled administrator of the whole centre. A county's
// administrator does not count: nobody could then manage the city.
func lastAdmin(enabled []User, u User, top string) bool {
	was := false
	for _, a := range enabled {
		if !slices.Contains(a.Roles, RoleAdmin) || a.Disabled || !covers(a.Division, top) {
			continue
		}
		if a.ID != u.ID {
			return false
		}
		was = true
	}
	return was
}
