package tsdb

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
)

// Backup writes a copy of the store into a folder while it works. Opening that folder gives everything
// that was committed when the copy of the inbox was made; no seal runs meanwhile, so that nothing is in
// both or neither.
func (d *DB) Backup(ctx context.Context, dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("back up telemetry: %w", err)
	}
	if d.opt.Remote == nil { // otherwise nothing moves between the files, and the remote may be away for long
		d.sealing.Lock()
		defer d.sealing.Unlock()
	}
	if err := copyInto(ctx, d.inbox, filepath.Join(dir, "inbox.db")); err != nil {
		return err
	}
	for _, name := range d.months.names() {
		if f := d.months.get(name); f != nil {
			if err := copyInto(ctx, f.db, filepath.Join(dir, monthPrefix+name+fileSuffix)); err != nil {
				return err
			}
		}
		if db := d.months.rollup(name); db != nil {
			if err := copyInto(ctx, db, filepath.Join(dir, rollupPrefix+name+fileSuffix)); err != nil {
				return err
			}
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
