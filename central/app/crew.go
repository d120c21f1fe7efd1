package app

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/crew"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/ingest"
	"github.com/fengsui/fengsui/central/internal/store"
)

// crew brings messages to the people at the scenes.
func (c *Centre) crew(ctx context.Context, b *base, devices *device.Service, in *ingest.Ingest, incidents *incident.Service) *crew.Service {
	s := crew.New(crew.Options{
		Store: store.NewCrews(b.db), Tx: b.db, Devices: devices, Sender: in, Desks: incident.Desks{Accounts: b.accounts}, Incidents: incidents, Events: b.bus,
		Log: c.log.With("component", "crew"),
	})
	b.bus.Handle(s.OnEvent)
	s.Start(ctx)
	c.parts.Add("messages to crews", s.Stop)
	return s
}
