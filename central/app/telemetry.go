package app

import (
	"context"
	"path/filepath"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/maintenance"
	"github.com/fengsui/fengsui/central/internal/rulebook"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/tsdb"
	"github.com/fengsui/fengsui/central/internal/tsdb/influx"
	"github.com/fengsui/fengsui/shared/rule"
)

// telemetryFiles opens the readings.
func (c *Centre) telemetryFiles(ctx context.Context, cfg config.Config, holds telemetry.HoldStore, remote *influx.Client) (*tsdb.DB, error) {
	days := func(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
	o := tsdb.Options{
		Dir: filepath.Join(cfg.Data, telemetryName), SealEvery: time.Duration(cfg.Telemetry.SealAfter) * time.Minute, Log: c.log,
		Keep: tsdb.Keep{
			Readings: days(cfg.Telemetry.KeepReadings), Rollups: days(cfg.Telemetry.KeepRollups),
			Held: func(ctx context.Context, from, to time.Time) (bool, error) {
				return telemetry.Held(ctx, holds, from, to)
			},
		},
		Reserve: int64(cfg.Telemetry.Reserve) << 20,
	}
	if remote != nil {
		o.SealEvery, o.Remote = 0, remote
	}
	db, err := tsdb.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	c.parts.Add("telemetry files", func(context.Context) error { return db.Close() })
	return db, db.Start(ctx)
}

// rulebook reads the rules that are kept, and those of the files beside them.
func (b *base) rulebook(ctx context.Context, cfg config.Config, devices *device.Service) (*rulebook.Service, error) {
	shipped, err := rule.Load(filepath.Join(cfg.FirmwareConfigs, "rules"))
	if err != nil {
		return nil, err
	}
	s, err := rulebook.New(rulebook.Options{
		Store: store.NewRulebook(b.db), Tx: b.db, Devices: devices, Events: b.bus, Division: cfg.Division, Log: b.centre.log.With("component", "rules"),
		Critical: cfg.Telemetry.MaintenanceCritical, OverrideMax: time.Duration(cfg.Telemetry.OverrideMax) * time.Hour,
	})
	if err != nil {
		return nil, err
	}
	return s, s.Load(ctx, shipped)
}

// telemetry begins to watch the readings.
func (c *Centre) telemetry(ctx context.Context, cfg config.Config, b *base, devices *device.Service, work *maintenance.Service, db *tsdb.DB, rules []rule.Rule) (*telemetry.Service, error) {
	policy, err := telemetry.LoadPolicy(filepath.Join(cfg.FirmwareConfigs, "escalation", "default.yml"))
	if err != nil {
		return nil, err
	}
	background, stop := context.WithCancel(actor.WithSystem(context.WithoutCancel(ctx), "devices"))
	ended := make(chan error, 1)
	go func() { ended <- devices.Run(background) }()
	c.parts.Add("devices", func(context.Context) error { stop(); return <-ended })

	s := &telemetry.Service{
		Store: db, Forward: db, Alarms: store.NewAlarms(b.db), Quarantine: store.NewQuarantine(b.db), LegalHolds: store.NewHolds(b.db), Tx: b.db,
		Devices: devices, Rules: rules, Events: b.bus, Policies: store.NewPolicies(b.db), Windows: work, Escalation: policy, Top: cfg.Division,
		ShelveMax: time.Duration(cfg.Telemetry.ShelveMax) * time.Hour,
		Log:       c.log.With("component", "telemetry"),
	}
	b.bus.Handle(s.OnEvent)
	if err := s.Start(ctx); err != nil {
		return nil, err
	}
	c.parts.Add("telemetry", s.Stop)
	return s, nil
}

// maintenance begins to watch what is being worked on; its rules are set when there are some.
func (c *Centre) maintenance(ctx context.Context, cfg config.Config, b *base, devices *device.Service, book *rulebook.Service) (*maintenance.Service, error) {
	s := &maintenance.Service{
		Store: store.NewMaintenance(b.db), Tx: b.db, Devices: devices, Book: book, Events: b.bus, Log: c.log.With("component", "maintenance"),
		Limits: maintenance.Limits{
			MaxHours: cfg.Telemetry.MaintenanceMax, RepeatDays: cfg.Telemetry.MaintenanceRepeat, BreakHours: cfg.Telemetry.MaintenanceBreak, Critical: cfg.Telemetry.MaintenanceCritical,
		},
	}
	if err := s.Start(ctx); err != nil {
		return nil, err
	}
	c.parts.Add("maintenance", s.Stop)
	return s, nil
}
