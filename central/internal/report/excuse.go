package report

import (
	"context"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// Excused is why a desk owes nothing of a day although its period asks for it. It counts nowhere.
type Excused struct {
	Reason string    `json:"reason"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// ExcuseDaily lets a desk below owe nothing of a day, for a reason that stays beside it. It takes who may judge: what is
// late or missing stops counting.
func (s *Service) ExcuseDaily(ctx context.Context, org string, day duty.Day, reason string) (Daily, error) {
	return s.above(ctx, actor.ReportJudge, org, day, EventDailyExcused, func(d *Daily, by string, now time.Time) error {
		reason = strings.TrimSpace(reason)
		switch {
		case !errs.Name(reason, incident.MaxPlace):
			return errs.Field("report.excuse", "reason", "say why they owe nothing, in 1 to 200 characters on one line")
		case d.State != Owed:
			return errs.E(errs.Conflict, "report.daily_told", "the report of that day was sent already, or is not asked for any more")
		}
		d.State, d.Excused = Spared, &Excused{Reason: reason, By: by, At: now}
		return nil
	})
}

// AskDailyAgain takes an excuse back: the report is owed as before.
func (s *Service) AskDailyAgain(ctx context.Context, org string, day duty.Day) (Daily, error) {
	return s.above(ctx, actor.ReportJudge, org, day, EventDailyAsked, func(d *Daily, _ string, _ time.Time) error {
		if d.Excused == nil {
			return errs.E(errs.Conflict, "report.daily_not_excused", "nobody has excused that desk")
		}
		d.State, d.Excused = Owed, nil
		return nil
	})
}
