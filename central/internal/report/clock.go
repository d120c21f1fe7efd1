package report

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/shared/geo"
)

// OwnerKind is the owner of the clocks of reports; one owner is an incident at a desk.
const OwnerKind = "report"

// The clocks of a desk about an incident.
const (
	ClockPhone   = "report.phone"
	ClockWritten = "report.written"
	ClockFollow  = "report.follow_up"
)

func owner(incidentID, org string) deadline.Owner {
	return deadline.Owner{Kind: OwnerKind, ID: incidentID + " " + org}
}

// tier is the level of government of an organisation; one that shares the division of the one above it is a unit.
func tier(tree []account.Org, o account.Org) string {
	if above, ok := incident.Find(tree, o.ParentID); ok && geo.Division(above.Division).Stem() == geo.Division(o.Division).Stem() {
		return deadline.Unit
	}
	switch len(geo.Division(o.Division).Stem()) {
	case 2:
		return deadline.Province
	case 4:
		return deadline.City
	case 6:
		return deadline.County
	}
	return deadline.Township
}

// over is the level of government to which one reports.
func over(t string) string {
	return map[string]string{deadline.Unit: deadline.County, deadline.Township: deadline.County, deadline.County: deadline.City, deadline.City: deadline.Province, deadline.Province: deadline.Nation}[t]
}

// limit is what holds for a desk about an incident, and from when it counts.
func (s *Service) limit(tree []account.Org, o account.Org, i incident.Incident, do string, received time.Time) (deadline.Found, time.Time, bool) {
	if s.Book == nil {
		return deadline.Found{}, time.Time{}, false
	}
	q := deadline.Query{Division: o.Division, Category: i.Category, Level: i.Level, Do: do, Sender: tier(tree, o), At: i.OccurredAt}
	q.Receiver = over(q.Sender)
	if above, ok := incident.Find(tree, o.ParentID); ok {
		q.Receiver = tier(tree, above)
	}
	found, ok := s.Book.Find(q)
	base := received
	if ok && found.Limit.Base == "occurred" {
		base = i.OccurredAt
	}
	return found, base, ok
}

// watch begins the clocks of a desk that learned of an incident at a time. What runs already is set to what holds now;
// what was met stays met.
func (s *Service) watch(ctx context.Context, tree []account.Org, o account.Org, i incident.Incident, received time.Time) error {
	if o.ParentID == "" && (s.Book == nil || !slices.Contains(s.Book.Outward(o.Division, i.OccurredAt), i.Level)) {
		return nil // the packs say which levels the top desk reports beyond this centre
	}
	done, err := s.done(ctx, i.ID, o.ID)
	if err != nil {
		return err
	}
	for do, kind := range map[string]string{"phone": ClockPhone, "written": ClockWritten} {
		if done[kind] {
			continue
		}
		found, base, ok := s.limit(tree, o, i, do, received)
		if !ok {
			continue
		}
		if err := s.set(ctx, o, i, kind, found, base); err != nil {
			return err
		}
	}
	return nil
}

// done says which clocks of a desk about an incident have nothing to wait for.
func (s *Service) done(ctx context.Context, incidentID, org string) (map[string]bool, error) {
	hops, err := s.Store.HopsOf(ctx, []string{incidentID})
	out := map[string]bool{}
	for _, h := range hops {
		if h.FromOrg != org || h.Kind == Copy || (h.Kind == Phone && h.Decision == Returned) {
			continue
		}
		out[ClockPhone] = true
		if h.Kind != Phone && h.Decision != Returned {
			out[ClockWritten] = true
		}
	}
	return out, err
}

// Follow begins the clocks of an incident that was opened, sets them anew when it was graded, and drops them when it
// is not reported any more. It is told by incident.Service, in its transaction.
func (s *Service) Follow(ctx context.Context, i incident.Incident) error {
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return err
	}
	if i.State != incident.Open {
		for _, o := range tree {
			for _, kind := range []string{ClockPhone, ClockWritten, ClockFollow} {
				if i.State == incident.Closed && kind != ClockFollow {
					continue // what was never reported stays due
				}
				if err := s.Clocks.End(ctx, owner(i.ID, o.ID), kind, deadline.Dropped); err != nil {
					return err
				}
			}
		}
		return nil
	}
	o, ok := incident.Find(tree, i.OrgID)
	if !ok {
		return nil
	}
	return s.watch(ctx, tree, o, i, i.KnownAt)
}

