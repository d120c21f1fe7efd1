package store

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/response"
)

// Owed implements response.Reports.
func (s *Responses) Owed(ctx context.Context, incident string) ([]response.Owed, error) {
	return dutyRows(ctx, s.db, "reports of responses", scanBody[response.Owed], `select body from response_reports where incident_id = $1`+ofWorld(2)+` order by id`, incident, exercise(ctx))
}

// SaveOwed implements response.Reports.
func (s *Responses) SaveOwed(ctx context.Context, o response.Owed) error {
	if err := s.db.belongs(ctx, o.IncidentID); err != nil {
		return err
	}
	return s.db.saveBody(ctx, "report of a response", o, `insert into response_reports (id, incident_id, response_id, body) values ($1, $2, $3, $4)
		on conflict (id) do update set body = excluded.body`, o.ID, o.IncidentID, o.ResponseID)
}
