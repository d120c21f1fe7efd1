package store

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/response"
)

// Motion implements response.Motions.
func (s *Responses) Motion(ctx context.Context, id string) (response.Motion, error) {
	m, err := scanBody[response.Motion](s.db.queryRow(ctx, `select body from response_motions where id = $1`+ofWorld(2), id, exercise(ctx)))
	return missed(m, "response.no_motion", "proposal", err)
}

// Motions implements response.Motions.
func (s *Responses) Motions(ctx context.Context, incident string) ([]response.Motion, error) {
	return dutyRows(ctx, s.db, "proposals", scanBody[response.Motion], `select body from response_motions where incident_id = $1`+ofWorld(2)+` order by id`, incident, exercise(ctx))
}

// SaveMotion implements response.Motions.
func (s *Responses) SaveMotion(ctx context.Context, m response.Motion) error {
	if err := s.db.belongs(ctx, m.IncidentID); err != nil {
		return err
	}
	return s.db.saveBody(ctx, "proposal", m, `insert into response_motions (id, incident_id, state, body) values ($1, $2, $3, $4)
		on conflict (id) do update set state = excluded.state, body = excluded.body`, m.ID, m.IncidentID, m.State)
}
