package duty

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/run"
)

// Accounts are the organisations and who is signed in (account.Service).
type Accounts interface {
	Orgs(ctx context.Context) ([]account.Org, error)
	User(ctx context.Context, id string) (account.User, error)
	// Confirm asks for the password of the actor again.
	Confirm(ctx context.Context, password string) error
}

// Options of the service.
type Options struct {
	Store    Store
	Tx       Tx
	Accounts Accounts
	Events   event.Publisher
	Log      *slog.Logger
}

// Service is the use cases. Start lays rosters ahead and tells of hand-offs.
type Service struct {
	Options
	loop *run.Loop
}

// New makes a service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Options: o, loop: run.NewLoop()}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func stamp() time.Time { return event.Stamp(time.Now()) }

// tree is every organisation, whoever asks.
func (s *Service) tree(ctx context.Context) ([]account.Org, error) {
	return s.Accounts.Orgs(actor.WithSystem(ctx, "duty"))
}

// org finds an organisation inside what the actor may see, for an act that needs a permission. One outside
// is NotFound: that it exists is nobody's business there.
func (s *Service) org(ctx context.Context, id string, p actor.Permission) (actor.Actor, account.Org, error) {
	a, err := actor.Require(ctx, p)
	if err != nil {
		return a, account.Org{}, err
	}
	tree, err := s.tree(ctx)
	if err != nil {
		return a, account.Org{}, err
	}
	i := slices.IndexFunc(tree, func(o account.Org) bool { return o.ID == id })
	if i < 0 || !a.Covers(tree[i].Division) {
		return a, account.Org{}, errs.E(errs.NotFound, "duty.no_org", "there is no organisation %q among those that you see", id)
	}
	return a, tree[i], nil
}

// desk is that of an organisation, with the defaults while it has said nothing.
func (s *Service) desk(ctx context.Context, org string) (Desk, error) {
	d, err := s.Store.Desk(ctx, org)
	if errs.KindOf(err) == errs.NotFound {
		return newDesk(org), nil
	}
	return d, err
}

// calendar is what the days are for an organisation: periods of those above it hold as well.
func (s *Service) calendar(ctx context.Context, org account.Org) (Calendar, error) {
	days, err := s.Store.Days(ctx)
	if err != nil {
		return Calendar{}, err
	}
	all, err := s.Store.Periods(ctx)
	if err != nil {
		return Calendar{}, err
	}
	tree, err := s.tree(ctx)
	if err != nil {
		return Calendar{}, err
	}
	above := line(tree, org.ID)
	return NewCalendar(days, slices.DeleteFunc(all, func(p Period) bool { return !above[p.OrgID] })), nil
}

func index(list []Person) map[string]Person {
	out := map[string]Person{}
	for _, p := range list {
		out[p.ID] = p
	}
	return out
}

// plan reads what the roster of an organisation is laid from.
func (s *Service) plan(ctx context.Context, org account.Org, now time.Time) (Plan, error) {
	var p Plan
	var err error
	if p.Desk, err = s.desk(ctx, org.ID); err != nil {
		return p, err
	}
	from := DayOf(now, p.Desk.Location()).Add(-2)
	if p.Posts, err = s.Store.Posts(ctx, org.ID); err != nil {
		return p, err
	}
	if p.Rules, err = s.Store.Rules(ctx, org.ID); err != nil {
		return p, err
	}
	if p.Overrides, err = s.Store.Overrides(ctx, org.ID, from); err != nil {
		return p, err
	}
	if p.Temps, err = s.Store.Temps(ctx, org.ID); err != nil {
		return p, err
	}
	swaps, err := s.Store.Swaps(ctx, org.ID, now.AddDate(0, 0, -7))
	if err != nil {
		return p, err
	}
	p.Swaps = slices.DeleteFunc(swaps, func(w Swap) bool { return w.State != Approved })
	slices.SortStableFunc(p.Swaps, func(a, b Swap) int { return a.DecidedAt.Compare(*b.DecidedAt) })
	people, err := s.Store.People(ctx, org.ID)
	if err != nil {
		return p, err
	}
	p.People = index(people)
	p.Calendar, err = s.calendar(ctx, org)
	return p, err
}

