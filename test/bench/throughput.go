package main

import (
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
	"github.com/fengsui/fengsui/test/harness"
)

func atLeast(got, want int64) error {
	if got < want {
		return fmt.Errorf("%d of %d", got, want)
	}
	return nil
}

func perSecond(n int64, d time.Duration) string {
	return fmt.Sprintf("%.0f k/s", float64(n)/d.Seconds()/1e3)
}

const (
	terminals = 4
	series    = 20
	perSeries = 50
)

// batchThroughput is terminals at full speed, then at a pace that leaves room.
func batchThroughput(t host, o options) []figure {
	c := harness.StartCentre(t, o.programs, harness.CentreOptions{Level: "warn"})
	full := feed(t, c, o.seconds, "full", 0)
	paced := feed(t, c, o.seconds, "paced", 0.4*full.rate/terminals/(series*perSeries))
	return []figure{
		{"Edge batches, readings committed", "≥ 500 k/s", fmt.Sprintf("%.0f k/s", full.rate/1e3)},
		{"CPU of the centre for each reading", "–", fmt.Sprintf("%.2f µs", full.cpu)},
		{"Acknowledgement after the commit, p99, at full speed", "≤ 250 ms", ms(full.p99)},
		{fmt.Sprintf("Acknowledgement after the commit, p50 / p99, at %.0f k/s", paced.rate/1e3), "≤ 250 ms", ms(paced.p50) + " / " + ms(paced.p99)},
		{"Bytes a reading on the wire (payload, topic, MQTT head)", "≤ 12", fmt.Sprintf("%.1f", full.bytes)},
	}
}

type fed struct {
	rate, cpu, bytes float64
	p50, p99         time.Duration
}

// feed runs four terminals; pace is batches a second of each, 0 as fast as it goes.
func feed(t host, c *harness.Centre, length time.Duration, name string, pace float64) fed {
	var all []*harness.Terminal
	for i := range terminals {
		var ids []string
		for s := range series {
			ids = append(ids, fmt.Sprintf("%s-%d-%d/level", name, i, s))
		}
		m := harness.EnrolTerminal(t, c, fmt.Sprintf("bench-%s-%d", name, i), c.TLS, harness.Declared(ids...))
		all = append(all, m)
	}
	for _, m := range all {
		harness.WaitFor(t, 20*time.Second, "the terminals are greeted", func() error {
			if !m.Connected() {
				return fmt.Errorf("%s is not", m.ID)
			}
			return nil
		})
	}
	before, stored, start := t.use(c.Process), c.Stats(t).Readings, time.Now()
	var done sync.WaitGroup
	for i, m := range all {
		done.Go(func() { send(t, m, name, i, start.Add(length), pace) })
	}
	done.Wait()
	sent := time.Since(start)
	for _, m := range all {
		m.Settled(t, time.Minute)
	}
	took, used := time.Since(start), t.use(c.Process).CPU-before.CPU
	harness.WaitFor(t, time.Minute, "what was acknowledged is stored", func() error {
		var sent int64
		for _, m := range all {
			sent += m.Books().Readings
		}
		return atLeast(c.Stats(t).Readings-stored, sent)
	})
	if pace > 0 {
		took = sent
	}
	var readings, bytes int64
	var acks []time.Duration
	for _, m := range all {
		b := m.Books()
		readings, bytes, acks = readings+b.Readings, bytes+b.Bytes, append(acks, b.Acks...)
	}
	return fed{
		rate: float64(readings) / took.Seconds(), cpu: float64(used.Microseconds()) / float64(readings),
		bytes: float64(bytes) / float64(readings), p50: quantile(acks, 0.5), p99: quantile(acks, 0.99),
	}
}

func send(t host, m *harness.Terminal, name string, i int, until time.Time, pace float64) {
	// Long ago, so that no reading lies in the future, where the centre would quarantine it.
	base := time.Now().Add(-90 * 24 * time.Hour).UnixMilli()
	var tick <-chan time.Time
	if pace > 0 {
		ticker := time.NewTicker(time.Duration(float64(time.Second) / pace))
		defer ticker.Stop()
		tick = ticker.C
	}
	for n := int64(0); time.Now().Before(until); n++ {
		if tick != nil {
			<-tick
		}
		if err := m.Send(batch(name, i, base, n)); err != nil {
			t.Logf("send: %v", err)
			return
		}
	}
}

// batch is a thousand readings as a terminal takes them: series after series, two decimals, a jitter of
// milliseconds.
func batch(name string, i int, base, n int64) []wire.Reading {
	out := make([]wire.Reading, 0, series*perSeries)
	for s := range series {
		device := fmt.Sprintf("%s-%d-%d", name, i, s)
		for k := range int64(perSeries) {
			out = append(out, tide(device, s, base, n*perSeries+k))
		}
	}
	return out
}

// tide is a slow sine with a noise of ±3 cm and a jitter of up to 4 ms, both without a pattern that would
// make them easy to compress.
func tide(device string, s int, base, k int64) wire.Reading {
	x := scramble(uint64(k)<<16 | uint64(s))
	noise := float64(x%7) - 3
	v := math.Round(410+150*math.Sin(float64(k)/2400+float64(s))+noise) / 100
	return wire.Reading{Device: device, Property: "level", At: base + k*1000 + int64(x>>32%5), Value: v}
}

// scramble is splitmix64.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
