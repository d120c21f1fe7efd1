package app

import (
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fengsui/fengsui/edge/internal/budget"
	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/config"
	"github.com/fengsui/fengsui/edge/internal/ring"
	"github.com/fengsui/fengsui/shared/disk"
	"github.com/fengsui/fengsui/shared/wire"
)

// What lies in the data folder.
const (
	ringDir    = "ring"
	outboxFile = "outbox.db"
)

// openRing makes what records cameras here. It leaves the outbox the room that this may take.
func (a *Agent) openRing(p *agentParts, cameras []camera.Options, sounds map[string]ring.Sound) error {
	client, err := httpClient(a.cfg.Centre, p.budget, budget.Video)
	if err != nil {
		return err
	}
	client.Timeout = 0 // each request has its own limit
	recorded := recordedCameras(&a.cfg, cameras, sounds)
	for i := range recorded {
		recorded[i].Picture = p.publisher.Camera(recorded[i].ID)
	}
	p.ring = ring.New(ring.Options{
		Log: a.log, Dir: filepath.Join(a.cfg.Data, ringDir), Quota: int64(a.cfg.Ring.QuotaMB) * mega, Keep: a.cfg.Ring.Keep, Cameras: recorded,
		Spare: a.spare, Free: func() (int64, error) { return disk.Free(a.cfg.Data) },
		Now: func() time.Time { now, _ := p.clock.Now(); return now },
		URL: a.cfg.Centre.URL, Client: client,
		Rate:    func() int64 { return uploadRate(a.cfg.Ring.Kbps, p.publisher.States()) },
		Level:   func() wire.BudgetLevel { return p.budget.Level(p.clock.Now()) },
		Changed: p.changed,
	})
	return nil
}

// recordedCameras are those that are recorded here, without sound where that is muted.
func recordedCameras(cfg *config.Config, cameras []camera.Options, sounds map[string]ring.Sound) (out []ring.Camera) {
	for _, c := range cameras {
		if !cfg.Records(c.ID) {
			continue
		}
		one := ring.Camera{ID: c.ID}
		if !cfg.Ring.Mute {
			one.Hears, one.Sound = c.Sound, sounds[c.ID]
		}
		out = append(out, one)
	}
	return out
}

// spareFloor stays free whatever the outbox may take: an upgrade needs room as well.
const spareFloor = 128 * mega

// spare is the room that the ring leaves on the disk: what the outbox may still take, and some.
func (a *Agent) spare() int64 {
	o := a.cfg.Outbox
	rest := int64(o.TelemetryMB+o.BulkMB+o.GraceMB) * mega
	if info, err := os.Stat(filepath.Join(a.cfg.Data, outboxFile)); err == nil {
		rest -= info.Size()
	}
	return max(rest, 0) + spareFloor
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
