package account

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Confirm asks the user of the context for the password again, for acts that are a signature. A wrong one
// counts like a failed sign-in, so that a found open browser is no place to guess: errs.Invalid on the field
// password, errs.Denied when it is locked.
func (s *Service) Confirm(ctx context.Context, password string) error {
	a, ok := actor.From(ctx)
	if !ok || a.Kind != actor.User {
		return errs.E(errs.Unauthenticated, "auth.required", "sign in first")
	}
	u, err := s.Store.User(ctx, a.ID)
	if err != nil {
		return err
	}
	source := "signature " + u.ID
	if err := s.lockedOut(ctx, u.Username, source); err != nil {
		return err
	}
	same, err := s.hasher.matches(ctx, password, u.Hash)
	if err != nil {
		return err
	}
	if !same || u.Disabled {
		if err := s.refuse(ctx, u.Username, source, u); errs.KindOf(err) != errs.Unauthenticated {
			return err
		}
		return errs.Field("account.wrong_signature", "password", "is wrong; nothing was signed")
	}
	s.spare.forgive(u.Username, source)
	return s.Attempts.ForgetAttempts(ctx, u.Username, source)
}
