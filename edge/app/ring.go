package app

import (
	"path/filepath"
	"slices"
	"time"

	"github.com/fengsui/fengsui/edge/internal/budget"
	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/ring"
	"github.com/fengsui/fengsui/shared/disk"
	"github.com/fengsui/fengsui/shared/wire"
)

// ringDir is the folder of recordings in the data folder.
const ringDir = "ring"

// openRing makes what records cameras here. It leaves the outbox the room that this may take.
func (a *Agent) openRing(p *agentParts, cameras []camera.Options, sounds map[string]ring.Sound) error {
	client, err := httpClient(a.cfg.Centre, p.budget, budget.Video)
	if err != nil {
		return err
	}
	client.Timeout = 0 // each request has its own limit
	var recorded []ring.Camera
	for _, c := range cameras {
		if !a.cfg.Records(c.ID) {
			continue
		}
		one := ring.Camera{ID: c.ID, Picture: p.publisher.Camera(c.ID)}
		if !a.cfg.Ring.Mute {
			one.Hears, one.Sound = c.Sound, sounds[c.ID]
		}
		recorded = append(recorded, one)
	}
	outbox := a.cfg.Outbox
	p.ring, err = ring.New(ring.Options{
		Log: a.log, Dir: filepath.Join(a.cfg.Data, ringDir), Quota: int64(a.cfg.Ring.QuotaMB) * mega, Keep: a.cfg.Ring.Keep, Cameras: recorded,
		Spare: int64(outbox.TelemetryMB+outbox.BulkMB+outbox.GraceMB) * mega, Free: func() (int64, error) { return disk.Free(a.cfg.Data) },
		Now: func() time.Time { now, _ := p.clock.Now(); return now },
		URL: a.cfg.Centre.URL, Client: client,
		Rate:    func() int64 { return uploadRate(a.cfg.Ring.Kbps, p.publisher.States()) },
		Level:   func() wire.BudgetLevel { return p.budget.Level(p.clock.Now()) },
		Changed: p.changed,
	})
	return err
}

// uploadRate is how many bytes of recordings may go up in a second: a quarter while a picture of any size is sent, which
// comes first.
func uploadRate(kbps int, cameras []wire.CameraState) int64 {
	rate := int64(kbps) * 1000 / 8
	if slices.ContainsFunc(cameras, func(c wire.CameraState) bool { return c.Sending || c.Sub != nil && c.Sub.Sending }) {
		rate /= 4
	}
	return rate
}
