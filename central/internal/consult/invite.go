package consult

import (
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/world"
)

// Wish is whom the chair invites: users and organisations by id, or one expert by name for so many hours.
type Wish struct {
	People []string
	Orgs   []string
	Guest  string
	Hours  int
}

// Given is what became of an invitation; Token is shown once.
type Given struct {
	Invitations []Invitation `json:"invitations"`
	Token       string       `json:"token,omitempty"`
	Page        string       `json:"page,omitempty" doc:"Of the console; the address for a QR code is page#token"`
}

// Invite lets people in.
func (s *Service) Invite(ctx context.Context, id string, w Wish) (Given, error) {
	r, v, err := s.led(ctx, id)
	if err != nil {
		return Given{}, err
	}
	now := stamp()
	out := Given{Invitations: []Invitation{}}
	add := func(kind GuestKind, ref, name string) *Invitation {
		out.Invitations = append(out.Invitations, Invitation{ID: newID(), RoomID: id, Kind: kind, Ref: ref, Name: name, ByName: v.name, At: now})
		return &out.Invitations[len(out.Invitations)-1]
	}
	for _, ref := range w.People {
		u, err := s.People.User(actor.WithSystem(ctx, "consult"), ref)
		if err != nil {
			return Given{}, errs.Field("consult.person", "people", "there is no such person")
		}
		add(ForPerson, u.ID, u.Name)
	}
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return Given{}, err
	}
	for _, ref := range w.Orgs {
		o, ok := incident.Find(tree, ref)
		if !ok {
			return Given{}, errs.Field("consult.org", "orgs", "there is no such organisation")
		}
		add(ForOrg, o.ID, o.Name)
	}
	if w.Guest = strings.TrimSpace(w.Guest); w.Guest != "" {
		if err := world.Outside(ctx, "a link for somebody from outside"); err != nil {
			return Given{}, err
		}
		if !errs.Name(w.Guest, maxName) {
			return Given{}, errs.Field("consult.guest", "guest", "1 to 80 characters on one line")
		}
		if w.Hours < 1 || w.Hours > maxHours {
			return Given{}, errs.Field("consult.hours", "hours", "1 to 72 hours")
		}
		until := now.Add(time.Duration(w.Hours) * time.Hour)
		out.Token, out.Page = rand.Text(), "/meet/"+id
		i := add(ForGuest, "", w.Guest)
		i.ExpiresAt, i.Hash = &until, account.Digest(out.Token)
	}
	if len(out.Invitations) == 0 {
		return Given{}, errs.Field("consult.nobody", "people", "name somebody")
	}
	return out, s.invite(ctx, r, out.Invitations)
}

func (s *Service) invite(ctx context.Context, r Room, wanted []Invitation) error {
	defer s.recall(ctx, r.ID)
	return event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		list, err := s.Store.Invitations(ctx, r.ID)
		if err != nil {
			return err
		}
		now := time.Now()
		list = slices.DeleteFunc(list, func(i Invitation) bool { return !i.holds(now) })
		for _, i := range wanted {
			at := slices.IndexFunc(list, func(o Invitation) bool { return i.Kind != ForGuest && o.Kind == i.Kind && o.Ref == i.Ref })
			switch {
			case at < 0:
				if list = append(list, i); len(list) > maxInvited {
					return errs.E(errs.Conflict, "consult.invited_full", "%d invitations hold; revoke those that nobody needs", maxInvited)
				}
			case list[at].Reply == Waits:
				continue // they are invited already
			default: // who has declined, or was here, is asked once more
				i.ID = list[at].ID
				list[at] = i
			}
			if err := s.Store.SaveInvitation(ctx, i); err != nil {
				return err
			}
			if err := s.write(ctx, r, note, EventInvited, "invited", i.Name, Trace{Person: cmp.Or(i.Ref, i.ID)}); err != nil {
				return err
			}
		}
		return s.forgive(ctx, r.ID, wanted)
	})
}

// forgive lets those come again who were taken out and are invited in person now.
func (s *Service) forgive(ctx context.Context, room string, wanted []Invitation) error {
	asked := func(who string) bool {
		return slices.ContainsFunc(wanted, func(i Invitation) bool { return i.Kind == ForPerson && i.Ref == who })
	}
	r, err := s.Store.Room(ctx, room)
	if err != nil || !slices.ContainsFunc(r.Out, asked) {
		return err
	}
	if _, err := s.change(ctx, room, "", "", "", Trace{}, func(r *Room) error {
		r.Out = slices.DeleteFunc(r.Out, asked)
		return nil
	}); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.meetings[room]; m != nil {
		maps.DeleteFunc(m.removed, func(_, who string) bool { return asked(who) })
	}
	return nil
}

// Revoke ends an invitation; who came by it leaves.
func (s *Service) Revoke(ctx context.Context, id, invitation string) error {
	r, _, err := s.led(ctx, id)
	if err != nil {
		return err
	}
	err = event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		list, err := s.Store.Invitations(ctx, id)
		if err != nil {
			return err
		}
		k := slices.IndexFunc(list, func(i Invitation) bool { return i.ID == invitation })
		if k < 0 {
			return errs.E(errs.NotFound, "consult.no_invitation", "there is no such invitation")
		}
		if list[k].RevokedAt != nil {
			return nil
		}
		now := stamp()
		list[k].RevokedAt = &now
		if err := s.Store.SaveInvitation(ctx, list[k]); err != nil {
			return err
		}
		return s.write(ctx, r, note, EventRevoked, "revoked", list[k].Name, Trace{Person: cmp.Or(list[k].Ref, list[k].ID)})
	})
	if err == nil {
		s.recall(ctx, id)
		s.Recheck(ctx)
	}
	return err
}
