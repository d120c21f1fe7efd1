package tsdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// rejectedSchema keeps the readings that the remote refuses for good, with what it said. Bodies are those of
// the inbox, one for each time of arrival.
const rejectedSchema = `
create table if not exists rejected (
  id       integer primary key autoincrement,
  at       integer not null,
  reason   text not null,
  message  text not null,
  readings integer not null,
  received integer not null,
  body     blob not null
);`

// messageMost bounds what is kept of what the server said.
const messageMost = 500

// keepRejected writes refused readings down.
func (d *DB) keepRejected(ctx context.Context, tx *sql.Tx, list []refused) error {
	now := time.Now().UnixMilli()
	for _, r := range list {
		byArrival := map[int64][]column{}
		for i := range r.list {
			one := &r.list[i]
			d.mu.RLock()
			s := d.names[name{one.Device, one.Property}]
			d.mu.RUnlock()
			p := wire.Point{At: one.At.UnixMilli(), Value: one.Value, Quality: one.Quality, Count: one.Count}
			columns := byArrival[one.ReceivedAt.UnixMilli()]
			if n := len(columns); n > 0 && columns[n-1].id == s.id {
				columns[n-1].points = append(columns[n-1].points, p)
			} else {
				columns = append(columns, column{id: s.id, points: []wire.Point{p}})
			}
			byArrival[one.ReceivedAt.UnixMilli()] = columns
		}
		message := r.err.Error()
		message = message[:min(len(message), messageMost)]
		for received, columns := range byArrival {
			body, err := appendBody(nil, columns, nil)
			if err != nil {
				return err
			}
			n := 0
			for _, c := range columns {
				n += len(c.points)
			}
			if _, err := tx.ExecContext(ctx, `insert into rejected (at, reason, message, readings, received, body) values ($1, $2, $3, $4, $5, $6)`,
				now, string(r.err.Reason), message, n, received, body); err != nil {
				return err
			}
		}
	}
	return nil
}

// Rejections implements telemetry.Forwarder.
func (d *DB) Rejections(ctx context.Context) ([]telemetry.Rejection, error) {
	rows, err := d.inbox.QueryContext(ctx, `select reason, message, sum(readings), min(at), max(at) from rejected
		group by reason, message order by max(at) desc limit 1000`)
	if err != nil {
		return nil, fmt.Errorf("list refused readings: %w", err)
	}
	defer rows.Close()
	var out []telemetry.Rejection
	for rows.Next() {
		var r telemetry.Rejection
		var first, last int64
		if err := rows.Scan(&r.Reason, &r.Message, &r.Readings, &first, &last); err != nil {
			return nil, fmt.Errorf("list refused readings: %w", err)
		}
		r.First, r.Last = wire.Time(first), wire.Time(last)
		out = append(out, r)
	}
	return out, rows.Err()
}

// rejectedRow is a row of refused readings.
type rejectedRow struct {
	id      int64
	reason  telemetry.RejectReason
	message string
	list    []telemetry.Sample
}

// nextRejected reads the first row after one; its id is zero when there is none.
func (d *DB) nextRejected(ctx context.Context, after int64) (rejectedRow, error) {
	var r rejectedRow
	var received int64
	var body []byte
	err := d.inbox.QueryRowContext(ctx, `select id, reason, message, received, body from rejected where id > $1 order by id limit 1`, after).
		Scan(&r.id, &r.reason, &r.message, &received, &body)
	if errors.Is(err, sql.ErrNoRows) {
		return rejectedRow{}, nil
	}
	if err != nil {
		return r, fmt.Errorf("read refused readings: %w", err)
	}
	columns, _, err := readBody(body)
	if err != nil {
		return r, fmt.Errorf("read refused readings: %w", err)
	}
	for _, c := range columns {
		d.mu.RLock()
		s := d.byID[c.id]
		d.mu.RUnlock()
		if s != nil {
			r.list = appendSamples(r.list, s, c.points, received)
		}
	}
	return r, nil
}

// Rejected implements telemetry.Forwarder.
func (d *DB) Rejected(ctx context.Context, fn func(telemetry.RejectReason, string, telemetry.Sample) error) error {
	for after := int64(0); ; {
		r, err := d.nextRejected(ctx, after)
		if err != nil || r.id == 0 {
			return err
		}
		for _, s := range r.list {
			if err := fn(r.reason, r.message, s); err != nil {
				return err
			}
		}
		after = r.id
	}
}

// RetryRejected implements telemetry.Forwarder.
func (d *DB) RetryRejected(ctx context.Context) (accepted int64, err error) {
	if d.opt.Remote == nil {
		return 0, errs.E(errs.Conflict, "telemetry.no_remote", "readings are not forwarded: telemetry.engine is embedded")
	}
	d.retrying.Lock()
	defer d.retrying.Unlock()
	var through int64
	if err := d.inbox.QueryRowContext(ctx, `select coalesce(max(id), 0) from rejected`).Scan(&through); err != nil {
		return 0, fmt.Errorf("read refused readings: %w", err)
	}
	for after := int64(0); after < through; {
		r, err := d.nextRejected(ctx, after)
		if err != nil || r.id == 0 || r.id > through {
			return accepted, err
		}
		still, err := d.send(ctx, r.list, d.opt.Remote.Write)
		if err != nil {
			return accepted, errs.Wrap(err, errs.Unavailable, "telemetry.remote", "the time-series server does not answer; the refused readings are kept")
		}
		n, err := d.replaceRejected(ctx, r, still)
		if err != nil {
			return accepted, err
		}
		accepted += n
		after = r.id
	}
	return accepted, nil
}

// replaceRejected keeps only those readings of a row that are refused still.
func (d *DB) replaceRejected(ctx context.Context, r rejectedRow, still []refused) (accepted int64, err error) {
	ctx = context.WithoutCancel(ctx)
	accepted = int64(len(r.list))
	for _, one := range still {
		accepted -= int64(len(one.list))
	}
	err = d.tx(ctx, d.inbox, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `delete from rejected where id = $1`, r.id); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `insert into meta (key, value) values ('forwarded', $1) on conflict (key) do update set value = value + excluded.value`, accepted); err != nil {
			return err
		}
		return d.keepRejected(ctx, tx, still)
	})
	if err != nil {
		return 0, fmt.Errorf("note accepted readings: %w", err)
	}
	d.forwarding.Lock()
	defer d.forwarding.Unlock()
	d.forwarding.sent += accepted
	d.forwarding.rejected -= accepted
	return accepted, nil
}
