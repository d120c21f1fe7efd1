package response

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// Give is a task that is ordered on the spot.
type Give struct {
	ResponseID, SeatID, Title, Text string
	GroupID                         string // in the place of a seat: its leader gets the task
	DueAt                           time.Time
	Evidence                        []string
}

// Order gives a task that stands in no plan to somebody who holds a seat.
func (s *Service) Order(ctx context.Context, id string, g Give) (Task, error) {
	a, reach, err := s.Desks.Reach(ctx, actor.ResponseOrder)
	if err != nil {
		return Task{}, err
	}
	o := reach.Desk
	g.Title, g.Text = strings.TrimSpace(g.Title), strings.TrimSpace(g.Text)
	now := stamp()
	switch {
	case !errs.Name(g.Title, 120):
		return Task{}, errs.Field("response.title", "title", "1 to 120 characters on one line")
	case !errs.Text(g.Text, 4000):
		return Task{}, errs.Field("response.text", "text", "at most 4000 characters")
	case !g.DueAt.After(now) || g.DueAt.After(now.AddDate(0, 2, 0)):
		return Task{}, errs.Field("response.due", "due_at", "must lie ahead, within two months")
	}
	for _, e := range g.Evidence {
		if !slices.Contains([]string{"text", "photo", "position"}, e) {
			return Task{}, errs.Field("response.evidence", "evidence", "must be text, photo or position")
		}
	}
	var t Task
	err = s.change(ctx, a, id, func(ctx context.Context, i incident.Incident, note noter) error {
		r, err := s.Store.Response(ctx, g.ResponseID)
		if err != nil {
			return err
		}
		if r.IncidentID != id {
			return errs.E(errs.NotFound, "response.not_found", "there is no such response of this incident")
		}
		if err := s.ordering(ctx, a, reach, i, r); err != nil {
			return err
		}
		if r.Level == 0 {
			return errs.E(errs.Conflict, "response.ended", "the response has ended; start the plan again")
		}
		seats, err := s.Store.Seats(ctx, r.ID)
		if err != nil {
			return err
		}
		groups, err := s.Store.Groups(ctx, r.ID)
		if err != nil {
			return err
		}
		if n := slices.IndexFunc(groups, func(o Group) bool { return o.ID == g.GroupID && !o.Closed }); n >= 0 {
			g.SeatID = groups[n].LeadID
		} else if g.GroupID != "" {
			return errs.Field("response.no_group", "group_id", "the response has no such group")
		}
		k := slices.IndexFunc(seats, func(o Seat) bool { return o.ID == g.SeatID })
		if k < 0 {
			return errs.Field("response.seat", "seat_id", "the response has no such role")
		}
		t = Task{
			ID: newID(), ResponseID: r.ID, IncidentID: id, Division: i.Division, Title: g.Title, Text: g.Text, Evidence: append([]string{}, g.Evidence...),
			PlanName: r.PlanName, Version: r.Version, Level: r.Level, State: Given, GivenAt: now, GivenBy: a.Name, DueAt: event.Stamp(g.DueAt), Exercise: r.Exercise, Edit: 1,
		}
		t.seated(seats, seats[k].RoleID)
		if g.GroupID != "" {
			t.grouped(slices.DeleteFunc(groups, func(o Group) bool { return o.ID != g.GroupID }))
		}
		if err := s.keep(ctx, i, r, seats, []Task{t}); err != nil {
			return err
		}
		if err := s.Incidents.Record(ctx, id, o, incident.Step{Kind: Tasked, Act: "given", Text: t.Title + "（" + t.SeatName + "）", Ref: t.ID}, nil); err != nil {
			return err
		}
		note(EventOrdered, t.ID, Trace{Name: t.Title, To: t.SeatName})
		return nil
	})
	return t, err
}
