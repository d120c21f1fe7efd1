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
	"time"

	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/shared/run"
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
	parts run.Parts
	http  string // where the console and the API listen, host and port
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
	c := &Centre{log: run.Logger(cfg.Log.Level, cfg.Log.Format, o.Log)}
	c.log.Info("centre starts", "version", version.Version, "commit", version.Commit, "data", cfg.Data)
	if err := c.build(ctx, cfg, o.Out); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	c.log.Info("centre is ready", "http", c.http)
	return c, nil
}

// Stop stops every part, the last started first, and waits for them.
func (c *Centre) Stop() error {
	err := c.parts.Stop(stopTimeout)
	c.log.Info("centre has stopped")
	return err
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
