package tsdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// Forgotten is what became of a Forget.
type Forgotten struct {
	Readings int64
	Held     bool // something stays for now: for a legal hold, or because a remote is away
}

// Forget deletes what some devices told of some properties before a time, by whole days, and their newest values when
// those are older. Months that a legal hold touches stay. With a remote the readings lie there; newest values are deleted
// here, and months from before the remote. What dies in between is done when it is called again.
func (d *DB) Forget(ctx context.Context, devices, properties []string, before time.Time) (out Forgotten, err error) {
	ids, until := d.seriesOf(devices, properties), dayOf(before.UnixMilli())*day
	if len(ids) == 0 {
		return out, nil
	}
	switch {
	case d.opt.Remote == nil:
		d.sealing.Lock()
		defer d.sealing.Unlock()
	case !d.months.any():
		return out, d.forgetLast(ctx, ids, until)
	case !d.sealing.TryLock(): // Forward has it for as long as the remote is away
		out.Held = true
		return out, nil
	default:
		defer d.sealing.Unlock()
	}
	for _, name := range d.months.names() {
		from, end := monthSpan(name)
		if from >= until {
			continue
		}
		if d.opt.Keep.Held != nil {
			held, err := d.opt.Keep.Held(ctx, time.UnixMilli(from).UTC(), time.UnixMilli(end).UTC())
			if err != nil {
				return out, fmt.Errorf("ask for legal holds: %w", err)
			}
			if held {
				out.Held = true
				continue
			}
		}
		n, err := d.forgetIn(ctx, name, ids, until)
		out.Readings += n
		if err != nil {
			return out, fmt.Errorf("forget in month %s: %w", name, err)
		}
	}
	d.step("before newest values")
	if out.Held {
		return out, nil // a newest value may be of what is held
	}
	return out, d.forgetLast(ctx, ids, until)
}

func (d *DB) seriesOf(devices, properties []string) (ids []int64) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	of := make(map[string]bool, len(devices))
	for _, id := range devices {
		of[id] = true
	}
	for n, s := range d.names {
		if of[n.device] && s.saved && slices.Contains(properties, n.property) {
			ids = append(ids, s.id)
		}
	}
	slices.Sort(ids)
	return ids
}

// forgetIn deletes of one month, roll-ups first. Readers wait only when there is something to delete.
func (d *DB) forgetIn(ctx context.Context, name string, ids []int64, until int64) (gone int64, err error) {
	list, args := among(ids)
	if db := d.months.rollup(name); db != nil {
		from, args := fmt.Sprintf(` from rollup where series in (%s) and day < $%d`, list, len(ids)+1), append(args, dayOf(until))
		var some bool
		if err := db.QueryRowContext(ctx, `select exists (select 1`+from+`)`, args...).Scan(&some); err != nil {
			return 0, err
		}
		if some {
			if err := d.forgetRows(ctx, db, from, args, nil, 0); err != nil {
				return 0, err
			}
			d.step("roll-ups of devices gone")
		}
	}
	f := d.months.get(name)
	if f == nil {
		return 0, nil
	}
	from, args := fmt.Sprintf(` from chunk where series in (%s) and t0 < $%d`, list, len(ids)+1), append(args, until)
	if err := f.db.QueryRowContext(ctx, `select coalesce(sum(points), 0)`+from, args...).Scan(&gone); err != nil || gone == 0 {
		return 0, err
	}
	if err := d.forgetRows(ctx, f.db, from, args, f, gone); err != nil {
		return 0, err
	}
	d.step("chunks of devices gone")
	return gone, nil
}

// forgetRows deletes rows; of chunks f is their month and gone how many readings they have.
func (d *DB) forgetRows(ctx context.Context, db *sql.DB, from string, args []any, f *month, gone int64) error {
	d.view.Lock()
	defer d.view.Unlock()
	err := d.tx(ctx, db, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `delete`+from, args...); err != nil || f == nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `update meta set value = value - $1 where key = 'points'`, gone)
		return err
	})
	if err != nil || f == nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	f.points -= gone
	d.seals++ // what commits remember of its chunks is void
	return nil
}

// among is a list of parameters with their values.
func among(ids []int64) (list string, args []any) {
	marks := make([]string, len(ids))
	for i, id := range ids {
		marks[i] = fmt.Sprintf("$%d", i+1)
		args = append(args, id)
	}
	return strings.Join(marks, ", "), args
}

// forgetLast forgets newest values.
func (d *DB) forgetLast(ctx context.Context, ids []int64, before int64) error {
	d.commit.Lock()
	defer d.commit.Unlock()
	list, args := among(ids)
	args = append(args, before)
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.tx(ctx, d.inbox, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, fmt.Sprintf(`update series set last_at = null, last_value = null, last_quality = null, last_received = null where id in (%s) and last_at < $%d`, list, len(args)), args...)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		if s := d.byID[id]; s != nil && s.last.At < before {
			s.hasLast, s.last, s.received = false, wire.Point{}, 0
		}
	}
	return nil
}
