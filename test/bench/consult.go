package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// consultation is what a room of eight seats costs, each with camera and microphone, and how long somebody who comes in
// waits until they see all others.
func consultation(t host, o options) []figure {
	c := harness.StartCentre(t, o.programs, harness.CentreOptions{Level: "warn"})
	alone := resident(t, c, slices.Min[[]int64])
	room, err := c.Admin.OpenRoom("bench")
	t.must(err)
	clients := []*harness.Client{c.Admin}
	for i := 1; i < harness.SeatsOfRoom; i++ {
		clients = append(clients, c.Officer(t, fmt.Sprintf("seat-%d", i)))
	}
	var seats []*harness.Seat
	for _, client := range clients {
		seats = append(seats, client.Sit(t, room, "sluice-small.h264"))
	}
	others := func(s *harness.Seat) (all []int) {
		for _, o := range seats {
			if o != s {
				all = append(all, o.Own())
			}
		}
		return all
	}
	// The last one comes to seven who are there; those before wait for people, not for pictures.
	last := seats[len(seats)-1]
	harness.WaitFor(t, time.Minute, "all see all others", func() error {
		for _, s := range seats {
			if s.AllAfter(others(s)) == 0 {
				return fmt.Errorf("seat %d does not", s.Own())
			}
		}
		return nil
	})
	waited := last.AllAfter(others(last))
	most := resident(t, c, slices.Max[[]int64])
	came := func() (n int) {
		for _, s := range seats {
			n += s.Packets()
		}
		return n
	}
	sent, before, start := came(), t.use(c.Process), time.Now()
	<-time.After(o.seconds)
	packets, after, took := came()-sent, t.use(c.Process), time.Since(start).Seconds()
	if packets == 0 {
		t.Fatalf("nothing was forwarded")
	}
	cpu := float64((after.CPU - before.CPU).Microseconds())
	return []figure{
		{
			"CPU of the centre for each packet that eight seats of a consultation get", "–",
			fmt.Sprintf("%.1f µs (%.0f packets/s of pictures and sound, %.0f %% of one core)", cpu/float64(packets), float64(packets)/took, cpu/took/1e4),
		},
		{
			"From entering a consultation to the first picture of the last of seven others", "–",
			fmt.Sprintf("%d ms", waited.Milliseconds()),
		},
		{
			"Centre, resident, before (least) and with eight seats (most)", "–",
			mb(alone) + ", " + mb(most),
		},
	}
}
