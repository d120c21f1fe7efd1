package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	lib "modernc.org/sqlite/lib"

	"github.com/fengsui/fengsui/shared/wire"
)

const (
	reserveSize  = 4 << 20         // of the disk, for alarms and acknowledgements when everything else is full
	reserveAgain = time.Minute     // how often it is tried whether the disk has room again
	memoryMost   = int64(16 << 20) // of an outbox that has no disk
)

// reserve keeps a file whose room is given to alarms when the disk is full. While it is given away, nothing
// but alarms, states and acknowledgements is written.
type reserve struct {
	file  string
	given bool
	tried time.Time
}

// set makes the file; one that is there is taken as it is.
func (r *reserve) set() error {
	if r.file == "" {
		return nil
	}
	if at, err := os.Stat(r.file); err == nil && at.Size() == reserveSize {
		return nil
	}
	if err := os.WriteFile(r.file, make([]byte, reserveSize), 0o600); err != nil {
		return errors.Join(fmt.Errorf("reserve room for alarms: %w", err), drop(r.file))
	}
	return nil
}

// give gives the room away and reports whether there was any.
func (r *reserve) give(now time.Time) (bool, error) {
	if r.given {
		return false, nil
	}
	r.given, r.tried = true, now
	if r.file == "" {
		return true, nil
	}
	return true, drop(r.file)
}

// room reports whether anything but alarms may be written. Now and then it tries to take the reserve back.
func (b *Box) room(ctx context.Context, now time.Time) bool {
	if !b.reserve.given {
		return true
	}
	if now.Sub(b.reserve.tried) < reserveAgain {
		return false
	}
	b.reserve.tried = now
	if b.limit(ctx, 0) != nil || b.full(ctx) || b.reserve.set() != nil {
		return false
	}
	b.reserve.given = false
	b.o.Log.Info("disk has room again")
	if b.memory == nil {
		b.troubled(trouble{})
	}
	return true
}

// full tries whether a small write finds room. What the centre has stored already gives way first.
func (b *Box) full(ctx context.Context) bool {
	const probe = "probe"
	return errors.Join(
		b.write(ctx, func(tx *sql.Tx, st *state) error { return b.trim(ctx, tx, st, 0) }),
		b.write(ctx, func(tx *sql.Tx, _ *state) error { return put(ctx, tx, probe, make([]byte, 16<<10)) }),
		b.write(ctx, func(tx *sql.Tx, _ *state) error { return put(ctx, tx, probe, []byte{}) }),
	) != nil
}

// giveReserve makes room for alarms on a full disk.
func (b *Box) giveReserve(ctx context.Context, why error) {
	given, err := b.reserve.give(time.Now())
	if given {
		b.o.Log.Error("disk is full; only alarms and states are kept", "folder", filepath.Dir(b.o.File), "error", why)
		if b.memory == nil {
			b.troubled(trouble{kind: wire.DiskFull, since: time.Now(), why: why})
		}
		if err := errors.Join(err, b.limit(ctx, reserveSize)); err != nil {
			b.o.Log.Error("reserve could not be given", "error", err)
		}
	}
}

// limit sets the most that the file may take, where there is such a limit.
func (b *Box) limit(ctx context.Context, more int64) error {
	if b.o.MaxFile <= 0 {
		return nil
	}
	var page int64
	if err := b.db.QueryRowContext(ctx, `pragma page_size`).Scan(&page); err != nil {
		return err
	}
	_, err := b.db.ExecContext(ctx, fmt.Sprintf(`pragma max_page_count(%d)`, max((b.o.MaxFile+more)/page, 16)))
	return err
}

// urgent reports whether a batch holds nothing but alarms and states.
func (b *Batch) urgent() bool {
	for _, e := range b.Entries {
		if e.Lane != wire.LaneAlarm && e.Lane != wire.LaneState {
			return false
		}
	}
	return true
}

// diskless reports whether an error means that the disk cannot be used for now, so that an outbox in memory
// is better than none.
func diskless(err error) bool {
	switch code(err) {
	case lib.SQLITE_FULL, lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY:
		return true
	}
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EIO) || errors.Is(err, fs.ErrPermission)
}

// openMemory begins an outbox that has no file: alarms pass and rules work; what is in it dies with the
// agent, and the status says so.
func (b *Box) openMemory(ctx context.Context, why error) error {
	b.o.Log.Error("outbox cannot be opened; it is in memory only", "error", why)
	b.memory, b.reserve = why, reserve{}
	b.troubled(trouble{kind: wire.DiskMemory, since: time.Now(), why: why, path: filepath.Dir(b.o.File)})
	b.o.File, b.o.MaxFile = "", memoryMost
	b.o.Telemetry, b.o.Bulk, b.o.GraceSize = min(b.o.Telemetry, memoryMost/4), min(b.o.Bulk, memoryMost/8), min(b.o.GraceSize, memoryMost/8)
	return b.open(ctx)
}
