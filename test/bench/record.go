package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

const (
	recordedCameras = 4
	recordedKills   = 5
)

// recordingCost is what recording a stream takes of the centre, and what a kill takes of a recording.
func recordingCost(t host, o options) []figure {
	clip := richer(t)
	var cameras strings.Builder
	var ids []string
	for i := range recordedCameras {
		ids = append(ids, fmt.Sprint("rd-cam-", i+1))
		fmt.Fprintf(&cameras, "    - {id: %s, clip: %s}\n", ids[i], clip)
	}
	field := harness.StartField(t, o.programs, strings.Replace(scene, "    - {id: rd-cam-1, clip: sluice.h264}\n", cameras.String(), 1))
	c := harness.StartCentre(t, o.programs, harness.CentreOptions{Level: "warn"})
	harness.StartEdge(t, c, field, "edge-rudong", c.TLS)
	var viewers []*harness.Viewer
	for _, id := range ids {
		harness.WaitFor(t, 30*time.Second, "the camera is known", func() error {
			d, err := c.Admin.Device(id)
			if err == nil && d.State != "online" {
				err = fmt.Errorf("it is %s", d.State)
			}
			return err
		})
		// A viewer keeps the stream running, so that taking it in is not counted.
		v := c.Admin.Watch(t, id)
		shown(t, v)
		viewers = append(viewers, v)
	}
	idle := spentBy(t, c, o.seconds)
	for _, id := range ids {
		t.must(c.Admin.Record(id, "always"))
	}
	recorded(t, c, ids, time.Now())
	before := kept(t, c, ids)
	busy := spentBy(t, c, o.seconds)
	wrote := float64(kept(t, c, ids)-before) / busy.took / recordedCameras
	if 8*wrote < 0.9*forwardBit {
		t.Fatalf("each recording grew by %.2f Mbit/s: the machine is too busy to record the whole stream", 8*wrote/1e6)
	}
	for _, v := range viewers {
		v.Close()
	}
	var lost []time.Duration
	for range recordedKills {
		begun := time.Now()
		recorded(t, c, ids, begun.Add(2*time.Second))
		at := time.Now()
		c.Kill9()
		c.Restart(t)
		for _, id := range ids {
			spans, err := c.Admin.Timeline(id, begun, at)
			t.must(err)
			if len(spans) == 0 {
				t.Fatalf("nothing is left of %s", id)
			}
			lost = append(lost, at.Sub(spans[len(spans)-1].To))
		}
	}
	return []figure{
		{
			fmt.Sprintf("CPU of the centre for each recorded stream of 2 Mbit/s, beside one viewer of each (%d streams); the centre writes for each, database included", recordedCameras), "–",
			fmt.Sprintf("%.2f %% of a core (%.1f %% with all recorded, %.1f %% before); %.2f Mbit/s for %.2f Mbit/s of film", 100*(busy.cpu-idle.cpu)/recordedCameras, 100*busy.cpu, 100*idle.cpu,
				8*(busy.written-idle.written)/recordedCameras/1e6, 8*wrote/1e6),
		},
		{
			fmt.Sprintf("Lost of a recording at kill -9 of the centre, median / most of %d", len(lost)), "≤ 1 s",
			ms(quantile(lost, 0.5)) + " / " + ms(slices.Max(lost)),
		},
	}
}

// spent is what the centre takes in a second.
type spent struct{ cpu, written, took float64 }

func spentBy(t host, c *harness.Centre, within time.Duration) spent {
	before, disk, start := t.use(c.Process), written(t, c), time.Now()
	<-time.After(within)
	after, took := t.use(c.Process), time.Since(start).Seconds()
	return spent{(after.CPU - before.CPU).Seconds() / took, float64(written(t, c)-disk) / took, took}
}

// written is how many bytes a centre has given to write.
func written(t host, c *harness.Centre) int64 {
	n, err := strconv.ParseInt(field(filepath.Join("/proc", strconv.Itoa(c.PID()), "io"), "wchar"), 10, 64)
	t.must(err)
	return n
}

// kept is what all recordings of some cameras take.
func kept(t host, c *harness.Centre, ids []string) (sum int64) {
	for _, id := range ids {
		got, err := c.Admin.Recorded(id)
		t.must(err)
		sum += got.Bytes
	}
	return sum
}

// recorded waits until all cameras are recorded beyond a moment.
func recorded(t host, c *harness.Centre, ids []string, beyond time.Time) {
	for _, id := range ids {
		harness.WaitFor(t, 60*time.Second, "the camera is recorded", func() error {
			got, err := c.Admin.Recorded(id)
			if err == nil && (!got.Recording || got.Last == nil || got.Last.Before(beyond)) {
				err = errors.New("not yet " + got.Error)
			}
			return err
		})
	}
}
