package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

const (
	thinRate  = 900 // kbit/s that the link carries
	thinKbps  = "[2000, 1000, 500, 250]"
	thinQueue = "300ms" // of the link, as in a modem
)

// overThinLink has a camera of the terminal itself, which ffmpeg encodes, send over a link that carries less than half
// of its bit rate.
func overThinLink(t host, o options) []figure {
	return inNamespace(t, o, "thin", func() []figure {
		w := harness.NewWay(t, 30*time.Millisecond, 0)
		c := harness.StartCentre(t, o.programs, harness.CentreOptions{Level: "warn", Host: harness.NearSide})
		field := harness.StartField(t, o.programs, scene)
		edge := harness.NewEdge(t, c, field, "edge-car", c.TLS)
		text, err := os.ReadFile(edge.Config)
		t.must(err)
		text = append(text, `  - {id: car-cam, rtsp: "local:"}
encoders:
  - camera: car-cam
    kbps: `+thinKbps+`
    command: [ffmpeg, -nostdin, -v, error, -re, -f, lavfi, -i, "testsrc2=size=640x360:rate=20", -vf, "noise=alls=30:allf=t", -c:v, libx264,
      -profile:v, baseline, -preset, ultrafast, -tune, zerolatency, -bf, "0", -g, "40", -b:v, "{kbps}k", -maxrate, "{kbps}k", -bufsize, "{kbps}k", -pix_fmt, yuv420p, -f, h264, -]
`...)
		t.must(os.WriteFile(edge.Config, text, 0o600))
		c.EnrolEdge(t, edge.ID, edge.Config)
		w.Put(edge.Process)
		edge.Start(t)
		harness.WaitFor(t, time.Minute, "the camera is known", func() error {
			d, err := c.Admin.Device("car-cam")
			if err == nil && d.State != "online" {
				err = fmt.Errorf("it is %s", d.State)
			}
			return err
		})
		tc := w.Within("tc", "qdisc", "add", "dev", harness.FarDevice, "root", "tbf", "rate", fmt.Sprint(thinRate, "kbit"), "burst", "8kb", "latency", thinQueue)
		harness.Run(t, tc[0], tc[1:]...)
		v := c.Admin.Watch(t, "car-cam")
		v.Steady()
		began := time.Now()
		shown(t, v)
		var fits time.Duration
		harness.WaitFor(t, 2*time.Minute, "the bit rate fits the link", func() error {
			if said := edge.Stderr(); !strings.Contains(said, "kbps=500") && !strings.Contains(said, `"kbps":500`) && !strings.Contains(said, "kbps=250") {
				return errors.New("it does not yet")
			}
			fits = time.Since(began)
			return nil
		})
		<-time.After(5 * time.Second)
		before := v.Screen()
		<-time.After(time.Minute)
		after := v.Screen()
		return []figure{{
			fmt.Sprintf("Camera of the terminal itself, %s kbit/s, on a link of %d kbit/s: bit rate fits after; freezes of more than 1 s in the minute from 5 s later", thinKbps, thinRate), "–",
			fmt.Sprintf("%s; %d (%d pictures of 1200, longest wait %s)", ms(fits), len(after.Freezes)-len(before.Freezes), after.Shown-before.Shown, ms(after.Longest)),
		}}
	})
}
