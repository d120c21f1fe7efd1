package consult

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Take gives the chair to the actor, whose desk opened the room or stands above that; Hand gives it to somebody in it.
func (s *Service) Take(ctx context.Context, id string) (Room, error) {
	r, v, err := s.door(ctx, id, "")
	switch {
	case err != nil:
		return r, err
	case !v.mayLead():
		return r, errs.E(errs.Denied, "consult.not_above", "only %s and the desks above it take the chair", r.OrgName)
	case r.Chair == v.id:
		return r, nil
	}
	return s.seatChair(ctx, id, v.id, v.name)
}

// Hand gives the chair to a member who is in the room.
func (s *Service) Hand(ctx context.Context, id, person string) (Room, error) {
	r, _, err := s.led(ctx, id)
	if err != nil {
		return r, err
	}
	p, ok := s.find(id, person)
	if !ok || p.guest {
		return r, errs.E(errs.NotFound, "consult.no_person", "there is no such member in the room")
	}
	a, err := s.People.Present(actor.WithSystem(ctx, "consult"), p.who)
	if err != nil || !a.Can(actor.ConsultHold) {
		return r, errs.E(errs.Denied, "consult.cannot_lead", "%s may not lead a room", p.name)
	}
	return s.seatChair(ctx, id, p.who, p.name)
}

func (s *Service) seatChair(ctx context.Context, id, user, name string) (Room, error) {
	return s.change(ctx, id, EventChaired, "chaired", name, Trace{Person: user}, func(r *Room) error {
		r.Chair, r.ChairName = user, name
		return running(*r)
	})
}

// End ends a room: everybody leaves, links hold no longer, recordings stop.
func (s *Service) End(ctx context.Context, id string) (Room, error) {
	r, v, err := s.led(ctx, id)
	if err != nil {
		return r, err
	}
	return s.end(v.in(ctx, r), r)
}

func (s *Service) end(ctx context.Context, r Room) (Room, error) {
	if r.Recording {
		var err error
		if r, err = s.record(ctx, r, false); err != nil {
			return r, err
		}
	}
	a, _ := actor.From(ctx)
	r, err := s.change(ctx, r.ID, EventEnded, "ended", "", Trace{}, func(r *Room) error {
		if err := running(*r); err != nil {
			return err
		}
		now := stamp()
		r.State, r.EndedAt, r.EndedBy, r.Share = Ended, &now, a.Name, Share{}
		return nil
	})
	if err == nil {
		s.empty(r)
	}
	return r, err
}
