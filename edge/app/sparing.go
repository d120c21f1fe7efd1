package app

import (
	"context"
	"errors"
	"time"

	"github.com/fengsui/fengsui/edge/internal/budget"
	"github.com/fengsui/fengsui/edge/internal/outbox"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	keepBudget  = "budget"
	budgetEvery = time.Minute // as much of the count dies with a killed agent
)

var errUsedUp = errors.New(wire.RefusedBudget)

// deadbandFactor is by how much wider a change must be to be sent by itself.
func deadbandFactor(level wire.BudgetLevel) float64 {
	if level == wire.BudgetNormal {
		return 1
	}
	return 2
}

// openBudget goes on counting from the last run. A count that cannot be read begins anew: no picture and no
// reading is worth stopping for it.
func (a *Agent) openBudget(ctx context.Context, p *agentParts) {
	b := a.cfg.Budget
	zone, err := time.LoadLocation(b.Zone) // checked with the configuration
	if err != nil {
		a.log.Warn("time zone of the budget is not known, the machine's holds", "zone", b.Zone, "error", err)
	}
	o := budget.Options{Zone: zone, Limit: int64(b.MonthlyMB) * mega, ResetDay: b.ResetDay, Eco: b.Eco, Alarms: b.Alarms}
	kept, err := p.box.Get(ctx, keepBudget)
	if err != nil {
		a.log.Warn("count of bytes is not known", "error", err)
	}
	if p.budget, err = budget.New(o, kept); err != nil {
		a.log.Warn("count of bytes begins anew", "error", err)
	}
	a.background(ctx, "budget", func(ctx context.Context) { a.watchBudget(ctx, p) })
}

// watchBudget keeps the count and tells when the level changes.
func (a *Agent) watchBudget(ctx context.Context, p *agentParts) {
	level := wire.BudgetNormal
	tick := time.NewTicker(budgetEvery)
	defer tick.Stop()
	for done := false; !done; {
		select {
		case <-ctx.Done():
			done = true
		case <-tick.C:
		}
		if now := p.budget.Level(p.clock.Now()); now != level {
			a.log.Warn("data budget", "level", now, "before", level)
			level = now
			p.uplink.Changed()
		}
		text, err := p.budget.Save()
		if err == nil && text != nil {
			err = p.box.Append(context.WithoutCancel(ctx), outbox.Batch{Boot: p.boot, Keep: map[string][]byte{keepBudget: text}})
		}
		if err != nil {
			a.log.Warn("count of bytes is not kept", "error", err)
		}
	}
}
