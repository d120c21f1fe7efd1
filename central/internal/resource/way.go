package resource

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
)

// Told is where a crew said to be.
type Told struct {
	At       time.Time
	Lon, Lat float64
}

// Way is where a crew that was sent for an incident said to be, oldest first.
type Way struct {
	DispatchID string
	Name       string
	Told       []Told
}

// Ways are those of the crews of an incident since a time; who asks sees the incident. Who may not read the registers gets
// none.
func (s *Service) Ways(ctx context.Context, incident string, since time.Time) ([]Way, error) {
	if a, ok := actor.From(ctx); !ok || !a.Can(actor.ResourceRead) {
		return nil, nil
	}
	if _, err := s.Responses.Incident(ctx, incident); err != nil {
		return nil, err
	}
	sent, err := s.Store.Dispatched(ctx, incident)
	if err != nil {
		return nil, err
	}
	var out []Way
	for _, d := range sent {
		if d.Kind != OfTeam || d.Lon == nil || d.LocatedAt == nil || d.LocatedAt.Before(since) {
			continue
		}
		steps, err := s.Store.Steps(ctx, d.ID)
		if err != nil {
			return nil, err
		}
		w := Way{DispatchID: d.ID, Name: d.Name}
		for _, st := range steps {
			if st.Lon != nil && st.Lat != nil && !st.At.Before(since) {
				w.Told = append(w.Told, Told{st.At, *st.Lon, *st.Lat})
			}
		}
		out = append(out, w)
	}
	return out, nil
}
