// Package app puts the centre together: it reads the configuration, makes every part, starts them in
// order and stops them in reverse. The command line and the tests use it; wire.go is the only file that
// sees everything. Rule that must never break: what was started is stopped, also when the start fails
// half-way.
package app

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

	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/shared/version"
)

// Options of every command.
type Options struct {
	ConfigFile string
	Out        io.Writer // what the command prints
	Log        io.Writer // nil: standard error
}

// stopTimeout is how long all parts together may take to end.
const stopTimeout = 20 * time.Second

// Centre is a running centre.
type Centre struct {
	log   *slog.Logger
	parts []part
	http  string // where the console and the API listen, host and port
}

// part is something that was started, with how to stop it.
type part struct {
	name string
	stop func(context.Context) error
}

// Serve runs the centre until the context ends.
func Serve(ctx context.Context, o Options) error {
	c, err := Start(ctx, o)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil // asked to end while it started
	}
	if err != nil {
		return err
	}
	<-ctx.Done()
	return c.Stop()
}

// Start starts the centre.
func Start(ctx context.Context, o Options) (*Centre, error) {
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return nil, err
	}
	c := &Centre{log: logger(cfg.Log, o.Log)}
	c.log.Info("centre starts", "version", version.Version, "commit", version.Commit, "data", cfg.Data)
	if err := c.build(ctx, cfg, o.Out); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	c.log.Info("centre is ready", "http", c.http)
	return c, nil
}

// Stop stops every part, the last started first, and waits for them.
func (c *Centre) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	var out error
	for _, v := range slices.Backward(c.parts) {
		if err := v.stop(ctx); err != nil {
			out = errors.Join(out, fmt.Errorf("stop %s: %w", v.name, err))
		}
	}
	c.parts = nil
	c.log.Info("centre has stopped")
	return out
}

// started registers how to stop what has just been started.
func (c *Centre) started(name string, stop func(context.Context) error) {
	c.parts = append(c.parts, part{name, stop})
}

func logger(l config.Log, out io.Writer) *slog.Logger {
	if out == nil {
		out = os.Stderr
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

// lockData makes the folder and takes it for this process alone: two centres on one folder would eat each
// other's telemetry.
func lockData(dir string) (func(context.Context) error, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	file := filepath.Join(dir, "lock")
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", file, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil { //nolint:gosec // a file descriptor fits
		return nil, errors.Join(fmt.Errorf("another centre runs on %s", dir), f.Close())
	}
	return func(context.Context) error { return f.Close() }, nil
}

// clearUnfinished removes the copies that a kill has left half-way.
func clearUnfinished(dir string) error {
	for _, prefix := range []string{backupPrefix, restorePrefix} {
		left, err := filepath.Glob(filepath.Join(dir, prefix+"*"))
		if err != nil {
			return fmt.Errorf("look for unfinished copies: %w", err)
		}
		for _, path := range left {
			if err := os.RemoveAll(path); err != nil {
				return fmt.Errorf("remove unfinished copy: %w", err)
			}
		}
	}
	return nil
}
