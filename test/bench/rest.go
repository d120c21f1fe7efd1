package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
	"github.com/fengsui/fengsui/test/harness"
)

// sizes of the programs.
func sizes(t host, o options) []figure {
	size := func(file string) string {
		info, err := os.Stat(file)
		t.must(err)
		return mb(info.Size())
	}
	return []figure{
		{"Edge agent, program", "≤ 25 MB", size(o.programs.Edge)},
		{"Centre, program with console", "–", size(o.programs.Central)},
	}
}

// sealed is how much disk a reading takes in the end.
func sealed(t host, o options) []figure {
	c := harness.StartCentre(t, o.programs, harness.CentreOptions{Level: "warn", Extra: "telemetry:\n  seal_after_minutes: 1\n"})
	var ids []string
	for s := range 100 {
		ids = append(ids, fmt.Sprintf("sealed-%d/level", s))
	}
	m := harness.EnrolTerminal(t, c, "bench-sealed", c.TLS, harness.Declared(ids...))
	// Days that are over, so that they get their roll-ups.
	base := time.Now().Add(-60 * time.Hour).UnixMilli()
	const rows = 20_000
	for k := int64(0); k < rows; k += 100 {
		readings := make([]wire.Reading, 0, 10_000)
		for s := range 100 {
			for j := range int64(100) {
				readings = append(readings, tide(fmt.Sprintf("sealed-%d", s), s, base, k+j))
			}
		}
		t.must(m.Send(readings))
	}
	m.Settled(t, 2*time.Minute)
	var stats harness.Stats
	harness.WaitFor(t, 5*time.Minute, "everything is sealed and rolled up", func() error {
		if stats = c.Stats(t); stats.Inbox > 0 || stats.Dirty > 0 || stats.Readings < 100*rows {
			return fmt.Errorf("%d batches in the inbox, %d roll-ups due, %d readings", stats.Inbox, stats.Dirty, stats.Readings)
		}
		return nil
	})
	t.must(c.Stop())
	months, inbox := onDisk(t, filepath.Join(c.Dir, "data", "telemetry"))
	return []figure{
		{
			fmt.Sprintf("Sealed with roll-ups, bytes a reading of %.0f million (all files of the store)", float64(stats.Readings)/1e6), "≤ 2.5",
			fmt.Sprintf("%.2f (%.2f)", float64(months)/float64(stats.Readings), float64(months+inbox)/float64(stats.Readings)),
		},
	}
}

// year is how long the chart over a year takes of a series that has a reading each ten minutes all the year:
// the roll-ups of thirteen months, the first of them and the last not whole.
func year(t host, o options) []figure {
	const (
		days   = 365
		step   = 10 * time.Minute
		rows   = int64(days * 24 * time.Hour / step)
		points = 500
		asked  = 21
	)
	c := harness.StartCentre(t, o.programs, harness.CentreOptions{Level: "warn", Extra: "telemetry:\n  seal_after_minutes: 1\n"})
	m := harness.EnrolTerminal(t, c, "bench-year", c.TLS, harness.Declared("year/level"))
	// Days that are over, so that they get their roll-ups.
	begin := time.Now().Add(-(days + 2) * 24 * time.Hour)
	for k := int64(0); k < rows; {
		var readings []wire.Reading
		for ; k < rows && len(readings) < 5_000; k++ {
			r := tide("year", 0, 0, k)
			r.At = begin.Add(time.Duration(k) * step).UnixMilli()
			readings = append(readings, r)
		}
		t.must(m.Send(readings))
	}
	m.Settled(t, 2*time.Minute)
	harness.WaitFor(t, 5*time.Minute, "the year is sealed and rolled up", func() error {
		if stats := c.Stats(t); stats.Inbox > 0 || stats.Dirty > 0 || stats.Readings < rows {
			return fmt.Errorf("%d batches in the inbox, %d roll-ups due, %d readings", stats.Inbox, stats.Dirty, stats.Readings)
		}
		return nil
	})
	path := fmt.Sprintf("/telemetry/series/year/level?points=%d&from=%s&to=%s", points, begin.UTC().Format(time.RFC3339), begin.Add(days*24*time.Hour).UTC().Format(time.RFC3339))
	var took []time.Duration
	for range asked {
		var chart harness.Series
		asking := time.Now()
		t.must(c.Admin.Call(http.MethodGet, path, nil, &chart))
		took = append(took, time.Since(asking))
		count := int64(0)
		for _, b := range chart.Buckets {
			count += b.Count
		}
		if count < rows-1 || len(chart.Buckets) < points/2 { // the first may lie before the second that was asked for
			t.Fatalf("the chart over the year has %d buckets of %d readings, not %d", len(chart.Buckets), count, rows)
		}
	}
	t.must(c.Stop())
	first := took[0]
	slices.Sort(took)
	return []figure{{
		"Chart over a year of one series with a reading each 10 minutes (52,560, sealed, from roll-ups): the first, the median of 21", "≤ 200 ms",
		ms(first) + ", " + ms(took[asked/2]),
	}}
}

// onDisk adds up the files of the months and those of the inbox.
func onDisk(t host, dir string) (months, inbox int64) {
	entries, err := os.ReadDir(dir)
	t.must(err)
	for _, e := range entries {
		info, err := e.Info()
		t.must(err)
		if strings.HasPrefix(e.Name(), "inbox") {
			inbox += info.Size()
		} else {
			months += info.Size()
		}
	}
	return months, inbox
}

