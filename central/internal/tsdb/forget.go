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
// here, and months from before the remote. What dies in between is done when it is called again. Before anything goes,
// announce hears how many readings will, if any; with its error nothing goes. It must not wait for this store.
func (d *DB) Forget(ctx context.Context, devices, properties []string, before time.Time, announce func(readings int64) error) (out Forgotten, err error) {
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
	list, held, err := d.doomed(ctx, ids, until)
	if err != nil {
		return out, err
	}
	out.Held = held
	all := int64(0)
	for _, m := range list {
		all += m.readings
	}
	if all > 0 {
		if err := announce(all); err != nil {
			return out, err
		}
	}
	for _, m := range list {
		if err := d.forgetIn(ctx, m, ids, until); err != nil {
			return out, fmt.Errorf("forget in month %s: %w", m.month, err)
		}
		out.Readings += m.readings
	}
	d.step("before newest values")
	if out.Held {
		return out, nil // a newest value may be of what is held
	}
	return out, d.forgetLast(ctx, ids, until)
}

// leaving is what goes from a month: readings, and its roll-ups.
type leaving struct {
	month    string
	readings int64
}

// doomed lists the months from which something may go; held: some stay for a legal hold.
func (d *DB) doomed(ctx context.Context, ids []int64, until int64) (list []leaving, held bool, err error) {
	for _, name := range d.months.names() {
		from, end := monthSpan(name)
		if from >= until {
			continue
		}
		if d.opt.Keep.Held != nil {
			stays, err := d.opt.Keep.Held(ctx, time.UnixMilli(from).UTC(), time.UnixMilli(end).UTC())
			if err != nil {
				return nil, false, fmt.Errorf("ask for legal holds: %w", err)
			}
			if stays {
				held = true
				continue
			}
		}
		m := leaving{month: name}
		if f := d.months.get(name); f != nil {
			from, args := oldChunks(ids, until)
			if err := f.db.QueryRowContext(ctx, `select coalesce(sum(points), 0)`+from, args...).Scan(&m.readings); err != nil {
				return nil, false, fmt.Errorf("count in month %s: %w", name, err)
			}
		}
		list = append(list, m)
	}
	return list, held, nil
}

// oldChunks selects chunks of some series from before a time.
func oldChunks(ids []int64, until int64) (from string, args []any) {
	list, args := among(ids)
	return fmt.Sprintf(` from chunk where series in (%s) and t0 < $%d`, list, len(ids)+1), append(args, until)
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
func (d *DB) forgetIn(ctx context.Context, m leaving, ids []int64, until int64) error {
	if db := d.months.rollup(m.month); db != nil {
		list, args := among(ids)
		from, args := fmt.Sprintf(` from rollup where series in (%s) and day < $%d`, list, len(ids)+1), append(args, dayOf(until))
		var some bool
		if err := db.QueryRowContext(ctx, `select exists (select 1`+from+`)`, args...).Scan(&some); err != nil {
			return err
		}
		if some {
			if err := d.forgetRows(ctx, db, from, args, nil, 0); err != nil {
				return err
			}
			d.step("roll-ups of devices gone")
		}
	}
	if m.readings == 0 {
		return nil
	}
	f := d.months.get(m.month)
	from, args := oldChunks(ids, until)
	if err := d.forgetRows(ctx, f.db, from, args, f, m.readings); err != nil {
		return err
	}
	d.step("chunks of devices gone")
	return nil
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
