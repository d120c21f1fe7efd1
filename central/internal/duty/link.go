package duty

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// The kinds of links.
const (
	LinkCalendar = "calendar" // iCal, of an organisation or of one person
	LinkBoard    = "board"    // the public board
)

// Link is an address that shows something without a login. Hash is all that is kept of its token.
type Link struct {
	ID        string     `json:"id"`
	OrgID     string     `json:"org_id"`
	Kind      string     `json:"kind"`
	PersonID  string     `json:"person_id"`
	Name      string     `json:"name"`
	ByName    string     `json:"by_name"`
	CreatedAt time.Time  `json:"created_at"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
	Hash      string     `json:"-"`
}

// linkOf finds a link by its token.
func (s *Service) linkOf(ctx context.Context, token, kind string) (Link, error) {
	l, err := s.Store.LinkByHash(ctx, account.Digest(token))
	if errs.KindOf(err) == errs.NotFound || (err == nil && (l.RevokedAt != nil || l.Kind != kind)) {
		return Link{}, noLink()
	}
	return l, err
}

// Links lists the addresses that show an organisation's duty without a login. Who may not plan sees their
// own calendar only.
func (s *Service) Links(ctx context.Context, org string) ([]Link, error) {
	a, o, err := s.org(ctx, org, actor.DutyRead)
	if err != nil {
		return nil, err
	}
	list, err := s.Store.LinksOf(ctx, o.ID)
	if err != nil || a.Can(actor.DutyPlan) {
		return list, err
	}
	me, _, err := s.self(ctx, a)
	return slices.DeleteFunc(list, func(l Link) bool { return l.PersonID == "" || l.PersonID != me.ID }), err
}

// NewLink is an address to be made. Mine makes a calendar of the actor's own shifts.
type NewLink struct {
	OrgID, Kind, Name string
	Mine              bool
}

// MakeLink makes an address; its token is returned once and kept nowhere. A calendar of one's own needs no
// more than being a duty person.
func (s *Service) MakeLink(ctx context.Context, n NewLink) (Link, string, error) {
	needs := actor.DutyPlan
	if n.Mine && n.Kind == LinkCalendar {
		needs = actor.DutyRead
	}
	a, o, err := s.org(ctx, n.OrgID, needs)
	if err != nil {
		return Link{}, "", err
	}
	l := Link{ID: newID(), OrgID: o.ID, Kind: n.Kind, Name: strings.TrimSpace(n.Name), ByName: a.Name, CreatedAt: stamp()}
	switch {
	case l.Kind != LinkBoard && l.Kind != LinkCalendar:
		return Link{}, "", errs.Field("duty.link_kind", "kind", "must be board or calendar")
	case !errs.Name(l.Name, 64):
		return Link{}, "", errs.Field("duty.name", "name", "say who will use it, in 1 to 64 characters")
	}
	if n.Mine {
		me, ok, err := s.self(ctx, a)
		if err != nil {
			return Link{}, "", err
		}
		if !ok || me.OrgID != o.ID {
			return Link{}, "", errs.E(errs.Conflict, "duty.not_listed", "you are not among the duty people of this organisation")
		}
		l.PersonID = me.ID
	}
	token := rand.Text()
	l.Hash = account.Digest(token)
	return l, token, s.change(ctx, o, func(ctx context.Context, r *result) error {
		r.note(ctx, o, EventLink, l.ID, l)
		return s.Store.SaveLink(ctx, l)
	}, nil)
}

// RevokeLink ends an address.
func (s *Service) RevokeLink(ctx context.Context, id string) error {
	a, err := actor.Require(ctx, actor.DutyRead)
	if err != nil {
		return err
	}
	l, err := s.Store.Link(ctx, id)
	if err != nil {
		return err
	}
	_, o, err := s.org(ctx, l.OrgID, actor.DutyRead)
	if err != nil {
		return err
	}
	me, ok, err := s.self(ctx, a)
	if err != nil {
		return err
	}
	if !a.Can(actor.DutyPlan) && (!ok || l.PersonID != me.ID) {
		return errs.E(errs.NotFound, "duty.not_found", "there is no such link")
	}
	if l.RevokedAt != nil {
		return nil
	}
	now := stamp()
	l.RevokedAt = &now
	return s.change(ctx, o, func(ctx context.Context, r *result) error {
		r.note(ctx, o, EventLinkRevoked, l.ID, l)
		return s.Store.SaveLink(ctx, l)
	}, nil)
}

// Appointment is a shift as a calendar shows it.
type Appointment struct {
	ID       string // the same for the same cell, so that calendars change instead of adding
	Summary  string
	From, To time.Time
}

// Calendar is what a calendar behind a link shows: its name and the shifts of the last month and the next
// 92 days. Names of people are in the calendar of a whole organisation, whose address is a secret.
func (s *Service) Calendar(ctx context.Context, token string) (string, []Appointment, error) {
	l, err := s.linkOf(ctx, token, LinkCalendar)
	if err != nil {
		return "", nil, err
	}
	ctx = actor.WithSystem(ctx, "duty calendar")
	_, o, err := s.org(ctx, l.OrgID, actor.DutyRead)
	if err != nil {
		return "", nil, err
	}
	posts, err := s.Store.Posts(ctx, o.ID)
	if err != nil {
		return "", nil, err
	}
	now := stamp()
	var shifts []Shift
	if l.PersonID != "" {
		shifts, err = s.Store.ShiftsOf(ctx, l.PersonID, now.AddDate(0, 0, -31), now.AddDate(0, 0, Horizon))
	} else {
		today := DayOf(now, time.UTC)
		shifts, err = s.Store.Shifts(ctx, o.ID, today.Add(-31), today.Add(Horizon))
	}
	var out []Appointment
	p := Plan{Posts: posts}
	for _, v := range shifts {
		if v.PersonID == "" {
			continue
		}
		name := p.cellName(v)
		if l.PersonID == "" {
			name += " " + v.PersonName
		}
		out = append(out, Appointment{fmt.Sprintf("%s-%s-%d-%d@fengsui", v.PostID, v.Day, v.Watch, v.Head), name, v.StartsAt, v.EndsAt})
	}
	return o.Name, out, err
}
