package account

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

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
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		again, err := s.Store.User(ctx, u.ID)
		if err != nil {
			return err
		}
		if again.Hash != u.Hash || again.Disabled {
			return noSession()
		}
		u = again
		u.Hash, u.MustChangePassword, u.UpdatedAt = hash, false, stamp()
		if err := s.Store.SaveUser(ctx, u); err != nil {
			return err
		}
		if err := s.revokeAll(ctx, u.ID); err != nil {
			return err
		}
		if err := s.endSessions(ctx, u.ID); err != nil {
			return err
		}
		next.ID, next.TokenHash = newID(), Digest(token)
		if err := s.Keys.AddSession(ctx, next.touched(stamp())); err != nil {
			return err
		}
		return s.record(ctx, &done, EventPasswordChanged, u.ID, u.Division, u)
	})
	if err != nil {
		return Identity{}, "", err
	}
	s.Events.Publish(ctx, done)
	return Identity{Actor: u.as(), User: u, Session: next.touched(stamp())}, token, nil
}
