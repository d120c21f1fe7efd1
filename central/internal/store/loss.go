package store

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// AddLoss implements telemetry.AlarmStore.
func (s *Alarms) AddLoss(ctx context.Context, l telemetry.Loss) (known bool, err error) {
	done, err := s.db.exec(ctx, `update loss set from_ms = $1, to_ms = $2, until_ms = $3, count = $4, why = $5 where id = $6 and edge = $7 and count < $4`,
		l.From, l.To, l.Until, int64(min(l.Count, 1<<62)), l.Why, l.ID, l.Edge) //nolint:gosec // cut
	if err != nil {
		return false, wrap(err)
	}
	if n, err := done.RowsAffected(); err != nil || n > 0 {
		return true, wrap(err)
	}
	done, err = s.db.exec(ctx, `insert into loss (id, edge, at, lane, from_ms, to_ms, until_ms, count, why)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (id) do nothing`,
		l.ID, l.Edge, wire.Millis(l.At), int(l.Lane), l.From, l.To, l.Until, int64(min(l.Count, 1<<62)), l.Why) //nolint:gosec // cut
	if err != nil {
		return false, wrap(err)
	}
	n, err := done.RowsAffected()
	return n == 0, wrap(err)
}

// Losses implements telemetry.AlarmStore.
func (s *Alarms) Losses(ctx context.Context, edge string, limit int) ([]telemetry.Loss, error) {
	rows, err := s.db.query(ctx, `select id, edge, at, lane, from_ms, to_ms, until_ms, count, why from loss where edge = $1 order by at desc, id desc limit $2`, edge, limit)
	if err != nil {
		return nil, wrap(err)
	}
	defer func() { _ = rows.Close() }()
	var out []telemetry.Loss
	for rows.Next() {
		var l telemetry.Loss
		var at int64
		if err := rows.Scan(&l.ID, &l.Edge, &at, &l.Lane, &l.From, &l.To, &l.Until, &l.Count, &l.Why); err != nil {
			return nil, wrap(err)
		}
		l.At = wire.Time(at)
		out = append(out, l)
	}
	return out, wrap(rows.Err())
}
