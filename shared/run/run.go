// Package run is how both programs start and end: their log, the folder that one process owns, and the
// parts that are stopped in reverse. Rule that must never break: every part that was started is stopped,
// whatever the others say.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// Parts are what was started. The zero value is ready.
type Parts struct{ list []part }

type part struct {
	name string
	stop func(context.Context) error
}

// Add registers how to stop what has just been started.
func (p *Parts) Add(name string, stop func(context.Context) error) {
	p.list = append(p.list, part{name, stop})
}

// Stop stops every part, the last started first, and waits for them, together no longer than within. A
// second Stop does nothing.
func (p *Parts) Stop(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	var out error
	for _, v := range slices.Backward(p.list) {
		if err := v.stop(ctx); err != nil {
			out = errors.Join(out, fmt.Errorf("stop %s: %w", v.name, err))
		}
	}
	p.list = nil
	return out
}

// Logger writes to out, or to standard error when that is nil, as "json" or as text. An unknown level is info.
func Logger(level, format string, out io.Writer) *slog.Logger {
	if out == nil {
		out = os.Stderr
	}
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		least = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: least}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

// Lock makes the folder and takes it for this process alone until the returned function is called; who is
// the program in the error. It locks the folder itself, so that a full disk needs no room for a lock.
func Lock(dir, who string) (func(context.Context) error, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil { //nolint:gosec // a file descriptor fits
		return nil, errors.Join(fmt.Errorf("another %s runs on %s", who, dir), f.Close())
	}
	return func(context.Context) error { return f.Close() }, nil
}

// Replace writes a file, readable by its owner alone, so that a power cut leaves the old or the new one.
func Replace(file string, text []byte) error {
	f, err := os.OpenFile(file+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(file+".new", file); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(file))
}

// SyncDir makes sure that what was renamed in a folder stays renamed after a power cut.
func SyncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
