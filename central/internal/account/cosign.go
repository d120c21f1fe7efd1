package account

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Cosign is who of an organisation signs as the second person at the screen of the actor, by username and password,
// without a session. Nobody learns here whether somebody of another organisation exists. A wrong one counts for
// whoever is signed in: errs.Invalid on the field password, errs.Denied when it is locked for them; the other signs on
// elsewhere. Somebody who must change the password first cannot sign with it.
func (s *Service) Cosign(ctx context.Context, org, username, password string) (actor.Actor, error) {
	a, ok := actor.From(ctx)
	if !ok || a.Kind != actor.User {
		return actor.Actor{}, errs.E(errs.Unauthenticated, "auth.required", "sign in first")
	}
	wrong := errs.Field("account.wrong_cosignature", "password", "username or password is wrong; nothing was signed")
	username = normalName(username)
	if username == "" || len(username) > 64 || len(password) > 4*maxPassword {
		return actor.Actor{}, wrong
	}
	u, err := s.Store.UserByName(ctx, username)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return actor.Actor{}, err
	}
	if u.OrgID != org {
		u = User{} // like one that does not exist, in answer and in time
	}
	source := "cosignature " + a.ID
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
	s.spare.forgive(username, source)
	return u.as(), s.Attempts.ForgetAttempts(ctx, username, source)
}