// met ends the clocks that a report has met, and begins that of the next follow-up.
func (s *Service) met(ctx context.Context, r Report, o account.Org, tree []account.Org, up bool) error {
	if !up {
		return nil
	}
	if s.Sent != nil && r.Kind != Correction {
		if err := s.Sent(ctx, r, o.ID); err != nil {
			return err
		}
	}
	own := owner(r.IncidentID, o.ID)
	for _, kind := range []string{ClockPhone, ClockWritten, ClockFollow} {
		if err := s.Clocks.End(ctx, own, kind, deadline.Met); err != nil {
			return err
		}
	}
	if r.Kind == Final || r.Kind == Correction {
		return nil
	}
	i, err := s.Incidents.Get(ctx, r.IncidentID)
	if err != nil {
		return err
	}
	found, _, ok := s.limit(tree, o, i, "follow_up", *r.SentAt)
	if !ok {
		return nil
	}
	return s.set(ctx, o, i, ClockFollow, found, *r.SentAt)
}

func (s *Service) set(ctx context.Context, o account.Org, i incident.Incident, kind string, found deadline.Found, base time.Time) error {
	stood, err := s.Clocks.Stood(ctx, base) // in an exercise that was paused
	if err != nil {
		return err
	}
	_, err = s.Clocks.Set(ctx, deadline.Clock{
		Owner: owner(i.ID, o.ID), Kind: kind, OrgID: o.ID, Division: o.Division, Name: i.Title, Rule: found.Name(), Scale: deadline.Counted,
		BaseAt: base, DueAt: base.Add(time.Duration(found.Limit.Within)).Add(stood), Stages: found.Limit.Stages(),
	})
	return err
}

// received begins the clocks of the receiving desk, which has to pass it on from when it first knew, and those of a desk
// whose report came back: a new limit of the same length runs from the return, for no rule that was read says until when
// a returned one is done again. A call that is returned leaves its limit as it was.
func (s *Service) received(ctx context.Context, h Hop, o account.Org, tree []account.Org) error {
	i, err := s.Incidents.Get(actor.WithSystem(ctx, "reports"), h.IncidentID)
	if err != nil || i.State != incident.Open || h.Kind == Copy {
		return err
	}
	hops, err := s.Store.HopsOf(ctx, []string{i.ID})
	if err != nil {
		return err
	}
	one := []incident.Incident{i}
	if h.Decision == Returned {
		from, ok := incident.Find(tree, h.FromOrg)
		if !ok {
			return nil
		}
		if h.Kind == Phone {
			return s.watch(ctx, tree, from, i, learned(from, i, one, hops))
		}
		if newest(hops, h) { // what follows is counted anew from when it is sent again
			if err := s.Clocks.End(ctx, owner(i.ID, from.ID), ClockFollow, deadline.Dropped); err != nil {
				return err
			}
		}
		found, _, ok := s.limit(tree, from, i, "written", *h.DecidedAt)
		if !ok {
			return nil
		}
		return s.set(ctx, from, i, ClockWritten, found, *h.DecidedAt)
	}
	return s.watch(ctx, tree, o, i, learned(o, i, one, hops))
}

// newest reports whether a desk has sent nothing upward after a hop.
func newest(hops []Hop, h Hop) bool {
	return !slices.ContainsFunc(hops, func(one Hop) bool {
		return one.FromOrg == h.FromOrg && one.Kind == Up && one.SubmittedAt.After(h.SubmittedAt)
	})
}

// clockOf names the clock of what is to be done.
func clockOf(do string) string {
	return map[string]string{"phone": ClockPhone, "written": ClockWritten, "follow_up": ClockFollow}[do]
}

// due is until when a desk is asked for what about an incident, by the clocks that run.
func (s *Service) due(ctx context.Context, incidentID, org string) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	for _, do := range []string{"phone", "written", "follow_up"} {
		c, err := s.Clocks.Of(actor.WithSystem(ctx, "reports"), owner(incidentID, org), clockOf(do))
		if errs.KindOf(err) == errs.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		if c.State == deadline.Running {
			out[do] = c.DueAt
		}
	}
	return out, nil
}

// OnClock is told of the marks of a clock of reports.
func (s *Service) OnClock(ctx context.Context, f deadline.Firing) ([]*event.Event, error) {
	if f.Mark != deadline.Passed || f.Round != f.Clock.Round {
		return nil, nil
	}
	id, org, ok := cutOwner(f.Clock.Owner.ID)
	if !ok {
		return nil, nil
	}
	o := account.Org{ID: org, Division: f.Clock.Division, Name: f.Asked.OrgName}
	err := s.Incidents.Record(ctx, id, o, incident.Step{Kind: incident.Reported, Act: "late", Text: f.Clock.DueAt.In(event.China()).Format("2006-01-02 15:04:05") + " " + f.Clock.Rule, Ref: f.Clock.ID}, nil)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return nil, err
	}
	e := event.New(ctx, EventLate, id, f.Clock.Division, Trace{Name: f.Clock.Name, From: o.Name})
	return []*event.Event{&e}, nil
}

// cutOwner is the incident and the desk of a clock.
func cutOwner(id string) (incidentID, org string, ok bool) { return strings.Cut(id, " ") }
