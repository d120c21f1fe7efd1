package response

import (
	"context"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// Fill puts somebody into a seat, who is told of the tasks that are not over.
type Fill struct {
	PersonID string // of a duty person
	Name     string // of somebody who is none
	Why      string
}

// Seat puts somebody into a seat of a response.
func (s *Service) Seat(ctx context.Context, response, seat string, f Fill) (Seat, error) {
	a, reach, err := s.Desks.Reach(ctx, actor.ResponseOrder)
	if err != nil {
		return Seat{}, err
	}
	o := reach.Desk
	f.Name, f.Why = strings.TrimSpace(f.Name), strings.TrimSpace(f.Why)
	if (f.PersonID == "") == (f.Name == "") || (f.PersonID == "" && !errs.Name(f.Name, 32)) || !errs.Line(f.Why, incident.MaxPlace) {
		return Seat{}, errs.Field("response.who", "name", "choose a person, or write a name of 1 to 32 characters")
	}
	r, err := s.response(ctx, a, response)
	if err != nil {
		return Seat{}, err
	}
	var out Seat
	err = s.change(ctx, a, r.IncidentID, func(ctx context.Context, i incident.Incident, note noter) error {
		if err := s.ordering(ctx, a, reach, i, r); err != nil {
			return err
		}
		seats, err := s.Store.Seats(ctx, response)
		if err != nil {
			return err
		}
		k := slices.IndexFunc(seats, func(v Seat) bool { return v.ID == seat })
		if k < 0 {
			return errs.Field("response.seat", "seat_id", "the response has no such role")
		}
		v := &seats[k]
		was := v.names()
		v.Open, v.Members = "", []Member{{Name: f.Name}}
		if f.PersonID != "" {
			if err := s.holder(ctx, v, f.PersonID); err != nil {
				return err
			}
		}
		if err := s.Store.SaveSeat(ctx, *v); err != nil {
			return err
		}
		if err := s.pass(ctx, i, r, seats, *v); err != nil {
			return err
		}
		text := v.Name + "：" + was + " → " + v.names()
		if f.Why != "" {
			text += "（" + f.Why + "）"
		}
		if err := s.Incidents.Record(ctx, i.ID, o, incident.Step{Kind: Commanded, Act: "seat", Text: text, Ref: v.ID}, nil); err != nil {
			return err
		}
		note(EventSeat, v.ID, Trace{Name: v.Name, From: was, To: v.names()})
		out = *v
		return nil
	})
	return out, err
}

// Names are those who hold a seat.
func (o Seat) Names() []string {
	out := []string{}
	for _, m := range o.Members {
		out = append(out, m.Name)
	}
	return out
}

func (o Seat) names() string {
	if len(o.Members) == 0 {
		return "—"
	}
	return strings.Join(o.Names(), "、")
}

// pass moves the tasks of a seat that are not over to the desk of who holds it now, and tells them.
func (s *Service) pass(ctx context.Context, i incident.Incident, r Response, seats []Seat, seat Seat) error {
	all, err := s.Store.TasksOf(ctx, i.ID)
	if err != nil {
		return err
	}
	var mine []Task
	for _, t := range all {
		if t.SeatID != seat.ID || t.State.Over() {
			continue
		}
		if t.OrgID != seat.OrgID {
			t.OrgID, t.OrgArea = seat.OrgID, seat.OrgArea
			t.Edit++
			if err := s.Store.SaveTask(ctx, t); err != nil {
				return err
			}
			if _, err := s.Clocks.Set(ctx, t.clock(seat, i.Title, s.rule(seat.OrgArea, t.GivenAt))); err != nil {
				return err
			}
		}
		mine = append(mine, t)
	}
	if len(mine) == 0 {
		return nil
	}
	return s.tell(ctx, i, r, seats, mine)
}
