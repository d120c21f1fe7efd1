package store

import (
	"context"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/recording"
)

const snapshotColumns = `id, stream, camera, at_ms, origin, verified, type, width, height, bytes, sha256, alarm, title, title_en, metres, reference, note, org_id, org_name, author, author_name, created_at, file`

// snapshotRead is what is read of a snapshot: its columns, and how many reports name it.
const snapshotRead = snapshotColumns + `, (select count(*) from report_pictures n where n.snapshot_id = recording_snapshot.id)`

func scanSnapshot(row scanner) (p recording.Snapshot, err error) {
	var at, named int64
	err = row.Scan(&p.ID, &p.Stream, &p.Camera, &at, &p.Origin, &p.Verified, &p.Type, &p.Width, &p.Height, &p.Bytes, &p.SHA256, &p.Alarm, &p.Title, &p.TitleEN, &p.Metres,
		&p.Reference, &p.Note, &p.OrgID, &p.OrgName, &p.Author, &p.AuthorName, &p.CreatedAt, &p.File, &named)
	p.Named = named > 0
	p.At, p.CreatedAt = ofMillis(at), p.CreatedAt.UTC()
	return p, err
}

// Snapshots implements recording.Store.
func (s *Recordings) Snapshots(ctx context.Context, f recording.SnapshotFilter) ([]recording.Snapshot, error) {
	var from, to int64
	if !f.From.IsZero() {
		from = f.From.UnixMilli()
	}
	if to = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(); !f.To.IsZero() {
		to = f.To.UnixMilli()
	}
	rows, err := s.db.query(ctx, `select `+snapshotRead+` from recording_snapshot
		where ($1 = '' or stream = $1) and ($2 = '' or origin = $2) and ($3 = '' or reference = $3) and ($4 = '' or alarm = $4) and at_ms >= $5 and at_ms < $6
		order by at_ms desc, id desc`, f.Stream, string(f.Origin), f.Reference, f.Alarm, from, to)
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", wrap(err))
	}
	return collect(rows, scanSnapshot)
}

// Snapshot implements recording.Store.
func (s *Recordings) Snapshot(ctx context.Context, id string) (recording.Snapshot, error) {
	p, err := scanSnapshot(s.db.queryRow(ctx, `select `+snapshotRead+` from recording_snapshot where id = $1`, id))
	if err := wrap(err); errs.KindOf(err) == errs.NotFound {
		return p, errs.E(errs.NotFound, "recording.no_snapshot", "snapshot %.64s is not there any more", id)
	} else if err != nil {
		return p, fmt.Errorf("load snapshot %.64s: %w", id, err)
	}
	return p, nil
}

// SnapshotBytes implements recording.Store.
func (s *Recordings) SnapshotBytes(ctx context.Context) (n int64, err error) {
	if err = s.db.queryRow(ctx, `select cast(coalesce(sum(bytes), 0) as bigint) from recording_snapshot`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count snapshots: %w", wrap(err))
	}
	return n, nil
}

// AddSnapshot implements recording.Store.
func (s *Recordings) AddSnapshot(ctx context.Context, p recording.Snapshot) error {
	_, err := s.db.exec(ctx, `insert into recording_snapshot (`+snapshotColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`,
		p.ID, p.Stream, p.Camera, p.At.UnixMilli(), p.Origin, p.Verified, p.Type, p.Width, p.Height, p.Bytes, p.SHA256, p.Alarm, p.Title, p.TitleEN, p.Metres,
		p.Reference, p.Note, p.OrgID, p.OrgName, p.Author, p.AuthorName, p.CreatedAt, p.File)
	if err != nil {
		return fmt.Errorf("add snapshot: %w", wrap(err))
	}
	return nil
}

// ChangeSnapshot implements recording.Store.
func (s *Recordings) ChangeSnapshot(ctx context.Context, p recording.Snapshot) error {
	res, err := s.db.exec(ctx, `update recording_snapshot set reference = $2, note = $3, org_id = $4, org_name = $5 where id = $1`, p.ID, p.Reference, p.Note, p.OrgID, p.OrgName)
	if err != nil {
		return fmt.Errorf("change snapshot: %w", wrap(err))
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errs.Wrap(err, errs.NotFound, "recording.no_snapshot", "this snapshot was removed meanwhile")
	}
	return nil
}

// RemoveSnapshot implements recording.Store.
func (s *Recordings) RemoveSnapshot(ctx context.Context, id string) error {
	if _, err := s.db.exec(ctx, `delete from recording_snapshot where id = $1`, id); err != nil {
		return fmt.Errorf("remove snapshot: %w", wrap(err))
	}
	return nil
}
