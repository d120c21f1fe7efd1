package app

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/ingest"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/sfu"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/wire"
)

// recordingDir is the folder of films in the data folder.
const recordingDir = "recordings"

// recording begins to keep pictures; it is nil when there are none.
func (c *Centre) recording(ctx context.Context, cfg config.Config, b *base, devices *device.Service, in *ingest.Ingest, router *sfu.SFU, pictures *video.Service) (*recording.Service, error) {
	if pictures == nil {
		return nil, nil //nolint:nilnil // switched off by configuration
	}
	dir := cmp.Or(cfg.Recording.Dir, filepath.Join(cfg.Data, recordingDir))
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make folder of recordings: %w", err)
	}
	s := recording.New(recording.Options{
		Store: store.NewRecordings(b.db), Tx: b.db, Devices: devices, Taps: router, Leases: pictures, Sender: in, Reporter: devices, Events: b.bus, Log: c.log.With("component", "recording"),
		Dir: dir, Quota: int64(cfg.Recording.Quota) << 30, Reserve: int64(cfg.Recording.Reserve) << 20,
		Preroll: time.Duration(cfg.Recording.Preroll) * time.Second,
		Burner:  recording.Burner{Program: cfg.Recording.Burn, Watermark: cfg.Recording.Watermark}, KeepClips: time.Duration(cfg.Recording.ClipDays) * 24 * time.Hour,
	})
	b.bus.Handle(s.OnEvent(func(e event.Event) (recording.Alarm, bool) {
		a, ok := e.Data.(telemetry.Alarm)
		if !ok || (e.Kind != telemetry.AlarmOpened && e.Kind != telemetry.AlarmReopened) {
			return recording.Alarm{}, false
		}
		return recording.Alarm{ID: a.ID, Device: a.Device, At: a.OpenedAt, Title: a.DeviceName + " " + a.RuleName, TitleEN: a.DeviceName + " " + cmp.Or(a.RuleNameEN, a.RuleName), Level: a.Level}, true
	}))
	b.bus.Handle(func(_ context.Context, e event.Event) {
		if r, ok := e.Data.(wire.CommandResult); ok && e.Kind == device.EventResult {
			s.Result(r)
		}
	})
	if err := s.Start(ctx); err != nil {
		return nil, err
	}
	c.parts.Add("recording", s.Stop)
	return s, nil
}
