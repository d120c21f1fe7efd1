package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

const (
	viewers    = 40
	forwardBit = 2_000_000 // a second, of the stream that they watch
)

// forwarding is what forty viewers of one stream cost.
func forwarding(t host, o options) []figure {
	field := harness.StartField(t, o.programs, strings.Replace(scene, "sluice.h264", richer(t), 1))
	c := harness.StartCentre(t, o.programs, harness.CentreOptions{Level: "warn"})
	harness.StartEdge(t, c, field, "edge-rudong", c.TLS)
	harness.WaitFor(t, 30*time.Second, "the camera is known", func() error {
		d, err := c.Admin.Device("rd-cam-1")
		if err == nil && d.State != "online" {
			err = fmt.Errorf("it is %s", d.State)
		}
		return err
	})
	// One viewer keeps the stream running, so that the memory of the stream itself is not counted.
	shown(t, c.Admin.Watch(t, "rd-cam-1"))
	alone := settled(t, c)
	// One user may open 32 pictures.
	desks := []*harness.Client{c.Officer(t, "desk-1"), c.Officer(t, "desk-2")}
	all := make([]*harness.Viewer, viewers)
	for i := range all {
		all[i] = desks[i%len(desks)].Watch(t, "rd-cam-1")
	}
	for _, v := range all {
		shown(t, v)
	}
	most := resident(t, c, slices.Max[[]int64])
	came := func() (packets, bytes int) {
		for _, v := range all {
			packets, bytes = packets+v.Packets(), bytes+v.Bytes()
		}
		return packets, bytes
	}
	sent, full := came()
	before, start := t.use(c.Process), time.Now()
	<-time.After(o.seconds)
	after, took := t.use(c.Process), time.Since(start).Seconds()
	packets, size := came()
	packets, size = packets-sent, size-full
	if rate := 8 * float64(size) / took / viewers; rate < 0.95*forwardBit {
		t.Fatalf("each viewer got %.2f Mbit/s: the machine is too busy to forward the whole stream", rate/1e6)
	}
	return []figure{
		{
			fmt.Sprintf("CPU of the centre for each packet that %d viewers of a stream of 2 Mbit/s get", viewers), "≤ 0.7 × 13.5 µs (MediaMTX, measured for the design)",
			fmt.Sprintf("%.1f µs (%.0f packets/s, %.2f Mbit/s at each)", float64((after.CPU-before.CPU).Microseconds())/float64(packets), float64(packets)/took, 8*float64(size)/took/viewers/1e6),
		},
		{
			fmt.Sprintf("Centre, resident, with one viewer (once what the start took is given back) and with %d more (most)", viewers), fmt.Sprintf("≤ %d MB more", viewers),
			mb(alone) + ", " + mb(most),
		},
	}
}

// richer is the clip of the scene with noise as of a cheap camera at night, which fills its 2 Mbit/s: what is made up
// to fill a stream (filler data) does not reach a viewer.
func richer(t host) string { return noisy(t, forwardBit, 80, "noise=alls=16:allf=t") }

// noisy is the clip of the scene through a filter, at so many bits a second, with a key frame every so many pictures.
func noisy(t host, bits, gop int, filter string) string {
	root, err := harness.Root()
	t.must(err)
	file := filepath.Join(t.TempDir(), fmt.Sprint("noisy-", bits, ".h264"))
	rate := fmt.Sprint(bits)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ffmpeg", "-loglevel", "error", "-framerate", "20", "-i", filepath.Join(root, "test", "clips", "sluice.h264"),
		"-vf", filter, "-c:v", "libx264", "-profile:v", "baseline", "-preset", "veryfast", "-tune", "zerolatency",
		"-bf", "0", "-g", fmt.Sprint(gop), "-keyint_min", fmt.Sprint(gop), "-sc_threshold", "0", "-x264-params", "sliced-threads=0:threads=1:rc-lookahead=0:aud=0:repeat-headers=1",
		"-b:v", rate, "-maxrate", rate, "-bufsize", rate, "-f", "h264", file)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("make a clip of 2 Mbit/s with ffmpeg (sh test/prepare.sh installs it): %v: %s", err, said.String())
	}
	return file
}

// settled is its memory when that falls no more.
func settled(t host, c *harness.Centre) int64 {
	last := resident(t, c, slices.Min[[]int64])
	for range 8 {
		now := resident(t, c, slices.Min[[]int64])
		if last-now < 1<<20 {
			return now
		}
		last = now
	}
	return last
}

// resident looks at the memory of the centre for a while.
func resident(t host, c *harness.Centre, which func([]int64) int64) int64 {
	var all []int64
	for range 15 {
		<-time.After(time.Second)
		all = append(all, t.use(c.Process).RSS)
	}
	return which(all)
}
