package duty

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Roster is a span of an organisation's roster with everything that a page shows of it.
type Roster struct {
	OrgID        string        `json:"org_id"`
	OrgName      string        `json:"org_name"`
	OrgNameEN    string        `json:"org_name_en"`
	Zone         string        `json:"zone"`
	Phone        string        `json:"phone"`
	Today        Day           `json:"today"`
	Days         []DayInfo     `json:"days"`
	Posts        []Post        `json:"posts"`
	Shifts       []Shift       `json:"shifts"`
	Takeovers    []Takeover    `json:"takeovers"`
	Temps        []Temp        `json:"temps"`
	People       []Person      `json:"people"` // without numbers
	Issues       []Issue       `json:"issues"`
	Publications []Publication `json:"publications"`
	Writable     bool          `json:"writable"`
	Approvable   bool          `json:"approvable"`
}

// Roster is the roster of an organisation from one day to another (not included), at most 92 days.
func (s *Service) Roster(ctx context.Context, org string, from, to Day) (Roster, error) {
	a, o, err := s.org(ctx, org, actor.DutyRead)
	if err != nil {
		return Roster{}, err
	}
	if !from.Valid() || !to.Valid() || to <= from || from.Add(Horizon) < to {
		return Roster{}, errs.Field("duty.day", "to", "must come after from, by at most 92 days")
	}
	now := stamp()
	p, err := s.plan(ctx, o, now)
	if err != nil {
		return Roster{}, err
	}
	shifts, err := s.Store.Shifts(ctx, o.ID, from.Add(-15), to)
	if err != nil {
		return Roster{}, err
	}
	loc := p.Desk.Location()
	r := Roster{
		OrgID: o.ID, OrgName: o.Name, OrgNameEN: o.NameEN, Zone: p.Desk.Zone, Phone: p.Desk.Phone, Today: DayOf(now, loc),
		Days: []DayInfo{}, Posts: append([]Post{}, p.Posts...), Shifts: []Shift{}, Temps: append([]Temp{}, p.Temps...), People: []Person{},
		Writable: a.Can(actor.DutyPlan), Approvable: a.Can(actor.DutyApprove),
	}
	for d := from; d < to; d = d.Add(1) {
		r.Days = append(r.Days, p.Calendar.Look(d))
	}
	for _, v := range shifts {
		if v.Day >= from {
			r.Shifts = append(r.Shifts, v)
		}
	}
	for _, one := range p.People {
		r.People = append(r.People, one.shown(false))
	}
	slices.SortFunc(r.People, func(a, b Person) int { return strings.Compare(a.ID, b.ID) })
	if r.Takeovers, err = s.Store.Takeovers(ctx, o.ID, from.At("00:00", loc)); err != nil {
		return Roster{}, err
	}
	r.Takeovers = append([]Takeover{}, r.Takeovers...)
	if r.Issues, err = s.issues(ctx, p, shifts, from, to, now); err != nil {
		return Roster{}, err
	}
	r.Publications, err = s.Store.Publications(ctx, o.ID)
	r.Publications = append([]Publication{}, r.Publications...)
	return r, err
}

// issues checks days from today on, as far as the roster is laid, and marks what stands with a signed reason.
func (s *Service) issues(ctx context.Context, p Plan, shifts []Shift, from, to Day, now time.Time) ([]Issue, error) {
	today := DayOf(now, p.Desk.Location())
	from, to = max(from, today), min(to, today.Add(Horizon))
	if to <= from {
		return []Issue{}, nil
	}
	leaves, err := s.Store.Leaves(ctx, p.Desk.OrgID, from)
	if err != nil {
		return nil, err
	}
	waivers, err := s.Store.Waivers(ctx, p.Desk.OrgID)
	if err != nil {
		return nil, err
	}
	out := append([]Issue{}, p.Check(shifts, leaves, from, to, now)...)
	for i := range out {
		for _, w := range waivers {
			if w.Key == out[i].Key {
				out[i].Waiver = &w
			}
		}
	}
	return out, nil
}

