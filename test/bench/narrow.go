package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

const (
	narrowRate  = 300 // kbit/s that the link carries for the viewer,
	narrowOther = 200 // and for the other one
	narrowWatch = time.Minute
	narrowTurn  = 3 * time.Second // the viewer has to go over to the smaller picture
)

// overNarrowLink has the link of a viewer of 2 Mbit/s carry 300 kbit/s for a while. The camera has a smaller picture,
// which somebody else watches.
func overNarrowLink(t host, o options) []figure {
	return inNamespace(t, o, "narrow", func() []figure {
		w := harness.NewWay(t, 30*time.Millisecond, 0)
		two := strings.Replace(scene, "    - {id: rd-cam-1, clip: sluice.h264}\n",
			fmt.Sprintf("    - {id: rd-cam-1, clip: %s}\n    - {id: rd-cam-2, clip: %s}\n", richer(t), noisy(t, 160_000, 20, "scale=320:-2,noise=alls=6:allf=t")), 1)
		c, _ := farAway(t, w, o, two, "viewer", func(config string) string {
			small := regexp.MustCompile(`id: rd-cam-2,.* rtsp: ("[^"]*")`).FindStringSubmatch(config)
			if small == nil {
				t.Fatalf("no second camera in %s", config)
			}
			return regexp.MustCompile(`(id: rd-cam-1,.* rtsp: "[^"]*")`).ReplaceAllString(config, "$1, rtsp_sub: "+small[1])
		})
		other := c.Admin.Watch(t, "rd-cam-1")
		shown(t, other)
		t.must(other.Choose("sub", true)) // keeps the smaller picture running
		v := c.Admin.Watch(t, "rd-cam-1")
		v.Steady()
		shown(t, v)
		<-time.After(5 * time.Second)
		// The other viewer's smaller picture goes over the same link.
		tc := w.Within("tc", "qdisc", "add", "dev", harness.FarDevice, "root", "tbf", "rate", fmt.Sprint(narrowRate+narrowOther, "kbit"), "burst", "8kb", "latency", "300ms")
		harness.Run(t, tc[0], tc[1:]...)
		began := time.Now()
		fell := became(t, v, "sub", "thin", "pause").Sub(began)
		<-time.After(time.Until(began.Add(narrowTurn)))
		turn := v.Screen().Longest
		before := v.Screen()
		<-time.After(narrowWatch)
		after := v.Screen()
		layer, err := v.Layer()
		t.must(err)
		tc = w.Within("tc", "qdisc", "del", "dev", harness.FarDevice, "root")
		harness.Run(t, tc[0], tc[1:]...)
		mended := time.Now()
		back := became(t, v, "main").Sub(mended)
		end := v.Screen()
		return []figure{{
			fmt.Sprintf("Viewer of 2 Mbit/s whose link carries %d kbit/s: less is sent after; freezes of more than 1 s in the %s that begins %s later; the large one again after the link is good", narrowRate, narrowWatch, narrowTurn), "0 freezes; ≤ 15 s",
			fmt.Sprintf("%s; %d (%d pictures of 1200, %s at the end, longest wait %s with those of the change, %s of it alone); %s (longest wait by then %s)", ms(fell), len(after.Freezes)-len(before.Freezes), after.Shown-before.Shown, layer, ms(after.Longest), ms(turn), ms(back), ms(end.Longest)),
		}}
	})
}

// became waits until a viewer gets one of some layers.
func became(t host, v *harness.Viewer, layers ...string) time.Time {
	var at time.Time
	harness.WaitFor(t, 2*time.Minute, "the viewer gets "+strings.Join(layers, " or "), func() error {
		got, err := v.Layer()
		if err != nil {
			return err
		}
		if slices.Contains(layers, got) {
			at = time.Now()
			return nil
		}
		return errors.New("it gets " + got)
	})
	return at
}
