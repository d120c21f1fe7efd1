package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

const coldCameras = 6

// coldKinds are the ways of a camera that nobody watches: recorded by the terminal, as all are unless its edge.yml says
// otherwise; not recorded but in standby; opened only when somebody watches, with a key frame when it is asked for one; and the
// same of one that cannot be asked, which has its next when it has it.
var coldKinds = []string{"kept", "ready", "asked", "shut"}

// coldStart is how long the first viewer waits for a camera. Each is asked once, so that nothing of an earlier viewer
// helps.
func coldStart(t host, o options) []figure {
	var cameras strings.Builder
	var domes strings.Builder
	domes.WriteString("domes:\n")
	var kept []string
	for i := range coldCameras {
		kept = append(kept, fmt.Sprintf("kept-%d", i))
		for _, kind := range coldKinds {
			fmt.Fprintf(&cameras, "    - {id: %s-%d, clip: sluice.h264}\n", kind, i)
		}
		fmt.Fprintf(&domes, "  - {id: head-%d, listen: 127.0.0.1:0, cameras: [asked-%d]}\n", i, i)
	}
	field := harness.StartField(t, o.programs, strings.Replace(scene, "    - {id: rd-cam-1, clip: sluice.h264}\n", cameras.String(), 1)+domes.String())
	c := harness.StartCentre(t, o.programs, harness.CentreOptions{Level: "warn"})
	edge := harness.NewEdge(t, c, field, "edge-rudong", c.TLS)
	text, err := os.ReadFile(edge.Config)
	t.must(err)
	text = bytes.ReplaceAll(text, []byte("- {id: ready-"), []byte("- {standby: true, id: ready-"))
	for i := range coldCameras {
		id := fmt.Sprintf("- {id: asked-%d,", i)
		text = bytes.Replace(text, []byte(id), fmt.Appendf(nil, "- {onvif: %q, id: asked-%d,", field.Addresses.Domes[fmt.Sprintf("head-%d", i)], i), 1)
	}
	text = fmt.Appendf(text, "\nring:\n  cameras: [%s]\n", strings.Join(kept, ", "))
	t.must(os.WriteFile(edge.Config, text, 0o600))
	c.EnrolEdge(t, edge.ID, edge.Config)
	edge.Start(t)
	for i := range coldCameras {
		for _, kind := range coldKinds {
			harness.WaitFor(t, 30*time.Second, "the camera is known", func() error {
				d, err := c.Admin.Device(fmt.Sprintf("%s-%d", kind, i))
				if err == nil && d.State != "online" {
					err = fmt.Errorf("it is %s", d.State)
				}
				return err
			})
		}
	}
	took := func(kind string) string {
		var all []time.Duration
		for i := range coldCameras {
			<-time.After(time.Duration(rand.IntN(4000)) * time.Millisecond)
			v, err := c.Admin.View(fmt.Sprintf("%s-%d", kind, i))
			t.must(err)
			all = append(all, shown(t, v))
			v.Close()
		}
		return ms(quantile(all, 0.5)) + " / " + ms(slices.Max(all))
	}
	return []figure{
		{fmt.Sprintf("First picture from an idle terminal, p50 / most of %d cameras that it records, as it does unless told otherwise", coldCameras), "≤ 1.5 s", took("kept")},
		{fmt.Sprintf("The same, %d that it does not record, in standby", coldCameras), "≤ 1.5 s", took("ready")},
		{fmt.Sprintf("The same, %d that are opened only then (key frame every 4 s) and give one when they are asked", coldCameras), "≤ 1.5 s", took("asked")},
		{fmt.Sprintf("The same, %d that cannot be asked either: the wait for their next key frame, 2 s at the median", coldCameras), "–", took("shut")},
	}
}
