package incident

import (
	"context"
	"slices"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Reach is whose things a desk reads and changes: its own, and those of the desks below it in the tree. Where
// something happened does not count: what a desk has written about a place is not for those who look after the place.
// This is the one rule of who may do what with items of the inbox, incidents and their lines (docs/architecture.md,
// "Whose is what").
type Reach struct {
	Desk account.Org
	all  bool // the centre itself
	orgs []account.Org
}

// Reach is that of the actor's desk.
func (d Desks) Reach(ctx context.Context, p actor.Permission) (actor.Actor, Reach, error) {
	a, o, err := d.Own(ctx, p)
	if err != nil {
		return a, Reach{}, err
	}
	tree, err := d.Tree(ctx)
	if err != nil {
		return a, Reach{}, err
	}
	r := Reach{Desk: o, all: a.Kind == actor.System}
	for _, one := range tree {
		if account.Under(tree, one.ID, o.ID) {
			r.orgs = append(r.orgs, one)
		}
	}
	return a, r, nil
}

// Has reports whether something of an organisation is within reach.
func (r Reach) Has(org string) bool {
	return r.all || slices.ContainsFunc(r.orgs, func(o account.Org) bool { return o.ID == org })
}

// Orgs are the organisations within reach; nil means all.
func (r Reach) Orgs() []string {
	if r.all {
		return nil
	}
	out := make([]string, len(r.orgs))
	for n, o := range r.orgs {
		out[n] = o.ID
	}
	return out
}

// mine refuses the change of an incident that belongs to a desk out of reach.
func (r Reach) mine(i Incident) error {
	if r.Has(i.OrgID) {
		return nil
	}
	return errs.E(errs.Denied, "incident.not_yours", "it belongs to %s; only that desk and those above it change it. Add figures and notes, or call there", i.OrgName)
}

// said reports whether a line holds what a desk has said, and not what became of the incident.
func (k Kind) said() bool { return slices.Contains([]Kind{Noted, Learned, Reported, Ordered}, k) }

// reads reports whether a line of the timeline is shown: what became of an incident to all who see it, what a desk has
// said to itself, to those above it, and to those whom it was addressed to.
func (r Reach) reads(st Step) bool {
	if !st.Kind.said() || r.Has(st.OrgID) || slices.ContainsFunc(st.To, r.Has) {
		return true
	}
	// Lines of before organisations stood in them by id.
	return st.OrgID == "" && slices.ContainsFunc(r.orgs, func(o account.Org) bool { return o.Name == st.OrgName })
}

// learns reports whether it is shown that an organisation knew: the source may be a person who wants to stay unknown to
// those below. That a report came is known to who sent it.
func (r Reach) learns(k Known) bool { return k.Kind == "report" || r.Has(k.OrgID) }
