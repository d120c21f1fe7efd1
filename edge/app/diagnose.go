package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/fengsui/fengsui/edge/internal/clock"
	"github.com/fengsui/fengsui/edge/internal/diagnose"
	"github.com/fengsui/fengsui/edge/internal/uplink"
	"github.com/fengsui/fengsui/shared/wire"
)

// diagnoses answers what a technician at the centre asks.
func (a *Agent) diagnoses(p *agentParts) uplink.Answerer {
	desk := &diagnose.Desk{
		Log: a.log.With("component", "diagnose"), Secrets: a.secrets,
		Sparing: func() bool { return p.budget.Level(p.clock.Now()) == wire.BudgetAlarms },
		Questions: map[string]diagnose.Question{
			"status": func(ctx context.Context, _ wire.Diagnose) (any, error) { return a.report(ctx, p), nil },
			"log": func(_ context.Context, ask wire.Diagnose) (any, error) {
				if ask.Lines == 0 {
					ask.Lines = wire.DefaultLogLines
				}
				return a.lines.Last(ask.Lines), nil
			},
			"network": func(ctx context.Context, _ wire.Diagnose) (any, error) { return a.network(ctx, p) },
			"clock":   func(context.Context, wire.Diagnose) (any, error) { return clocks(p), nil },
			"disk": func(context.Context, wire.Diagnose) (any, error) {
				return diagnose.LookAtDisk(a.cfg.Data), nil
			},
			"outbox": func(ctx context.Context, _ wire.Diagnose) (any, error) { return backlog(ctx, p) },
			"driver": func(ctx context.Context, ask wire.Diagnose) (any, error) { return p.poller.Look(ctx, ask.Device) },
			"camera": func(ctx context.Context, ask wire.Diagnose) (any, error) { return p.publisher.Look(ctx, ask.Device) },
			"goroutines": func(context.Context, wire.Diagnose) (any, error) {
				return diagnose.Profile("goroutine")
			},
			"heap": func(context.Context, wire.Diagnose) (any, error) { return diagnose.Profile("heap") },
		},
	}
	return func(ctx context.Context, body json.RawMessage) ([]byte, error) {
		text, err := desk.Answer(ctx, body)
		if errors.Is(err, diagnose.ErrTooOften) {
			err = fmt.Errorf("%w: %w", uplink.ErrBusy, err)
		}
		return text, err
	}
}

// secrets are the words that this terminal must keep.
func (a *Agent) secrets() []string {
	files := []string{}
	for _, s := range a.cfg.Sensors {
		files = append(files, s.SecretFile)
	}
	for _, c := range a.cfg.Cameras {
		files = append(files, c.PasswordFile)
	}
	var out []string
	for _, f := range files {
		if text, err := os.ReadFile(f); err == nil {
			out = append(out, string(bytes.TrimSpace(text)))
		}
	}
	return out
}

// pingWithin is how long the acknowledgement of a message may take.
const pingWithin = 8 * time.Second

func (a *Agent) network(ctx context.Context, p *agentParts) (any, error) {
	interfaces, err := diagnose.Interfaces()
	if err != nil {
		return nil, err
	}
	out := diagnose.Network{Interfaces: interfaces, Routes: []diagnose.Route{}, Link: p.uplink.State()}
	if f, err := os.Open("/proc/net/route"); err == nil {
		out.Routes = diagnose.Routes(f)
		_ = f.Close() // it was only read
	}
	if u, err := url.Parse(a.cfg.Centre.URL); err == nil {
		out.DNS = diagnose.Resolve(ctx, u.Hostname())
	}
	out.Signal = diagnose.ReadSignal(ctx, a.cfg.Diagnose.SignalFile, a.cfg.Diagnose.SignalCommand)
	ctx, cancel := context.WithTimeout(ctx, pingWithin)
	defer cancel()
	took, err := p.uplink.Ping(ctx)
	if err != nil {
		out.Error = err.Error()
	}
	out.RoundTrip = float64(took.Microseconds()) / 1000
	return out, nil
}

func clocks(p *agentParts) any {
	now, set := p.clock.Now()
	_, up := clock.Uptime()
	return struct {
		Now     time.Time        `json:"now"`
		Set     bool             `json:"set"`
		Centre  time.Time        `json:"centre"` // the centre's time as reckoned here
		Machine time.Time        `json:"machine"`
		UpS     int64            `json:"up_s"`
		State   *wire.ClockState `json:"state"`
	}{now.UTC(), set, p.clock.CentreNow().UTC(), time.Now().UTC(), int64(up.Seconds()), p.clock.State()}
}

func backlog(ctx context.Context, p *agentParts) (any, error) {
	stats, err := p.box.Stats(ctx)
	if err != nil {
		return nil, err
	}
	link := p.uplink.State()
	return struct {
		wire.Backlog
		Lost    uint64 `json:"lost"`
		Grace   int64  `json:"grace_bytes"` // that the centre has, kept in case that it asks again
		Refused uint64 `json:"refused"`
		Trouble string `json:"trouble,omitempty"`
		Flight  int    `json:"in_flight"`
		Window  int    `json:"window"`
		Resent  uint64 `json:"resent"`
	}{stats.Backlog, stats.Lost, stats.Grace, p.collector.Refused(), p.box.Trouble(), link.InFlight, link.Window, link.Resent}, nil
}
