package telemetry

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Hold keeps the readings of a span from being deleted by age, for an inquiry or a court, until somebody
// ends it who covers the division of its maker. Whole months are kept.
type Hold struct {
	ID            string     `json:"id"`
	From          time.Time  `json:"from"`
	To            time.Time  `json:"to"`
	Reason        string     `json:"reason"`
	Division      string     `json:"division" doc:"Of whoever placed it; who covers it may end it"`
	CreatedAt     time.Time  `json:"created_at"`
	CreatedBy     string     `json:"created_by"`
	CreatedByName string     `json:"created_by_name"`
	EndedAt       *time.Time `json:"ended_at,omitempty"`
	EndedBy       string     `json:"ended_by,omitempty"`
	EndedByName   string     `json:"ended_by_name,omitempty"`
	EndedReason   string     `json:"ended_reason,omitempty"`
}

// Ending says who ended a hold, when and why.
type Ending struct {
	At                 time.Time
	By, ByName, Reason string
}

// covers reports whether a hold that has not ended touches from ≤ t < to.
func (h *Hold) covers(from, to time.Time) bool {
	return h.EndedAt == nil && h.From.Before(to) && from.Before(h.To)
}

// maxReason is the longest reason or note, in characters.
const maxReason = 500

// maxHeld is the longest span of a hold, in years: what is held is never deleted.
const maxHeld = 10

func checkReason(code, field, text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" || !errs.Text(text, maxReason) {
		return "", errs.Field(code, field, "1 to 500 characters")
	}
	return text, nil
}

// ListHolds lists all holds, the newest first, also those that have ended.
func (s *Service) ListHolds(ctx context.Context) ([]Hold, error) {
	if _, err := actor.Require(ctx, actor.TelemetryRead); err != nil {
		return nil, err
	}
	return s.LegalHolds.List(ctx)
}

// AddHold keeps a span from being deleted.
func (s *Service) AddHold(ctx context.Context, from, to time.Time, reason string) (Hold, error) {
	who, err := actor.Require(ctx, actor.TelemetryHold)
	if err != nil {
		return Hold{}, err
	}
	if !from.Before(to) {
		return Hold{}, errs.Field("telemetry.hold", "to", "must be after from")
	}
	if to.After(from.AddDate(maxHeld, 0, 0)) {
		return Hold{}, errs.Field("telemetry.hold_long", "to", "is more than 10 years after from; place one for the time that the inquiry is about")
	}
	if reason, err = checkReason("telemetry.hold", "reason", reason); err != nil {
		return Hold{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Hold{}, fmt.Errorf("make id: %w", err)
	}
	h := Hold{
		ID: id.String(), From: event.Stamp(from), To: event.Stamp(to), Reason: reason, Division: who.DivisionCode,
		CreatedAt: event.Stamp(time.Now()), CreatedBy: who.ID, CreatedByName: who.Name,
	}
	done := event.New(ctx, HoldPlaced, h.ID, "", h)
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.LegalHolds.Add(ctx, h); err != nil {
			return err
		}
		return s.Events.Record(ctx, &done)
	})
	if err != nil {
		return Hold{}, err
	}
	s.Events.Publish(ctx, done)
	return h, nil
}

// EndHold lets the readings of a hold be deleted by age again.
func (s *Service) EndHold(ctx context.Context, id, reason string) (Hold, error) {
	who, err := actor.Require(ctx, actor.TelemetryHold)
	if err != nil {
		return Hold{}, err
	}
	if reason, err = checkReason("telemetry.hold", "reason", reason); err != nil {
		return Hold{}, err
	}
	var h Hold
	var done event.Event
	err = s.Tx.Do(ctx, func(ctx context.Context) (err error) {
		if h, err = s.LegalHolds.End(ctx, id, Ending{At: event.Stamp(time.Now()), By: who.ID, ByName: who.Name, Reason: reason}); err != nil {
			return err
		}
		if !who.Covers(h.Division) {
			return errs.E(errs.Denied, "telemetry.hold_division", "hold %s was placed for division %s; who covers it ends it", id, h.Division)
		}
		done = event.New(ctx, HoldEnded, id, "", h)
		return s.Events.Record(ctx, &done)
	})
	if err != nil {
		return Hold{}, err
	}
	s.Events.Publish(ctx, done)
	return h, nil
}

// Held reports whether a hold touches from ≤ t < to. What deletes readings asks it first.
func Held(ctx context.Context, holds HoldStore, from, to time.Time) (bool, error) {
	all, err := holds.List(ctx)
	if err != nil {
		return false, err
	}
	for i := range all {
		if all[i].covers(from, to) {
			return true, nil
		}
	}
	return false, nil
}
