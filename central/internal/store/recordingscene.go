package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/recording"
)

const sceneColumns = `id, incident, no, stream, by_rule, hold_from_ms, added_at, org_id, org_name, author_name, began_at, ended_at, why, reason, ended_by_name`

func scanScene(row scanner) (one recording.Scene, err error) {
	var from int64
	var began, ended sql.NullTime
	err = row.Scan(&one.ID, &one.Incident, &one.No, &one.Stream, &one.ByRule, &from, &one.AddedAt, &one.OrgID, &one.OrgName, &one.AuthorName, &began, &ended, &one.Why, &one.Reason, &one.EndedByName)
	one.HoldFrom, one.AddedAt, one.Began, one.Ended = ofMillis(from), one.AddedAt.UTC(), moment(began), moment(ended)
	return one, err
}

// AddScene implements recording.SceneStore.
func (s *Recordings) AddScene(ctx context.Context, one recording.Scene) error {
	_, err := s.db.exec(ctx, `insert into recording_scene (`+sceneColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		one.ID, one.Incident, one.No, one.Stream, one.ByRule, one.HoldFrom.UnixMilli(), one.AddedAt, one.OrgID, one.OrgName, one.AuthorName, one.Began, one.Ended, one.Why, one.Reason, one.EndedByName)
	if err != nil {
		return fmt.Errorf("add scene of incident: %w", wrap(err))
	}
	return nil
}

// ChangeScene implements recording.SceneStore.
func (s *Recordings) ChangeScene(ctx context.Context, one recording.Scene) error {
	_, err := s.db.exec(ctx, `update recording_scene set began_at = $2, ended_at = $3, why = $4, reason = $5, ended_by_name = $6 where id = $1`,
		one.ID, one.Began, one.Ended, one.Why, one.Reason, one.EndedByName)
	if err != nil {
		return fmt.Errorf("change scene of incident: %w", wrap(err))
	}
	return nil
}

// Scenes implements recording.SceneStore.
func (s *Recordings) Scenes(ctx context.Context, incident string) ([]recording.Scene, error) {
	rows, err := s.db.query(ctx, `select `+sceneColumns+` from recording_scene where incident = $1 order by id`, incident)
	if err != nil {
		return nil, fmt.Errorf("list scenes of incident: %w", wrap(err))
	}
	return collect(rows, scanScene)
}

// ScenesSince implements recording.SceneStore.
func (s *Recordings) ScenesSince(ctx context.Context, t time.Time) ([]recording.Scene, error) {
	rows, err := s.db.query(ctx, `select `+sceneColumns+` from recording_scene where ended_at is null or ended_at >= $1 order by id`, t)
	if err != nil {
		return nil, fmt.Errorf("list scenes of incidents: %w", wrap(err))
	}
	return collect(rows, scanScene)
}
