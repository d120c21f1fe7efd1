package account

import (
	"context"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Orgs lists the organisations that the actor may see, by division, then by age.
func (s *Service) Orgs(ctx context.Context) ([]Org, error) {
	a, err := actor.Require(ctx, actor.AccountRead)
	if err != nil {
		return nil, err
	}
	orgs, err := s.Store.Orgs(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(orgs, func(o Org) bool { return !a.Covers(o.Division) }), nil
}

// NewOrg is what an organisation is made from.
type NewOrg struct {
	ParentID, Name, NameEN, Division string
}

// CreateOrg puts an organisation below another.
func (s *Service) CreateOrg(ctx context.Context, n NewOrg) (Org, error) {
	a, err := actor.Require(ctx, actor.AccountWrite)
	if err != nil {
		return Org{}, err
	}
	o := Org{
		ID: newID(), ParentID: n.ParentID, Name: strings.TrimSpace(n.Name), NameEN: strings.TrimSpace(n.NameEN),
		Division: n.Division, CreatedAt: stamp(),
	}
	if err := o.validate(); err != nil {
		return Org{}, err
	}
	var done event.Event
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		orgs, err := s.Store.Orgs(ctx)
		if err != nil {
			return err
		}
		parent, ok := findOrg(orgs, o.ParentID)
		if !ok || !a.Covers(parent.Division) {
			return errs.Field("account.parent", "parent_id", "there is no such organisation among those that you manage")
		}
		if !covers(parent.Division, o.Division) {
			return errs.Field("account.division_outside", "division", "must be "+parent.Division+" or below it")
		}
		if err := s.Store.SaveOrg(ctx, o); err != nil {
			return err
		}
		return s.record(ctx, &done, EventOrgCreated, o.ID, o.Division, o)
	})
	if err != nil {
		return Org{}, err
	}
	s.Events.Publish(ctx, done)
	return o, nil
}

// OrgChange is a change of an organisation; nil leaves a part as it is.
type OrgChange struct {
	Name, NameEN, Division *string
}

// ChangeOrg renames an organisation or gives it another division. Its division stays inside
// the parent's and inside what the actor sees, so that nobody widens their own sight.
func (s *Service) ChangeOrg(ctx context.Context, id string, c OrgChange) (Org, error) {
	a, err := actor.Require(ctx, actor.AccountWrite)
	if err != nil {
		return Org{}, err
	}
	var o Org
	var done event.Event
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		orgs, err := s.Store.Orgs(ctx)
		if err != nil {
			return err
		}
		var ok bool
		if o, ok = findOrg(orgs, id); !ok || !a.Covers(o.Division) {
			return errs.E(errs.NotFound, "account.org_not_found", "there is no organisation %s", id)
		}
		old := o.Division
		for to, from := range map[*string]*string{&o.Name: c.Name, &o.NameEN: c.NameEN, &o.Division: c.Division} {
			if from != nil {
				*to = strings.TrimSpace(*from)
			}
		}
		if err := o.validate(); err != nil {
			return err
		}
		if o.Division != old {
			if err := s.mayReach(ctx, a, orgs, o); err != nil {
				return err
			}
			if err := mayMove(orgs, o); err != nil {
				return err
			}
		}
		if err := s.Store.SaveOrg(ctx, o); err != nil {
			return err
		}
		return s.record(ctx, &done, EventOrgChanged, o.ID, o.Division, o)
	})
	if err != nil {
		return Org{}, err
	}
	s.Events.Publish(ctx, done)
	return o, nil
}

// mayReach keeps the actor's own sight as it is: the new division must be one that they see, and the
// organisation on which their sight rests is changed by somebody of the whole centre.
func (s *Service) mayReach(ctx context.Context, a actor.Actor, orgs []Org, o Org) error {
	if !a.Covers(o.Division) {
		return errs.Field("account.division_unseen", "division", "must be "+a.DivisionCode+" or below it, which is what you manage")
	}
	top, err := topOf(orgs)
	if err != nil || a.Covers(top.Division) {
		return err
	}
	u, err := s.Store.User(ctx, a.ID)
	if err != nil {
		return err
	}
	for id := u.OrgID; id != ""; {
		if id == o.ID {
			return errs.E(errs.Denied, "account.division_own", "the division of your own organisation is changed by an administrator above you")
		}
		above, _ := findOrg(orgs, id)
		id = above.ParentID
	}
	return nil
}

// mayMove keeps the tree a tree of divisions: a child's division lies inside its parent's. The top keeps
// its division, which the configuration gives.
func mayMove(orgs []Org, o Org) error {
	if o.ParentID == "" {
		return errs.Field("account.top_division", "division", "the top organisation keeps its division")
	}
	parent, ok := findOrg(orgs, o.ParentID)
	if !ok || !covers(parent.Division, o.Division) {
		return errs.Field("account.division_outside", "division", "must be "+parent.Division+" or below it")
	}
	for _, child := range orgs {
		if child.ParentID == o.ID && !covers(o.Division, child.Division) {
			return errs.Field("account.division_inside", "division", "would leave "+child.Name+" outside")
		}
	}
	return nil
}

// Under reports whether an organisation is the desk or stands below it in the tree. Another organisation of the same
// division, a department beside a government for instance, is not above what the government is above of.
func Under(tree []Org, id, desk string) bool {
	for o, ok := findOrg(tree, id); ok; o, ok = findOrg(tree, o.ParentID) {
		if o.ID == desk {
			return true
		}
	}
	return false
}

func findOrg(orgs []Org, id string) (Org, bool) {
	i := slices.IndexFunc(orgs, func(o Org) bool { return o.ID == id })
	if id == "" || i < 0 {
		return Org{}, false
	}
	return orgs[i], true
}

// top is the division of the whole centre.
func (s *Service) top(ctx context.Context) (string, error) {
	orgs, err := s.Store.Orgs(ctx)
	if err != nil {
		return "", err
	}
	o, err := topOf(orgs)
	return o.Division, err
}

// TopOrg is the organisation at the root, for the command line.
func (s *Service) TopOrg(ctx context.Context) (Org, error) {
	orgs, err := s.Orgs(ctx)
	if err != nil {
		return Org{}, err
	}
	return topOf(orgs)
}

func topOf(orgs []Org) (Org, error) {
	i := slices.IndexFunc(orgs, func(o Org) bool { return o.ParentID == "" })
	if i < 0 {
		return Org{}, errs.E(errs.NotFound, "account.no_org", "there is no organisation yet")
	}
	return orgs[i], nil
}
