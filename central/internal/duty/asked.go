package duty

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Asked implements deadline.Desks: those who hold a post of the asked kind at a moment. Where no organisation
// stands above, or none that keeps duty, it is the organisation's own leader.
func (s *Service) Asked(ctx context.Context, org string, to deadline.To, at time.Time) (deadline.Asked, error) {
	tree, err := s.tree(ctx)
	if err != nil {
		return deadline.Asked{}, err
	}
	i := slices.IndexFunc(tree, func(o account.Org) bool { return o.ID == org })
	if i < 0 {
		return deadline.Asked{}, errs.E(errs.NotFound, "duty.no_org", "there is no organisation %q", org)
	}
	o := tree[i]
	if to == deadline.Above || to == deadline.AboveLeader {
		desks, err := s.Store.Desks(ctx)
		if err != nil {
			return deadline.Asked{}, err
		}
		above, ok := aboveOf(tree, o, desks)
		switch {
		case !ok:
			to = deadline.Leader
		case to == deadline.Above:
			o, to = above, deadline.Officer
		default:
			o, to = above, deadline.Leader
		}
	}
	out := deadline.Asked{To: to, OrgID: o.ID, OrgName: o.Name, Division: o.Division, Names: []string{}, People: []string{}}
	tier := Officer
	if to == deadline.Leader {
		tier = Leader
	}
	posts, err := s.Store.Posts(ctx, o.ID)
	if err != nil {
		return out, err
	}
	held, err := s.onDuty(ctx, o.ID, at)
	if err != nil {
		return out, err
	}
	for _, h := range held {
		post := slices.IndexFunc(posts, func(p Post) bool { return p.ID == h.PostID })
		if post >= 0 && posts[post].Tier == tier && h.PersonName != "" {
			out.Names, out.People = append(out.Names, h.PersonName), append(out.People, h.PersonID)
		}
	}
	return out, nil
}

// aboveOf is the nearest organisation above that keeps duty.
func aboveOf(tree []account.Org, o account.Org, desks []string) (account.Org, bool) {
	for range tree {
		i := slices.IndexFunc(tree, func(p account.Org) bool { return p.ID == o.ParentID })
		if i < 0 {
			break
		}
		if o = tree[i]; slices.Contains(desks, o.ID) {
			return o, true
		}
	}
	return account.Org{}, false
}