// Edit puts somebody into a cell. A nil PersonID gives the cell back to the rule, an empty one leaves it
// empty on purpose. Was is who the editor saw there, so that nothing is overwritten unseen.
type Edit struct {
	Key
	PersonID *string `json:"person_id"`
	Was      string  `json:"was"`
}

// Signature is a password given again, with the reason of what it signs.
type Signature struct {
	Password string
	Reason   string
}

// maxEdits is a month of a large desk.
const maxEdits = 1000

// SetCells writes many cells at once or none. Every cell that cannot be written is named in the error. In a
// month that was signed, a change that brings a new blocking fault is refused, unless sign gives the reason
// (permission duty.approve).
func (s *Service) SetCells(ctx context.Context, org string, edits []Edit, sign *Signature) (Roster, error) {
	a, o, err := s.org(ctx, org, actor.DutyPlan)
	if err != nil {
		return Roster{}, err
	}
	if len(edits) == 0 || len(edits) > maxEdits {
		return Roster{}, errs.Field("duty.edits", "edits", "1 to 1000 cells at once")
	}
	if err := s.signed(ctx, a, sign); err != nil {
		return Roster{}, err
	}
	err = s.edit(ctx, a, o, edits, sign, EventCells)
	if err != nil {
		return Roster{}, err
	}
	first, last := edits[0].Day, edits[0].Day
	for _, e := range edits {
		first, last = min(first, e.Day), max(last, e.Day)
	}
	return s.Roster(ctx, org, first, min(last.Add(1), first.Add(Horizon)))
}

func (s *Service) edit(ctx context.Context, a actor.Actor, o account.Org, edits []Edit, sign *Signature, kind string) error {
	var before []Issue
	return s.change(ctx, o, func(ctx context.Context, r *result) error {
		p, shifts, err := s.standing(ctx, o)
		if err != nil {
			return err
		}
		now := stamp()
		if before, err = s.signedIssues(ctx, p, shifts, now); err != nil {
			return err
		}
		if err := p.checkEdits(edits, shifts, now); err != nil {
			return err
		}
		for _, e := range edits {
			if err := s.writeCell(ctx, &p, e, a, now); err != nil {
				return err
			}
		}
		r.note(ctx, o, kind, o.ID, map[string]any{"cells": edits})
		return nil
	}, func(ctx context.Context, r *result) error {
		after, err := s.signedIssues(ctx, r.plan, r.shifts, stamp())
		if err != nil {
			return err
		}
		return s.waive(ctx, a, o, fresh(before, after), sign)
	})
}

