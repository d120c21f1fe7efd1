package duty

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// NewSwap is what somebody asks for.
type NewSwap struct {
	Cell   Key
	ToID   string
	Return *Key
	Note   string
}

// Swaps lists those of an organisation that are under way or lie ahead.
func (s *Service) Swaps(ctx context.Context, org string) ([]Swap, error) {
	_, o, err := s.org(ctx, org, actor.DutyRead)
	if err != nil {
		return nil, err
	}
	return s.Store.Swaps(ctx, o.ID, stamp().AddDate(0, 0, -31))
}

// self is the duty person that the actor is; ok is false when there is none.
func (s *Service) self(ctx context.Context, a actor.Actor) (Person, bool, error) {
	if a.Kind != actor.User {
		return Person{}, false, nil
	}
	p, err := s.Store.PersonOf(ctx, a.ID)
	if errs.KindOf(err) == errs.NotFound {
		return Person{}, false, nil
	}
	return p, err == nil, err
}

// acts refuses somebody who is neither the person nor may plan for others.
func (s *Service) acts(ctx context.Context, a actor.Actor, person string) error {
	if a.Can(actor.DutyPlan) {
		return nil
	}
	me, ok, err := s.self(ctx, a)
	if err == nil && (!ok || me.ID != person) {
		err = errs.E(errs.Denied, "duty.not_yours", "this is another person's shift")
	}
	return err
}

// Ask begins a swap: the holder of the shift asks, or somebody who plans the roster for them.
func (s *Service) Ask(ctx context.Context, n NewSwap) (Swap, error) {
	post, err := s.postOf(ctx, n.Cell.PostID)
	if err != nil {
		return Swap{}, err
	}
	a, o, err := s.org(ctx, post.OrgID, actor.DutyRead)
	if err != nil {
		return Swap{}, err
	}
	w := Swap{ID: newID(), OrgID: o.ID, State: Requested, Cell: n.Cell, ToID: n.ToID, Return: n.Return, Note: strings.TrimSpace(n.Note), ByName: a.Name, CreatedAt: stamp()}
	if w.Note != "" && !errs.Name(w.Note, 200) {
		return Swap{}, errs.Field("duty.note", "note", "at most 200 characters on one line")
	}
	return w, s.change(ctx, o, func(ctx context.Context, r *result) error {
		p, shifts, err := s.standing(ctx, o)
		if err != nil {
			return err
		}
		cell, _ := find(shifts, w.Cell)
		if err := s.acts(ctx, a, cell.PersonID); err != nil {
			return err
		}
		if w, err = p.fill(w, shifts); err != nil {
			return err
		}
		if !w.StartsAt.After(stamp()) {
			return errs.E(errs.Conflict, "duty.begun", "the shift has begun; use a take-over")
		}
		r.note(ctx, o, EventSwapAsked, w.ID, w)
		return s.Store.SaveSwap(ctx, w)
	}, nil)
}

// fill completes a swap from the roster as it stands.
func (p Plan) fill(w Swap, shifts []Shift) (Swap, error) {
	cell, ok := find(shifts, w.Cell)
	if !ok || cell.PersonID == "" {
		return w, errs.Field("duty.cell", "cell", "is no shift that somebody holds")
	}
	to, ok := p.People[w.ToID]
	if !ok || !to.Active || w.ToID == cell.PersonID {
		return w, errs.Field("duty.person", "to_id", "names nobody else among the duty people of the organisation")
	}
	w.FromID, w.FromName, w.ToName, w.StartsAt, w.CellName = cell.PersonID, cell.PersonName, to.Name, cell.StartsAt, p.cellName(cell)
	if w.Return != nil {
		back, ok := find(shifts, *w.Return)
		if !ok || back.PersonID != w.ToID {
			return w, errs.Field("duty.cell", "return", "is no shift of the other person")
		}
		w.StartsAt, w.ReturnName = earlier(w.StartsAt, back.StartsAt), p.cellName(back)
	}
	return w, nil
}

