package app

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/fengsui/fengsui/edge/internal/budget"
	"github.com/fengsui/fengsui/edge/internal/enrol"
	"github.com/fengsui/fengsui/edge/internal/upgrade"
	"github.com/fengsui/fengsui/shared/version"
	"github.com/fengsui/fengsui/shared/wire"
)

// openUpgrade makes what works on upgrades.
func (a *Agent) openUpgrade(p *agentParts) error {
	keeper, err := upgrade.Open(a.cfg.Data, a.from.version)
	if err != nil {
		a.log.Error("memory of upgrades is lost", "error", err)
	}
	client, err := httpClient(a.cfg.Centre, p.budget, budget.Upgrade)
	if err != nil {
		return err
	}
	// A block over a thin link takes longer than any other request; each has its own limit.
	client.Timeout = 0
	o := upgrade.Options{
		Log: a.log.With("component", "upgrade"), Keeper: keeper, Slot: a.from.slot, Version: version.Version,
		Unsigned: a.cfg.Upgrade.Unsigned, Floor: a.cfg.Upgrade.Floor, Window: a.cfg.Upgrade.Confirm,
		URL: a.cfg.Centre.URL, Client: client,
		Level:   func() wire.BudgetLevel { return p.budget.Level(p.clock.Now()) },
		Busy:    a.remote.trying,
		Well:    func() (ok, bad map[string]error) { return well(append(p.poller.States(), p.actuator.Sensors()...)) },
		Changed: func() { p.changed() },
		Leave:   func() { poke(a.leave) },
	}
	if version.Compare(version.Floor, o.Floor) > 0 {
		o.Floor = version.Floor
	}
	key := a.cfg.Upgrade.Key
	if key == "" && !a.cfg.Upgrade.Unsigned {
		if id, err := enrol.Load(a.cfg.Data); err == nil {
			key = id.ReleaseKey
		}
	}
	if key != "" {
		if o.Key, err = wire.ReleaseKey(key); err != nil {
			return err
		}
	}
	p.upgrader = upgrade.New(o)
	return nil
}

// well says which devices answer, and which have answered with an error.
func well(states []wire.SensorState) (ok, bad map[string]error) {
	ok, bad = map[string]error{}, map[string]error{}
	for _, s := range states {
		switch {
		case s.OK:
			ok[s.ID] = nil
		case s.Error != "":
			bad[s.ID] = errors.New(s.Error)
		}
	}
	return ok, bad
}

// takeUpgrade is the command of the centre.
func (a *Agent) takeUpgrade(p *agentParts, body json.RawMessage) error {
	var w wire.Upgrade
	if err := json.Unmarshal(body, &w); err != nil {
		return fmt.Errorf("read command: %w", err)
	}
	if a.from.program == "" {
		return errors.New("this program was started out of its slot by hand and cannot hand over to another")
	}
	return p.upgrader.Offer(w)
}
