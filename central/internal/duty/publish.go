package duty

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Publication is a month that somebody has signed.
type Publication struct {
	OrgID  string    `json:"org_id"`
	Month  string    `json:"month"` // 2026-11
	By     string    `json:"by"`
	ByName string    `json:"by_name"`
	At     time.Time `json:"at"`
	Waived int       `json:"waived"` // faults that stand with a signed reason
}

// signed asks for the password of a signature.
func (s *Service) signed(ctx context.Context, a actor.Actor, sign *Signature) error {
	if sign == nil {
		return nil
	}
	if !a.Can(actor.DutyApprove) {
		return errs.E(errs.Denied, "auth.denied", "permission %s is missing", actor.DutyApprove)
	}
	sign.Reason = strings.TrimSpace(sign.Reason)
	if !errs.Name(sign.Reason, 200) {
		return errs.Field("duty.reason", "reason", "1 to 200 characters on one line")
	}
	return s.Accounts.Confirm(ctx, sign.Password)
}

// signedIssues are the blocking faults of months that were signed.
func (s *Service) signedIssues(ctx context.Context, p Plan, shifts []Shift, now time.Time) ([]Issue, error) {
	months, err := s.Store.Publications(ctx, p.Desk.OrgID)
	if err != nil || len(months) == 0 {
		return nil, err
	}
	today := DayOf(now, p.Desk.Location())
	all, err := s.issues(ctx, p, shifts, today, today.Add(Horizon), now)
	return slices.DeleteFunc(all, func(i Issue) bool {
		return !i.Blocks || i.Waiver != nil || !slices.ContainsFunc(months, func(m Publication) bool { return m.Month == i.Day.Month() })
	}), err
}

// fresh are the issues that were not there before.
func fresh(before, after []Issue) []Issue {
	return slices.DeleteFunc(after, func(i Issue) bool {
		return slices.ContainsFunc(before, func(b Issue) bool { return b.Key == i.Key })
	})
}

// waive keeps the signed reason of each fault, or refuses because there is none.
func (s *Service) waive(ctx context.Context, a actor.Actor, o account.Org, list []Issue, sign *Signature) error {
	if len(list) == 0 {
		return nil
	}
	if sign == nil {
		e := errs.E(errs.Conflict, "duty.blocked", "%d faults keep this from being done; mend them, or sign the reason why they stand", len(list))
		e.Fields = map[string]string{}
		for _, i := range list {
			e.Fields[i.Key] = string(i.Fault)
		}
		return e
	}
	for _, i := range list {
		w := Waiver{Key: i.Key, OrgID: o.ID, Reason: sign.Reason, By: a.ID, ByName: a.Name, At: stamp()}
		if err := s.Store.SaveWaiver(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// Publish signs a month. Faults that block are refused, or stand with the signed reason.
func (s *Service) Publish(ctx context.Context, org, month string, sign Signature) (Publication, error) {
	a, o, err := s.org(ctx, org, actor.DutyApprove)
	if err != nil {
		return Publication{}, err
	}
	from, to, ok := monthDays(month)
	if !ok {
		return Publication{}, errs.Field("duty.month", "month", "is no month like 2026-11")
	}
	if err := s.Accounts.Confirm(ctx, sign.Password); err != nil {
		return Publication{}, err
	}
	sign.Reason = strings.TrimSpace(sign.Reason)
	if sign.Reason != "" && !errs.Name(sign.Reason, 200) {
		return Publication{}, errs.Field("duty.reason", "reason", "at most 200 characters on one line")
	}
	out := Publication{OrgID: o.ID, Month: month, By: a.ID, ByName: a.Name, At: stamp()}
	err = s.change(ctx, o, func(context.Context, *result) error { return nil }, func(ctx context.Context, r *result) error {
		now := stamp()
		today := DayOf(now, r.plan.Desk.Location())
		if to <= today || from >= today.Add(Horizon) {
			return errs.Field("duty.month", "month", "is over, or further ahead than the roster is laid (92 days)")
		}
		list, err := s.issues(ctx, r.plan, r.shifts, from, to, now)
		if err != nil {
			return err
		}
		blocking := slices.DeleteFunc(list, func(i Issue) bool { return !i.Blocks })
		out.Waived = len(blocking)
		var reason *Signature
		if sign.Reason != "" {
			reason = &sign
		}
		open := slices.DeleteFunc(blocking, func(i Issue) bool { return i.Waiver != nil })
		if err := s.waive(ctx, a, o, open, reason); err != nil {
			return err
		}
		r.note(ctx, o, EventPublished, o.ID, map[string]any{"month": month, "waived": out.Waived, "reason": sign.Reason})
		return s.Store.SavePublication(ctx, out)
	})
	return out, err
}
