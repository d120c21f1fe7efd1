package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

const (
	tiles    = 16
	switches = 40
)

// tileSwitch is how long a tile of a wall of sixteen running pictures takes to show another that runs.
func tileSwitch(t host, o options) []figure {
	var cameras strings.Builder
	names := make([]string, tiles+1)
	for i := range names {
		names[i] = fmt.Sprint("rd-cam-", i+1)
		fmt.Fprintf(&cameras, "    - {id: %s, clip: sluice.h264}\n", names[i])
	}
	field := harness.StartField(t, o.programs, strings.Replace(scene, "    - {id: rd-cam-1, clip: sluice.h264}\n", cameras.String(), 1))
	c := harness.StartCentre(t, o.programs, harness.CentreOptions{Level: "warn"})
	harness.StartEdge(t, c, field, "edge-rudong", c.TLS)
	for _, name := range names {
		harness.WaitFor(t, 30*time.Second, "the camera is known", func() error {
			d, err := c.Admin.Device(name)
			if err == nil && d.State != "online" {
				err = fmt.Errorf("it is %s", d.State)
			}
			return err
		})
	}
	shown(t, c.Admin.Watch(t, names[tiles])) // keeps the one running that no tile shows
	w := c.Admin.OpenWall(t)
	for i := range tiles {
		w.Put(t, i, names[i])
	}
	took := make([]time.Duration, 0, switches)
	for i := range switches {
		<-time.After(time.Duration(rand.IntN(500)) * time.Millisecond) //nolint:gosec // no secret
		took = append(took, w.Put(t, i%tiles, names[(i%tiles+1+i/tiles)%len(names)]))
	}
	return []figure{{
		fmt.Sprintf("Tile of a wall of %d running pictures to another that runs, key frame every 4 s: to the last packet of its first picture, p50 / p95 of %d", tiles, switches), "≤ 150 ms",
		ms(quantile(took, 0.5)) + " / " + ms(quantile(took, 0.95)),
	}}
}
