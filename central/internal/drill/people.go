package drill

import (
	"context"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Part is how somebody stands to an exercise.
type Part string

// The parts. Who evaluates or observes looks on inside, and changes nothing there.
const (
	Controls  Part = "controller"
	Plays     Part = "participant"
	Evaluates Part = "evaluator"
	Observes  Part = "observer"
	Watches   Part = "viewer" // sees from outside that there is an exercise
)

// enters reports whether a part may be in the world of an exercise, to look or to act.
func (p Part) enters(act bool) bool {
	return p == Controls || p == Plays || (!act && (p == Evaluates || p == Observes))
}

// Person is somebody who is named for an exercise.
type Person struct {
	UserID  string `json:"user_id"`
	Name    string `json:"name"`
	OrgID   string `json:"org_id"`
	OrgName string `json:"org_name"`
	Part    Part   `json:"part" enum:"participant,evaluator,observer"`
}

// Named is somebody as a draft names them.
type Named struct {
	UserID string
	Part   Part
}

// maxPeople is how many are named at most.
const maxPeople = 300

// person is the one who is named for a user.
func (d Drill) person(user string) (Person, bool) {
	i := slices.IndexFunc(d.People, func(p Person) bool { return p.UserID == user && user != "" })
	if i < 0 {
		return Person{}, false
	}
	return d.People[i], true
}

// named reports whether a user is named to take part.
func (d Drill) named(user string) bool {
	p, ok := d.person(user)
	return ok && p.Part == Plays
}

// plays reports whether somebody of an organisation takes part: who is named, or everybody of an organisation of which
// nobody is.
func (d Drill) plays(user, org string) bool {
	if p, ok := d.person(user); ok {
		return p.Part == Plays
	}
	return d.takes(org) && !slices.ContainsFunc(d.People, func(p Person) bool { return p.OrgID == org && p.Part == Plays })
}

// part is how the actor stands to an exercise: errs.NotFound where it must not know of it.
func (s *Service) part(d Drill, a actor.Actor, o account.Org) (Part, error) {
	named, ok := d.person(a.ID)
	switch {
	case a.Kind == actor.System || d.controls(a.ID):
		return Controls, nil
	case d.Sealed:
		return "", hidden()
	case a.Kind == actor.User && ok:
		return named.Part, nil
	case a.Kind == actor.User && d.plays(a.ID, o.ID):
		return Plays, nil
	case a.Covers(d.Division):
		return Watches, nil
	}
	return "", hidden()
}

// reaches reports whether an inject goes to somebody who takes part.
func (i Inject) reaches(user, org string) bool {
	return len(i.To) == 0 || slices.Contains(i.To, org) || slices.Contains(i.To, user)
}

// shown is the exercise as somebody sees it who does not control it: who plays what was given to them, who looks on all
// that was given, evaluators with what is expected.
func (d Drill) shown(part Part, user, org string) Drill {
	list := []Inject{}
	for _, i := range d.Injects {
		if i.State != Given || ((part == Plays || part == Watches) && !i.reaches(user, org)) {
			continue
		}
		if i.Reason = ""; part != Evaluates {
			i.Expect = ""
		}
		list = append(list, i)
	}
	d.Injects, d.Marks = list, nil
	if d.StartedAt == nil {
		d.Scenario = ""
	}
	if part == Watches && d.State != Closed {
		d.Measured, d.Left = nil, nil
	}
	return d
}

// everybody lists the accounts that may be named.
func (s *Service) everybody(ctx context.Context) ([]account.User, error) {
	var out []account.User
	for r := (page.Request{Limit: page.MaxLimit}); ; {
		list, err := s.People.Users(actor.WithSystem(ctx, "drill"), r)
		if err != nil {
			return nil, err
		}
		out = append(out, list.Items...)
		if r.After = list.Next; r.After == "" {
			return slices.DeleteFunc(out, func(u account.User) bool { return u.Disabled }), nil
		}
	}
}

// Candidates lists those who may be named for an exercise: the people of the organisations that the actor sees.
func (s *Service) Candidates(ctx context.Context) ([]Person, error) {
	a, err := actor.Require(ctx, actor.DrillWrite)
	if err != nil {
		return nil, err
	}
	all, err := s.everybody(ctx)
	out := []Person{}
	for _, u := range all {
		if a.Covers(u.Division) {
			out = append(out, Person{UserID: u.ID, Name: u.Name, OrgID: u.OrgID, OrgName: u.OrgName})
		}
	}
	slices.SortStableFunc(out, func(x, y Person) int { return strings.Compare(x.OrgName+" "+x.Name, y.OrgName+" "+y.Name) })
	return out, err
}

// name puts those into an exercise whom a draft names: organisations, people and controllers.
func (s *Service) name(ctx context.Context, a actor.Actor, d *Drill, n Draft) error {
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return err
	}
	d.Parties = []Party{}
	for _, id := range n.Parties {
		o, ok := incident.Find(tree, id)
		if !ok || !a.Covers(o.Division) {
			return errs.Field("drill.parties", "parties", "there is no such organisation among those that you see")
		}
		if !d.takes(id) {
			d.Parties = append(d.Parties, Party{o.ID, o.Name, o.Division})
		}
	}
	d.Controllers = []Controller{}
	if a.Kind == actor.User {
		d.Controllers = append(d.Controllers, Controller{a.ID, a.Name})
	}
	all, err := s.everybody(ctx)
	if err != nil {
		return err
	}
	find := func(id string) (account.User, bool) {
		i := slices.IndexFunc(all, func(u account.User) bool { return u.ID == id })
		if i < 0 {
			return account.User{}, false
		}
		return all[i], true
	}
	for _, id := range n.Controllers {
		u, ok := find(id)
		if !ok {
			return errs.Field("drill.controllers", "controllers", "there is no such user")
		}
		if !d.controls(id) {
			d.Controllers = append(d.Controllers, Controller{u.ID, u.Name})
		}
	}
	d.People = []Person{}
	for _, p := range n.People {
		u, ok := find(p.UserID)
		if !ok || !a.Covers(u.Division) {
			return errs.Field("drill.people", "people", "there is no such user among those that you see")
		}
		if _, twice := d.person(u.ID); twice || d.controls(u.ID) {
			return errs.Field("drill.people_twice", "people", u.Name+" has a part already; everybody has one")
		}
		d.People = append(d.People, Person{u.ID, u.Name, u.OrgID, u.OrgName, p.Part})
	}
	return nil
}
