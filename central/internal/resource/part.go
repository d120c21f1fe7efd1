package resource

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/incident"
)

// Running implements incident.Part: teams that were sent and not released, material that is out.
func (s *Service) Running(ctx context.Context, i incident.Incident) ([]incident.Running, error) {
	sent, err := s.Store.Dispatched(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	var out []incident.Running
	for _, d := range sent {
		switch {
		case d.over() || d.State == Issued: // what was issued is used up, or comes back later
		case d.Kind == OfTeam:
			out = append(out, incident.Running{Kind: incident.RunsTeam, Name: d.Name})
		default:
			out = append(out, incident.Running{Kind: incident.RunsMaterial, Name: d.title()})
		}
	}
	return out, nil
}

// Changed implements incident.Part: what was asked and sent belongs where the incident is.
func (s *Service) Changed(ctx context.Context, was, now incident.Incident) error {
	if was.Division == now.Division {
		return nil
	}
	if err := s.Store.Lock(ctx); err != nil {
		return err
	}
	asked, err := s.Store.Requests(ctx, now.ID)
	if err != nil {
		return err
	}
	for _, r := range asked {
		r.Division = now.Division
		if err := s.Store.SaveRequest(ctx, r); err != nil {
			return err
		}
	}
	sent, err := s.Store.Dispatched(ctx, now.ID)
	if err != nil {
		return err
	}
	for _, d := range sent {
		d.Division = now.Division
		if err := s.Store.SaveDispatch(ctx, d); err != nil {
			return err
		}
	}
	return nil
}