func find(shifts []Shift, k Key) (Shift, bool) {
	i := slices.IndexFunc(shifts, func(v Shift) bool { return v.Key == k })
	if i < 0 {
		return Shift{}, false
	}
	return shifts[i], true
}

// cellName is how a shift is called in a list.
func (p Plan) cellName(v Shift) string {
	name := ""
	if i := p.position(v.PostID); i < len(p.Posts) {
		name = p.Posts[i].Name
	}
	return strings.TrimSpace(name + " " + v.WatchName)
}

// Move brings a swap a step further. The other person agrees, somebody with duty.approve who is neither of
// the two approves or refuses, whoever asked withdraws; an approved one can be taken back until it begins.
func (s *Service) Move(ctx context.Context, id string, to SwapState, reason string) (Swap, error) {
	if _, err := actor.Require(ctx, actor.DutyRead); err != nil {
		return Swap{}, err
	}
	w, err := s.Store.Swap(ctx, id)
	if err != nil {
		return Swap{}, err
	}
	a, o, err := s.org(ctx, w.OrgID, actor.DutyRead)
	if err != nil {
		return Swap{}, err
	}
	reason = strings.TrimSpace(reason)
	if reason != "" && !errs.Name(reason, 200) {
		return Swap{}, errs.Field("duty.reason", "reason", "at most 200 characters on one line")
	}
	kinds := map[SwapState]string{Agreed: EventSwapAgreed, Approved: EventSwapApproved, Refused: EventSwapRefused, Withdrawn: EventSwapWithdrawn}
	kind, ok := kinds[to]
	if !ok {
		return Swap{}, errs.Field("duty.swap_state", "state", "must be agreed, approved, refused or withdrawn")
	}
	return w, s.change(ctx, o, func(ctx context.Context, r *result) error {
		if w, err = s.Store.Swap(ctx, id); err != nil {
			return err
		}
		if err := s.mayMove(ctx, a, w, to); err != nil {
			return err
		}
		if w, err = w.move(to, a.Name, reason, stamp()); err != nil {
			return err
		}
		if to == Approved {
			if err := s.fits(ctx, o, w); err != nil {
				return err
			}
		}
		r.note(ctx, o, kind, w.ID, w)
		return s.Store.SaveSwap(ctx, w)
	}, nil)
}

func (s *Service) mayMove(ctx context.Context, a actor.Actor, w Swap, to SwapState) error {
	switch {
	case to == Agreed, to == Refused && w.State == Requested && !a.Can(actor.DutyApprove):
		return s.acts(ctx, a, w.ToID)
	case to == Withdrawn && w.State != Approved:
		return s.acts(ctx, a, w.FromID)
	}
	if !a.Can(actor.DutyApprove) {
		return errs.E(errs.Denied, "auth.denied", "permission %s is missing", actor.DutyApprove)
	}
	me, ok, err := s.self(ctx, a)
	if err == nil && ok && to == Approved && (me.ID == w.FromID || me.ID == w.ToID) {
		err = errs.E(errs.Denied, "duty.own_swap", "somebody other than the two approves a swap")
	}
	return err
}

// fits refuses a swap whose shifts have changed hands since it was asked for, or that would put a person in
// two places at once.
func (s *Service) fits(ctx context.Context, o account.Org, w Swap) error {
	p, shifts, err := s.standing(ctx, o)
	if err != nil {
		return err
	}
	again, err := p.fill(w, shifts)
	if err != nil || again.FromID != w.FromID || again.ToID != w.ToID {
		return errs.E(errs.Conflict, "duty.changed", "the roster has changed since the swap was asked for; ask anew")
	}
	next := slices.Clone(shifts)
	for i := range next {
		if person, ok := w.gives(next[i].Key, next[i].PersonID); ok {
			next[i].PersonID, next[i].PersonName = person, p.People[person].Name
		}
	}
	now := stamp()
	if list := fresh(p.checkDouble(ahead(shifts, now)), p.checkDouble(ahead(next, now))); len(list) > 0 {
		return errs.E(errs.Conflict, "duty.double", "%s would be at two places on %s", list[0].PersonName, list[0].Day)
	}
	return nil
}

