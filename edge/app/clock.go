package app

import (
	"context"
	"errors"
	"time"
)

const clockEvery = 10 * time.Second

// clockSet mends the times of what was taken before the clock was set; they were behind by so much.
func (a *Agent) clockSet(ctx context.Context, p *agentParts, behind time.Duration) {
	p.watch.Shift(behind)
	if err := errors.Join(p.collector.Flush(ctx), p.box.Rebase(ctx, p.boot, behind), p.box.Bound(ctx, p.boot)); err != nil {
		a.log.Error("times of readings are not mended", "error", err)
	}
}

// watchClock waits for the machine's own clock to be set, and notices its jumps.
func (a *Agent) watchClock(ctx context.Context, p *agentParts) {
	tick := time.NewTicker(clockEvery)
	defer tick.Stop()
	jumps := uint64(0)
	for {
		if behind, first := p.clock.Disciplined(); first {
			a.clockSet(ctx, p, behind)
		}
		p.clock.Now()
		if s := p.clock.State(); s.Jumps != jumps {
			jumps = s.Jumps
			a.log.Warn("machine's clock has jumped", "by_ms", s.Jump, "source", s.Source)
			p.uplink.Changed()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
