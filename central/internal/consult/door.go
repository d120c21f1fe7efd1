package consult

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/central/internal/world"
)

// visitor is who wants something of a room.
type visitor struct {
	id    string // of the user, or of the invitation
	name  string
	org   string
	desk  string // id of the organisation; empty: from outside
	guest bool
	as    actor.Actor
	above bool // the room is within reach of the own desk
}

func (v visitor) in(ctx context.Context, r Room) context.Context {
	return world.Into(actor.With(ctx, v.as), world.World(r.Exercise))
}

// door finds a room and who stands before it: with a token somebody from outside, else the actor. What they may not
// enter is not there.
func (s *Service) door(ctx context.Context, id, token string) (Room, visitor, error) {
	if token != "" {
		return s.guestDoor(ctx, id, token)
	}
	a, reach, err := s.Desks.Reach(ctx, actor.ConsultJoin)
	if err != nil {
		return Room{}, visitor{}, err
	}
	r, err := s.Store.Room(ctx, id)
	if err != nil {
		return Room{}, visitor{}, err
	}
	v := visitor{id: a.ID, name: a.Name, org: reach.Desk.Name, desk: reach.Desk.ID, as: a, above: reach.Has(r.OrgID)}
	switch {
	case r.bars(v):
		return Room{}, visitor{}, takenOut()
	case v.above || r.Chair == a.ID:
		return r, v, nil
	}
	list, err := s.Store.Invitations(ctx, id)
	if err != nil {
		return Room{}, visitor{}, err
	}
	now := time.Now()
	if slices.ContainsFunc(list, func(i Invitation) bool { return i.holds(now) && i.isFor(v) }) {
		return r, v, nil
	}
	return Room{}, visitor{}, noRoom()
}

// isFor reports whether it asks somebody in: by person, with their desk, or by the link that they hold.
func (i Invitation) isFor(v visitor) bool {
	switch i.Kind {
	case ForPerson:
		return !v.guest && i.Ref == v.id
	case ForOrg:
		return !v.guest && i.Ref == v.desk
	case ForGuest:
		return v.guest && i.ID == v.id
	}
	return false
}

// bars reports whether somebody was taken out and stays out. Whoever may take the chair is not kept out by it.
func (r Room) bars(v visitor) bool {
	return r.Chair != v.id && slices.Contains(r.Out, v.id) && !v.mayLead()
}

// mayLead is that somebody may take the chair.
func (v visitor) mayLead() bool { return v.above && v.as.Can(actor.ConsultHold) }

// guestDoor is door for who holds a link.
func (s *Service) guestDoor(ctx context.Context, id, token string) (Room, visitor, error) {
	bad := errs.E(errs.Unauthenticated, "consult.link", "this link is not of this room; ask whoever gave it to you for a new one")
	i, err := s.Store.Link(ctx, account.Digest(token))
	if errs.KindOf(err) == errs.NotFound || (err == nil && i.RoomID != id) {
		return Room{}, visitor{}, bad
	}
	if err != nil {
		return Room{}, visitor{}, err
	}
	if !i.holds(time.Now()) {
		return Room{}, visitor{}, errs.E(errs.Unauthenticated, "consult.link_expired", "this link holds no longer; ask whoever gave it to you for a new one")
	}
	r, err := s.Store.Room(ctx, id)
	if errs.KindOf(err) == errs.NotFound {
		return Room{}, visitor{}, bad
	}
	return r, visitor{id: i.ID, name: i.Name, guest: true, as: actor.Actor{Kind: actor.User, ID: i.ID, Name: i.Name}}, err
}

// Relays are those that somebody who may enter the room takes, by a link too; host is the name under which they reached
// the centre.
func (s *Service) Relays(ctx context.Context, id, token, host string) ([]video.ICEServer, error) {
	r, v, err := s.door(ctx, id, token)
	if err == nil {
		err = running(r)
	}
	if err != nil {
		return nil, err
	}
	return s.Pictures.RelaysFor(v.id, host)
}

// led is door for what only the chair does.
func (s *Service) led(ctx context.Context, id string) (Room, visitor, error) {
	r, v, err := s.door(ctx, id, "")
	if err != nil {
		return r, v, err
	}
	if !v.as.Can(actor.ConsultHold) {
		return r, v, errs.E(errs.Denied, "auth.denied", "permission %s is missing", actor.ConsultHold)
	}
	if r.Chair != v.id {
		return r, v, errs.E(errs.Denied, "consult.not_chair", "%s leads this room; only the chair does that", r.ChairName)
	}
	return r, v, running(r)
}

func running(r Room) error {
	if r.State != Open {
		return errs.E(errs.Conflict, "consult.ended", "this consultation has ended")
	}
	return nil
}

// List lists the rooms that the actor may enter, the newest first.
func (s *Service) List(ctx context.Context, f Filter) ([]Listed, error) {
	a, reach, err := s.Desks.Reach(ctx, actor.ConsultJoin)
	if err != nil {
		return nil, err
	}
	if f.Waiting {
		f.State = Open
	}
	rooms, err := s.Store.Rooms(ctx, f)
	if err != nil {
		return nil, err
	}
	invited, err := s.Store.Invited(ctx, a.ID, reach.Desk.ID, f.State)
	if err != nil {
		return nil, err
	}
	now, out := time.Now(), []Listed{}
	for _, r := range rooms {
		v := visitor{id: a.ID, desk: reach.Desk.ID, as: a, above: reach.Has(r.OrgID)}
		l := Listed{Room: r, Here: s.here(r.ID)}
		known := v.above || r.Chair == a.ID
		for _, i := range invited {
			if i.RoomID != r.ID || !i.isFor(v) {
				continue
			}
			known = true
			if i.waits(now) && r.State == Open && !s.elsewhere(r.ID, v, "") {
				l.Asked = append(l.Asked, i)
			}
		}
		if known && !r.bars(v) && (!f.Waiting || len(l.Asked) > 0) {
			out = append(out, l)
		}
	}
	return out, nil
}

// Listed is a room in the list.
type Listed struct {
	Room
	Here  int          `json:"here" doc:"How many are in it now"`
	Asked []Invitation `json:"asked,omitempty" doc:"By which the caller or their desk is asked in and has neither come nor declined"`
}

// Whole is a room with what belongs to it, as its members see it.
type Whole struct {
	Room
	Invitations []Invitation `json:"invitations"`
	Lines       []Line       `json:"lines"`
	Here        []Person     `json:"here"`
	Leads       bool         `json:"leads" doc:"The actor is the chair"`
	May         bool         `json:"may_lead" doc:"The actor may take the chair"`
	Elsewhere   bool         `json:"elsewhere" doc:"The actor is in the room by another tab than the one that asks"`
}

// Get shows a room to a tab; without its key to none. Somebody from outside sees neither who was invited nor what went on.
func (s *Service) Get(ctx context.Context, id, token, key string) (Whole, error) {
	r, v, err := s.door(ctx, id, token)
	if err != nil {
		return Whole{}, err
	}
	out := Whole{Room: r, Invitations: []Invitation{}, Lines: []Line{}, Here: s.people(r), Elsewhere: s.elsewhere(id, v, key)}
	if v.guest {
		out.Room = r.outside()
		return out, nil
	}
	out.Leads, out.May = r.Chair == v.id, v.mayLead()
	list, err := s.Store.Invitations(ctx, id)
	if err != nil {
		return out, err
	}
	lines, err := s.Store.Lines(ctx, id)
	out.Invitations, out.Lines = append(out.Invitations, list...), append(out.Lines, lines...)
	return out, err
}
