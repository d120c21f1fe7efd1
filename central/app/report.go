package app

import (
	"path/filepath"

	"github.com/fengsui/fengsui/central/internal/api"
	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/intake"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// cases are incidents and what belongs to them.
type cases struct {
	incidents *incident.Service
	intake    *intake.Service
}

// incidentsOf makes incidents and the inbox from which they come.
func incidentsOf(cfg config.Config, b *base, values *telemetry.Service) (cases, error) {
	categories, err := incident.LoadCategories(filepath.Join(cfg.FirmwareConfigs, "incidents", "categories.yml"))
	if err != nil {
		return cases{}, err
	}
	desks := incident.Desks{Accounts: b.accounts}
	incidents := incident.New(incident.Options{Store: store.NewIncidents(b.db), Tx: b.db, Desks: desks, Categories: categories, Events: b.bus})
	inbox := intake.New(intake.Options{Store: store.NewIntake(b.db), Tx: b.db, Desks: desks, Incidents: incidents, Alarms: values, Categories: categories, Events: b.bus})
	return cases{incidents, inbox}, nil
}

func (c cases) register(s *api.Server) {
	api.RegisterIncidents(s, c.incidents)
	api.RegisterIntake(s, c.intake)
}
