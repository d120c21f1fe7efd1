package incident

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Record writes into an incident what a capability above has done for an organisation and authorised itself: a line
// of the timeline, and who knows of it by that, when known has an organisation. Call it in the transaction of what
// was done.
func (s *Service) Record(ctx context.Context, id string, o account.Org, st Step, known *Known) error {
	if _, ok := actor.From(ctx); !ok {
		return errs.E(errs.Unauthenticated, "auth.required", "sign in first")
	}
	return s.change(ctx, func(ctx context.Context, note noter) error {
		i, err := s.Store.Incident(ctx, id)
		if err != nil {
			return err
		}
		if known != nil {
			k := *known
			k.ID, k.IncidentID = newID(), id
			if err := s.Store.AddKnown(ctx, k); err != nil {
				return err
			}
		}
		return note(ctx, i, o, st, EventNoted)
	})
}

// Steps is the timeline of an incident for a capability above, which has authorised that.
func (s *Service) Steps(ctx context.Context, id string) ([]Step, error) {
	return s.Store.Steps(ctx, id)
}

// Figures lists the counts of an incident for a capability above, which has authorised that.
func (s *Service) Figures(ctx context.Context, id string) ([]Figure, error) {
	return s.Store.Figures(ctx, id)
}

// Group is an incident and all that stand merged into it, for a capability above, which has authorised that.
func (s *Service) Group(ctx context.Context, id string) ([]Incident, error) {
	return s.Store.Group(ctx, id)
}

// mergers is how many incidents may stand merged into one another, one after the other.
const mergers = 50

// Standing is the one that stands for an incident: itself, or the one into which it was merged, and so on. Whoever may
// not see one on the way is told so.
func (s *Service) Standing(ctx context.Context, id string) (Incident, error) {
	i, err := s.Get(ctx, id)
	for range mergers {
		if err != nil || i.State != Merged {
			break
		}
		i, err = s.Get(ctx, i.MergedInto)
	}
	return i, err
}

// WhoKnew lists who knew of an incident when, for a capability above, which has authorised that.
func (s *Service) WhoKnew(ctx context.Context, id string) ([]Known, error) {
	return s.Store.Known(ctx, id)
}

// Responded sets the level of the response for a capability above, which has authorised that: the highest of what the
// desks have begun, whichever of them opened the incident.
func (s *Service) Responded(ctx context.Context, id string, o account.Org, level int, why string) error {
	if _, ok := actor.From(ctx); !ok {
		return errs.E(errs.Unauthenticated, "auth.required", "sign in first")
	}
	return s.change(ctx, func(ctx context.Context, note noter) error {
		i, err := s.Store.Incident(ctx, id)
		if err != nil {
			return err
		}
		if err := i.respond(ctx, o, level, why, note); err != nil {
			return err
		}
		_, err = s.save(ctx, i)
		return err
	})
}
