package account

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Identity is who a session or an API token stands for.
type Identity struct {
	Actor   actor.Actor
	User    User
	Session Session // empty for an API token
}

func wrongPassword() error {
	return errs.E(errs.Unauthenticated, "account.wrong_password", "username or password is wrong")
}

func noSession() error {
	return errs.E(errs.Unauthenticated, "account.session_ended", "the session has ended; sign in again")
}

// Login signs somebody in and returns the token of a new session, which is kept nowhere. The session
// that the browser showed ends, so that no session outlives a login.
func (s *Service) Login(ctx context.Context, username, password string, from Origin) (Identity, string, error) {
	username = normalName(username)
	if len(username) > 64 || len(password) > 4*maxPassword {
		return Identity{}, "", wrongPassword()
	}
	u, err := s.store.UserByName(ctx, username)
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
		ID: newID(), UserID: u.ID, TokenHash: digest(token), CreatedAt: now, SeenAt: now,
		ExpiresAt: now.Add(SessionIdle), EndsAt: now.Add(SessionLimit),
	}
	var who Identity
	var done event.Event
	err = s.tx.Do(ctx, func(ctx context.Context) error {
		if err := s.store.Lock(ctx); err != nil {
			return err
		}
		// Others may have changed it, or locked the name, while the password was compared.
		again, err := s.store.User(ctx, u.ID)
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
		if err := s.store.SaveUser(ctx, u); err != nil {
			return err
		}
		if err := s.store.Forget(ctx, now, now.Add(-24*time.Hour)); err != nil {
			return err
		}
		if err := s.store.ForgetAttempts(ctx, username, source); err != nil {
			return err
		}
		if err := s.store.AddSession(ctx, session); err != nil {
			return err
		}
		who = Identity{Actor: u.as(), User: u, Session: session}
		return s.record(actor.With(ctx, who.Actor), &done, EventSessionStarted, u.ID, u.Division, sessionData{Session: session.ID})
	})
	if full(err) && s.spare.keep(session) {
		// Not in the audit trail, which is on the same disk: the log is what is left.
		s.log.WarnContext(ctx, "disk full: session is kept in memory", "user", u.ID, "error", err)
		who, err = Identity{Actor: u.as(), User: u, Session: session}, nil
		done = event.New(actor.With(ctx, who.Actor), EventSessionStarted, u.ID, u.Division, sessionData{Session: session.ID})
	}
	if err != nil {
		return Identity{}, "", err
	}
	s.spare.forgive(username, source)
	s.events.Publish(ctx, done)
	return who, token, nil
}

// sessionData is what the events of sessions carry.
type sessionData struct {
	Session  string `json:"session,omitempty"`
	Username string `json:"username,omitempty"`
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
	return s.store.EndSession(ctx, old.ID)
}

// endSessions ends all of a user's sessions.
func (s *Service) endSessions(ctx context.Context, userID string) error {
	s.spare.end(func(v Session) bool { return v.UserID == userID })
	return s.store.EndSessions(ctx, userID, "")
}

// session finds one by its token, in the database or in memory.
func (s *Service) session(ctx context.Context, token string) (Session, error) {
	v, err := s.store.SessionByToken(ctx, digest(token))
	if errs.KindOf(err) == errs.NotFound {
		if kept, ok := s.spare.session(digest(token)); ok {
			return kept, nil
		}
	}
	return v, err
}