// relay lays the roster anew from what stands in the database, in the transaction of the caller. Only what
// differs is written, and nothing that has begun.
func (s *Service) relay(ctx context.Context, org account.Org, now time.Time) (Plan, []Shift, error) {
	p, err := s.plan(ctx, org, now)
	if err != nil {
		return p, nil, err
	}
	today := DayOf(now, p.Desk.Location())
	from, to := today.Add(-1), today.Add(Horizon)
	// The edge is moved one day at a time, and a desk may move to another zone: what lies behind it goes too.
	stood, err := s.Store.Shifts(ctx, org.ID, from.Add(-7), to.Add(7))
	if err != nil {
		return p, nil, err
	}
	turns, err := s.Store.Turns(ctx, org.ID, from)
	if err != nil {
		return p, nil, err
	}
	laid := p.Lay(from, to, now, stood, turns)
	old := map[Key]Shift{}
	for _, o := range stood {
		old[o.Key] = o
	}
	for _, n := range laid {
		if o, ok := old[n.Key]; !ok || !same(o, n) {
			if err := s.Store.SaveShift(ctx, n); err != nil {
				return p, nil, err
			}
		}
		delete(old, n.Key)
	}
	all := laid
	for _, o := range old {
		if o.Day < from || !o.StartsAt.After(now) {
			all = append(all, o)
			continue
		}
		if err := s.Store.DeleteShift(ctx, o.Key); err != nil {
			return p, nil, err
		}
	}
	return p, all, nil
}

// same compares what is kept: two times may be the same instant in different clothes.
func same(a, b Shift) bool {
	if !a.StartsAt.Equal(b.StartsAt) || !a.EndsAt.Equal(b.EndsAt) {
		return false
	}
	a.StartsAt, a.EndsAt = b.StartsAt, b.EndsAt
	return a == b
}

// result is what a change has led to.
type result struct {
	plan   Plan
	shifts []Shift
	events []*event.Event
}

// note adds an event about a thing of the organisation.
func (r *result) note(ctx context.Context, org account.Org, kind, subject string, data any) {
	e := event.New(ctx, kind, subject, org.Division, data)
	r.events = append(r.events, &e)
}

// change runs fn under the lock of an organisation's roster, lays the roster anew, lets after look at what
// came of it, and records the events; they are published after the commit.
func (s *Service) change(ctx context.Context, org account.Org, fn func(context.Context, *result) error, after func(context.Context, *result) error) error {
	var r result
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		r = result{}
		if err := s.Store.Lock(ctx, org.ID); err != nil {
			return err
		}
		if err := fn(ctx, &r); err != nil {
			return err
		}
		var err error
		if r.plan, r.shifts, err = s.relay(ctx, org, time.Now()); err != nil {
			return err
		}
		if after != nil {
			if err := after(ctx, &r); err != nil {
				return err
			}
		}
		return s.Events.Record(ctx, r.events...)
	})
	if err != nil {
		return err
	}
	s.publish(ctx, r.events)
	return nil
}

func (s *Service) publish(ctx context.Context, events []*event.Event) {
	for _, e := range events {
		s.Events.Publish(ctx, *e)
	}
	s.loop.Wake() // the next hand-off may have moved
}

// changeAll is change for what holds in many organisations: special periods and the calendar.
func (s *Service) changeAll(ctx context.Context, orgs []account.Org, fn func(context.Context, *result) error) error {
	var r result
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		r = result{}
		if err := fn(ctx, &r); err != nil {
			return err
		}
		slices.SortFunc(orgs, func(a, b account.Org) int { return cmp.Compare(a.ID, b.ID) }) // locks in one order
		for _, o := range orgs {
			if err := s.Store.Lock(ctx, o.ID); err != nil {
				return err
			}
			if _, _, err := s.relay(ctx, o, time.Now()); err != nil {
				return err
			}
		}
		return s.Events.Record(ctx, r.events...)
	})
	if err != nil {
		return err
	}
	s.publish(ctx, r.events)
	return nil
}

// line is an organisation and those above it.
func line(tree []account.Org, id string) map[string]bool {
	out := map[string]bool{}
	for id != "" && !out[id] {
		i := slices.IndexFunc(tree, func(o account.Org) bool { return o.ID == id })
		if i < 0 {
			break
		}
		out[id] = true
		id = tree[i].ParentID
	}
	return out
}

// kept lists the organisations with posts, at and below one; an empty id means all.
func (s *Service) kept(ctx context.Context, below string) ([]account.Org, error) {
	tree, err := s.tree(ctx)
	if err != nil {
		return nil, err
	}
	desks, err := s.Store.Desks(ctx)
	if err != nil {
		return nil, err
	}
	var out []account.Org
	for _, o := range tree {
		if slices.Contains(desks, o.ID) && (below == "" || line(tree, o.ID)[below]) {
			out = append(out, o)
		}
	}
	return out, nil
}
