package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/recording"
)

const recordingHoldColumns = `id, stream, from_ms, to_ms, reference, note, org_id, org_name, author, author_name, created_at, ended_at, ended_by_name`

func scanRecordingHold(row scanner) (h recording.Hold, err error) {
	var from, to int64
	var ended sql.NullTime
	err = row.Scan(&h.ID, &h.Stream, &from, &to, &h.Reference, &h.Note, &h.OrgID, &h.OrgName, &h.Author, &h.AuthorName, &h.CreatedAt, &ended, &h.EndedByName)
	h.From, h.To, h.CreatedAt, h.EndedAt = ofMillis(from), ofMillis(to), h.CreatedAt.UTC(), moment(ended)
	return h, err
}

// Holds implements recording.Store.
func (s *Recordings) Holds(ctx context.Context) ([]recording.Hold, error) {
	rows, err := s.db.query(ctx, `select `+recordingHoldColumns+` from recording_hold order by id desc`)
	if err != nil {
		return nil, fmt.Errorf("list holds of recordings: %w", wrap(err))
	}
	return collect(rows, scanRecordingHold)
}

// Hold implements recording.Store.
func (s *Recordings) Hold(ctx context.Context, id string) (recording.Hold, error) {
	h, err := scanRecordingHold(s.db.queryRow(ctx, `select `+recordingHoldColumns+` from recording_hold where id = $1`, id))
	if err := wrap(err); errs.KindOf(err) == errs.NotFound {
		return h, errs.E(errs.NotFound, "recording.no_hold", "hold %.64s does not exist", id)
	} else if err != nil {
		return h, fmt.Errorf("load hold %.64s: %w", id, err)
	}
	return h, nil
}

// AddHold implements recording.Store.
func (s *Recordings) AddHold(ctx context.Context, h recording.Hold) error {
	_, err := s.db.exec(ctx, `insert into recording_hold (`+recordingHoldColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		h.ID, h.Stream, h.From.UnixMilli(), h.To.UnixMilli(), h.Reference, h.Note, h.OrgID, h.OrgName, h.Author, h.AuthorName, h.CreatedAt, h.EndedAt, h.EndedByName)
	if err != nil {
		return fmt.Errorf("hold recordings: %w", wrap(err))
	}
	return nil
}

// EndHold implements recording.Store.
func (s *Recordings) EndHold(ctx context.Context, h recording.Hold) error {
	res, err := s.db.exec(ctx, `update recording_hold set ended_at = $2, ended_by_name = $3 where id = $1 and ended_at is null`, h.ID, h.EndedAt, h.EndedByName)
	if err != nil {
		return fmt.Errorf("end hold of recordings: %w", wrap(err))
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errs.Wrap(err, errs.Conflict, "recording.hold_ended", "this hold has ended meanwhile")
	}
	return nil
}
