package account

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/shared/geo"
)

// Options of the service. Store, Keys and Attempts are one thing where they share a database.
type Options struct {
	Store    Store
	Keys     Keys
	Attempts Attempts
	Tx       Tx
	Events   event.Publisher
	Log      *slog.Logger // nil: silent
}

// Service is the use cases. Make it with New.
type Service struct {
	Options
	hasher *hasher
	spare  spare
}

// New makes the service.
func New(o Options) (*Service, error) {
	h, err := newHasher()
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Log = o.Log.With("component", "account")
	return &Service{Options: o, hasher: h}, nil
}

// First is what an empty centre begins with.
type First struct {
	OrgName, OrgNameEN, Division string
}

// EnsureFirst makes the top organisation and the administrator "admin" when there is no user yet. It
// returns the one-time password, which is kept nowhere; it is empty when there was somebody already.
func (s *Service) EnsureFirst(ctx context.Context, f First) (string, error) {
	if _, err := actor.Require(ctx, actor.AccountWrite); err != nil {
		return "", err
	}
	password, err := oneTime()
	if err != nil {
		return "", err
	}
	now := stamp()
	org := Org{ID: newID(), Name: f.OrgName, NameEN: f.OrgNameEN, Division: f.Division, CreatedAt: now}
	if err := org.validate(); err != nil {
		return "", err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return "", err
	}
	u := User{
		ID: newID(), Username: "admin", Name: "系统管理员", OrgID: org.ID, OrgName: org.Name, OrgNameEN: org.NameEN, Division: org.Division,
		Roles: []string{RoleAdmin}, MustChangePassword: true, CreatedAt: now, UpdatedAt: now, Hash: hash,
	}
	made := false
	var done event.Event
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		users, err := s.Store.Users(ctx, actor.Everything, page.Request{Limit: 1})
		if err != nil || len(users.Items) > 0 {
			return err
		}
		if err := s.Store.SaveOrg(ctx, org); err != nil {
			return err
		}
		made = true
		if err := s.Store.AddUser(ctx, u); err != nil {
			return err
		}
		return s.record(ctx, &done, EventCreated, u.ID, u.Division, u)
	})
	if err != nil {
		return "", fmt.Errorf("make first administrator: %w", err)
	}
	if !made {
		return "", nil
	}
	s.Events.Publish(ctx, done)
	return password, nil
}

// Users lists the people whom the actor may see.
func (s *Service) Users(ctx context.Context, r page.Request) (page.List[User], error) {
	a, err := actor.Require(ctx, actor.AccountRead)
	if err != nil {
		return page.List[User]{}, err
	}
	return s.Store.Users(ctx, a.Scope(), r)
}

// User returns one. Somebody out of sight is NotFound.
func (s *Service) User(ctx context.Context, id string) (User, error) {
	a, err := actor.Require(ctx, actor.AccountRead)
	if err != nil {
		return User{}, err
	}
	return s.visible(ctx, a, id)
}

// UserByName finds somebody by username, for the command line.
func (s *Service) UserByName(ctx context.Context, username string) (User, error) {
	a, err := actor.Require(ctx, actor.AccountRead)
	if err != nil {
		return User{}, err
	}
	u, err := s.Store.UserByName(ctx, normalName(username))
	if err == nil && !a.Covers(u.Division) {
		err = noUser(username)
	}
	return u, err
}

// NewUser is what a user is made from.
type NewUser struct {
	Username, Name, OrgID string
	Roles                 []string
	Password              string // chosen by the user beforehand, on the command line only; empty: a one-time one
}

// CreateUser makes a user with a one-time password, which it returns, or with the one that was chosen.
func (s *Service) CreateUser(ctx context.Context, n NewUser) (User, string, error) {
	a, err := actor.Require(ctx, actor.AccountWrite)
	if err != nil {
		return User{}, "", err
	}
	now := stamp()
	u := User{
		ID: newID(), Username: normalName(n.Username), Name: strings.TrimSpace(n.Name), OrgID: n.OrgID,
		Roles: slices.Sorted(slices.Values(n.Roles)), MustChangePassword: true, CreatedAt: now, UpdatedAt: now,
	}
	if err := u.validate(); err != nil {
		return User{}, "", err
	}
	password, err := oneTime()
	if err != nil {
		return User{}, "", err
	}
	if n.Password != "" {
		if a.Kind != actor.System {
			return User{}, "", errs.E(errs.Denied, "account.password_other", "nobody chooses another's password")
		}
		if err := checkPassword(n.Password, u.Username); err != nil {
			return User{}, "", err
		}
		password, u.MustChangePassword = n.Password, false
	}
	if u.Hash, err = s.hasher.hash(ctx, password); err != nil {
		return User{}, "", err
	}
	var done event.Event
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		if err := mayGrant(a, u.Roles); err != nil {
			return err
		}
		if err := s.place(ctx, a, &u, u.OrgID); err != nil {
			return err
		}
		err := s.Store.AddUser(ctx, u)
		if errs.KindOf(err) == errs.Conflict {
			return errs.Wrap(err, errs.Conflict, "account.username_taken", "the username "+u.Username+" is taken")
		}
		if err != nil {
			return err
		}
		return s.record(ctx, &done, EventCreated, u.ID, u.Division, u)
	})
	if err != nil {
		return User{}, "", err
	}
	s.Events.Publish(ctx, done)
	return u, password, nil
}

// Change is a change of a user; nil leaves a part as it is.
type Change struct {
	Name     *string
	OrgID    *string
	Roles    *[]string
	Disabled *bool
}

