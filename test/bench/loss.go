package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

const (
	lossPart  = 0.03                  // of the packets in each direction
	lossDelay = 50 * time.Millisecond // of one way
	lossWatch = 5 * time.Minute
	lossCut   = 5 * time.Second
	lossCuts  = 20 // what goes wrong once in twenty is seen
)

// inNamespace runs a part in a network of its own, as another run of this program.
func inNamespace(t host, o options, part string, run func() []figure) []figure {
	file := t.TempDir() + "/figures.json"
	args := []string{"--bin", o.bin, "--only", part, "--figures", file}
	if o.set {
		args = append(args, "--seconds", fmt.Sprint(o.seconds.Seconds()))
	}
	for _, tool := range []string{"ip", "nsenter"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("the part needs %s (Debian: iproute2, util-linux)", tool)
		}
	}
	here, err := harness.Alone(args...)
	t.must(err)
	if here {
		return run()
	}
	var figures []figure
	text, err := os.ReadFile(file)
	t.must(err)
	t.must(json.Unmarshal(text, &figures))
	return figures
}

// overBadLinks has the link of the terminal, then that of the viewer, be bad.
func overBadLinks(t host, o options) []figure {
	return inNamespace(t, o, "loss", func() []figure { return bothLinks(t, o) })
}

func bothLinks(t host, o options) []figure {
	watch := lossWatch
	if o.set {
		watch = o.seconds
	}
	clip := richer(t)
	var figures []figure
	for _, side := range []string{"terminal", "viewer"} {
		err := harness.Try(func(h *harness.Host) { figures = append(figures, badLink(host{h}, o, clip, side, watch)...) })
		if err != nil {
			figures = append(figures, notMeasured("loss, link of the "+side, err))
		}
	}
	return figures
}

// badLink has the link of one side be bad: first it loses and delays packets, then it is cut a few times.
func badLink(t host, o options, clip, side string, watch time.Duration) []figure {
	w := harness.NewWay(t, lossDelay, lossPart)
	c, far := farAway(t, w, o, strings.Replace(scene, "sluice.h264", clip, 1), side, nil)
	v := c.Admin.Watch(t, "rd-cam-1")
	v.Steady()
	shown(t, v)
	before := v.Screen()
	<-time.After(watch)
	after := v.Screen()
	stood := after.Freezes[len(before.Freezes):]
	longest := after.Longest
	lost := w.Lost()
	var back []time.Duration
	for range lossCuts {
		back = append(back, recovery(t, w, v))
		<-time.After(5 * time.Second)
	}
	use := t.use(far)
	name := "on the link of the " + side
	return []figure{
		{
			fmt.Sprintf("Freezes of more than 1 s in %s with %.0f %% loss each way and %d ms round trip %s", watch, 100*lossPart, 2*lossDelay.Milliseconds(), name), "0",
			fmt.Sprintf("%d (longest wait between two pictures %s; %d pictures, %d holes never filled, %.1f %% of the packets lost)", len(stood), ms(longest), after.Shown-before.Shown, after.Skipped-before.Skipped, 100*lost),
		},
		{
			fmt.Sprintf("Picture again after a cut of %s %s, over the same loss, median / most of %d", lossCut, name, len(back)), "≤ 3 s",
			ms(quantile(back, 0.5)) + " / " + ms(slices.Max(back)) + fmt.Sprintf(" (program at the far end: %s)", mb(use.RSS)),
		},
	}
}

// recovery is from the end of a cut to the first picture that can be shown.
func recovery(t host, w *harness.Way, v *harness.Viewer) time.Duration {
	before := v.Screen()
	w.Cut()
	<-time.After(lossCut)
	w.Mend()
	mended := time.Now()
	harness.WaitFor(t, time.Minute, "the picture comes again", func() error {
		if len(v.Screen().Freezes) == len(before.Freezes) {
			return errors.New("it stands still")
		}
		return nil
	})
	// WaitFor looks seldom: the wait itself says when it ended.
	s := v.Screen()
	return s.Ended[len(before.Freezes)].Sub(mended)
}

// farAway starts the programs, those of the side behind the link in its namespace: the terminal and its camera, or
// all but the viewer.
func farAway(t host, w *harness.Way, o options, scene, side string, change func(config string) string) (*harness.Centre, *harness.Process) {
	co := harness.CentreOptions{Level: "warn", Host: harness.NearSide}
	if side == "viewer" {
		co.Host = harness.FarSide
	}
	c := harness.NewCentre(t, o.programs, co)
	if side == "viewer" {
		w.Put(c.Process)
	}
	c.Boot(t)
	field := harness.NewField(t, o.programs, scene)
	w.Put(field.Process)
	field.Open(t)
	edge := harness.NewEdge(t, c, field, "edge-rudong", c.TLS)
	if change != nil {
		text, err := os.ReadFile(edge.Config)
		t.must(err)
		t.must(os.WriteFile(edge.Config, []byte(change(string(text))), 0o600))
	}
	c.EnrolEdge(t, edge.ID, edge.Config)
	w.Put(edge.Process)
	edge.Start(t)
	harness.WaitFor(t, time.Minute, "the camera is known", func() error {
		d, err := c.Admin.Device("rd-cam-1")
		if err == nil && d.State != "online" {
			err = fmt.Errorf("it is %s", d.State)
		}
		return err
	})
	if side == "viewer" {
		return c, c.Process
	}
	return c, edge.Process
}
