package app

import (
	"path/filepath"

	"github.com/fengsui/fengsui/central/internal/api"
	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/intake"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// cases are incidents and what belongs to them.
type cases struct {
	incidents *incident.Service
	intake    *intake.Service
	reports   *report.Service
}

// incidentsOf makes incidents, the inbox from which they come, and the reports about them.
func incidentsOf(cfg config.Config, b *base, devices *device.Service, values *telemetry.Service, rosters *duty.Service, clocks *deadline.Service) (cases, error) {
	categories, err := incident.LoadCategories(filepath.Join(cfg.FirmwareConfigs, "incidents", "categories.yml"))
	if err != nil {
		return cases{}, err
	}
	desks := incident.Desks{Accounts: b.accounts}
	incidents := incident.New(incident.Options{Store: store.NewIncidents(b.db), Tx: b.db, Desks: desks, Categories: categories, Events: b.bus})
	inbox := intake.New(intake.Options{Store: store.NewIntake(b.db), Tx: b.db, Desks: desks, Incidents: incidents, Alarms: values, Devices: devices, Categories: categories, Events: b.bus})
	templates, err := report.LoadTemplates(filepath.Join(cfg.FirmwareConfigs, "reports", "templates.yml"))
	if err != nil {
		return cases{}, err
	}
	grading, err := report.LoadGrading(filepath.Join(cfg.FirmwareConfigs, "reports", "grading.yml"))
	if err != nil {
		return cases{}, err
	}
	reports := report.New(report.Options{
		Store: store.NewReports(b.db), Tx: b.db, Desks: desks, Incidents: incidents, Clocks: clocks, Book: clocks.Book, Templates: templates, Grading: grading,
		Categories: categories, Periods: rosters, Events: b.bus, Log: b.centre.log.With("component", "report"),
	})
	incidents.Follow = reports.Follow
	clocks.On(report.OwnerKind, reports.OnClock)
	clocks.On(report.TaskKind, reports.OnTask)
	clocks.OnMove(report.TaskKind, reports.OnMove)
	clocks.On(report.DailyKind, reports.OnDaily)
	b.bus.Handle(reports.OnEvent)
	return cases{incidents, inbox, reports}, nil
}

func (c cases) register(s *api.Server) {
	api.RegisterIncidents(s, c.incidents)
	api.RegisterIntake(s, c.intake)
	api.RegisterReports(s, c.reports)
}
