package store

import (
	"context"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// Holds implements telemetry.HoldStore.
type Holds struct{ db *DB }

// NewHolds uses an open database.
func NewHolds(db *DB) *Holds { return &Holds{db: db} }

const holdColumns = `id, from_at, to_at, reason, division, created_at, created_by, created_by_name, ended_at, ended_by, ended_by_name, ended_reason`

func scanHold(row scanner) (h telemetry.Hold, err error) {
	err = row.Scan(&h.ID, &h.From, &h.To, &h.Reason, &h.Division, &h.CreatedAt, &h.CreatedBy, &h.CreatedByName, &h.EndedAt, &h.EndedBy, &h.EndedByName, &h.EndedReason)
	for _, t := range []*time.Time{&h.From, &h.To, &h.CreatedAt, h.EndedAt} {
		if t != nil {
			*t = t.UTC()
		}
	}
	return h, err
}

// List implements telemetry.HoldStore.
func (s *Holds) List(ctx context.Context) ([]telemetry.Hold, error) {
	rows, err := s.db.query(ctx, `select `+holdColumns+` from telemetry_holds order by id desc`)
	if err != nil {
		return nil, fmt.Errorf("list holds: %w", wrap(err))
	}
	out, err := collect(rows, scanHold)
	if err != nil {
		return nil, fmt.Errorf("list holds: %w", err)
	}
	return out, nil
}

// Add implements telemetry.HoldStore.
func (s *Holds) Add(ctx context.Context, h telemetry.Hold) error {
	_, err := s.db.exec(ctx, `insert into telemetry_holds (`+holdColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		h.ID, h.From, h.To, h.Reason, h.Division, h.CreatedAt, h.CreatedBy, h.CreatedByName, h.EndedAt, h.EndedBy, h.EndedByName, h.EndedReason)
	if err != nil {
		return fmt.Errorf("add hold: %w", wrap(err))
	}
	return nil
}

// End implements telemetry.HoldStore.
func (s *Holds) End(ctx context.Context, id string, e telemetry.Ending) (h telemetry.Hold, err error) {
	err = s.db.Do(ctx, func(ctx context.Context) error {
		res, err := s.db.exec(ctx, `update telemetry_holds set ended_at = $1, ended_by = $2, ended_by_name = $3, ended_reason = $4
			where id = $5 and ended_at is null`, e.At, e.By, e.ByName, e.Reason, id)
		if err != nil {
			return fmt.Errorf("end hold %s: %w", id, wrap(err))
		}
		n, err := res.RowsAffected()
		if err != nil {
			return fmt.Errorf("end hold %s: %w", id, err)
		}
		h, err = scanHold(s.db.queryRow(ctx, `select `+holdColumns+` from telemetry_holds where id = $1`, id))
		if err := wrap(err); errs.KindOf(err) == errs.NotFound {
			return errs.E(errs.NotFound, "telemetry.no_hold", "hold %s", id)
		} else if err != nil {
			return fmt.Errorf("get hold %s: %w", id, err)
		}
		if n == 0 {
			return errs.E(errs.Conflict, "telemetry.hold_ended", "%s ended this hold at %s", h.EndedByName, h.EndedAt.Format(time.RFC3339))
		}
		return nil
	})
	return h, err
}