func ahead(shifts []Shift, now time.Time) []Shift {
	return slices.DeleteFunc(slices.Clone(shifts), func(v Shift) bool { return !v.EndsAt.After(now) })
}

// NewTakeover is somebody who steps in. An empty ToID is the actor.
type NewTakeover struct {
	Cell   Key
	ToID   string
	Reason string
}

// TakeOver puts somebody into a running shift at once. It is written down with its reason; nobody is asked
// first, because somebody may lie in hospital.
func (s *Service) TakeOver(ctx context.Context, n NewTakeover) (Takeover, error) {
	post, err := s.postOf(ctx, n.Cell.PostID)
	if err != nil {
		return Takeover{}, err
	}
	a, o, err := s.org(ctx, post.OrgID, actor.DutyTake)
	if err != nil {
		return Takeover{}, err
	}
	n.Reason = strings.TrimSpace(n.Reason)
	if !errs.Name(n.Reason, 200) {
		return Takeover{}, errs.Field("duty.reason", "reason", "1 to 200 characters on one line")
	}
	if n.ToID == "" {
		me, ok, err := s.self(ctx, a)
		if err != nil {
			return Takeover{}, err
		}
		if !ok || me.OrgID != o.ID {
			return Takeover{}, errs.Field("duty.not_listed", "to_id", "you are not among the duty people of this organisation; name who takes over")
		}
		n.ToID = me.ID
	}
	t := Takeover{ID: newID(), OrgID: o.ID, Cell: n.Cell, ToID: n.ToID, Reason: n.Reason, ByName: a.Name}
	return t, s.change(ctx, o, func(ctx context.Context, r *result) error {
		now := stamp()
		h, err := s.holding(ctx, o.ID, n.Cell, now)
		if err != nil {
			return err
		}
		to, err := s.Store.Person(ctx, n.ToID)
		if err != nil || to.OrgID != o.ID || !to.Active {
			return errs.Field("duty.person", "to_id", "names nobody among the duty people of the organisation")
		}
		if to.ID == h.PersonID {
			return errs.E(errs.Conflict, "duty.holds_already", "%s holds this shift already", to.Name)
		}
		t.FromID, t.FromName, t.ToName, t.At = h.PersonID, h.PersonName, to.Name, now
		r.note(ctx, o, EventTakeover, t.ID, t)
		return s.Store.SaveTakeover(ctx, t)
	}, nil)
}

// holding is who holds a cell at an instant: errs.Conflict when it does not run.
func (s *Service) holding(ctx context.Context, org string, k Key, at time.Time) (Holding, error) {
	list, err := s.onDuty(ctx, org, at)
	if err != nil {
		return Holding{}, err
	}
	i := slices.IndexFunc(list, func(h Holding) bool { return h.Key == k })
	if i < 0 {
		return Holding{}, errs.E(errs.Conflict, "duty.not_running", "this shift does not run at this moment")
	}
	return list[i], nil
}

// HandBack ends a take-over while its shift still runs.
func (s *Service) HandBack(ctx context.Context, id string) (Takeover, error) {
	if _, err := actor.Require(ctx, actor.DutyTake); err != nil {
		return Takeover{}, err
	}
	t, err := s.Store.Takeover(ctx, id)
	if err != nil {
		return Takeover{}, err
	}
	_, o, err := s.org(ctx, t.OrgID, actor.DutyTake)
	if err != nil {
		return Takeover{}, err
	}
	return t, s.change(ctx, o, func(ctx context.Context, r *result) error {
		if t, err = s.Store.Takeover(ctx, id); err != nil {
			return err
		}
		now := stamp()
		if t.Until != nil {
			return errs.E(errs.Conflict, "duty.handed_back", "it was handed back already")
		}
		if _, err := s.holding(ctx, o.ID, t.Cell, now); err != nil {
			return err
		}
		t.Until = &now
		r.note(ctx, o, EventReturned, t.ID, t)
		return s.Store.SaveTakeover(ctx, t)
	}, nil)
}
