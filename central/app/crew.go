package app

import (
	"context"
	"fmt"
	"io"

	"github.com/fengsui/fengsui/central/internal/crew"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/ingest"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/video"
)

// crew brings messages to the people at the scenes.
func (c *Centre) crew(ctx context.Context, b *base, devices *device.Service, in *ingest.Ingest, incidents *incident.Service, kept *recording.Service, pictures *video.Service) *crew.Service {
	var phones crew.Phones
	if pictures != nil {
		phones = pictures
	}
	s := crew.New(crew.Options{
		Store: store.NewCrews(b.db), Tx: b.db, Devices: devices, Sender: in, Desks: incident.Desks{Accounts: b.accounts}, Incidents: incidents, Pictures: snapshots{kept}, Phones: phones, Events: b.bus,
		Log: c.log.With("component", "crew"),
	})
	b.bus.Handle(s.OnEvent)
	s.Start(ctx)
	c.parts.Add("messages to crews", s.Stop)
	return s
}

// snapshots reads pictures that were frozen; without recordings there are none.
type snapshots struct{ kept *recording.Service }

// Frozen implements crew.Pictures.
func (s snapshots) Frozen(ctx context.Context, id string) (stream string, file []byte, err error) {
	if s.kept == nil {
		return "", nil, errs.E(errs.NotFound, "recording.no_snapshot", "this centre keeps no snapshots")
	}
	p, in, err := s.kept.Picture(ctx, id, false)
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = in.Close() }()
	file, err = io.ReadAll(io.LimitReader(in, recording.MaxSnapshot))
	if err != nil {
		return "", nil, fmt.Errorf("read snapshot: %w", err)
	}
	return p.Stream, file, nil
}
