package app

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/edge/internal/actuator"
	"github.com/fengsui/fengsui/edge/internal/alarm"
	"github.com/fengsui/fengsui/edge/internal/clock"
	"github.com/fengsui/fengsui/edge/internal/config"
	"github.com/fengsui/fengsui/edge/internal/deadband"
	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/edge/internal/poller"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/wire"
)

// openSensors reads profiles and rules and makes the devices; nothing is read yet.
func (a *Agent) openSensors(ctx context.Context, p *agentParts) error {
	profiles, bad, err := profile.ReadDir(filepath.Join(a.cfg.FirmwareConfigs, "profiles"))
	if err != nil {
		return err
	}
	for _, err := range bad {
		a.log.Warn("a profile cannot be read; devices that need it cannot run", "error", err)
	}
	p.poller = &poller.Poller{
		Log: a.log.With("component", "poller"), Now: p.clock.Now,
		Take:    func(ctx context.Context, r poller.Readings) error { return take(ctx, p, r) },
		Get:     p.box.Get,
		Changed: func() { p.uplink.Changed() },
	}
	p.actuator = &actuator.Actuator{
		Keep: func(ctx context.Context, values map[string][]byte) error { return p.collector.Event(ctx, nil, values) },
		Now:  p.clock.Now, Uptime: clock.Uptime, Changed: func() { p.uplink.Changed() }, Log: a.log.With("component", "actuator"),
	}
	p.deadband = deadband.New(func() float64 { return deadbandFactor(p.budget.Level(p.clock.Now())) })
	a.parts.Add("deadband", func(context.Context) error { p.collector.Take(p.deadband.Rest(), true); return nil })
	openers := drivers()
	for i, s := range a.cfg.Sensors {
		kind, open, err := kindOf(i, s, profiles, bad, openers)
		if err != nil {
			return a.cfg.Locate(err)
		}
		o, err := a.options(s, kind, p.clock.Satellite)
		if err != nil {
			return err
		}
		d, err := open(o)
		if err != nil {
			return err
		}
		every := s.Every
		if every == 0 {
			every = time.Duration(kind.Every)
		}
		if len(kind.Series) > 0 {
			p.poller.Sensors = append(p.poller.Sensors, poller.Sensor{ID: s.ID, Every: every, Device: d})
		}
		if len(kind.Outputs) > 0 {
			sw, ok := d.(driver.Switch)
			if !ok {
				return fmt.Errorf("open sensor %s: the driver for %s switches nothing", s.ID, kind.Protocol)
			}
			p.actuator.Devices = append(p.actuator.Devices, actuator.Device{ID: s.ID, Switch: sw, Outputs: kind.Outputs, Own: len(kind.Series) == 0})
		}
		p.deadband.Add(s.ID, kind.Series)
		p.declared = append(p.declared, a.declare(s, kind))
	}
	return a.openRules(ctx, p)
}

// kindOf finds the profile of a sensor, by its place in the list, and the driver that speaks its protocol.
func kindOf(i int, s config.Sensor, profiles map[string]*profile.Profile, bad []error, openers map[string]driver.Opener) (*profile.Profile, driver.Opener, error) {
	kind := profiles[s.Profile]
	if kind == nil {
		text := fmt.Sprintf("there is no profile %q at this terminal", s.Profile)
		if near := strict.Nearest(s.Profile, slices.Collect(maps.Keys(profiles))); near != "" {
			text += fmt.Sprintf("; is %s meant?", near)
		}
		if i := slices.IndexFunc(bad, func(err error) bool { return strings.Contains(err.Error(), s.Profile) }); i >= 0 {
			text += "; " + bad[i].Error() // it may be the one that is meant
		}
		return nil, nil, strict.Bad(fmt.Sprintf("sensors.%d.profile", i), "%s", text)
	}
	open := openers[kind.Protocol]
	if open == nil {
		return nil, nil, strict.Bad(fmt.Sprintf("sensors.%d.profile", i), "there is no driver for %s", kind.Protocol)
	}
	return kind, open, nil
}

// openRules reads the rules and what they, and the outputs that they switch, remember of the last run.
func (a *Agent) openRules(ctx context.Context, p *agentParts) (err error) {
	p.watch = &alarm.Watch{Devices: p.declared, Outbox: p.collector, Now: p.clock.Now, Uptime: clock.Uptime, Log: a.log.With("component", "alarm")}
	if g := a.cfg.Given; g != nil && g.Rules != nil {
		p.watch.Rules = g.Rules
	} else if dir := a.cfg.RulesDir(); dir != "" {
		if p.watch.Rules, err = rule.Load(dir); err != nil {
			return err
		}
	}
	p.watch.Outputs = p.actuator
	if err := p.watch.Load(ctx, p.box.Get); err != nil {
		return err
	}
	return p.actuator.Load(ctx, p.box.Get, p.watch.Wants)
}

// options are what the driver of a sensor must know.
func (a *Agent) options(s config.Sensor, kind *profile.Profile, satellite func(time.Time) error) (driver.Options, error) {
	o := driver.Options{ID: s.ID, Address: s.Address, Station: s.Station, Profile: kind}
	if s.Unit != nil {
		o.Unit = *s.Unit
	}
	if !a.cfg.Demo {
		o.Time = satellite
	}
	for _, l := range a.cfg.Serial {
		if l.Port == s.Address {
			o.Serial = driver.Serial{Baud: l.Baud, DataBits: l.DataBits, Parity: l.Parity, StopBits: l.StopBits}
		}
	}
	if s.SecretFile != "" {
		text, err := os.ReadFile(s.SecretFile)
		if err != nil {
			return o, fmt.Errorf("open sensor %s: %w", s.ID, err)
		}
		o.Secret = strings.TrimSpace(string(text))
	}
	return o, nil
}

// take keeps readings and watches them. Readings whose time nobody has set are uncertain.
func take(ctx context.Context, p *agentParts, r poller.Readings) error {
	_, synced := p.clock.Now()
	for i := range r.List {
		if !synced && r.List[i].Quality == wire.Good {
			r.List[i].Quality = wire.Uncertain
		}
	}
	kept := p.deadband.Pass(r.List, synced)
	if r.Keep {
		lane := wire.LaneTelemetry
		if r.Urgent {
			lane = wire.LaneAlarm
		}
		if err := p.collector.Keep(ctx, kept, lane, synced, r.Values); err != nil {
			return err
		}
	} else {
		p.collector.Take(kept, synced)
	}
	p.watch.Take(ctx, r.List)
	for _, one := range r.List {
		p.crew.Reading(ctx, one)
	}
	return nil
}

func (a *Agent) declare(s config.Sensor, kind *profile.Profile) wire.SensorDeclared {
	division, at := s.Division, s.Place
	if division == "" {
		division = a.cfg.Division
	}
	if at == nil {
		at = a.cfg.Place
	}
	return wire.SensorDeclared{
		ID: s.ID, Name: s.Name, NameEN: s.NameEN, Class: kind.Class, Profile: kind.ID, Division: division, Place: place(at),
		Demo: a.cfg.Demo || kind.Protocol == profile.Recording, Series: kind.Declared(),
	}
}
