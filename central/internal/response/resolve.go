package response

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/plan"
)

// night is the roster and the directory at one instant; each organisation is asked once.
type night struct {
	s     *Service
	at    time.Time
	tree  []account.Org
	posts map[string][]duty.PostView
	held  map[string][]duty.Holding
}

func (s *Service) night(ctx context.Context, at time.Time) (*night, error) {
	tree, err := s.Desks.Tree(ctx)
	return &night{s: s, at: at, tree: tree, posts: map[string][]duty.PostView{}, held: map[string][]duty.Holding{}}, err
}

// onDuty are those who hold posts of a tier in an organisation; an empty tier is the officers.
func (n *night) onDuty(ctx context.Context, org, tier string) ([]Member, error) {
	ctx = actor.WithSystem(ctx, "response")
	if _, ok := n.held[org]; !ok {
		posts, err := n.s.Roster.Posts(ctx, org)
		if err != nil {
			return nil, err
		}
		held, err := n.s.Roster.OnDutyAt(ctx, org, n.at)
		if err != nil {
			return nil, err
		}
		n.posts[org], n.held[org] = posts, held
	}
	if tier == "" {
		tier = string(duty.Officer)
	}
	out := []Member{}
	for _, h := range n.held[org] {
		i := slices.IndexFunc(n.posts[org], func(p duty.PostView) bool { return p.ID == h.PostID && string(p.Tier) == tier })
		if i >= 0 && h.PersonName != "" && !slices.Contains(out, Member{h.PersonID, h.PersonName}) {
			out = append(out, Member{h.PersonID, h.PersonName})
		}
	}
	return out, nil
}

// fill finds who holds a seat now. What cannot be filled stays open with the reason, and the desk that started the
// response looks after its tasks.
func (n *night) fill(ctx context.Context, s Seat, f plan.Fill, home account.Org) (Seat, error) {
	s.Wanted, s.Members, s.Open = f.Name, []Member{}, ""
	s.OrgID, s.OrgName, s.OrgArea = home.ID, home.Name, home.Division
	o, known := incident.Find(n.tree, f.OrgID)
	if f.How == "duty" || f.How == "org" {
		if !known {
			s.Open = OpenOrg
			return s, nil
		}
		s.OrgID, s.OrgName, s.OrgArea = o.ID, o.Name, o.Division
		tier := f.Tier
		if f.How == "org" {
			tier = ""
		}
		members, err := n.onDuty(ctx, o.ID, tier)
		s.Members = members
		if f.How == "duty" && len(members) == 0 {
			s.Open = OpenRoster
		}
		return s, err
	}
	if f.How != "person" {
		s.Open = OpenUnset
		return s, nil
	}
	p, err := n.s.Roster.Person(actor.WithSystem(ctx, "response"), f.PersonID)
	if errs.KindOf(err) == errs.NotFound || (err == nil && !p.Active) {
		s.Open = OpenPerson
		return s, nil
	}
	if err != nil {
		return s, err
	}
	if o, ok := incident.Find(n.tree, p.OrgID); ok {
		s.OrgID, s.OrgName, s.OrgArea = o.ID, o.Name, o.Division
	}
	s.Members = []Member{{p.ID, p.Name}}
	return s, nil
}

// reseat fills the seats that a response had when it ended anew: tonight others may be on duty. Changes are written down,
// and who takes over something that is not done is told.
func (s *Service) reseat(ctx context.Context, i incident.Incident, o account.Org, r Response, f plan.Frozen, at time.Time) error {
	seats, err := s.Store.Seats(ctx, r.ID)
	if err != nil || len(seats) == 0 {
		return err
	}
	n, err := s.night(ctx, at)
	if err != nil {
		return err
	}
	for k, was := range seats {
		p := slices.IndexFunc(f.Body.Roles, func(role plan.Role) bool { return role.ID == was.RoleID })
		if p < 0 {
			continue
		}
		now, err := n.fill(ctx, was, f.Body.Roles[p].Fill, o)
		if err != nil {
			return err
		}
		seats[k] = now
		if slices.Equal(was.Members, now.Members) && was.OrgID == now.OrgID && was.Open == now.Open {
			continue
		}
		if err := s.Store.SaveSeat(ctx, now); err != nil {
			return err
		}
		if err := s.pass(ctx, i, r, seats, now); err != nil {
			return err
		}
		if err := s.Incidents.Record(ctx, i.ID, o, incident.Step{Kind: Commanded, Act: "seat", Text: now.Name + "：" + was.names() + " → " + now.names(), Ref: now.ID}, nil); err != nil {
			return err
		}
	}
	return nil
}

// wanted are the roles that the actions and the groups of a level need, in the order of the plan.
func wanted(f plan.Frozen, level int) []string {
	var out []string
	for _, a := range f.Body.At(level) {
		out = append(out, a.RoleID)
	}
	for _, g := range f.Body.Groups {
		if g.At(level) && g.LeadID != "" {
			out = append(append(out, g.LeadID), g.RoleIDs...)
		}
	}
	return out
}

// seats adds to those of a response the roles that actions of a level need and that are not seated yet.
func (s *Service) seats(ctx context.Context, r Response, f plan.Frozen, level int, has []Seat, home account.Org, at time.Time) (added []Seat, err error) {
	n, err := s.night(ctx, at)
	if err != nil {
		return nil, err
	}
	for _, id := range wanted(f, level) {
		if slices.ContainsFunc(append(has, added...), func(o Seat) bool { return o.RoleID == id }) {
			continue
		}
		seat := Seat{ID: newID(), ResponseID: r.ID, RoleID: id}
		fill := plan.Fill{}
		for k, role := range f.Body.Roles {
			if role.ID != id {
				continue
			}
			seat.Name, seat.NameEN, seat.Group, seat.Duty, seat.Clause, seat.No = strings.TrimSpace(role.Name), role.NameEN, role.Group, role.Duty, f.Clauses[role.Clause], k+1
			fill = role.Fill
		}
		if seat, err = n.fill(ctx, seat, fill, home); err != nil {
			return nil, err
		}
		added = append(added, seat)
	}
	return added, nil
}
