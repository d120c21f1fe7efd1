package tsdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Widths of the roll-ups. Each is made from the one before; the first from the readings.
const (
	minute  = int64(time.Minute / time.Millisecond)
	quarter = 15 * minute
	hour    = 60 * minute
)

// widths lists them from narrow to wide.
func widths() []int64 { return []int64{minute, quarter, hour, day} }

// Roll-ups of minutes and quarters are kept where they are worth their room: where a bucket stands for so
// many readings at least. Charts of sparser series read the readings; what outlives these is the hour.
const worthwhile = 4

// rollupSchema is the shape of rollup-2006-01.db: the buckets of one width of one series and day. The
// widest is there for every day that has roll-ups at all.
const rollupSchema = `
create table if not exists rollup (
  series integer not null,
  width  integer not null,
  day    integer not null,
  body   blob not null,
  primary key (series, width, day)
) without rowid;`

// rollBatch is how many days of series are rolled up in one transaction.
const rollBatch = 256

// settleAfter is how long a day must be over before it is rolled up: live readings would make it dirty
// again and again. Charts read the chunks until then.
const settleAfter = 10 * time.Minute

// makeRollup opens the file of the roll-ups of a month, a new one if need be.
func (m *months) makeRollup(ctx context.Context, name string) (*sql.DB, error) {
	if db := m.rollup(name); db != nil {
		return db, nil
	}
	db, err := openFile(ctx, m.path(rollupPrefix, name), rollupSchema)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	m.rollups[name] = db
	m.mu.Unlock()
	return db, nil
}

func (m *months) rollup(name string) *sql.DB {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.rollups[name]
}

// Rollup makes the roll-ups anew of every day that has changed since its last ones and was over some time
// before now. Roll-ups are always recomputed from the readings, never added to, and a day counts as changed
// until its new ones are on the disk: dying in between repeats the work and changes nothing.
func (d *DB) Rollup(ctx context.Context, now time.Time) error {
	for {
		if more, err := d.rollSome(ctx, now); err != nil || !more {
			return err
		}
	}
}

// rollSome does one batch of Rollup; between two of them a seal gets its turn.
func (d *DB) rollSome(ctx context.Context, now time.Time) (more bool, err error) {
	d.sealing.Lock()
	defer d.sealing.Unlock()
	before := dayOf(now.Add(-settleAfter).UnixMilli())
	for _, name := range d.months.names() {
		f := d.months.get(name)
		if f == nil {
			continue
		}
		keys, err := dirtyDays(ctx, f.db, before, rollBatch)
		if err == nil && len(keys) > 0 {
			more, err = true, d.rollDays(ctx, name, f, keys)
		}
		if err != nil {
			return false, fmt.Errorf("roll up month %s: %w", name, err)
		}
		if more {
			return true, nil
		}
	}
	return false, nil
}

func dirtyDays(ctx context.Context, db *sql.DB, before int64, limit int) ([]dayKey, error) {
	rows, err := db.QueryContext(ctx, `select series, day from dirty where day < $1 order by day, series limit $2`, before, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []dayKey
	for rows.Next() {
		var k dayKey
		if err := rows.Scan(&k.series, &k.day); err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, rows.Err()
}

// rollDays writes the roll-ups of some days and then takes their marks away.
func (d *DB) rollDays(ctx context.Context, name string, f *month, keys []dayKey) error {
	to, err := d.months.makeRollup(ctx, name)
	if err != nil {
		return err
	}
	read, err := d.reader(ctx, f.db)
	if err != nil {
		return err
	}
	defer read.close()
	var scratch buffer
	err = d.tx(ctx, to, func(tx *sql.Tx) error {
		put, err := tx.PrepareContext(ctx, `insert into rollup (series, width, day, body) values ($1, $2, $3, $4)`)
		if err != nil {
			return err
		}
		defer put.Close()
		for _, k := range keys {
			buckets, err := d.rollDay(ctx, f, read, k)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `delete from rollup where series = $1 and width in ($2, $3, $4, $5) and day = $6`, k.series, minute, quarter, hour, day, k.day); err != nil {
				return err
			}
			for _, width := range slices.Sorted(maps.Keys(buckets)) {
				if _, err := put.ExecContext(ctx, k.series, width, k.day, d.codec.encodeRolled(buckets[width], &scratch)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	d.step("rolled")
	return d.clean(ctx, f, keys)
}

// rollDay recomputes the roll-ups of one day from its chunks.
func (d *DB) rollDay(ctx context.Context, f *month, read *reader, k dayKey) (map[int64][]rolled, error) {
	list, err := chunks(ctx, f.db, k.series, k.day*day, (k.day+1)*day)
	if err != nil {
		return nil, err
	}
	var narrow []rolled
	var total int64
	for _, c := range list {
		points, err := read.points(ctx, c.id)
		if err != nil {
			return nil, err
		}
		total += int64(len(points))
		part := roll(points, minute)
		if len(part) > 0 && len(narrow) > 0 && narrow[len(narrow)-1].at == part[0].at { // two chunks share a bucket
			narrow[len(narrow)-1].merge(&part[0])
			part = part[1:]
		}
		narrow = append(narrow, part...)
	}
	out := map[int64][]rolled{}
	for _, width := range widths() {
		if width > minute {
			narrow = widen(narrow, width)
		}
		if width >= hour || total >= worthwhile*int64(len(narrow)) {
			out[width] = narrow
		}
	}
	return out, nil
}

// clean takes the marks of days away whose roll-ups are on the disk.
func (d *DB) clean(ctx context.Context, f *month, keys []dayKey) error {
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if _, err := tx.ExecContext(ctx, `delete from dirty where day = $1 and series = $2`, k.day, k.series); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	d.view.Lock()
	defer d.view.Unlock()
	if err := tx.Commit(); err != nil {
		return err
	}
	f.dirty -= int64(len(keys))
	return nil
}

// rolledDays reads the roll-ups of one width of a series, by day.
func (d *DB) rolledDays(ctx context.Context, db *sql.DB, series, width, from, to int64) (map[int64][]rolled, error) {
	rows, err := db.QueryContext(ctx, `select day, body from rollup where series = $1 and width = $2 and day >= $3 and day < $4`, series, width, from, to)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[int64][]rolled{}
	for rows.Next() {
		var at int64
		var body sql.RawBytes
		if err := rows.Scan(&at, &body); err != nil {
			return nil, err
		}
		if out[at], err = d.codec.decodeRolled(body); err != nil {
			return nil, fmt.Errorf("read roll-up of day %d: %w", at, err)
		}
	}
	return out, rows.Err()
}
