package tsdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Keep says how long readings and roll-ups are kept; zero means for ever. Whole months are deleted, when
// all of a month is older.
type Keep struct {
	Readings time.Duration
	Rollups  time.Duration
	// Held reports whether something between two times must not be deleted (legal hold). Nil: nothing. While
	// it answers with an error nothing is deleted.
	Held func(ctx context.Context, from, to time.Time) (bool, error)
}

// Retain deletes the months that are older than what is to be kept. Readings go first, and only when all of
// the month is sealed and rolled up. What is committed of a deleted month later is left out.
func (d *DB) Retain(ctx context.Context, now time.Time) error {
	d.sealing.Lock()
	defer d.sealing.Unlock()
	for _, name := range d.months.names() {
		_, end := monthSpan(name)
		age := now.Sub(time.UnixMilli(end))
		old := d.opt.Keep.Readings > 0 && age >= d.opt.Keep.Readings
		stale := d.opt.Keep.Rollups > 0 && age >= d.opt.Keep.Rollups
		if !old && !stale {
			continue
		}
		if err := d.retireMonth(ctx, name, old, stale, now); err != nil {
			return fmt.Errorf("delete month %s: %w", name, err)
		}
	}
	return nil
}

func (d *DB) retireMonth(ctx context.Context, name string, old, stale bool, now time.Time) error {
	from, end := monthSpan(name)
	if d.opt.Keep.Held != nil {
		held, err := d.opt.Keep.Held(ctx, time.UnixMilli(from).UTC(), time.UnixMilli(end).UTC())
		if err != nil {
			return fmt.Errorf("ask for legal holds: %w", err)
		}
		if held {
			return nil
		}
	}
	if f := d.months.get(name); f != nil {
		if !old || f.dirty > 0 {
			return nil
		}
		if done, err := d.retire(ctx, name, from, end, now); err != nil || !done {
			return err
		}
		if err := d.dropChunks(ctx, name); err != nil {
			return err
		}
		d.log.Info("readings older than what is kept are deleted", "month", name, "readings", f.points)
	}
	if !stale || d.months.rollup(name) == nil {
		return nil
	}
	if err := d.dropRollups(ctx, name); err != nil {
		return err
	}
	d.log.Info("roll-ups older than what is kept are deleted", "month", name)
	return nil
}

// retire notes that a month is deleted; from then on nothing is committed into it. It refuses while
// readings of the month are in memory, not yet sealed.
func (d *DB) retire(ctx context.Context, name string, from, end int64, now time.Time) (bool, error) {
	d.commit.Lock()
	defer d.commit.Unlock()
	for _, h := range []*head{d.active, d.frozen} {
		if h == nil {
			continue
		}
		for _, r := range h.series {
			if len(r.between(from, end, 1)) > 0 {
				return false, nil
			}
		}
	}
	err := d.tx(ctx, d.inbox, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `insert into retired (month, at) values ($1, $2) on conflict (month) do nothing`, name, now.UnixMilli())
		return err
	})
	if err != nil {
		return false, err
	}
	d.retired[name], d.retiredEnd = true, max(d.retiredEnd, end)
	d.step("retired")
	return true, nil
}

// loadRetired reads which months are deleted and finishes what a crash has interrupted.
func (d *DB) loadRetired(ctx context.Context) error {
	rows, err := d.inbox.QueryContext(ctx, `select month from retired`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		_, end := monthSpan(name)
		d.retired[name], d.retiredEnd = true, max(d.retiredEnd, end)
		if err := unlink(d.months.path(monthPrefix, name)); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (d *DB) dropChunks(ctx context.Context, name string) error {
	d.view.Lock()
	defer d.view.Unlock()
	f := d.months.get(name)
	d.months.mu.Lock()
	delete(d.months.open, name)
	d.months.mu.Unlock()
	d.seals++ // what commits remember of its chunks is void
	return d.drop(ctx, f.db, d.months.path(monthPrefix, name))
}

func (d *DB) dropRollups(ctx context.Context, name string) error {
	d.view.Lock()
	defer d.view.Unlock()
	db := d.months.rollup(name)
	d.months.mu.Lock()
	delete(d.months.rollups, name)
	d.months.mu.Unlock()
	return d.drop(ctx, db, d.months.path(rollupPrefix, name))
}

// drop closes a file and deletes it. Nobody uses it any more.
func (d *DB) drop(ctx context.Context, db *sql.DB, path string) error {
	// An emptied log cannot be taken for that of a new file of the same name.
	_, err := db.ExecContext(ctx, `pragma wal_checkpoint(truncate)`)
	if err = errors.Join(err, db.Close()); err != nil {
		d.log.Warn("close file before it is deleted", "file", filepath.Base(path), "error", err)
	}
	d.step("before unlinking")
	return unlink(path)
}

// unlink deletes a file of SQLite: its logs first, so that none is ever left alone.
func unlink(path string) error {
	for _, end := range []string{"-wal", "-shm", ""} {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("delete %s: %w", filepath.Base(path)+end, err)
		}
	}
	return nil
}