// lockedOut refuses a source that has guessed too often at a name.
func (s *Service) lockedOut(ctx context.Context, username, source string) error {
	now := time.Now()
	if kept, locked := s.spare.locked(username, source, now); locked {
		return lockedError(kept)
	}
	tried, err := s.store.Attempt(ctx, username, source)
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
	err := s.tx.Do(ctx, func(ctx context.Context) error {
		if err := s.store.Lock(ctx); err != nil {
			return err
		}
		a, err := s.store.Attempt(ctx, username, source)
		if err != nil {
			return err
		}
		if !a.locked(now) {
			a = a.failed(now)
		}
		if err := s.store.SaveAttempt(ctx, a); err != nil {
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
	s.events.Publish(ctx, done)
	return failure
}

// verdict is what a failure comes to: the event and the answer.
func verdict(a Attempt, now time.Time) (string, error) {
	if a.locked(now) {
		return EventSessionLocked, lockedError(a)
	}
	return EventSessionRefused, wrongPassword()
}

// Authenticate says who holds a session token or an API token, and notes the use.
func (s *Service) Authenticate(ctx context.Context, token string) (Identity, error) {
	who, key, err := s.identify(ctx, token)
	if err != nil {
		return Identity{}, err
	}
	now := stamp()
	switch {
	case key.ID != "" && (key.LastUsedAt == nil || now.Sub(*key.LastUsedAt) >= touchEvery):
		key.LastUsedAt = &now
		err = s.store.SaveToken(ctx, key)
	case key.ID == "" && now.Sub(who.Session.SeenAt) >= touchEvery:
		who.Session = who.Session.touched(now)
		if s.spare.touch(who.Session) {
			break
		}
		err = s.store.TouchSession(ctx, who.Session)
	}
	if err != nil {
		// The request is as good as before; only the session will not last as long.
		s.log.WarnContext(ctx, "use of session not noted", "error", err)
	}
	return who, nil
}

// Check says the same without noting a use, for connections that stay open.
func (s *Service) Check(ctx context.Context, token string) (Identity, error) {
	who, _, err := s.identify(ctx, token)
	return who, err
}

func (s *Service) identify(ctx context.Context, token string) (Identity, Token, error) {
	var who Identity
	var key Token
	var userID string
	var err error
	if strings.HasPrefix(token, TokenPrefix) {
		key, err = s.store.TokenByHash(ctx, digest(token))
		if err == nil && !key.valid(time.Now()) {
			err = noSession()
		}
		userID = key.UserID
	} else {
		who.Session, err = s.session(ctx, token)
		if err == nil && !who.Session.live(time.Now()) {
			err = noSession()
		}
		userID = who.Session.UserID
	}
	if errs.KindOf(err) == errs.NotFound {
		err = noSession()
	}
	if err != nil {
		return Identity{}, Token{}, err
	}
	if who.User, err = s.store.User(ctx, userID); err != nil {
		return Identity{}, Token{}, err
	}
	if who.User.Disabled {
		return Identity{}, Token{}, noSession()
	}
	acting := who.User
	if key.ID != "" {
		// A token was not got with the password, so a password that must be changed does not weaken it.
		// A reset revokes the tokens instead.
		acting.MustChangePassword = false
	}
	who.Actor = acting.as()
	return who, key, nil
}

// Logout ends the session of a token; an unknown one is no error.
func (s *Service) Logout(ctx context.Context, token string) error {
	session, err := s.session(ctx, token)
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	u, err := s.store.User(ctx, session.UserID)
	if err != nil {
		return err
	}
	var done event.Event
	if _, kept := s.spare.session(session.TokenHash); kept {
		s.spare.end(func(v Session) bool { return v.ID == session.ID })
		s.events.Publish(ctx, event.New(ctx, EventSessionEnded, session.UserID, u.Division, sessionData{Session: session.ID}))
		return nil
	}
	err = s.tx.Do(ctx, func(ctx context.Context) error {
		if err := s.store.EndSession(ctx, session.ID); err != nil {
			return err
		}
		return s.record(ctx, &done, EventSessionEnded, session.UserID, u.Division, sessionData{Session: session.ID})
	})
	if err != nil {
		return err
	}
	s.events.Publish(ctx, done)
	return nil
}

// ChangePassword changes the caller's own password, ends all other sessions and the API tokens, which
// whoever knew the old one may have made, and gives this session a new token, which it returns.
func (s *Service) ChangePassword(ctx context.Context, who Identity, old, chosen string) (Identity, string, error) {
	if who.Session.ID == "" {
		return Identity{}, "", errs.E(errs.Denied, "account.needs_session", "an API token cannot change the password; sign in")
	}
	u, source := who.User, "session "+who.Session.ID
	if err := s.lockedOut(ctx, u.Username, source); err != nil {
		return Identity{}, "", err
	}
	if err := checkPassword(chosen, u.Username); err != nil {
		return Identity{}, "", err
	}
	if chosen == old {
		return Identity{}, "", errs.Field("account.password_same", "new", "must differ from the old password")
	}
	if same, err := s.hasher.matches(ctx, old, u.Hash); err != nil {
		return Identity{}, "", err
	} else if !same {
		// A found open browser must not become a place to guess: it counts like a login.
		if err := s.refuse(ctx, u.Username, source, u); errs.KindOf(err) != errs.Unauthenticated {
			return Identity{}, "", err
		}
		return Identity{}, "", errs.Field("account.wrong_old_password", "old", "is wrong")
	}
	hash, err := s.hasher.hash(ctx, chosen)
	if err != nil {
		return Identity{}, "", err
	}
	token := newSecret()
	next := who.Session
	var done event.Event
	err = s.tx.Do(ctx, func(ctx context.Context) error {
		if err := s.store.Lock(ctx); err != nil {
			return err
		}
		again, err := s.store.User(ctx, u.ID)
		if err != nil {
			return err
		}
		if again.Hash != u.Hash || again.Disabled {
			return noSession()
		}
		u = again
		u.Hash, u.MustChangePassword, u.UpdatedAt = hash, false, stamp()
		if err := s.store.SaveUser(ctx, u); err != nil {
			return err
		}
		if err := s.revokeAll(ctx, u.ID); err != nil {
			return err
		}
		if err := s.endSessions(ctx, u.ID); err != nil {
			return err
		}
		next.ID, next.TokenHash = newID(), digest(token)
		if err := s.store.AddSession(ctx, next.touched(stamp())); err != nil {
			return err
		}
		return s.record(ctx, &done, EventPasswordChanged, u.ID, u.Division, u)
	})
	if err != nil {
		return Identity{}, "", err
	}
	s.events.Publish(ctx, done)
	return Identity{Actor: u.as(), User: u, Session: next.touched(stamp())}, token, nil
}

// Present is what a user may do now, for tickets and connections that outlive the request they were made
// with: Unauthenticated when the user is gone or disabled. A password that must be changed first is not
// asked about: the ticket may have been made with an API token.
func (s *Service) Present(ctx context.Context, userID string) (actor.Actor, error) {
	if _, err := actor.Require(ctx, actor.AccountRead); err != nil {
		return actor.Actor{}, err
	}
	u, err := s.store.User(ctx, userID)
	if errs.KindOf(err) == errs.NotFound || (err == nil && u.Disabled) {
		return actor.Actor{}, noSession()
	}
	if err != nil {
		return actor.Actor{}, err
	}
	u.MustChangePassword = false
	return u.as(), nil
}

// SessionActor is who holds a session token; it notes the use.
func (s *Service) SessionActor(ctx context.Context, token string) (actor.Actor, error) {
	who, err := s.Authenticate(ctx, token)
	if err == nil && who.Session.ID == "" {
		return actor.Actor{}, noSession()
	}
	return who.Actor, err
}

// TokenActor is who holds an API token; it notes the use.
func (s *Service) TokenActor(ctx context.Context, token string) (actor.Actor, error) {
	if !strings.HasPrefix(token, TokenPrefix) {
		return actor.Actor{}, errs.E(errs.Unauthenticated, "account.token_unknown", "the API token is unknown or revoked")
	}
	who, err := s.Authenticate(ctx, token)
	return who.Actor, err
}
