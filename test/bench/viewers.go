package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

const viewers = 40

// forwarding is what forty viewers of one stream cost.
func forwarding(t host, o options) []figure {
	field := harness.StartField(t, o.programs, scene)
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
	alone := resident(t, c, slices.Min[[]int64])
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
	packets := func() (n int) {
		for _, v := range all {
			n += v.Packets()
		}
		return n
	}
	before, sent := t.use(c.Process), packets()
	<-time.After(o.seconds)
	after, got := t.use(c.Process), packets()-sent
	return []figure{
		{
			fmt.Sprintf("CPU of the centre for each packet that %d viewers get", viewers), "≤ 0.7 × 13.5 µs (MediaMTX, measured for the design)",
			fmt.Sprintf("%.1f µs (%.0f packets/s)", float64((after.CPU-before.CPU).Microseconds())/float64(got), float64(got)/o.seconds.Seconds()),
		},
		{
			fmt.Sprintf("Centre, resident, with one viewer (least) and with %d more (most)", viewers), fmt.Sprintf("≤ %d MB more", viewers),
			mb(alone) + ", " + mb(most),
		},
	}
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
