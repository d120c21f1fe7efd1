package incident

import (
	"context"
	"slices"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/geo"
)

// Accounts know organisations and who belongs to them (account.Service).
type Accounts interface {
	Orgs(ctx context.Context) ([]account.Org, error)
	User(ctx context.Context, id string) (account.User, error)
}

// Desks are the organisations as those who deal with incidents see them.
type Desks struct{ Accounts Accounts }

// Tree lists all organisations.
func (d Desks) Tree(ctx context.Context) ([]account.Org, error) {
	return d.Accounts.Orgs(actor.WithSystem(ctx, "desks"))
}

// Own is the actor and its organisation; the centre itself acts for the top.
func (d Desks) Own(ctx context.Context, p actor.Permission) (actor.Actor, account.Org, error) {
	a, err := actor.Require(ctx, p)
	if err != nil {
		return a, account.Org{}, err
	}
	tree, err := d.Tree(ctx)
	if err != nil {
		return a, account.Org{}, err
	}
	id := ""
	if a.Kind == actor.User {
		u, err := d.Accounts.User(actor.WithSystem(ctx, "desks"), a.ID)
		if err != nil {
			return a, account.Org{}, err
		}
		id = u.OrgID
	}
	i := slices.IndexFunc(tree, func(o account.Org) bool { return o.ID == id || (id == "" && o.ParentID == "") })
	if i < 0 {
		return a, account.Org{}, errs.E(errs.NotFound, "incident.no_org", "you belong to no organisation")
	}
	return a, tree[i], nil
}

// Find is an organisation of the tree; ok is false when there is none.
func Find(tree []account.Org, id string) (account.Org, bool) {
	i := slices.IndexFunc(tree, func(o account.Org) bool { return o.ID == id })
	if i < 0 {
		return account.Org{}, false
	}
	return tree[i], true
}

// Of is the organisation that answers for a division: the one with the narrowest division around it, the highest
// of those in the tree.
func Of(tree []account.Org, division string) (account.Org, bool) {
	var out account.Org
	depth := func(o account.Org) (n int) {
		for ok := true; ok && o.ParentID != ""; n++ {
			o, ok = Find(tree, o.ParentID)
		}
		return n
	}
	for _, o := range tree {
		if !geo.Division(o.Division).Covers(geo.Division(division)) {
			continue
		}
		longer := len(geo.Division(o.Division).Stem()) - len(geo.Division(out.Division).Stem())
		if out.ID == "" || longer > 0 || (longer == 0 && depth(o) < depth(out)) {
			out = o
		}
	}
	return out, out.ID != ""
}