// alarmLatency is from a reading on the wire to the live view.
func alarmLatency(t host, o options) []figure {
	c := harness.StartCentre(t, o.programs, harness.CentreOptions{Level: "warn"})
	gas := []wire.SensorDeclared{{
		ID: "bench-gas", Name: "演示数据", Class: "gas", Profile: "test", Division: "320600", Demo: true,
		Series: []wire.SeriesDeclared{{Property: "ch4_lel", Name: "甲烷", NameEN: "Methane", Unit: "%", Digits: 1}},
	}}
	m := harness.EnrolTerminal(t, c, "bench-alarm", c.TLS, gas)
	harness.WaitFor(t, 20*time.Second, "the terminal is greeted", func() error {
		if !m.Connected() {
			return fmt.Errorf("not yet")
		}
		return nil
	})
	live := c.Admin.Live(t)
	var delays []time.Duration
	for range 100 {
		reading := func(v float64) []wire.Reading {
			return []wire.Reading{{Device: "bench-gas", Property: "ch4_lel", At: time.Now().UnixMilli(), Value: v}}
		}
		sent := time.Now()
		t.must(m.Send(reading(80)))
		var id string
		harness.WaitFor(t, 10*time.Second, "the alarm is on the live view", func() error {
			found, came := live.Alarms("bench-gas", "open")
			for _, a := range found {
				if a.Rule == "gas-ch4-high" {
					id = a.ID
					delays = append(delays, came.Sub(sent))
					return nil
				}
			}
			return fmt.Errorf("no alarm")
		})
		t.must(c.Admin.Call(http.MethodPost, "/alarms/"+id+"/ack", map[string]string{"note": ""}, nil))
		t.must(m.Send(reading(1)))
		harness.WaitFor(t, 10*time.Second, "the alarms are cleared", func() error {
			active, err := c.Admin.Alarms("active")
			if err != nil || len(active) == 0 {
				return err
			}
			for _, a := range active {
				if a.State == "returned" || a.State == "open" {
					_ = c.Admin.Call(http.MethodPost, "/alarms/"+a.ID+"/ack", map[string]string{"note": ""}, nil)
				}
			}
			return fmt.Errorf("%d active", len(active))
		})
	}
	return []figure{{
		fmt.Sprintf("Alarm, reading on the wire to live view, p50 / p99 of %d", len(delays)), "p99 ≤ 250 ms",
		ms(quantile(delays, 0.5)) + " / " + ms(quantile(delays, 0.99)),
	}}
}

const scene = `
modbus:
  - id: rd-level-1
    listen: 127.0.0.1:0
    unit: 1
    profile: generic-water-level-modbus
    values:
      water_level: {shape: constant, value: 4.0}
rtsp:
  listen: 127.0.0.1:0
  cameras:
    - {id: rd-cam-1, clip: sluice.h264}
`

// firstFrame is how long a new viewer waits.
func firstFrame(t host, o options) []figure {
	field := harness.StartField(t, o.programs, scene)
	c := harness.StartCentre(t, o.programs, harness.CentreOptions{Level: "warn"})
	edge := harness.StartEdge(t, c, field, "edge-rudong", c.TLS)
	harness.WaitFor(t, 30*time.Second, "the camera is known", func() error {
		d, err := c.Admin.Device("rd-cam-1")
		if err == nil && d.State != "online" {
			err = fmt.Errorf("it is %s", d.State)
		}
		return err
	})
	shown(t, c.Admin.Watch(t, "rd-cam-1"))
	warm := make([]time.Duration, 0, 40)
	for range cap(warm) {
		<-time.After(time.Duration(rand.IntN(4000)) * time.Millisecond)
		v, err := c.Admin.View("rd-cam-1")
		t.must(err)
		warm = append(warm, shown(t, v))
		v.Close()
	}
	return []figure{
		{fmt.Sprintf("First picture of a running stream, key frame every 4 s, p50 / p95 of %d", len(warm)), "p50 ≤ 120 ms", ms(quantile(warm, 0.5)) + " / " + ms(quantile(warm, 0.95))},
		{"Edge agent while it sends video", "≤ 40 MB RSS", mb(t.use(edge.Process).RSS)},
	}
}

func shown(t host, v *harness.Viewer) time.Duration {
	harness.WaitFor(t, 20*time.Second, "the first picture comes", func() error {
		if v.FirstAfter() == 0 {
			return fmt.Errorf("none yet")
		}
		return nil
	})
	return v.FirstAfter()
}

// idle is what the programs take when little happens.
func idle(t host, o options) []figure {
	field := harness.StartField(t, o.programs, scene)
	c := harness.StartCentre(t, o.programs, harness.CentreOptions{Level: "warn"})
	edge := harness.StartEdge(t, c, field, "edge-rudong", c.TLS)
	<-time.After(30 * time.Second)
	beforeCentre, beforeEdge := t.use(c.Process), t.use(edge.Process)
	<-time.After(20 * time.Second)
	afterCentre, afterEdge := t.use(c.Process), t.use(edge.Process)
	share := func(d time.Duration) string { return fmt.Sprintf("%.1f %% of a core", 100*d.Seconds()/20) }
	return []figure{
		{"Edge agent with one sensor and one camera, idle", "≤ 40 MB RSS", mb(afterEdge.RSS) + ", " + share(afterEdge.CPU-beforeEdge.CPU)},
		{"Centre with one terminal, idle", "≤ 1 GB RSS (county of 200 users)", mb(afterCentre.RSS) + ", " + share(afterCentre.CPU-beforeCentre.CPU)},
	}
}
