// Package app puts the agent together: devices, rules, outbox, uplink and pictures. The command line and
// the tests use it. Rule that must never break: what was measured is on disk before it is sent, and
// measuring goes on whatever the link does.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/fengsui/fengsui/edge/internal/config"
	"github.com/fengsui/fengsui/shared/version"
)

// Options of every command.
type Options struct {
	ConfigFile string
	Out        io.Writer // what the command prints
	Log        io.Writer // nil: standard error
}

// stopTimeout is how long all parts together may take to end.
const stopTimeout = 10 * time.Second

// Agent is a running agent.
type Agent struct {
	cfg    config.Config
	log    *slog.Logger
	parts  []part
	status string // address of the status page
	remote remoteConfig
}

// part is something that was started, with how to stop it.
type part struct {
	name string
	stop func(context.Context) error
}

// Run runs the agent until the context ends, anew with each configuration that the centre gives.
func Run(ctx context.Context, o Options) error {
	for {
		a, err := Start(ctx, o)
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return a.Stop()
		case <-a.remote.again:
		}
		if err := a.Stop(); err != nil {
			return err
		}
	}
}

// Start starts the agent. It needs neither the devices nor the centre to be there.
func Start(ctx context.Context, o Options) (*Agent, error) {
	for {
		a, err := prepare(o)
		if err != nil {
			return nil, err
		}
		a.log.Info("agent starts", "edge", a.cfg.ID, "version", version.Version, "commit", version.Commit, "configuration", a.remote.version())
		if err = a.build(ctx); err == nil {
			return a, nil
		}
		retreated := a.retreat(err)
		if err := errors.Join(err, a.Stop()); !retreated || ctx.Err() != nil {
			return nil, err
		}
	}
}

// prepare reads the file, takes the data folder and finds which configuration is to run.
func prepare(o Options) (*Agent, error) {
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return nil, err
	}
	a := &Agent{cfg: cfg, log: logger(cfg.Log, o.Log)}
	unlock, err := lockData(cfg.Data)
	if err != nil {
		return nil, err
	}
	a.started("lock", unlock)
	if err := a.chooseConfig(o.ConfigFile); err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	a.log = logger(a.cfg.Log, o.Log)
	return a, nil
}

// Stop stops every part, the last started first.
func (a *Agent) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	var out error
	for _, v := range slices.Backward(a.parts) {
		if err := v.stop(ctx); err != nil {
			out = errors.Join(out, fmt.Errorf("stop %s: %w", v.name, err))
		}
	}
	a.parts = nil
	a.log.Info("agent has stopped")
	return out
}

// Addr is where the status page listens, empty when it is off.
func (a *Agent) Addr() string { return a.status }

func (a *Agent) started(name string, stop func(context.Context) error) {
	a.parts = append(a.parts, part{name, stop})
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

// lockData makes the folder and takes it for this process alone: two agents on one outbox would send
// under one epoch.
func lockData(dir string) (func(context.Context) error, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	f, err := os.Open(dir) // itself, so that a full disk needs no room for a lock
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil { //nolint:gosec // a file descriptor fits
		return nil, errors.Join(fmt.Errorf("another agent runs on %s", dir), f.Close())
	}
	return func(context.Context) error { return f.Close() }, nil
}
