package account

import (
	"context"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

func wrongPassword() error {
	return errs.E(errs.Unauthenticated, "account.wrong_password", "username or password is wrong")
}

// Login signs somebody in and returns the token of a new session, which is kept nowhere. The session
// that the browser showed ends, so that no session outlives a login.
func (s *Service) Login(ctx context.Context, username, password string, from Origin) (Identity, string, error) {
	username = normalName(username)
	if len(username) > 64 || len(password) > 4*maxPassword {
		return Identity{}, "", wrongPassword()
	}
	u, err := s.Store.UserByName(ctx, username)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return Identity{}, "", err
	}
	source, known := from.source(u, time.Now())
	if err := s.lockedOut(ctx, username, source); err != nil {
		return Identity{}, "", err
	}
	if !known {
		if err := s.slow(ctx, username); err != nil {
			return Identity{}, "", err
		}
	}
	same, err := s.hasher.matches(ctx, password, u.Hash)
	if err != nil {
		return Identity{}, "", err
	}
	if !same || u.Disabled {
		return Identity{}, "", s.refuse(ctx, username, source, u)
	}
	now := stamp()
	token := newSecret()
	session := Session{
		ID: newID(), UserID: u.ID, TokenHash: Digest(token), CreatedAt: now, SeenAt: now,
		ExpiresAt: now.Add(SessionIdle), EndsAt: now.Add(SessionLimit),
	}
	var who Identity
	var done event.Event
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		// Others may have changed it, or locked the name, while the password was compared.
		again, err := s.Store.User(ctx, u.ID)
		if err != nil {
			return err
		}
		if again.Disabled || again.Hash != u.Hash {
			return wrongPassword()
		}
		if err := s.lockedOut(ctx, username, source); err != nil {
			return err
		}
		if err := s.endPrevious(ctx, from.Session); err != nil {
			return err
		}
		u = again
		u.LastLoginAt, u.UpdatedAt = &now, now
		if err := s.Store.SaveUser(ctx, u); err != nil {
			return err
		}
		if err := s.Keys.Forget(ctx, now, now.Add(-24*time.Hour)); err != nil {
			return err
		}
		if err := s.Attempts.ForgetAttempts(ctx, username, source); err != nil {
			return err
		}
		if err := s.Keys.AddSession(ctx, session); err != nil {
			return err
		}
		who = Identity{Actor: u.as(), User: u, Session: session}
		return s.record(actor.With(ctx, who.Actor), &done, EventSessionStarted, u.ID, u.Division, sessionData{Session: session.ID})
	})
	if full(err) && s.spare.keep(session) {
		// Not in the audit trail, which is on the same disk: the log is what is left.
		s.Log.WarnContext(ctx, "disk full: session is kept in memory", "user", u.ID, "error", err)
		who, err = Identity{Actor: u.as(), User: u, Session: session}, nil
		done = event.New(actor.With(ctx, who.Actor), EventSessionStarted, u.ID, u.Division, sessionData{Session: session.ID})
	}
	if err != nil {
		return Identity{}, "", err
	}
	s.spare.forgive(username, source)
	s.Events.Publish(ctx, done)
	return who, token, nil
}

func (s *Service) endPrevious(ctx context.Context, token string) error {
	if token == "" {
		return nil
	}
	old, err := s.session(ctx, token)
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	s.spare.end(func(v Session) bool { return v.ID == old.ID })
	return s.Keys.EndSession(ctx, old.ID)
}

// lockedOut refuses a source that has guessed too often at a name.
func (s *Service) lockedOut(ctx context.Context, username, source string) error {
	now := time.Now()
	if kept, locked := s.spare.locked(username, source, now); locked {
		return lockedError(kept)
	}
	tried, err := s.Attempts.Attempt(ctx, username, source)
	if err == nil && tried.locked(now) {
		err = lockedError(tried)
	}
	return err
}

func lockedError(a Attempt) error {
	return errs.E(errs.Denied, "account.locked", "too many wrong passwords from here; locked until %s", a.LockedUntil.UTC().Format(time.RFC3339))
}

// refuse counts a failure and returns what the caller may know: the same for a name that exists and one
// that does not.
func (s *Service) refuse(ctx context.Context, username, source string, u User) error {
	var kind string
	var failure error
	var done event.Event
	now := stamp()
	subject, name := u.ID, username
	if subject == "" {
		// What was typed may be a password in the wrong field: only a name that exists is kept.
		subject, name = "unknown", ""
	}
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		a, err := s.Attempts.Attempt(ctx, username, source)
		if err != nil {
			return err
		}
		if !a.locked(now) {
			a = a.failed(now)
		}
		if err := s.Attempts.SaveAttempt(ctx, a); err != nil {
			return err
		}
		kind, failure = verdict(a, now)
		return s.record(ctx, &done, kind, subject, u.Division, sessionData{Username: name})
	})
	if full(err) {
		kind, failure = verdict(s.spare.fail(Attempt{Username: username, Source: source}, now), now)
		done, err = event.New(ctx, kind, subject, u.Division, sessionData{Username: name}), nil
	}
	if err != nil {
		return fmt.Errorf("count failed login: %w", err)
	}
	s.Events.Publish(ctx, done)
	return failure
}

// verdict is what a failure comes to: the event and the answer.
func verdict(a Attempt, now time.Time) (string, error) {
	if a.locked(now) {
		return EventSessionLocked, lockedError(a)
	}
	return EventSessionRefused, wrongPassword()
}
