package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/recording"
)

const clipColumns = `id, stream, camera, from_ms, to_ms, reference, mute, burn, state, trouble, files, gaps, org_id, org_name, author, author_name, created_at, made_at, expires_at`

func scanClip(row scanner) (c recording.Clip, err error) {
	var from, to int64
	var made sql.NullTime
	var files, gaps string
	err = row.Scan(&c.ID, &c.Stream, &c.Camera, &from, &to, &c.Reference, &c.Mute, &c.Burn, &c.State, &c.Trouble, &files, &gaps, &c.OrgID, &c.OrgName, &c.Author, &c.AuthorName, &c.CreatedAt, &made, &c.Expires)
	if err != nil {
		return c, err
	}
	c.From, c.To, c.CreatedAt, c.MadeAt, c.Expires = ofMillis(from), ofMillis(to), c.CreatedAt.UTC(), moment(made), c.Expires.UTC()
	return c, errors.Join(json.Unmarshal([]byte(files), &c.Files), json.Unmarshal([]byte(gaps), &c.Gaps))
}

// lists is what stands in the columns files and gaps.
func lists(c recording.Clip) (files, gaps string, err error) {
	a, err := json.Marshal(c.Files)
	if err != nil {
		return "", "", fmt.Errorf("encode clip: %w", err)
	}
	b, err := json.Marshal(c.Gaps)
	if err != nil {
		return "", "", fmt.Errorf("encode clip: %w", err)
	}
	return string(a), string(b), nil
}

// Clips implements recording.Store.
func (s *Recordings) Clips(ctx context.Context) ([]recording.Clip, error) {
	rows, err := s.db.query(ctx, `select `+clipColumns+` from recording_clip order by id desc`)
	if err != nil {
		return nil, fmt.Errorf("list clips: %w", wrap(err))
	}
	return collect(rows, scanClip)
}

// Clip implements recording.Store.
func (s *Recordings) Clip(ctx context.Context, id string) (recording.Clip, error) {
	c, err := scanClip(s.db.queryRow(ctx, `select `+clipColumns+` from recording_clip where id = $1`, id))
	if err := wrap(err); errs.KindOf(err) == errs.NotFound {
		return c, errs.E(errs.NotFound, "recording.no_clip", "clip %.64s does not exist any more", id)
	} else if err != nil {
		return c, fmt.Errorf("load clip %.64s: %w", id, err)
	}
	return c, nil
}

// AddClip implements recording.Store.
func (s *Recordings) AddClip(ctx context.Context, c recording.Clip) error {
	files, gaps, err := lists(c)
	if err != nil {
		return err
	}
	_, err = s.db.exec(ctx, `insert into recording_clip (`+clipColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		c.ID, c.Stream, c.Camera, c.From.UnixMilli(), c.To.UnixMilli(), c.Reference, c.Mute, c.Burn, c.State, c.Trouble, files, gaps, c.OrgID, c.OrgName, c.Author, c.AuthorName, c.CreatedAt, c.MadeAt, c.Expires)
	if err != nil {
		return fmt.Errorf("add clip: %w", wrap(err))
	}
	return nil
}

// ChangeClip implements recording.Store.
func (s *Recordings) ChangeClip(ctx context.Context, c recording.Clip) error {
	files, gaps, err := lists(c)
	if err != nil {
		return err
	}
	res, err := s.db.exec(ctx, `update recording_clip set state = $2, trouble = $3, files = $4, gaps = $5, made_at = $6, expires_at = $7 where id = $1`,
		c.ID, c.State, c.Trouble, files, gaps, c.MadeAt, c.Expires)
	if err != nil {
		return fmt.Errorf("change clip: %w", wrap(err))
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errs.Wrap(err, errs.NotFound, "recording.no_clip", "this clip was removed meanwhile")
	}
	return nil
}

// Refer implements recording.Store.
func (s *Recordings) Refer(ctx context.Context, kind, id, reference string) error {
	table, ok := map[string]string{"snapshot": "recording_snapshot", "clip": "recording_clip", "hold": "recording_hold"}[kind]
	if !ok {
		return errs.E(errs.Invalid, "recording.kind", "%.20q is nothing that is kept", kind)
	}
	res, err := s.db.exec(ctx, `update `+table+` set reference = $2 where id = $1`, id, reference)
	if err != nil {
		return fmt.Errorf("keep for another incident: %w", wrap(err))
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errs.Wrap(err, errs.NotFound, "recording.gone", "it was removed meanwhile")
	}
	return nil
}

// RemoveClip implements recording.Store.
func (s *Recordings) RemoveClip(ctx context.Context, id string) error {
	if _, err := s.db.exec(ctx, `delete from recording_clip where id = $1`, id); err != nil {
		return fmt.Errorf("remove clip: %w", wrap(err))
	}
	return nil
}
