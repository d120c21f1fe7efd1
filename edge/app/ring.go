package app

import (
	"path/filepath"
	"slices"
	"time"

	"github.com/fengsui/fengsui/edge/internal/budget"
	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/ring"
	"github.com/fengsui/fengsui/shared/wire"
)

// ringDir is the folder of recordings in the data folder.
const ringDir = "ring"

// openRing makes what records cameras here.
func (a *Agent) openRing(p *agentParts, cameras []camera.Options, sounds map[string]ring.Sound) error {
	client, err := httpClient(a.cfg.Centre, p.budget, budget.Video)
	if err != nil {
		return err
	}
	client.Timeout = 0 // each request has its own limit
	cameras = slices.Clone(cameras)
	if a.cfg.Ring.Mute {
		sounds = nil
		for i := range cameras {
			cameras[i].Sound = false
		}
	}
	cameras = slices.DeleteFunc(cameras, func(c camera.Options) bool { return !a.cfg.Ring.Records(c.ID) })
	p.ring, err = ring.New(ring.Options{
		Log: a.log, Dir: filepath.Join(a.cfg.Data, ringDir), Quota: int64(a.cfg.Ring.QuotaMB) * mega, Keep: a.cfg.Ring.Keep, Cameras: cameras, Sounds: sounds,
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
