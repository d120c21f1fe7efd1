package device

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// PassState is what has become of a one-time token.
type PassState string

// The states.
const (
	PassGood  PassState = "good"
	PassUsed  PassState = "used"
	PassEnded PassState = "ended" // taken back, or replaced by a newer one
	PassOver  PassState = "over"  // nobody used it in time
	PassNone  PassState = "none"  // there was never one
)

// Pass is what is kept of a one-time token; the token itself is not.
type Pass struct {
	CreatedAt *time.Time `json:"created_at,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	UsedAt    *time.Time `json:"used_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	State     PassState  `json:"state" enum:"good,used,ended,over,none"`
}

// at is the ticket with its state at a time.
func (t Pass) at(now time.Time) Pass {
	switch {
	case t.CreatedAt == nil:
		t.State = PassNone
	case t.UsedAt != nil:
		t.State = PassUsed
	case t.EndedAt != nil:
		t.State = PassEnded
	case !now.Before(*t.ExpiresAt):
		t.State = PassOver
	default:
		t.State = PassGood
	}
	return t
}

// Pass says what has become of the newest one-time token of an edge.
func (s *Service) Pass(ctx context.Context, id string) (Pass, error) {
	if _, err := actor.Require(ctx, actor.DeviceWrite); err != nil {
		return Pass{}, err
	}
	d, ok := s.Visible(ctx, id)
	if !ok || d.Kind != Edge {
		return Pass{}, notFound(id)
	}
	t, err := s.Store.Pass(ctx, id, "")
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return Pass{}, err
	}
	return t.at(time.Now()), nil
}

// EndEnrolment takes the one-time token of an edge back. errs.Conflict: none is good any more.
func (s *Service) EndEnrolment(ctx context.Context, id string) (Pass, error) {
	_, err := s.modify(ctx, id, EventTokenEnded, present, func(ctx context.Context, _ actor.Actor, _ *Record) error {
		n, err := s.Store.EndEnrolments(ctx, id, event.Stamp(time.Now()))
		if err == nil && n == 0 {
			err = errs.E(errs.Conflict, "device.no_ticket", "no one-time command of %s is good any more: it was used, taken back or is too old", id)
		}
		return err
	})
	if err != nil {
		return Pass{}, err
	}
	return s.Pass(ctx, id)
}

// why says to the holder of a one-time token that is no good what has become of it.
func (s *Service) why(ctx context.Context, hash string, now time.Time) error {
	t, err := s.Store.Pass(ctx, "", hash)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	const again = "; make a new command on the page of the terminal"
	switch t = t.at(now); t.State {
	case PassUsed:
		return errs.E(errs.Unauthenticated, "device.enrol_token", "the token was used at %s"+again, t.UsedAt.UTC().Format(time.RFC3339))
	case PassEnded:
		return errs.E(errs.Unauthenticated, "device.enrol_token", "the token was taken back or replaced at %s"+again, t.EndedAt.UTC().Format(time.RFC3339))
	case PassOver:
		return errs.E(errs.Unauthenticated, "device.enrol_token", "the token was good until %s"+again, t.ExpiresAt.UTC().Format(time.RFC3339))
	case PassGood, PassNone:
	}
	return errs.E(errs.Unauthenticated, "device.enrol_token", "the token is unknown"+again)
}
