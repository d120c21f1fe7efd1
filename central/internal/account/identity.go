package account

import (
	"context"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Identity is who a session or an API token stands for.
type Identity struct {
	Actor   actor.Actor
	User    User
	Session Session // empty for an API token
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
		err = s.Keys.SaveToken(ctx, key)
	case key.ID == "" && now.Sub(who.Session.SeenAt) >= touchEvery:
		who.Session = who.Session.touched(now)
		if s.spare.touch(who.Session) {
			break
		}
		err = s.Keys.TouchSession(ctx, who.Session)
	}
	if err != nil {
		// The request is as good as before; only the session will not last as long.
		s.Log.WarnContext(ctx, "use of session not noted", "error", err)
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
		key, err = s.Keys.TokenByHash(ctx, Digest(token))
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
	if who.User, err = s.Store.User(ctx, userID); err != nil {
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

// Present is what a user may do now, for tickets and connections that outlive the request they were made
// with: Unauthenticated when the user is gone or disabled. A password that must be changed first is not
// asked about: the ticket may have been made with an API token.
func (s *Service) Present(ctx context.Context, userID string) (actor.Actor, error) {
	if _, err := actor.Require(ctx, actor.AccountRead); err != nil {
		return actor.Actor{}, err
	}
	u, err := s.Store.User(ctx, userID)
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
