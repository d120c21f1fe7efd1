package account

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Cosign is who signs as the second person at the screen of another, by username and password, without a
// session. A wrong one counts like a failed sign-in: errs.Invalid on the field password, errs.Denied when it is
// locked. Somebody who must change the password first cannot sign with it.
func (s *Service) Cosign(ctx context.Context, username, password string) (actor.Actor, error) {
	wrong := errs.Field("account.wrong_cosignature", "password", "username or password is wrong; nothing was signed")
	username = normalName(username)
	if username == "" || len(username) > 64 || len(password) > 4*maxPassword {
		return actor.Actor{}, wrong
	}
	u, err := s.Store.UserByName(ctx, username)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return actor.Actor{}, err
	}
	source := "signature " + u.ID
	if err := s.lockedOut(ctx, username, source); err != nil {
		return actor.Actor{}, err
	}
	same, err := s.hasher.matches(ctx, password, u.Hash)
	if err != nil {
		return actor.Actor{}, err
	}
	if !same || u.Disabled || u.MustChangePassword {
		if err := s.refuse(ctx, username, source, u); errs.KindOf(err) != errs.Unauthenticated {
			return actor.Actor{}, err
		}
		return actor.Actor{}, wrong
	}
	s.spare.forgive(u.Username, source)
	return u.as(), s.Attempts.ForgetAttempts(ctx, u.Username, source)
}
