package response

import (
	"context"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/plan"
)

// Group is a working group or a command on site in a response. Its leader and its members are seats; what is given to
// the group is given to its leader's seat, and its members see it.
type Group struct {
	ID          string   `json:"id"`
	ResponseID  string   `json:"response_id"`
	PlanGroupID string   `json:"plan_group_id"` // empty: set up in the room
	Kind        string   `json:"kind" enum:"group,site"`
	Name        string   `json:"name"`
	NameEN      string   `json:"name_en"`
	UnderID     string   `json:"under_id"` // site command; empty: the command itself
	LeadID      string   `json:"lead_id"`  // seat
	SeatIDs     []string `json:"seat_ids"` // of members
	Orgs        []string `json:"orgs"`
	Duty        string   `json:"duty"`
	Clause      string   `json:"clause"`
	No          int      `json:"no"`
	Closed      bool     `json:"closed"` // dissolved
	ByName      string   `json:"by_name"`
	Edit        int      `json:"edit"`
}

// maxGroups is how many groups a response has.
const maxGroups = 60

// has reports whether a seat leads a group or is a member of it.
func (g Group) has(seat string) bool { return g.LeadID == seat || slices.Contains(g.SeatIDs, seat) }

// form sets up the groups that a level of the plan names and that there are not yet.
func (s *Service) form(ctx context.Context, r Response, f plan.Frozen, seats []Seat, by string) ([]Group, error) {
	has, err := s.Store.Groups(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for _, g := range has {
		ids[g.PlanGroupID] = g.ID
	}
	of := func(role string) string {
		if k := slices.IndexFunc(seats, func(v Seat) bool { return v.RoleID == role }); k >= 0 {
			return seats[k].ID
		}
		return ""
	}
	var fresh []Group
	for n, p := range f.Body.Groups {
		if !p.At(r.Level) || ids[p.ID] != "" || of(p.LeadID) == "" { // a draft may name no leader
			continue
		}
		g := Group{
			ID: newID(), ResponseID: r.ID, PlanGroupID: p.ID, Kind: p.Kind, Name: p.Name, NameEN: p.NameEN, UnderID: p.UnderID, LeadID: of(p.LeadID), SeatIDs: []string{},
			Orgs: append([]string{}, p.Orgs...), Duty: p.Duty, Clause: f.Clauses[p.Clause], No: n + 1, ByName: by, Edit: 1,
		}
		for _, role := range p.RoleIDs {
			if seat := of(role); seat != "" && seat != g.LeadID {
				g.SeatIDs = append(g.SeatIDs, seat)
			}
		}
		ids[p.ID] = g.ID
		fresh = append(fresh, g)
	}
	for n := range fresh {
		fresh[n].UnderID = ids[fresh[n].UnderID]
		if err := s.Store.SaveGroup(ctx, fresh[n]); err != nil {
			return nil, err
		}
	}
	return append(has, fresh...), nil
}

// grouped says of a task to whose group it is given.
func (t *Task) grouped(groups []Group) {
	if k := slices.IndexFunc(groups, func(g Group) bool { return !g.Closed && g.LeadID == t.SeatID }); k >= 0 {
		t.GroupID, t.GroupName = groups[k].ID, groups[k].Name
	}
}

// Someone is a person who is put into a group: of the roster, or by name.
type Someone struct {
	PersonID string
	Name     string
	Post     string // what they are there for; empty: 组员
}

// Setting is how a group is set up or changed in the room. LeadID and SeatIDs are seats of the response; Lead and People
// get a seat of their own.
type Setting struct {
	Kind, Name, UnderID, Duty string
	Orgs                      []string
	LeadID                    string
	Lead                      *Someone
	SeatIDs                   []string
	People                    []Someone
	Closed                    bool
	Edit                      int // that was seen; 0: a new one
}

func (g Setting) validate() error {
	switch {
	case g.Kind != plan.WorkGroup && g.Kind != plan.SiteCommand:
		return errs.Field("response.group_kind", "kind", "must be group or site")
	case !errs.Name(g.Name, 60):
		return errs.Field("response.group_name", "name", "1 to 60 characters on one line")
	case !errs.Text(g.Duty, 2000):
		return errs.Field("response.group_duty", "duty", "at most 2000 characters")
	case (g.LeadID == "") == (g.Lead == nil):
		return errs.Field("response.group_lead", "lead_id", "name one leader: a role, or a person")
	case len(g.Orgs) > 40 || len(g.SeatIDs) > 40 || len(g.People) > 20:
		return errs.Field("response.group_size", "orgs", "at most 40 organisations, 40 roles and 20 people")
	}
	for _, o := range g.Orgs {
		if !errs.Name(o, 120) {
			return errs.Field("response.group_orgs", "orgs", "1 to 120 characters on one line")
		}
	}
	for _, p := range append(slices.Clone(g.People), led(g.Lead)...) {
		if (p.PersonID == "") == (p.Name == "") || (p.PersonID == "" && !errs.Name(p.Name, 32)) || !errs.Line(p.Post, 40) {
			return errs.Field("response.who", "name", "choose a person, or write a name of 1 to 32 characters")
		}
	}
	return nil
}

func led(p *Someone) []Someone {
	if p == nil {
		return nil
	}
	return []Someone{*p}
}

// Group sets a group up in a response, changes or dissolves it; id is empty for a new one.
func (s *Service) Group(ctx context.Context, response, id string, st Setting) (Group, error) {
	a, reach, err := s.Desks.Reach(ctx, actor.ResponseOrder)
	if err != nil {
		return Group{}, err
	}
	st.Name, st.Duty = strings.TrimSpace(st.Name), strings.TrimSpace(st.Duty)
	if err := st.validate(); err != nil {
		return Group{}, err
	}
	r, err := s.response(ctx, a, response)
	if err != nil {
		return Group{}, err
	}
	var out Group
	err = s.change(ctx, a, r.IncidentID, func(ctx context.Context, i incident.Incident, note noter) error {
		if r, err = s.Store.Response(ctx, response); err != nil {
			return err
		}
		if err := s.ordering(ctx, a, reach, i, r); err != nil {
			return err
		}
		if r.Level == 0 {
			return errs.E(errs.Conflict, "response.ended", "the response has ended; start the plan again")
		}
		groups, err := s.Store.Groups(ctx, response)
		if err != nil {
			return err
		}
		if out, err = st.among(groups, r.ID, id, a.Name); err != nil {
			return err
		}
		seats, err := s.seated(ctx, r, &out, st, reach.Desk)
		if err != nil {
			return err
		}
		if err := s.Store.SaveGroup(ctx, out); err != nil {
			return err
		}
		if err := s.regroup(ctx, out); err != nil {
			return err
		}
		act := map[bool]string{true: "group_closed", false: "group"}[out.Closed]
		if err := s.Incidents.Record(ctx, i.ID, reach.Desk, incident.Step{Kind: Commanded, Act: act, Text: incident.Cut(out.told(seats), incident.MaxText), Ref: out.ID}, nil); err != nil {
			return err
		}
		note(EventGroup, out.ID, Trace{Name: out.Name})
		return nil
	})
	return out, err
}

// among is the group that comes of a setting beside those that there are.
func (g Setting) among(groups []Group, response, id, by string) (Group, error) {
	out := Group{ID: newID(), ResponseID: response, No: 1000 + len(groups), ByName: by}
	if id != "" {
		k := slices.IndexFunc(groups, func(o Group) bool { return o.ID == id })
		switch {
		case k < 0:
			return out, errs.E(errs.NotFound, "response.no_group", "there is no such group")
		case groups[k].Edit != g.Edit:
			return out, errs.E(errs.Conflict, "response.changed", "somebody has changed it meanwhile; look at it again")
		}
		out = groups[k]
	} else if len(groups) >= maxGroups {
		return out, errs.E(errs.Conflict, "response.groups", "a response has at most %d groups", maxGroups)
	}
	if g.UnderID != "" && (g.Kind == plan.SiteCommand || !slices.ContainsFunc(groups, func(o Group) bool { return o.ID == g.UnderID && o.Kind == plan.SiteCommand && o.ID != id })) {
		return out, errs.Field("response.group_under", "under_id", "a group works under a command on site of this response, or under the command itself")
	}
	out.Kind, out.Name, out.UnderID, out.Duty, out.Closed = g.Kind, g.Name, g.UnderID, g.Duty, g.Closed
	if out.PlanGroupID == "" {
		out.NameEN = ""
	}
	out.Orgs = append([]string{}, g.Orgs...)
	out.Edit++
	return out, nil
}

// seated gives the leader and the members of a group their seats, and returns all seats of the response.
func (s *Service) seated(ctx context.Context, r Response, g *Group, st Setting, home account.Org) ([]Seat, error) {
	seats, err := s.Store.Seats(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	known := func(id string) bool { return slices.ContainsFunc(seats, func(v Seat) bool { return v.ID == id }) }
	sit := func(p Someone, post string) (string, error) {
		v := Seat{ID: newID(), ResponseID: r.ID, Name: g.Name + " " + post, Group: g.Name, No: 1000 + len(seats), OrgID: home.ID, OrgName: home.Name, OrgArea: home.Division, Members: []Member{{Name: p.Name}}}
		v.RoleID = v.ID
		if p.PersonID != "" {
			if err := s.holder(ctx, &v, p.PersonID); err != nil {
				return "", err
			}
		}
		seats = append(seats, v)
		return v.ID, s.Store.SaveSeat(ctx, v)
	}
	g.LeadID, g.SeatIDs = st.LeadID, []string{}
	if st.Lead != nil {
		if g.LeadID, err = sit(*st.Lead, "组长"); err != nil {
			return nil, err
		}
	}
	if !known(g.LeadID) {
		return nil, errs.Field("response.seat", "lead_id", "the response has no such role")
	}
	for _, id := range st.SeatIDs {
		if !known(id) {
			return nil, errs.Field("response.seat", "seat_ids", "the response has no such role")
		}
		if id != g.LeadID && !slices.Contains(g.SeatIDs, id) {
			g.SeatIDs = append(g.SeatIDs, id)
		}
	}
	for _, p := range st.People {
		post := p.Post
		if post == "" {
			post = "组员"
		}
		id, err := sit(p, post)
		if err != nil {
			return nil, err
		}
		g.SeatIDs = append(g.SeatIDs, id)
	}
	return seats, nil
}

// regroup moves the tasks of a group that are not over to who leads it now.
func (s *Service) regroup(ctx context.Context, g Group) error {
	r, err := s.Store.Response(ctx, g.ResponseID)
	if err != nil {
		return err
	}
	seats, err := s.Store.Seats(ctx, r.ID)
	if err != nil {
		return err
	}
	all, err := s.Store.TasksOf(ctx, r.IncidentID)
	if err != nil {
		return err
	}
	i, err := s.Incidents.Get(system(ctx), r.IncidentID)
	if err != nil {
		return err
	}
	lead := seats[slices.IndexFunc(seats, func(v Seat) bool { return v.ID == g.LeadID })]
	moved := false
	for _, t := range all {
		if t.GroupID != g.ID || t.State.Over() || (t.SeatID == g.LeadID && t.GroupName == g.Name && !g.Closed) {
			continue
		}
		moved = moved || t.SeatID != g.LeadID
		t.SeatID, t.SeatName, t.GroupName = lead.ID, lead.Name, g.Name
		if g.Closed {
			t.GroupID, t.GroupName = "", ""
		}
		t.Edit++
		if err := s.Store.SaveTask(ctx, t); err != nil {
			return err
		}
	}
	if !moved {
		return nil
	}
	return s.pass(ctx, i, r, seats, lead)
}

// told is how the timeline reads a group.
func (g Group) told(seats []Seat) string {
	name := func(id string) string {
		if k := slices.IndexFunc(seats, func(v Seat) bool { return v.ID == id }); k >= 0 {
			return seats[k].Name + " " + seats[k].names()
		}
		return "—"
	}
	text := g.Name + "：组长 " + name(g.LeadID)
	var members []string
	for _, id := range g.SeatIDs {
		members = append(members, name(id))
	}
	if len(members) > 0 {
		text += "；成员 " + strings.Join(members, "、")
	}
	if len(g.Orgs) > 0 {
		text += "；成员单位 " + strings.Join(g.Orgs, "、")
	}
	return text
}

// theirs are the tasks of the groups in which somebody has a seat and that are done by another.
func (s *Service) theirs(ctx context.Context, r Response, person string, seats []Seat, all []Task) ([]Task, error) {
	groups, err := s.Store.Groups(ctx, r.ID)
	out := []Task{}
	for _, t := range all {
		k := slices.IndexFunc(groups, func(g Group) bool { return g.ID == t.GroupID })
		if k < 0 || t.State == Void {
			continue
		}
		if slices.ContainsFunc(seats, func(v Seat) bool { return v.ID != t.SeatID && groups[k].has(v.ID) && v.holds(person) }) {
			out = append(out, t)
		}
	}
	return out, err
}

// holder puts a person of the roster into a seat.
func (s *Service) holder(ctx context.Context, v *Seat, person string) error {
	p, err := s.Roster.Person(system(ctx), person)
	if errs.KindOf(err) == errs.NotFound || (err == nil && !p.Active) {
		return errs.Field("response.who", "person_id", "there is no such duty person")
	}
	if err != nil {
		return err
	}
	v.Members = []Member{{p.ID, p.Name}}
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return err
	}
	if at, ok := incident.Find(tree, p.OrgID); ok {
		v.OrgID, v.OrgName, v.OrgArea = at.ID, at.Name, at.Division
	}
	return nil
}
