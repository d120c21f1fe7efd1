package store

import (
	"context"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/response"
)

// SaveGroup implements response.Responses.
func (s *Responses) SaveGroup(ctx context.Context, g response.Group) error {
	if err := s.db.saveBody(ctx, "group", g, `insert into response_groups (id, response_id, no, body) values ($1, $2, $3, $4)
		on conflict (id) do update set body = excluded.body`, g.ID, g.ResponseID, g.No); err != nil {
		return err
	}
	if _, err := s.db.exec(ctx, `delete from response_group_seats where group_id = $1`, g.ID); err != nil {
		return fmt.Errorf("empty group: %w", wrap(err))
	}
	if g.Closed {
		return nil
	}
	for _, seat := range append([]string{g.LeadID}, g.SeatIDs...) {
		if _, err := s.db.exec(ctx, `insert into response_group_seats (group_id, seat_id) values ($1, $2) on conflict do nothing`, g.ID, seat); err != nil {
			return fmt.Errorf("fill group: %w", wrap(err))
		}
	}
	return nil
}

// Groups implements response.Responses.
func (s *Responses) Groups(ctx context.Context, id string) ([]response.Group, error) {
	return dutyRows(ctx, s.db, "groups", scanBody[response.Group], `select body from response_groups where response_id = $1`+ofResponse(2)+` order by no, id`, id, exercise(ctx))
}
