package response

import (
	"context"
	"slices"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// Tasks lists those of an incident for a capability above, which has authorised that.
func (s *Service) Tasks(ctx context.Context, incident string) ([]Task, error) {
	return s.Store.TasksOf(ctx, incident)
}

// Commander says who commands an incident, for a capability above, which has authorised that.
func (s *Service) Commander(ctx context.Context, incident string) (Command, error) {
	return s.command(ctx, incident)
}

// Running implements incident.Part: plans that are carried out, and somebody else in command.
func (s *Service) Running(ctx context.Context, i incident.Incident) ([]incident.Running, error) {
	all, err := s.Store.Responses(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	var out []incident.Running
	for _, r := range all {
		if r.Level > 0 {
			out = append(out, incident.Running{Kind: incident.RunsPlan, Name: r.PlanName + " " + []string{"Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ"}[r.Level-1]})
		}
	}
	c, err := s.command(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	if a, _ := actor.From(ctx); c.lets(a) != nil {
		out = append(out, incident.Running{Kind: incident.RunsCommand, Name: c.HolderName})
	}
	return out, nil
}

// Changed implements incident.Part: responses and tasks belong where the incident is, and the clocks of what somebody has
// begun stand still while it is closed.
func (s *Service) Changed(ctx context.Context, was, now incident.Incident) error {
	if err := s.Store.Lock(ctx, now.ID); err != nil {
		return err
	}
	all, err := s.Store.Responses(ctx, now.ID)
	if err != nil || len(all) == 0 {
		return err
	}
	if was.Division != now.Division {
		for _, r := range all {
			r.Division = now.Division
			if err := s.Store.SaveResponse(ctx, r); err != nil {
				return err
			}
		}
	}
	if err := s.owedAs(ctx, was, now); err != nil {
		return err
	}
	tasks, err := s.Store.TasksOf(ctx, now.ID)
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if err := s.moved(ctx, t, was, now); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) moved(ctx context.Context, t Task, was, now incident.Incident) error {
	if was.Division != now.Division {
		t.Division = now.Division
		if err := s.Store.SaveTask(ctx, t); err != nil {
			return err
		}
	}
	switch {
	case t.State.Over() || was.State == now.State:
		return nil
	case now.State != incident.Open:
		return s.Clocks.End(ctx, deadline.Owner{Kind: OwnerKind, ID: t.ID}, clockKind, deadline.Dropped)
	}
	_, err := s.Clocks.Set(ctx, t.clock(Seat{OrgID: t.OrgID, OrgArea: t.OrgArea}, now.Title, s.rule(t.OrgArea, t.GivenAt)))
	return err
}

// Incident is one that the actor may see, for a capability above, which has asked for its own permission.
func (s *Service) Incident(ctx context.Context, id string) (incident.Incident, error) {
	a, _ := actor.From(ctx) // without one nothing is covered
	return s.incident(ctx, a, id)
}

// Orders complains when the actor may not give orders about an incident as a whole now, as a capability above does that
// sends teams there.
func (s *Service) Orders(ctx context.Context, i incident.Incident) error {
	if err := open(i); err != nil {
		return err
	}
	return s.Directs(ctx, i)
}

// Directs is Orders also in an incident that is over: what was sent there must come back.
func (s *Service) Directs(ctx context.Context, i incident.Incident) error {
	a, reach, err := s.Desks.Reach(ctx, actor.ResponseOrder)
	if err != nil {
		return err
	}
	c, err := s.command(ctx, i.ID)
	if err != nil {
		return err
	}
	if err := c.lets(a); err != nil || c.HolderID == a.ID {
		return err
	}
	heads, err := s.heads(ctx, i)
	if err == nil && !slices.ContainsFunc(heads, reach.Has) {
		err = errs.E(errs.Denied, "response.not_ordering", "orders are given by those who direct the response or keep the incident, or by who commands; ask there")
	}
	return err
}
