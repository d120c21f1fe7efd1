package outbox

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"time"

	lib "modernc.org/sqlite/lib"

	"github.com/fengsui/fengsui/shared/wire"
)

// trouble is what is wrong with the disk; without a kind nothing is.
type trouble struct {
	kind  wire.DiskKind
	since time.Time // with the monotonic clock: that of the wall may be set meanwhile
	why   error
	path  string // empty: the folder of the file
	lost  uint64 // readings that were not kept since
}

// Troubled gets a value when the trouble with the disk begins or ends.
func (b *Box) Troubled() <-chan struct{} { return b.upset }

// Trouble says what is wrong with the disk; empty for nothing.
func (b *Box) Trouble() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch b.trouble.kind {
	case wire.DiskMemory:
		return "outbox is in memory only: " + b.trouble.why.Error()
	case wire.DiskFull:
		return "disk is full: only alarms and states are kept"
	case wire.DiskFailing:
		return "disk refuses what is written: " + b.trouble.why.Error()
	}
	return ""
}

// Disk is the same for programs, at a time of the terminal's clock; nil for nothing.
func (b *Box) Disk(now time.Time) *wire.DiskState {
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.trouble
	if t.kind == "" {
		return nil
	}
	path := t.path
	if path == "" {
		path = filepath.Dir(b.o.File)
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return &wire.DiskState{Kind: t.kind, Path: path, Since: wire.Millis(now.Add(-time.Since(t.since))), Lost: t.lost, Error: t.why.Error()}
}

// troubled takes a trouble as begun, or with none as ended.
func (b *Box) troubled(t trouble) {
	t.lost = b.trouble.lost
	if b.trouble.kind == "" {
		t.lost = 0
	}
	b.trouble = t
	select {
	case b.upset <- struct{}{}:
	default:
	}
}

// failed looks at why something was not written: a disk that refuses is a trouble like a full one.
func (b *Box) failed(err error) {
	if b.trouble.kind != "" || errors.Is(err, ErrFull) || !diskless(err) && code(err) != lib.SQLITE_CORRUPT {
		return
	}
	b.o.Log.Error("disk refuses what is written", "folder", filepath.Dir(b.o.File), "error", err)
	b.troubled(trouble{kind: wire.DiskFailing, since: time.Now(), why: err})
}

// kept looks at what was written.
func (b *Box) kept(batch Batch) {
	if b.trouble.kind == wire.DiskFailing && batch.refused.count == 0 {
		b.o.Log.Info("disk takes what is written again")
		b.troubled(trouble{})
	}
	if b.trouble.kind != "" {
		b.trouble.lost += batch.refused.count
	}
}

// Look tries whether the trouble has ended although nothing comes that is to be written, and tells the rest of
// what was lost.
func (b *Box) Look(ctx context.Context, boot string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch b.trouble.kind {
	case wire.DiskFull:
		if !b.room(ctx, time.Now()) {
			return nil
		}
	case wire.DiskFailing:
		if b.full(ctx) {
			return nil
		}
		b.kept(Batch{})
	case wire.DiskMemory:
		return nil
	}
	if b.st.untold(false) == 0 {
		return nil
	}
	batch := Batch{Boot: boot, Synced: true}
	return b.write(ctx, func(tx *sql.Tx, st *state) error { return b.tellLosses(ctx, tx, st, batch) })
}
