// Package app puts the agent together: devices, rules, outbox, uplink and pictures. The command line and
// the tests use it. Rule that must never break: what was measured is on disk before it is sent, and
// measuring goes on whatever the link does.
package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/fengsui/fengsui/edge/internal/config"
	"github.com/fengsui/fengsui/edge/internal/diagnose"
	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/version"
)

// Options of every command.
type Options struct {
	ConfigFile string
	Out        io.Writer // what the command prints
	Log        io.Writer // nil: standard error

	lines *diagnose.Lines // the last of the log, over restarts of the agent within the process
}

// stopTimeout is how long all parts together may take to end.
const stopTimeout = 10 * time.Second

// Agent is a running agent.
type Agent struct {
	cfg    config.Config
	log    *slog.Logger
	parts  run.Parts
	status string // address of the status page
	remote remoteConfig
	from   origin        // where this process comes from
	leave  chan struct{} // the process must hand over to another program
	lines  *diagnose.Lines
}

// Run runs the agent until the context ends, anew with each configuration that the centre gives. With a
// program in a slot that is to run, this process becomes that program.
func Run(ctx context.Context, o Options) error {
	if err := launch(o); err != nil {
		return err
	}
	o.lines = &diagnose.Lines{}
	for {
		a, err := Start(ctx, o)
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return a.Stop()
		case <-a.remote.again:
		case <-a.leave:
			poke(a.leave)
		}
		stopped := a.Stop()
		select {
		case <-a.leave:
			if stopped != nil {
				a.log.Error("agent stops badly for another program", "error", stopped)
			}
			return relaunch(a.from)
		default:
		}
		if stopped != nil {
			return stopped
		}
	}
}

// Start starts the agent. It needs neither the devices nor the centre to be there.
func Start(ctx context.Context, o Options) (*Agent, error) {
	if o.lines == nil {
		o.lines = &diagnose.Lines{}
	}
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

// logger writes where the options say, and keeps the last lines.
func (o Options) logger(c config.Log) *slog.Logger {
	out := o.Log
	if out == nil {
		out = os.Stderr
	}
	return run.Logger(c.Level, c.Format, io.MultiWriter(o.lines, out))
}

// prepare reads the file, takes the data folder and finds which configuration is to run.
func prepare(o Options) (*Agent, error) {
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return nil, err
	}
	a := &Agent{cfg: cfg, log: o.logger(cfg.Log), leave: make(chan struct{}, 1), lines: o.lines}
	if a.from, err = whence(cfg.Data); err != nil {
		return nil, err
	}
	unlock, err := run.Lock(cfg.Data, "agent")
	if err != nil {
		return nil, err
	}
	a.parts.Add("lock", unlock)
	if err := a.chooseConfig(o.ConfigFile); err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	a.log = o.logger(a.cfg.Log)
	return a, nil
}

// Stop stops every part, the last started first.
func (a *Agent) Stop() error {
	err := a.parts.Stop(stopTimeout)
	a.log.Info("agent has stopped")
	return err
}

// Addr is where the status page listens, empty when it is off.
func (a *Agent) Addr() string { return a.status }
