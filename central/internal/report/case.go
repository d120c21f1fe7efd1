package report

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// cases gathers for each incident what the desks that had to report it are judged by: the one that answers for the
// place, and those above that passed it on. An incident is judged with all that stand merged into it, so that nobody
// merges away who knew first. One that was withdrawn is judged as of then.
func (s *Service) cases(ctx context.Context, list []incident.Incident) ([]Case, error) {
	_, reach, err := s.Desks.Reach(ctx, actor.IncidentRead)
	if err != nil {
		return nil, err
	}
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return nil, err
	}
	groups, ids := make([][]incident.Incident, len(list)), []string{}
	for n, i := range list {
		if groups[n], err = s.Incidents.Group(ctx, i.ID); err != nil {
			return nil, err
		}
		for _, part := range groups[n] {
			ids = append(ids, part.ID)
		}
	}
	reports, err := s.Store.Of(ctx, ids)
	if err != nil {
		return nil, err
	}
	hops, err := s.Store.HopsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	now := stamp()
	var out []Case
	for n, i := range list {
		group := groups[n]
		in := func(id string) bool {
			return slices.ContainsFunc(group, func(part incident.Incident) bool { return part.ID == id })
		}
		told := slices.DeleteFunc(slices.Clone(hops), func(h Hop) bool { return !in(h.IncidentID) })
		if len(group) > 1 {
			for k := range told {
				told[k].Due = nil // the clock of one part knew nothing of the other
			}
		}
		known, err := s.Incidents.WhoKnew(ctx, i.ID)
		if err != nil {
			return nil, err
		}
		for k := range known {
			if !reach.Has(known[k].OrgID) {
				known[k].Text = "" // who told a desk above is not for those below
			}
		}
		figures, err := s.Incidents.Figures(ctx, i.ID)
		if err != nil {
			return nil, err
		}
		for _, o := range bound(tree, group, told) {
			c := Case{
				Incident: i, OrgID: o.ID, OrgName: o.Name, Above: above(tree, o), Learned: learned(o, i, group, told), Known: known, Figures: figures, Now: now,
				Reports: slices.DeleteFunc(slices.Clone(reports), func(r Report) bool { return !in(r.IncidentID) || r.OrgID != o.ID }),
				Hops:    slices.DeleteFunc(slices.Clone(told), func(h Hop) bool { return h.FromOrg != o.ID }),
			}
			if i.State == incident.Void && i.ClosedAt != nil {
				c.Now = *i.ClosedAt
			}
			c.Due = s.dues(tree, o, c)
			if err := s.ask(ctx, &c, group); err != nil {
				return nil, err
			}
			out = append(out, c)
		}
	}
	return out, nil
}

// bound are the desks that had to report an incident to one above.
func bound(tree []account.Org, group []incident.Incident, hops []Hop) []account.Org {
	var out []account.Org
	add := func(o account.Org, ok bool) {
		if ok && o.ParentID != "" && !slices.ContainsFunc(out, func(one account.Org) bool { return one.ID == o.ID }) {
			out = append(out, o)
		}
	}
	for _, i := range group {
		opened, ok := incident.Find(tree, i.OrgID)
		if ok && opened.ParentID != "" {
			add(opened, true)
		} else {
			add(incident.Of(tree, i.Division))
		}
	}
	for _, h := range hops {
		if h.Kind != Copy && h.ToOrg != "" {
			add(incident.Find(tree, h.ToOrg))
		}
	}
	return out
}

// above are the organisations over one, the nearest first.
func above(tree []account.Org, o account.Org) []string {
	var out []string
	for {
		up, ok := incident.Find(tree, o.ParentID)
		if !ok {
			return out
		}
		out = append(out, up.ID)
		o = up
	}
}

// learned is when a desk first knew of an incident: when it opened it itself, or when the first report of a desk below
// lay there. What comes later moves nothing.
func learned(o account.Org, i incident.Incident, group []incident.Incident, hops []Hop) time.Time {
	var first time.Time
	at := func(t time.Time) {
		if first.IsZero() || t.Before(first) {
			first = t
		}
	}
	for _, part := range group {
		if part.OrgID == o.ID {
			at(part.KnownAt)
		}
	}
	for _, h := range hops {
		if h.ToOrg == o.ID && h.Kind != Copy && h.DeliveredAt != nil {
			at(*h.DeliveredAt)
		}
	}
	if first.IsZero() {
		return i.KnownAt
	}
	return first
}

// dues are the limits that held for a desk: those of the first report, of what was returned, and of what had to follow.
func (s *Service) dues(tree []account.Org, o account.Org, c Case) []Due {
	var out []Due
	add := func(do string, base, after time.Time) {
		if found, from, ok := s.limit(tree, o, c.Incident, do, base); ok {
			if !after.IsZero() {
				from = base // what is done again, or follows, counts from then whatever the first one counts from
			}
			out = append(out, Due{do, from.Add(time.Duration(found.Limit.Within)), found.Name(), after})
		}
	}
	add("phone", c.Learned, time.Time{})
	add("written", c.Learned, time.Time{})
	ended := c.Incident.ClosedAt
	for _, h := range c.Hops {
		switch at := slices.IndexFunc(c.Reports, func(r Report) bool { return r.ID == h.ReportID }); {
		case h.Kind != Up:
		case h.Decision == Returned:
			add("written", *h.DecidedAt, *h.DecidedAt)
		case at >= 0 && (c.Reports[at].Kind == First || c.Reports[at].Kind == Follow):
			add("follow_up", h.SubmittedAt, h.SubmittedAt)
		}
	}
	return slices.DeleteFunc(out, func(d Due) bool { // nothing follows what has ended
		return d.Do == "follow_up" && ended != nil && !d.At.Before(*ended)
	})
}

// ask takes the word of the clocks for what is still to come: they go on evenly when the machine's clock is set.
func (s *Service) ask(ctx context.Context, c *Case, group []incident.Incident) error {
	for n, d := range c.Due {
		if len(c.way(d)) > 0 || c.Now.Before(d.At) || c.Now.Sub(d.At) > stepped {
			continue
		}
		for _, i := range group {
			clock, err := s.Clocks.Of(actor.WithSystem(ctx, "reports"), owner(i.ID, c.OrgID), clockOf(d.Do))
			switch {
			case errs.KindOf(err) == errs.NotFound:
			case err != nil:
				return err
			case clock.State == deadline.Running && clock.DueAt.After(d.At):
				c.Due[n].At = clock.DueAt
			}
		}
	}
	return nil
}

// stepped is how far a machine's clock may have been set for which a running clock is asked.
const stepped = 7 * 24 * time.Hour
