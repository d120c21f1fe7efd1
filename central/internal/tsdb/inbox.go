package tsdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"sort"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// inboxSchema is the shape of inbox.db. Times are Unix milliseconds. Rows up to meta.sealed are in chunks
// and only kept for Replay until meta.evaluated is past them. Of retired months the readings are deleted.
const inboxSchema = `
create table if not exists series (
  id            integer primary key,
  device        text not null,
  property      text not null,
  last_at       integer,
  last_value    real,
  last_quality  integer,
  last_received integer,
  chunk_end     integer,
  unique (device, property)
);
create table if not exists range (
  edge  text not null,
  epoch integer not null,
  lane  integer not null,
  first integer not null,
  last  integer not null,
  primary key (edge, epoch, lane, first)
) without rowid;
create table if not exists inbox (
  id       integer primary key autoincrement,
  received integer not null,
  body     blob not null
);
create table if not exists meta (
  key   text primary key,
  value integer not null
) without rowid;
create table if not exists retired (
  month text primary key,
  at    integer not null
) without rowid;
insert into meta (key, value) values ('sealed', 0), ('evaluated', 0) on conflict do nothing;`

// load rebuilds what is kept in memory.
func (d *DB) load(ctx context.Context) error {
	if err := d.inbox.QueryRowContext(ctx, `select value from meta where key = 'sealed'`).Scan(&d.sealed); err != nil {
		return err
	}
	if err := d.loadSeries(ctx); err != nil {
		return err
	}
	if err := d.loadRanges(ctx); err != nil {
		return err
	}
	// A seal that died after it wrote a month left chunk_end behind in inbox.db.
	for _, m := range d.months.newer(d.sealed) {
		ends, err := m.ends(ctx)
		if err != nil {
			return err
		}
		for id, end := range ends {
			if s := d.byID[id]; s != nil {
				s.extend(end)
			}
		}
	}
	return d.loadInbox(ctx)
}

func (d *DB) loadSeries(ctx context.Context) error {
	rows, err := d.inbox.QueryContext(ctx, `select id, device, property, last_at, last_value, last_quality, last_received, chunk_end from series`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		s := &series{saved: true}
		var at, received, end, quality sql.NullInt64
		var value sql.NullFloat64
		if err := rows.Scan(&s.id, &s.device, &s.property, &at, &value, &quality, &received, &end); err != nil {
			return err
		}
		if at.Valid {
			s.hasLast, s.received = true, received.Int64
			if !value.Valid { // SQLite keeps what is not a number as null
				value.Float64 = math.NaN()
			}
			s.last = wire.Point{At: at.Int64, Value: value.Float64, Quality: wire.Quality(quality.Int64)}
		}
		if end.Valid {
			s.extend(end.Int64)
		}
		d.names[s.name], d.byID[s.id] = s, s
		d.lastID = max(d.lastID, s.id)
	}
	return rows.Err()
}

func (d *DB) loadRanges(ctx context.Context) error {
	rows, err := d.inbox.QueryContext(ctx, `select edge, epoch, lane, first, last from range order by edge, epoch, lane, first`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var l lane
		var epoch, first, last int64
		if err := rows.Scan(&l.edge, &epoch, &l.lane, &first, &last); err != nil {
			return err
		}
		l.epoch = uint64(epoch)
		d.lanes[l] = append(d.lanes[l], wire.Range{uint64(first), uint64(last)})
	}
	return rows.Err()
}

// loadInbox reads the rows that are not sealed into the head. What a seal has moved into a month before
// the process died is left out.
func (d *DB) loadInbox(ctx context.Context) error {
	if err := d.inbox.QueryRowContext(ctx, `select coalesce(max(seq), 0) from sqlite_sequence where name = 'inbox'`).Scan(&d.lastRow); err != nil {
		return err
	}
	return d.rows(ctx, d.sealed, func(id, received int64, columns []column, _ []sourced) error {
		for _, c := range columns {
			s := d.byID[c.id]
			if s == nil {
				return fmt.Errorf("row %d: series %d is unknown", id, c.id)
			}
			s.newest(c.points, received)
			for points := c.points; len(points) > 0; {
				month := monthOf(points[0].At)
				_, end := monthSpan(month)
				n := sort.Search(len(points), func(i int) bool { return points[i].At >= end })
				if d.months.mark(month) < id {
					d.remember(c.id, points[:n], id, received)
				}
				points = points[n:]
			}
		}
		return nil
	})
}

// rows reads the inbox after a row.
func (d *DB) rows(ctx context.Context, after int64, fn func(id, received int64, columns []column, events []sourced) error) error {
	rows, err := d.inbox.QueryContext(ctx, `select id, received, body from inbox where id > $1 order by id`, after)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, received int64
		var body sql.RawBytes
		if err := rows.Scan(&id, &received, &body); err != nil {
			return err
		}
		columns, events, err := readBody(body)
		if err != nil {
			return fmt.Errorf("row %d: %w", id, err)
		}
		if err := fn(id, received, columns, events); err != nil {
			return err
		}
	}
	return rows.Err()
}

// extend notes that there is a chunk up to a time.
func (s *series) extend(end int64) {
	if !s.hasChunk || end > s.chunkEnd {
		s.hasChunk, s.chunkEnd = true, end
	}
}

// newest notes the latest of sorted points.
func (s *series) newest(points []wire.Point, received int64) {
	if len(points) == 0 {
		return
	}
	if p := points[len(points)-1]; !s.hasLast || p.At > s.last.At {
		s.hasLast, s.last, s.received = true, p, received
	}
}

// Replay implements telemetry.Store.
func (d *DB) Replay(ctx context.Context, fn func(telemetry.Incoming) error) error {
	var before int64
	if err := d.inbox.QueryRowContext(ctx, `select value from meta where key = 'evaluated'`).Scan(&before); err != nil {
		return fmt.Errorf("replay inbox: %w", err)
	}
	err := d.rows(ctx, 0, func(_, received int64, columns []column, events []sourced) error {
		if received < before {
			return nil
		}
		at := time.UnixMilli(received).UTC()
		b := &wire.Batch{}
		for _, c := range columns {
			d.mu.RLock()
			s := d.byID[c.id]
			d.mu.RUnlock()
			if s == nil {
				continue
			}
			for _, p := range c.points {
				b.Readings = append(b.Readings, wire.Reading{Device: s.device, Property: s.property, At: p.At, Value: p.Value, Quality: p.Quality, Count: p.Count})
			}
		}
		if err := fn(telemetry.Incoming{Batch: b, ReceivedAt: at}); err != nil {
			return err
		}
		for _, e := range events {
			in := telemetry.Incoming{Edge: e.Edge, Batch: &wire.Batch{Events: []wire.Event{e.Event}}, ReceivedAt: at}
			if err := fn(in); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("replay inbox: %w", err)
	}
	return nil
}

// Evaluated implements telemetry.Store. Rows that are sealed and evaluated are deleted.
func (d *DB) Evaluated(ctx context.Context, before time.Time) error {
	d.commit.Lock()
	defer d.commit.Unlock()
	err := d.tx(ctx, d.inbox, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `update meta set value = $1 where key = 'evaluated' and value < $1`, before.UnixMilli()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, trimInbox)
		return err
	})
	if err != nil {
		return fmt.Errorf("note evaluated inbox: %w", err)
	}
	return nil
}

const trimInbox = `delete from inbox
  where id <= (select value from meta where key = 'sealed') and received < (select value from meta where key = 'evaluated')`

// tx runs fn in a transaction.
func (d *DB) tx(ctx context.Context, db *sql.DB, fn func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
