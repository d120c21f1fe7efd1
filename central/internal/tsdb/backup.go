package tsdb

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Backup writes a copy of the store into a folder while it works. Opening that folder gives everything
// that was committed when the copy of the inbox was made; no seal runs meanwhile, so that nothing is in
// both or neither.
func (d *DB) Backup(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("back up telemetry: %w", err)
	}
	d.sealing.Lock()
	defer d.sealing.Unlock()
	if err := copyInto(ctx, d.inbox, filepath.Join(dir, "inbox.db")); err != nil {
		return err
	}
	d.months.mu.RLock()
	open := maps.Clone(d.months.open)
	d.months.mu.RUnlock()
	for _, name := range slices.Sorted(maps.Keys(open)) {
		if err := copyInto(ctx, open[name].db, filepath.Join(dir, monthPrefix+name+monthSuffix)); err != nil {
			return err
		}
	}
	return nil
}

func copyInto(ctx context.Context, db *sql.DB, path string) error {
	if _, err := db.ExecContext(ctx, `vacuum into $1`, path); err != nil {
		return fmt.Errorf("back up telemetry into %s: %w", filepath.Base(path), err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("back up telemetry: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written through it
	if err := f.Sync(); err != nil {
		return fmt.Errorf("back up telemetry into %s: %w", filepath.Base(path), err)
	}
	return nil
}
