package app

import (
	"context"
	"path/filepath"

	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/drill"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
)

// drills makes exercises and follows their scripts.
func (c *Centre) drills(ctx context.Context, cfg config.Config, b *base, events cases, plans *plan.Service, responses *response.Service, messages *notice.Service, clocks *deadline.Service, rosters *duty.Service) (*drill.Service, error) {
	pack, err := drill.LoadPack(filepath.Join(cfg.FirmwareConfigs, "drills"))
	if err != nil {
		return nil, err
	}
	s := drill.New(drill.Options{
		Store: store.NewDrills(b.db), Tx: b.db, Desks: incident.Desks{Accounts: b.accounts}, People: b.accounts, Plans: plans, Incidents: events.incidents, Responses: responses,
		Notices: messages, Roster: rosters, Clocks: clocks, Printer: document.Printer{Fonts: document.Fonts{Dir: cfg.Fonts}}, Events: b.bus, Pack: pack, URL: cfg.HTTP.PublicURL, Log: c.log.With("component", "drill"),
	})
	responses.Live = s.Live
	s.Start(ctx)
	c.parts.Add("exercises", s.Stop)
	return s, nil
}