// ChangeUser changes a user. Disabling one ends the sessions at once.
func (s *Service) ChangeUser(ctx context.Context, id string, c Change) (User, error) {
	a, err := actor.Require(ctx, actor.AccountWrite)
	if err != nil {
		return User{}, err
	}
	var old, u User
	var done event.Event
	err = s.manage(ctx, a, id, func(ctx context.Context, loaded User) error {
		old, u = loaded, loaded
		if c.Name != nil {
			u.Name = strings.TrimSpace(*c.Name)
		}
		if c.Roles != nil {
			u.Roles = slices.Sorted(slices.Values(*c.Roles))
		}
		if c.Disabled != nil {
			u.Disabled = *c.Disabled
		}
		if err := u.validate(); err != nil {
			return err
		}
		if err := mayGrant(a, u.Roles); err != nil {
			return err
		}
		if c.OrgID != nil && *c.OrgID != u.OrgID {
			if err := s.place(ctx, a, &u, *c.OrgID); err != nil {
				return err
			}
		}
		if err := s.keepsAdmin(ctx, a, old, u); err != nil {
			return err
		}
		u.UpdatedAt = stamp()
		if err := s.Store.SaveUser(ctx, u); err != nil {
			return err
		}
		if u.Disabled {
			if err := s.endSessions(ctx, u.ID); err != nil {
				return err
			}
		}
		return s.record(ctx, &done, changeOf(old, u), u.ID, u.Division, u)
	})
	if err != nil {
		return User{}, err
	}
	s.Events.Publish(ctx, done)
	return u, nil
}

// changeOf names what has become of a user.
func changeOf(old, u User) string {
	switch {
	case u.Disabled && !old.Disabled:
		return EventDisabled
	case !u.Disabled && old.Disabled:
		return EventEnabled
	}
	return EventChanged
}

// ResetPassword gives a user a new one-time password, which it returns, ends the user's sessions and
// revokes the API tokens.
func (s *Service) ResetPassword(ctx context.Context, id string) (string, error) {
	a, err := actor.Require(ctx, actor.AccountWrite)
	if err != nil {
		return "", err
	}
	password, err := oneTime()
	if err != nil {
		return "", err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return "", err
	}
	var u User
	var done event.Event
	err = s.manage(ctx, a, id, func(ctx context.Context, loaded User) error {
		u = loaded
		u.Hash, u.MustChangePassword, u.UpdatedAt = hash, true, stamp()
		if err := s.Store.SaveUser(ctx, u); err != nil {
			return err
		}
		s.spare.forgive(u.Username, "")
		if err := s.Attempts.ForgetAttempts(ctx, u.Username, ""); err != nil {
			return err
		}
		if err := s.revokeAll(ctx, u.ID); err != nil {
			return err
		}
		if err := s.endSessions(ctx, u.ID); err != nil {
			return err
		}
		return s.record(ctx, &done, EventPasswordReset, u.ID, u.Division, u)
	})
	if err != nil {
		return "", err
	}
	s.Events.Publish(ctx, done)
	return password, nil
}

// manage loads a user whom the actor may manage and runs a change in a transaction of its own. Somebody
// who holds more than the actor is out of reach: a new password would be a way to their rights.
func (s *Service) manage(ctx context.Context, a actor.Actor, id string, fn func(context.Context, User) error) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		u, err := s.visible(ctx, a, id)
		if err != nil {
			return err
		}
		if err := mayGrant(a, u.Roles); err != nil {
			return err
		}
		return fn(ctx, u)
	})
}

// keepsAdmin refuses a change that would leave the centre without an administrator, and one by which
// somebody locks themselves out.
func (s *Service) keepsAdmin(ctx context.Context, a actor.Actor, old, u User) error {
	if u.Disabled && !old.Disabled && a.Kind == actor.User && a.ID == u.ID {
		return errs.E(errs.Conflict, "account.self", "you cannot disable yourself")
	}
	stays := !u.Disabled && slices.Contains(u.Roles, RoleAdmin) && u.OrgID == old.OrgID
	if stays || !slices.Contains(old.Roles, RoleAdmin) {
		return nil
	}
	admins, err := s.Store.Admins(ctx)
	if err != nil {
		return err
	}
	top, err := s.top(ctx)
	if err != nil {
		return err
	}
	stillTop := !u.Disabled && slices.Contains(u.Roles, RoleAdmin) && covers(u.Division, top)
	if !stillTop && lastAdmin(admins, old, top) {
		return errs.E(errs.Conflict, "account.last_admin", "this is the last administrator of the centre; appoint another first")
	}
	return nil
}

// place puts a user into an organisation that the actor may manage.
func (s *Service) place(ctx context.Context, a actor.Actor, u *User, orgID string) error {
	orgs, err := s.Store.Orgs(ctx)
	if err != nil {
		return err
	}
	o, ok := findOrg(orgs, orgID)
	if !ok || !a.Covers(o.Division) {
		return errs.Field("account.org", "org_id", "there is no such organisation among those that you manage")
	}
	u.OrgID, u.OrgName, u.OrgNameEN, u.Division = o.ID, o.Name, o.NameEN, o.Division
	return nil
}

func (s *Service) visible(ctx context.Context, a actor.Actor, id string) (User, error) {
	u, err := s.Store.User(ctx, id)
	if err == nil && !a.Covers(u.Division) {
		err = noUser(id)
	}
	return u, err
}

func noUser(name string) error {
	return errs.E(errs.NotFound, "account.not_found", "there is no user %s", name)
}

// covers reports whether a division is another or lies below it.
func covers(division, below string) bool { return geo.Division(division).Covers(geo.Division(below)) }

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// stamp is the present in the precision that is kept.
func stamp() time.Time { return event.Stamp(time.Now()) }
