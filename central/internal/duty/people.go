package duty

import (
	"context"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// People lists the duty people of an organisation. Numbers are shown to who may see them.
func (s *Service) People(ctx context.Context, org string) ([]Person, error) {
	a, o, err := s.org(ctx, org, actor.DutyRead)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.People(ctx, o.ID)
	for i := range list {
		list[i] = list[i].shown(a.Can(actor.DutyPhone))
	}
	return list, err
}

// SavePerson makes a duty person, or changes the one with the id. A number that changes must be verified
// anew.
func (s *Service) SavePerson(ctx context.Context, p Person) (Person, error) {
	var old Person
	if p.ID != "" {
		if _, err := actor.Require(ctx, actor.DutyPlan); err != nil {
			return Person{}, err
		}
		var err error
		if old, err = s.Store.Person(ctx, p.ID); err != nil {
			return Person{}, err
		}
		p.OrgID = old.OrgID
	}
	a, o, err := s.org(ctx, p.OrgID, actor.DutyPlan)
	if err != nil {
		return Person{}, err
	}
	p.Name, p.Title = strings.TrimSpace(p.Name), strings.TrimSpace(p.Title)
	if p.ID != "" && !a.Can(actor.DutyPhone) {
		p.Phones = old.Phones // whoever does not see them cannot mean to change them
	}
	p = p.keep(old.Phones)
	if err := p.validate(); err != nil {
		return Person{}, err
	}
	if err := s.linked(ctx, o, p); err != nil {
		return Person{}, err
	}
	if p.ID == "" {
		p.ID = newID()
	}
	p.At = stamp()
	err = s.change(ctx, o, func(ctx context.Context, r *result) error {
		err := s.Store.SavePerson(ctx, p)
		if errs.KindOf(err) == errs.Conflict {
			return errs.Field("duty.user_taken", "user_id", "this account is another duty person's")
		}
		r.note(ctx, o, EventPerson, p.ID, p.traced())
		return err
	}, nil)
	return p.shown(a.Can(actor.DutyPhone)), err
}

// linked checks the account of a person.
func (s *Service) linked(ctx context.Context, o account.Org, p Person) error {
	if p.UserID == "" {
		return nil
	}
	u, err := s.Accounts.User(actor.WithSystem(ctx, "duty"), p.UserID)
	if errs.KindOf(err) == errs.NotFound || (err == nil && u.OrgID != o.ID) {
		return errs.Field("duty.user", "user_id", "there is no such account in this organisation")
	}
	return err
}

// Verify notes that somebody made sure of a number, and how: call, sms or in_person.
func (s *Service) Verify(ctx context.Context, id, number, how string) (Person, error) {
	if _, err := actor.Require(ctx, actor.DutyPlan); err != nil {
		return Person{}, err
	}
	p, err := s.Store.Person(ctx, id)
	if err != nil {
		return Person{}, err
	}
	a, o, err := s.org(ctx, p.OrgID, actor.DutyPlan)
	if err != nil {
		return Person{}, err
	}
	if !a.Can(actor.DutyPhone) {
		return Person{}, errs.E(errs.Denied, "auth.denied", "permission %s is missing", actor.DutyPhone)
	}
	if !slices.Contains([]string{"call", "sms", "in_person"}, how) {
		return Person{}, errs.Field("duty.how", "how", "must be call, sms or in_person")
	}
	err = s.change(ctx, o, func(ctx context.Context, r *result) error {
		if p, err = s.Store.Person(ctx, id); err != nil {
			return err
		}
		i := slices.IndexFunc(p.Phones, func(n Phone) bool { return n.Number == number })
		if i < 0 {
			return errs.Field("duty.phone", "number", "is none of this person's")
		}
		now := stamp()
		p.Phones[i].VerifiedAt, p.Phones[i].VerifiedBy, p.Phones[i].How, p.At = &now, a.Name, how, now
		r.note(ctx, o, EventVerified, p.ID, map[string]any{"name": p.Name, "kind": p.Phones[i].Kind, "how": how})
		return s.Store.SavePerson(ctx, p)
	}, nil)
	return p.shown(true), err
}

// Leaves lists those of an organisation that are not over.
func (s *Service) Leaves(ctx context.Context, org string) ([]Leave, error) {
	_, o, err := s.org(ctx, org, actor.DutyRead)
	if err != nil {
		return nil, err
	}
	d, err := s.desk(ctx, o.ID)
	if err != nil {
		return nil, err
	}
	return s.Store.Leaves(ctx, o.ID, DayOf(stamp(), d.Location()))
}

// AddLeave notes days on which a person cannot be on duty.
func (s *Service) AddLeave(ctx context.Context, l Leave) (Leave, error) {
	if _, err := actor.Require(ctx, actor.DutyPlan); err != nil {
		return Leave{}, err
	}
	p, err := s.Store.Person(ctx, l.PersonID)
	if err != nil {
		return Leave{}, err
	}
	a, o, err := s.org(ctx, p.OrgID, actor.DutyPlan)
	if err != nil {
		return Leave{}, err
	}
	l.ID, l.OrgID, l.Note, l.ByName, l.At = newID(), o.ID, strings.TrimSpace(l.Note), a.Name, stamp()
	if err := l.validate(); err != nil {
		return Leave{}, err
	}
	return l, s.change(ctx, o, func(ctx context.Context, r *result) error {
		r.note(ctx, o, EventLeave, l.ID, l)
		return s.Store.AddLeave(ctx, l)
	}, nil)
}

// DropLeave takes one back.
func (s *Service) DropLeave(ctx context.Context, id string) error {
	if _, err := actor.Require(ctx, actor.DutyPlan); err != nil {
		return err
	}
	l, err := s.Store.Leave(ctx, id)
	if err != nil {
		return err
	}
	_, o, err := s.org(ctx, l.OrgID, actor.DutyPlan)
	if err != nil {
		return err
	}
	return s.change(ctx, o, func(ctx context.Context, r *result) error {
		r.note(ctx, o, EventLeaveDropped, l.ID, l)
		return s.Store.DeleteLeave(ctx, id)
	}, nil)
}
