package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// Quarantine implements telemetry.QuarantineStore.
type Quarantine struct{ db *DB }

// NewQuarantine uses an open database.
func NewQuarantine(db *DB) *Quarantine { return &Quarantine{db: db} }

// Keep implements telemetry.QuarantineStore.
func (q *Quarantine) Keep(ctx context.Context, list []telemetry.Suspect) ([]bool, error) {
	added := make([]bool, len(list))
	err := q.db.Do(ctx, func(ctx context.Context) error {
		for i, s := range list {
			first, last := s.At()
			event := ""
			if s.Event != nil {
				text, err := json.Marshal(s.Event)
				if err != nil {
					return fmt.Errorf("write event %s: %w", s.Event.ID, err)
				}
				event = string(text)
			}
			res, err := q.db.exec(ctx, `insert into quarantine (id, origin, sender, device, property, received_at, readings, first_at, last_at, points, event)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (origin) do nothing`,
				s.ID, s.Origin, s.Sender, s.Device, s.Property, s.ReceivedAt, len(s.Points), first, last,
				base64.StdEncoding.EncodeToString(wire.AppendColumn(nil, s.Points)), event)
			if err != nil {
				return fmt.Errorf("keep readings of %s apart: %w", s.Device, wrap(err))
			}
			n, err := res.RowsAffected()
			if err != nil {
				return fmt.Errorf("keep readings of %s apart: %w", s.Device, err)
			}
			added[i] = n > 0
		}
		return nil
	})
	return added, err
}

// List implements telemetry.QuarantineStore.
func (q *Quarantine) List(ctx context.Context) ([]telemetry.Apart, error) {
	rows, err := q.db.query(ctx, `select g.device, n.sender, g.readings, g.events, g.first_at, g.last_at, o.received_at, n.received_at, n.last_at, n.id
		from (select device, cast(sum(readings) as bigint) as readings, count(nullif(event, '')) as events, min(first_at) as first_at, max(last_at) as last_at,
			min(id) as oldest, max(id) as newest from quarantine group by device) g
		join quarantine o on o.id = g.oldest join quarantine n on n.id = g.newest order by g.device`)
	if err != nil {
		return nil, fmt.Errorf("list readings kept apart: %w", wrap(err))
	}
	out, err := collect(rows, func(row scanner) (a telemetry.Apart, err error) {
		var first, last, newest int64
		err = row.Scan(&a.Device, &a.Sender, &a.Readings, &a.Events, &first, &last, &a.ReceivedFirst, &a.ReceivedLast, &newest, &a.Through)
		a.First, a.Last, a.ReceivedFirst, a.ReceivedLast = writable(first), writable(last), a.ReceivedFirst.UTC(), a.ReceivedLast.UTC()
		a.Offset = newest - a.ReceivedLast.UnixMilli()
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("list readings kept apart: %w", err)
	}
	return out, nil
}

// writable is a time that JSON has a word for: of the years 0 to 9999.
func writable(at int64) time.Time {
	first, last := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	return wire.Time(max(first.UnixMilli(), min(at, last.UnixMilli())))
}

// Entries implements telemetry.QuarantineStore.
func (q *Quarantine) Entries(ctx context.Context, device, through string, limit int) ([]telemetry.Suspect, error) {
	rows, err := q.db.query(ctx, `select id, origin, sender, device, property, received_at, points, event from quarantine
		where device = $1 and id <= $2 order by id limit $3`, device, through, limit)
	if err != nil {
		return nil, fmt.Errorf("read what is kept apart of %s: %w", device, wrap(err))
	}
	out, err := collect(rows, func(row scanner) (s telemetry.Suspect, err error) {
		var text, event string
		if err = row.Scan(&s.ID, &s.Origin, &s.Sender, &s.Device, &s.Property, &s.ReceivedAt, &text, &event); err != nil {
			return s, err
		}
		if event != "" {
			if err = json.Unmarshal([]byte(event), &s.Event); err != nil {
				return s, err
			}
		}
		s.ReceivedAt = s.ReceivedAt.UTC()
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return s, err
		}
		s.Points, _, err = wire.ReadColumn(raw, math.MaxInt32)
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("read what is kept apart of %s: %w", device, err)
	}
	return out, nil
}

// Remove implements telemetry.QuarantineStore.
func (q *Quarantine) Remove(ctx context.Context, list []telemetry.Suspect, through string) (int64, error) {
	var left int64
	err := q.db.Do(ctx, func(ctx context.Context) error {
		for _, s := range list {
			if _, err := q.db.exec(ctx, `delete from quarantine where id = $1`, s.ID); err != nil {
				return wrap(err)
			}
		}
		return wrap(q.db.queryRow(ctx, `select cast(coalesce(sum(readings), 0) as bigint) from quarantine where device = $1 and id <= $2`, list[0].Device, through).Scan(&left))
	})
	if err != nil {
		return 0, fmt.Errorf("take readings out of the quarantine: %w", err)
	}
	return left, nil
}
