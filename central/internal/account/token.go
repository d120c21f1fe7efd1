package account

import (
	"context"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// maxTokens is how many valid API tokens one user may have.
const maxTokens = 20

// CreateToken makes an API token of a user and returns its text, which is kept nowhere. People make
// tokens for themselves only, valid for TokenLife, so that whoever acts is named; the command line may make one for anybody.
func (s *Service) CreateToken(ctx context.Context, userID, name string) (Token, string, error) {
	a, err := signedIn(ctx)
	if err != nil {
		return Token{}, "", err
	}
	if a.Kind != actor.System && a.ID != userID {
		return Token{}, "", errs.E(errs.Denied, "account.token_other", "an API token is made by the user it acts for")
	}
	if a.Kind != actor.System && len(a.Permissions) == 0 {
		return Token{}, "", errs.E(errs.Denied, "auth.denied", "change the password first")
	}
	name = strings.TrimSpace(name)
	if !errs.Name(name, 64) {
		return Token{}, "", errs.Field("account.token_name", "name", "1 to 64 characters on one line")
	}
	text, now := TokenPrefix+newSecret(), stamp()
	t := Token{ID: newID(), UserID: userID, Name: name, CreatedAt: now, ExpiresAt: now.Add(TokenLife), Hash: Digest(text)}
	var u User
	var done event.Event
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		var err error
		if u, err = s.Store.User(ctx, userID); err != nil {
			return err
		}
		if u.Disabled {
			return errs.E(errs.Conflict, "account.disabled", "the user %s is disabled", u.Username)
		}
		have, err := s.Keys.Tokens(ctx, userID)
		if err != nil {
			return err
		}
		valid := 0
		for _, other := range have {
			if other.valid(now) {
				valid++
			}
		}
		if valid >= maxTokens {
			return errs.E(errs.Conflict, "account.too_many_tokens", "a user has at most %d API tokens; revoke one first", maxTokens)
		}
		if err := s.Keys.AddToken(ctx, t); err != nil {
			return err
		}
		return s.record(ctx, &done, EventTokenCreated, u.ID, u.Division, t)
	})
	if err != nil {
		return Token{}, "", err
	}
	s.Events.Publish(ctx, done)
	return t, text, nil
}

// Tokens lists the API tokens of a user, the actor's own or those of somebody the actor manages.
func (s *Service) Tokens(ctx context.Context, userID string) ([]Token, error) {
	if _, err := s.reach(ctx, userID, actor.AccountRead); err != nil {
		return nil, err
	}
	return s.Keys.Tokens(ctx, userID)
}

// RevokeToken ends an API token at once; ending it again changes nothing.
func (s *Service) RevokeToken(ctx context.Context, userID, id string) error {
	u, err := s.reach(ctx, userID, actor.AccountWrite)
	if err != nil {
		return err
	}
	var t Token
	revoked := false
	var done event.Event
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		have, err := s.Keys.Tokens(ctx, userID)
		if err != nil {
			return err
		}
		for _, t = range have {
			if t.ID != id {
				continue
			}
			if t.RevokedAt != nil {
				return nil
			}
			now := stamp()
			t.RevokedAt, revoked = &now, true
			if err := s.Keys.SaveToken(ctx, t); err != nil {
				return err
			}
			return s.record(ctx, &done, EventTokenRevoked, u.ID, u.Division, t)
		}
		return errs.E(errs.NotFound, "account.token_not_found", "there is no API token %s", id)
	})
	if err != nil || !revoked {
		return err
	}
	s.Events.Publish(ctx, done)
	return nil
}

// reach loads the actor's own user, or one in the actor's divisions when the permission is held.
func (s *Service) reach(ctx context.Context, userID string, p actor.Permission) (User, error) {
	a, err := signedIn(ctx)
	if err != nil {
		return User{}, err
	}
	if a.Kind == actor.User && a.ID == userID {
		return s.Store.User(ctx, userID)
	}
	if a, err = actor.Require(ctx, p); err != nil {
		return User{}, err
	}
	return s.visible(ctx, a, userID)
}

func signedIn(ctx context.Context) (actor.Actor, error) {
	a, ok := actor.From(ctx)
	if !ok {
		return actor.Actor{}, errs.E(errs.Unauthenticated, "auth.required", "sign in first")
	}
	return a, nil
}

// revokeAll ends every API token of a user, within the caller's transaction.
func (s *Service) revokeAll(ctx context.Context, userID string) error {
	have, err := s.Keys.Tokens(ctx, userID)
	if err != nil {
		return err
	}
	now := stamp()
	for _, t := range have {
		if t.RevokedAt != nil {
			continue
		}
		t.RevokedAt = &now
		if err := s.Keys.SaveToken(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// Returned ends every session and lists the API tokens that are valid, after a backup was restored: what
// was ended since the backup has come back.
func (s *Service) Returned(ctx context.Context) ([]UserToken, error) {
	if a, err := signedIn(ctx); err != nil || a.Kind != actor.System {
		return nil, errs.E(errs.Denied, "auth.denied", "this is for the command line")
	}
	all, err := s.Keys.ValidTokens(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.Keys.EndEverySession(ctx); err != nil {
		return nil, err
	}
	now := stamp()
	return slices.DeleteFunc(all, func(t UserToken) bool { return !t.valid(now) }), nil
}
