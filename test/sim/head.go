package sim

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/fengsui/fengsui/shared/testserver/dome"
	"github.com/fengsui/fengsui/test/sim/camera"
)

// lookEvery is how soon a picture follows its head.
const lookEvery = 100 * time.Millisecond

// followHeads has the cameras whose heads turn show what is there.
func (s *Sim) followHeads(ctx context.Context) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var heads sync.WaitGroup
	s.stops = append(s.stops, func(context.Context) error {
		cancel()
		heads.Wait()
		return nil
	})
	for _, c := range s.Config.Domes {
		if len(c.Films) == 0 {
			continue
		}
		films := map[string]*camera.Clip{}
		for token, file := range c.Films {
			clip, err := s.load(file)
			if err != nil {
				return fmt.Errorf("film of dome %s: %w", c.ID, err)
			}
			films[token] = clip
		}
		heads.Go(func() { s.follow(ctx, s.domes[c.ID], c.Cameras, films) })
	}
	return nil
}

// follow shows what a head looks at until ctx ends.
func (s *Sim) follow(ctx context.Context, d *dome.Dome, cameras []string, films map[string]*camera.Clip) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var shown *camera.Clip
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		next := films[d.Nearest()]
		if next == shown {
			continue
		}
		shown = next
		for _, id := range cameras {
			clip := next
			if clip == nil {
				clip = s.cameras.Cameras[id]
			}
			if err := s.cameras.Show(id, clip); err != nil {
				s.Log.Warn("show what a head looks at", "camera", id, "error", err)
			}
		}
	}
}
