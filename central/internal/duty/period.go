package duty

import (
	"context"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Periods lists the special periods that hold for organisations that the actor sees, or are theirs.
func (s *Service) Periods(ctx context.Context) ([]Period, error) {
	a, err := actor.Require(ctx, actor.DutyRead)
	if err != nil {
		return nil, err
	}
	tree, err := s.tree(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Periods(ctx)
	return slices.DeleteFunc(all, func(p Period) bool {
		return !slices.ContainsFunc(tree, func(o account.Org) bool {
			return a.Covers(o.Division) && (o.ID == p.OrgID || line(tree, o.ID)[p.OrgID])
		})
	}), err
}

// Bound is an organisation for which a day is special, with the period that makes it so.
type Bound struct {
	Org    account.Org
	Period Period
}

// Special lists the organisations that keep duty and for which a day is special, once for each period: the one that was
// declared first comes first.
func (s *Service) Special(ctx context.Context, d Day) ([]Bound, error) {
	if _, err := actor.Require(ctx, actor.DutyRead); err != nil {
		return nil, err
	}
	periods, err := s.Store.Periods(ctx)
	if err != nil {
		return nil, err
	}
	periods = slices.DeleteFunc(periods, func(p Period) bool { return !p.covers(d) })
	if len(periods) == 0 {
		return nil, nil
	}
	desks, err := s.Store.Desks(ctx)
	if err != nil {
		return nil, err
	}
	tree, err := s.tree(ctx)
	var out []Bound
	for _, p := range slices.Backward(periods) {
		for _, o := range tree {
			if slices.Contains(desks, o.ID) && line(tree, o.ID)[p.OrgID] {
				out = append(out, Bound{o, p})
			}
		}
	}
	return out, err
}

// Declare makes days special by an order, for an organisation and everything below it.
func (s *Service) Declare(ctx context.Context, p Period) (Period, error) {
	a, o, err := s.org(ctx, p.OrgID, actor.DutyPlan)
	if err != nil {
		return Period{}, err
	}
	p.ID, p.Name, p.Order, p.ByName, p.At, p.CancelledAt, p.OrgName = newID(), strings.TrimSpace(p.Name), strings.TrimSpace(p.Order), a.Name, stamp(), nil, o.Name
	if err := p.validate(); err != nil {
		return Period{}, err
	}
	d, err := s.desk(ctx, o.ID)
	if err != nil {
		return Period{}, err
	}
	if p.To < DayOf(stamp(), d.Location()) {
		return Period{}, errs.Field("duty.past", "to", "is over: what has been is not changed")
	}
	below, err := s.kept(ctx, o.ID)
	if err != nil {
		return Period{}, err
	}
	return p, s.changeAll(ctx, below, func(ctx context.Context, r *result) error {
		r.note(ctx, o, EventPeriod, p.ID, p)
		return s.Store.SavePeriod(ctx, p)
	})
}

// Cancel ends a special period; days that are over stay what they were.
func (s *Service) Cancel(ctx context.Context, id string) (Period, error) {
	if _, err := actor.Require(ctx, actor.DutyPlan); err != nil {
		return Period{}, err
	}
	all, err := s.Store.Periods(ctx)
	if err != nil {
		return Period{}, err
	}
	i := slices.IndexFunc(all, func(p Period) bool { return p.ID == id })
	if i < 0 {
		return Period{}, errs.E(errs.NotFound, "duty.not_found", "there is no such special period")
	}
	p := all[i]
	_, o, err := s.org(ctx, p.OrgID, actor.DutyPlan)
	if err != nil {
		return Period{}, err
	}
	if p.CancelledAt != nil {
		return Period{}, errs.E(errs.Conflict, "duty.period_over", "the special period was cancelled already")
	}
	now := stamp()
	p.CancelledAt = &now
	below, err := s.kept(ctx, o.ID)
	if err != nil {
		return Period{}, err
	}
	return p, s.changeAll(ctx, below, func(ctx context.Context, r *result) error {
		r.note(ctx, o, EventPeriodEnded, p.ID, p)
		return s.Store.SavePeriod(ctx, p)
	})
}

// YearView is the holidays of a year.
type YearView struct {
	Year  int        `json:"year"`
	Known bool       `json:"known"` // without it, classes are guesses by weekday
	Days  []NamedDay `json:"days"`
}

// Year lists the named days of a year with their sources.
func (s *Service) Year(ctx context.Context, year int) (YearView, error) {
	if _, err := actor.Require(ctx, actor.DutyRead); err != nil {
		return YearView{}, err
	}
	own, err := s.Store.Days(ctx)
	c := NewCalendar(own, nil)
	return YearView{year, c.Knows(year), c.Year(year)}, err
}

// top requires somebody of the whole centre: the calendar is everybody's.
func (s *Service) top(ctx context.Context) (actor.Actor, account.Org, error) {
	a, err := actor.Require(ctx, actor.DutyPlan)
	if err != nil {
		return a, account.Org{}, err
	}
	tree, err := s.tree(ctx)
	if err != nil {
		return a, account.Org{}, err
	}
	i := slices.IndexFunc(tree, func(o account.Org) bool { return o.ParentID == "" })
	if i < 0 || !a.Covers(tree[i].Division) {
		return a, account.Org{}, errs.E(errs.Denied, "duty.calendar_top", "the calendar holds for everybody and is kept by the top organisation")
	}
	return a, tree[i], nil
}

// SetDays says what days are, over the holiday table: each with the notice that says so. Days that are over
// can be corrected, for statistics; rosters of the past stay.
func (s *Service) SetDays(ctx context.Context, days []NamedDay) error {
	a, o, err := s.top(ctx)
	if err != nil {
		return err
	}
	if len(days) == 0 || len(days) > 120 {
		return errs.Field("duty.days", "days", "1 to 120 at once")
	}
	for i := range days {
		n := &days[i]
		n.Name, n.Source, n.Own, n.ByName, n.At = strings.TrimSpace(n.Name), strings.TrimSpace(n.Source), true, a.Name, stamp()
		if err := n.validate(); err != nil {
			return err
		}
	}
	all, err := s.kept(ctx, "")
	if err != nil {
		return err
	}
	return s.changeAll(ctx, all, func(ctx context.Context, r *result) error {
		for _, n := range days {
			if err := s.Store.SaveDay(ctx, n); err != nil {
				return err
			}
			r.note(ctx, o, EventDay, string(n.Day), n)
		}
		return nil
	})
}

// DropDay lets the holiday table speak of a day again.
func (s *Service) DropDay(ctx context.Context, d Day) error {
	_, o, err := s.top(ctx)
	if err != nil {
		return err
	}
	all, err := s.kept(ctx, "")
	if err != nil {
		return err
	}
	return s.changeAll(ctx, all, func(ctx context.Context, r *result) error {
		e := event.New(ctx, EventDayDropped, string(d), o.Division, map[string]any{"day": d})
		r.events = append(r.events, &e)
		return s.Store.DeleteDay(ctx, d)
	})
}
