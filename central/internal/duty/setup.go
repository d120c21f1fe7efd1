package duty

import (
	"context"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// OrgView is an organisation as the pages of duty list it.
type OrgView struct {
	ID       string `json:"id"`
	ParentID string `json:"parent_id"`
	Name     string `json:"name"`
	NameEN   string `json:"name_en"`
	Division string `json:"division"`
	Own      bool   `json:"own"`
	Kept     bool   `json:"kept"` // has posts
}

// Orgs lists the organisations whose rosters the actor may see.
func (s *Service) Orgs(ctx context.Context) ([]OrgView, error) {
	a, err := actor.Require(ctx, actor.DutyRead)
	if err != nil {
		return nil, err
	}
	tree, err := s.tree(ctx)
	if err != nil {
		return nil, err
	}
	desks, err := s.Store.Desks(ctx)
	if err != nil {
		return nil, err
	}
	own, err := s.ownOrg(ctx, a)
	if err != nil {
		return nil, err
	}
	out := []OrgView{}
	for _, o := range tree {
		if a.Covers(o.Division) {
			out = append(out, OrgView{o.ID, o.ParentID, o.Name, o.NameEN, o.Division, o.ID == own, slices.Contains(desks, o.ID)})
		}
	}
	return out, nil
}

// ownOrg is the organisation that a user belongs to; empty for the centre itself.
func (s *Service) ownOrg(ctx context.Context, a actor.Actor) (string, error) {
	if a.Kind != actor.User {
		return "", nil
	}
	u, err := s.Accounts.User(actor.WithSystem(ctx, "duty"), a.ID)
	if errs.KindOf(err) == errs.NotFound {
		return "", nil
	}
	return u.OrgID, err
}

// Desk is how an organisation keeps duty.
func (s *Service) Desk(ctx context.Context, org string) (Desk, error) {
	_, o, err := s.org(ctx, org, actor.DutyRead)
	if err != nil {
		return Desk{}, err
	}
	return s.desk(ctx, o.ID)
}

// SaveDesk changes zone, duty phone, limits, and what is public.
func (s *Service) SaveDesk(ctx context.Context, d Desk) (Desk, error) {
	_, o, err := s.org(ctx, d.OrgID, actor.DutyPlan)
	if err != nil {
		return Desk{}, err
	}
	d.Phone = strings.TrimSpace(d.Phone)
	if err := d.validate(); err != nil {
		return Desk{}, err
	}
	err = s.change(ctx, o, func(ctx context.Context, r *result) error {
		r.note(ctx, o, EventDesk, o.ID, map[string]any{"zone": d.Zone, "max_row": d.MaxRow, "public_names": d.PublicNames, "public_phone": d.PublicPhone})
		return s.Store.SaveDesk(ctx, d)
	}, nil)
	return d, err
}

// PostView is a post with the rules that hold now and later, oldest first.
type PostView struct {
	Post
	Rules []Rule `json:"rules"`
}

// Posts lists those of an organisation.
func (s *Service) Posts(ctx context.Context, org string) ([]PostView, error) {
	_, o, err := s.org(ctx, org, actor.DutyRead)
	if err != nil {
		return nil, err
	}
	posts, err := s.Store.Posts(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	rules, err := s.Store.Rules(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	out := []PostView{}
	for _, p := range posts {
		v := PostView{Post: p, Rules: []Rule{}}
		for _, r := range rules {
			if r.PostID == p.ID {
				v.Rules = append(v.Rules, r.whole())
			}
		}
		out = append(out, v)
	}
	return out, nil
}

// whole has no nil list, which the API would show as null.
func (r Rule) whole() Rule {
	r.Watches = append([]Watch{}, r.Watches...)
	rotations := []Rotation{}
	for _, o := range r.Rotations {
		o.Classes, o.Watches, o.Members = append([]Class{}, o.Classes...), append([]int{}, o.Watches...), append([]string{}, o.Members...)
		rotations = append(rotations, o)
	}
	r.Rotations = rotations
	if r.Heads == nil {
		r.Heads = map[Class]int{}
	}
	return r
}

// SavePost makes a post, or changes the one with the id. An ended post keeps its past.
func (s *Service) SavePost(ctx context.Context, p Post) (Post, error) {
	if p.ID != "" {
		old, err := s.postOf(ctx, p.ID)
		if err != nil {
			return Post{}, err
		}
		p.OrgID = old.OrgID
	}
	_, o, err := s.org(ctx, p.OrgID, actor.DutyPlan)
	if err != nil {
		return Post{}, err
	}
	p.Name, p.NameEN = strings.TrimSpace(p.Name), strings.TrimSpace(p.NameEN)
	if err := p.validate(); err != nil {
		return Post{}, err
	}
	if p.ID == "" {
		p.ID = newID()
	}
	err = s.change(ctx, o, func(ctx context.Context, r *result) error {
		r.note(ctx, o, EventPost, p.ID, p)
		return s.Store.SavePost(ctx, p)
	}, nil)
	return p, err
}

// postOf loads a post for an act on it; whether the actor may, org decides.
func (s *Service) postOf(ctx context.Context, id string) (Post, error) {
	if _, err := actor.Require(ctx, actor.DutyRead); err != nil {
		return Post{}, err
	}
	return s.Store.Post(ctx, id)
}

// NewRule is how a post is to be held from a day on. A rotation with First -1 goes on after whoever had the
// last turn before that day.
type NewRule struct {
	PostID    string
	From      Day
	Watches   []Watch
	Heads     map[Class]int
	Rotations []Rotation
}

// rule makes a rule that can be kept: rotations that stay as they were keep their turns, others begin.
func (s *Service) rule(p Plan, shifts []Shift, n NewRule, byName string) (Rule, error) {
	r := Rule{ID: newID(), PostID: n.PostID, From: n.From, Watches: n.Watches, Heads: n.Heads, Rotations: slices.Clone(n.Rotations), ByName: byName, CreatedAt: stamp()}
	before, _ := p.rule(n.PostID, n.From)
	for i := range r.Rotations {
		o := &r.Rotations[i]
		o.Name = strings.TrimSpace(o.Name)
		if o.First < 0 {
			o.First = follow(shifts, n, *o)
		}
		at := slices.IndexFunc(before.Rotations, func(b Rotation) bool { return b.ID == o.ID })
		if o.ID == "" || at < 0 || before.Rotations[at].Keep != o.Keep || before.Rotations[at].First != o.First ||
			!slices.Equal(before.Rotations[at].Members, o.Members) {
			o.ID = newID()
		}
	}
	return r, r.validate(p.People)
}

// follow is who comes after the last turn of a rotation before a day: 0 when there was none.
func follow(shifts []Shift, n NewRule, o Rotation) int {
	var last Shift
	for _, v := range shifts {
		if v.PostID == n.PostID && v.Day < n.From && v.RotationID == o.ID && o.ID != "" && slices.Contains(o.Members, v.BaseID) && v.StartsAt.After(last.StartsAt) {
			last = v
		}
	}
	if last.BaseID == "" {
		return 0
	}
	return (slices.Index(o.Members, last.BaseID) + 1) % len(o.Members)
}

// SaveRule changes how a post is held from a day on, today at the earliest. What lies before stays.
func (s *Service) SaveRule(ctx context.Context, n NewRule) (Rule, error) {
	post, err := s.postOf(ctx, n.PostID)
	if err != nil {
		return Rule{}, err
	}
	a, o, err := s.org(ctx, post.OrgID, actor.DutyPlan)
	if err != nil {
		return Rule{}, err
	}
	var r Rule
	err = s.change(ctx, o, func(ctx context.Context, out *result) error {
		p, shifts, err := s.standing(ctx, o)
		if err != nil {
			return err
		}
		if err := p.future(n.From); err != nil {
			return err
		}
		if r, err = s.rule(p, shifts, n, a.Name); err != nil {
			return err
		}
		out.note(ctx, o, EventRule, r.PostID, r)
		return s.Store.SaveRule(ctx, r)
	}, nil)
	return r.whole(), err
}

// future refuses a day that is over.
func (p Plan) future(d Day) error {
	if !d.Valid() {
		return errs.Field("duty.day", "from", "is no day like 2026-11-26")
	}
	if d < DayOf(stamp(), p.Desk.Location()) {
		return errs.Field("duty.past", "from", "must be today or later: what has been is not changed")
	}
	return nil
}

// standing is the plan of an organisation and what was laid of it.
func (s *Service) standing(ctx context.Context, o account.Org) (Plan, []Shift, error) {
	now := stamp()
	p, err := s.plan(ctx, o, now)
	if err != nil {
		return p, nil, err
	}
	today := DayOf(now, p.Desk.Location())
	shifts, err := s.Store.Shifts(ctx, o.ID, today.Add(-62), today.Add(Horizon+7))
	return p, shifts, err
}

// DropRule takes back a rule that has not begun.
func (s *Service) DropRule(ctx context.Context, post, id string) error {
	old, err := s.postOf(ctx, post)
	if err != nil {
		return err
	}
	_, o, err := s.org(ctx, old.OrgID, actor.DutyPlan)
	if err != nil {
		return err
	}
	return s.change(ctx, o, func(ctx context.Context, r *result) error {
		p, _, err := s.standing(ctx, o)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(p.Rules, func(x Rule) bool { return x.ID == id && x.PostID == post })
		if i < 0 {
			return errs.E(errs.NotFound, "duty.not_found", "there is no such rule")
		}
		if err := p.future(p.Rules[i].From); err != nil {
			return err
		}
		r.note(ctx, o, EventRuleDropped, post, p.Rules[i])
		return s.Store.DeleteRule(ctx, id)
	}, nil)
}

// Preview is who would get which days by a rule, without keeping anything.
func (s *Service) Preview(ctx context.Context, n NewRule) ([]Shift, error) {
	post, err := s.postOf(ctx, n.PostID)
	if err != nil {
		return nil, err
	}
	a, o, err := s.org(ctx, post.OrgID, actor.DutyPlan)
	if err != nil {
		return nil, err
	}
	p, shifts, err := s.standing(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := p.future(n.From); err != nil {
		return nil, err
	}
	r, err := s.rule(p, shifts, n, a.Name)
	if err != nil {
		return nil, err
	}
	p.Rules = append(slices.DeleteFunc(p.Rules, func(x Rule) bool { return x.PostID == n.PostID && x.From == r.From }), r)
	now := stamp()
	today := DayOf(now, p.Desk.Location())
	turns, err := s.Store.Turns(ctx, o.ID, today.Add(-1))
	if err != nil {
		return nil, err
	}
	laid := p.Lay(today.Add(-1), today.Add(Horizon), now, shifts, turns)
	return slices.DeleteFunc(laid, func(x Shift) bool { return x.PostID != n.PostID || x.Day < n.From }), nil
}