// checkEdits finds every cell that cannot be written.
func (p Plan) checkEdits(edits []Edit, shifts []Shift, now time.Time) error {
	cells := map[Key]Shift{}
	for _, v := range shifts {
		cells[v.Key] = v
	}
	wrong, changed := map[string]string{}, false
	loc := p.Desk.Location()
	for i, e := range edits {
		at := fmt.Sprintf("edits.%d", i)
		post := slices.IndexFunc(p.Posts, func(o Post) bool { return o.ID == e.PostID && !o.Ended })
		watches, ok := p.watches(e.PostID, e.Day)
		switch {
		case post < 0 || !ok || !e.Day.Valid() || e.Watch < 0 || e.Watch >= len(watches) || e.Head < 0 || e.Head >= maxHeads:
			wrong[at] = "is no cell of the roster"
			continue
		case e.Day >= DayOf(now, loc).Add(Horizon):
			wrong[at] = "is further ahead than the roster is laid (92 days)"
			continue
		}
		if starts, _ := watches[e.Watch].span(e.Day, loc); !starts.After(now) {
			wrong[at] = "has begun; use a take-over"
			continue
		}
		if e.PersonID != nil && *e.PersonID != "" {
			if who, ok := p.People[*e.PersonID]; !ok || !who.Active {
				wrong[at] = "names nobody among the duty people of the organisation"
				continue
			}
		}
		if t, ok := p.temp(e.PostID, e.Day); ok && e.Head >= t.Heads {
			wrong[at] = "is outside the temporary roster"
			continue
		}
		if cells[e.Key].PersonID != e.Was {
			wrong[at], changed = "was changed meanwhile", true
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	err := errs.E(errs.Invalid, "duty.cells", "%d cells cannot be written; nothing was changed", len(wrong))
	if changed {
		err.Kind, err.Code = errs.Conflict, "duty.changed"
	}
	err.Fields = wrong
	return err
}

// watches are those of a post on a day.
func (p Plan) watches(post string, d Day) ([]Watch, bool) {
	if t, ok := p.temp(post, d); ok {
		return t.Watches, true
	}
	r, ok := p.rule(post, d)
	return r.Watches, ok
}

// writeCell writes into the layer that holds the cell: the temporary roster, or the overrides.
func (s *Service) writeCell(ctx context.Context, p *Plan, e Edit, a actor.Actor, now time.Time) error {
	i := slices.IndexFunc(p.Temps, func(t Temp) bool { return t.PostID == e.PostID && t.covers(e.Day) })
	switch {
	case i >= 0:
		person := ""
		if e.PersonID != nil {
			person = *e.PersonID
		}
		p.Temps[i] = p.Temps[i].put(e.Key, person)
		return s.Store.SaveTemp(ctx, p.Temps[i])
	case e.PersonID == nil:
		return s.Store.DeleteOverride(ctx, e.Key)
	}
	return s.Store.SaveOverride(ctx, Override{Key: e.Key, PersonID: *e.PersonID, By: a.ID, ByName: a.Name, At: now})
}

// SaveTemp lets a temporary roster take the place of a post's rules. Two of one post may not meet.
func (s *Service) SaveTemp(ctx context.Context, t Temp) (Temp, error) {
	post, err := s.postOf(ctx, t.PostID)
	if err != nil {
		return Temp{}, err
	}
	a, o, err := s.org(ctx, post.OrgID, actor.DutyPlan)
	if err != nil {
		return Temp{}, err
	}
	t.Name, t.OrgID, t.ByName, t.At = strings.TrimSpace(t.Name), o.ID, a.Name, stamp()
	if t.ID == "" {
		t.ID = newID()
	}
	return t, s.change(ctx, o, func(ctx context.Context, r *result) error {
		p, _, err := s.standing(ctx, o)
		if err != nil {
			return err
		}
		if err := t.validate(p.People); err != nil {
			return err
		}
		if err := p.future(t.To); err != nil {
			return err
		}
		for _, x := range p.Temps {
			if x.ID == t.ID && x.PostID != t.PostID {
				return errs.E(errs.NotFound, "duty.not_found", "there is no such temporary roster")
			}
			if x.ID != t.ID && x.PostID == t.PostID && x.From <= t.To && t.From <= x.To {
				return errs.Field("duty.temp_meets", "from", "meets the temporary roster "+x.Name+" of the same post")
			}
		}
		r.note(ctx, o, EventTemp, t.ID, t)
		return s.Store.SaveTemp(ctx, t)
	}, nil)
}

// DropTemp ends a temporary roster: from now on the rules hold again.
func (s *Service) DropTemp(ctx context.Context, id string) error {
	if _, err := actor.Require(ctx, actor.DutyPlan); err != nil {
		return err
	}
	t, err := s.Store.Temp(ctx, id)
	if err != nil {
		return err
	}
	_, o, err := s.org(ctx, t.OrgID, actor.DutyPlan)
	if err != nil {
		return err
	}
	return s.change(ctx, o, func(ctx context.Context, r *result) error {
		r.note(ctx, o, EventTempDropped, t.ID, t)
		return s.Store.DeleteTemp(ctx, id)
	}, nil)
}
