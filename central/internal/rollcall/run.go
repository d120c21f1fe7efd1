package rollcall

import (
	"context"
	"crypto/rand"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Plans lists what calls by itself from the own desk and those below it, for who plans. At what times a plan of chance
// will call nobody can ask.
func (s *Service) Plans(ctx context.Context) ([]Plan, error) {
	a, u, err := s.own(ctx, actor.DutyPlan)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.Plans(ctx, a.Scope())
	if err != nil {
		return nil, err
	}
	tree, err := s.Accounts.Orgs(system(ctx))
	return slices.DeleteFunc(list, func(p Plan) bool { return !account.Under(tree, p.OrgID, u.OrgID) }), err
}

// SavePlan makes a plan, or changes one. What it had drawn ahead is drawn anew.
func (s *Service) SavePlan(ctx context.Context, p Plan) (Plan, error) {
	a, u, err := s.own(ctx, actor.DutyPlan)
	if err != nil {
		return Plan{}, err
	}
	p.Name = strings.TrimSpace(p.Name)
	if err := p.validate(); err != nil {
		return Plan{}, err
	}
	if _, err := s.targets(ctx, u.OrgID, p.Orgs); err != nil {
		return Plan{}, err
	}
	if p.ID == "" {
		p.ID, p.OrgID, p.Division = newID(), u.OrgID, u.Division
	} else {
		old, err := s.Store.Plan(ctx, p.ID)
		if err != nil {
			return Plan{}, err
		}
		may, err := s.reaches(ctx, u, old.OrgID)
		if err != nil {
			return Plan{}, err
		}
		if !may {
			return Plan{}, errs.E(errs.NotFound, "rollcall.not_found", "there is no such plan among those that you see")
		}
		p.OrgID, p.Division = old.OrgID, old.Division
	}
	p.ByName, p.At = a.Name, s.stamp()
	var e event.Event
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		if err := s.Store.SavePlan(ctx, p, p.At); err != nil {
			return err
		}
		e = event.New(ctx, EventPlan, p.ID, p.Division, trace{Name: p.Name, By: a.Name})
		return s.Events.Record(ctx, &e)
	})
	if err == nil {
		s.Events.Publish(ctx, e)
		s.loop.Wake()
	}
	return p, err
}

const (
	lookEvery = time.Minute
	// stale is how late a drawn call still takes place when the centre was away.
	stale = 10 * time.Minute
)

// Start calls by plan until Stop.
func (s *Service) Start(ctx context.Context) {
	failed := false
	s.loop.Start(system(ctx), 0, func(ctx context.Context, _ bool) time.Duration {
		wait, err := s.Turn(ctx)
		if err != nil && ctx.Err() == nil && !failed {
			s.Log.ErrorContext(ctx, "planned roll-calls cannot be looked after; trying again every minute", "error", err)
		}
		failed = err != nil
		return wait
	})
}

// Stop ends what Start began.
func (s *Service) Stop(ctx context.Context) error { return s.loop.Stop(ctx) }

// chance is an even number below n that nobody can foresee. crypto/rand does not fail.
func chance(n int64) int64 {
	v, err := rand.Int(rand.Reader, big.NewInt(n))
	if err != nil {
		return 0
	}
	return v.Int64()
}

// Turn draws the days that begin and calls what has come. The answer is when to turn again.
func (s *Service) Turn(ctx context.Context) (time.Duration, error) {
	plans, err := s.Store.Plans(ctx, actor.Everything)
	if err != nil {
		return lookEvery, err
	}
	now := s.stamp()
	today := duty.DayOf(now, event.China())
	for _, p := range plans {
		for _, d := range []duty.Day{today.Add(-1), today, today.Add(1)} { // a window of yesterday may go on into today
			if err := s.drawDay(ctx, p, d, now); err != nil {
				return lookEvery, err
			}
		}
	}
	coming, err := s.Store.Coming(ctx)
	if err != nil {
		return lookEvery, err
	}
	wait := lookEvery
	for _, d := range coming {
		if rest := d.At.Sub(s.Now()); rest > 0 {
			wait = min(wait, rest)
			continue
		}
		if err := s.drawn(ctx, d, plans); err != nil {
			return lookEvery, err
		}
	}
	return wait, nil
}

func (s *Service) drawDay(ctx context.Context, p Plan, d duty.Day, now time.Time) error {
	return s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		done, err := s.Store.Drawn(ctx, p.ID, d)
		if err != nil || done {
			return err
		}
		coming, err := s.Store.Coming(ctx)
		if err != nil {
			return err
		}
		var taken []time.Time
		for _, c := range coming {
			taken = append(taken, c.At)
		}
		after := now
		if p.At.After(after) {
			after = p.At
		}
		return s.Store.SaveDraws(ctx, p.ID, d, p.draw(d, event.China(), after, taken, chance))
	})
}

// drawn calls for a draw whose time has come: those desks that were not asked within the last quarter of an hour.
func (s *Service) drawn(ctx context.Context, d Draw, plans []Plan) error {
	now := s.stamp()
	i := slices.IndexFunc(plans, func(p Plan) bool { return p.ID == d.PlanID })
	if i < 0 || !plans[i].Active {
		return s.Store.DoneDraw(ctx, d, now, "", "the plan is switched off")
	}
	p := plans[i]
	if now.Sub(d.At) > stale {
		return s.skip(ctx, d, p, "the centre was away")
	}
	orgs, err := s.targets(ctx, p.OrgID, p.Orgs)
	if errs.KindOf(err) == errs.Invalid {
		return s.skip(ctx, d, p, "there is no desk to ask")
	}
	if err != nil {
		return err
	}
	var free []account.Org
	for _, o := range orgs {
		last, err := s.Store.LastAsked(ctx, o.ID)
		if err != nil {
			return err
		}
		if p.Kind == Fixed || now.Sub(last) >= gap {
			free = append(free, o)
		}
	}
	if len(free) == 0 {
		return s.skip(ctx, d, p, "every desk was asked within the last quarter of an hour")
	}
	tree, err := s.Accounts.Orgs(ctx)
	if err != nil {
		return err
	}
	name := ""
	if i := slices.IndexFunc(tree, func(o account.Org) bool { return o.ID == p.OrgID }); i >= 0 {
		name = tree[i].Name
	}
	c := Call{OrgID: p.OrgID, OrgName: name, Division: p.Division, Name: p.Name, Kind: p.Kind, PlanID: p.ID}
	_, err = s.call(ctx, c, free, p.Tiers, p.Minutes, func(ctx context.Context, c Call) error {
		return s.Store.DoneDraw(ctx, d, now, c.ID, "")
	})
	return err
}

func (s *Service) skip(ctx context.Context, d Draw, p Plan, why string) error {
	var e event.Event
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.DoneDraw(ctx, d, s.stamp(), "", why); err != nil {
			return err
		}
		e = event.New(ctx, EventSkipped, p.ID, p.Division, trace{Name: p.Name, Why: why})
		return s.Events.Record(ctx, &e)
	})
	if err == nil {
		s.Log.WarnContext(ctx, "a planned roll-call did not take place", "plan", p.ID, "why", why)
		s.Events.Publish(ctx, e)
	}
	return err
}
