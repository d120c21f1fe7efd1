package app

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/fengsui/fengsui/edge/internal/enrol"
	"github.com/fengsui/fengsui/edge/internal/statuspage"
	"github.com/fengsui/fengsui/shared/tlsconf"
	"github.com/fengsui/fengsui/shared/version"
	"github.com/fengsui/fengsui/shared/wire"
)

// hello is what the terminal is.
func (a *Agent) hello(p *agentParts) wire.Hello {
	h := wire.Hello{
		Version: wire.Version, Agent: version.Version, Boot: p.boot, Name: a.cfg.Name, NameEN: a.cfg.NameEN, Division: a.cfg.Division, Place: place(a.cfg.Place),
		Sensors: p.declared, Applied: a.remote.state(), Clock: p.clock.State().Source, Maintenance: p.watch.Maintenance(),
	}
	for _, c := range a.cfg.Cameras {
		division, at := c.Division, c.Place
		if division == "" {
			division = a.cfg.Division
		}
		if at == nil {
			at = a.cfg.Place
		}
		h.Cameras = append(h.Cameras, wire.CameraDeclared{ID: c.ID, Name: c.Name, NameEN: c.NameEN, Division: division, Place: place(at), Demo: a.cfg.Demo})
	}
	return h
}

// report is how the terminal is.
func (a *Agent) report(ctx context.Context, p *agentParts) wire.Status {
	now, synced := p.clock.Now()
	st := wire.Status{
		State: "online", Boot: p.boot, Time: now.UnixMilli(), Synced: synced, Refused: p.collector.Refused(),
		Sensors: append(p.poller.States(), p.actuator.Sensors()...), Cameras: p.cameras(), Outputs: p.actuator.States(), Ring: p.ring.States(),
		RSSBytes: memory(), Agent: version.Version, Config: a.remote.digest, Applied: a.remote.state(), Trouble: p.box.Trouble(), Disk: p.box.Disk(now),
		Clock: p.clock.State(), KeepAlive: int(p.uplink.KeepAlive().Seconds()), Upgrade: p.upgrader.State(),
		Maintenance: p.watch.Maintenance(), Speaker: p.speakerState(),
	}
	spent := p.budget.State(now, synced)
	st.Budget = &spent
	if _, to, err := a.certificate(); err == nil {
		st.Certificate = wire.Millis(to)
	}
	stats, err := p.box.Stats(ctx)
	if err != nil {
		a.log.Warn("backlog is not known", "error", err)
		return st
	}
	st.Backlog, st.Lost = stats.Backlog, stats.Lost
	return st
}

// memory is the resident set of this process in bytes (proc(5), statm), 0 where that is not known.
func memory() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident uint64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		return 0
	}
	return resident * uint64(os.Getpagesize()) //nolint:gosec // positive
}

// certificate is the life of the certificate that the terminal shows to the centre.
func (a *Agent) certificate() (from, to time.Time, err error) {
	c := a.cfg.Centre
	if c.Cert == "" {
		id, err := enrol.Load(a.cfg.Data)
		if err != nil {
			return from, to, err
		}
		return id.Life()
	}
	pair, err := tlsconf.Pair(c.Cert, c.Key)
	if err != nil || pair.Leaf == nil {
		return from, to, err
	}
	return pair.Leaf.NotBefore, pair.Leaf.NotAfter, nil
}

func (a *Agent) openStatusPage(ctx context.Context, p *agentParts) error {
	if a.cfg.Status.Listen == "" {
		return nil
	}
	zone, err := time.LoadLocation(a.cfg.Status.Zone)
	if err != nil { // checked with the configuration
		return fmt.Errorf("find the time zone of the status page: %w", err)
	}
	page := &statuspage.Page{
		Edge: a.cfg.ID, Name: a.cfg.Name, Zone: zone, Log: a.log,
		Status: func(ctx context.Context) wire.Status { return a.report(ctx, p) },
		Link:   p.uplink.State, Crew: p.crew,
	}
	addr, err := page.Start(ctx, a.cfg.Status.Listen)
	if err != nil {
		return err
	}
	a.status = addr
	a.parts.Add("status page", page.Stop)
	return nil
}
