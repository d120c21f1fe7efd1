package main

import (
	"fmt"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// passed is what a chain did with the messages.
type passed struct {
	messages []int64       // of each sensor
	took     time.Duration // from the first message until all can be queried
	cpu      time.Duration // of all programs of the chain
}

func (p passed) readings() (n int64) {
	for _, m := range p.messages {
		n += m * objects * int64(len(properties()))
	}
	return n
}

func (p passed) rate() float64 { return float64(p.readings()) / p.took.Seconds() }

func (p passed) each() float64 { return float64(p.cpu.Microseconds()) / float64(p.readings()) }

// comparison is simple sensors at full speed for a while, then the same messages through the usual chain.
func comparison(t host, o options) []figure {
	base := time.Now().Add(-24 * time.Hour).UnixMilli()
	ours := throughCentre(t, o, base)
	figures := []figure{
		{"JSON readings over MQTT QoS 1, stored and queryable", "≥ 1.5 × the usual chain", perSecond(ours.readings(), ours.took)},
		{"CPU of the centre for each of them", "≤ 0.6 × the usual chain", fmt.Sprintf("%.1f µs", ours.each())},
	}
	const chain = "The same messages through mosquitto + Telegraf + InfluxDB 1.8"
	programs, missing := findUsual()
	if missing != "" {
		return append(figures, figure{chain, "–", "not measured: " + missing})
	}
	theirs := throughUsual(t, programs, base, ours.messages)
	return append(figures,
		figure{chain, "–", fmt.Sprintf("%s, %.1f µs CPU of the three for each", perSecond(theirs.readings(), theirs.took), theirs.each())},
		figure{"The centre against that chain, same run: speed; CPU", "≥ 1.5 ×; ≤ 0.6 ×", fmt.Sprintf("%.1f ×; %.2f ×", ours.rate()/theirs.rate(), ours.each()/theirs.each())},
	)
}

func throughCentre(t host, o options, base int64) passed {
	c := harness.StartCentre(t, o.programs, harness.CentreOptions{Level: "warn"})
	all := make([]sender, sensors)
	for i := range all {
		id := fmt.Sprintf("bench-%d", i)
		all[i] = sender{broker: c.Plain, device: id, token: c.Sensor(t, id), base: base}
	}
	before, start := t.use(c.Process), time.Now()
	for i := range all {
		all[i].until = start.Add(o.seconds)
	}
	p := passed{messages: publish(t, all)}
	harness.WaitFor(t, time.Minute, "every acknowledged reading is stored", func() error {
		return atLeast(c.Stats(t).Readings, p.readings())
	})
	p.took, p.cpu = time.Since(start), t.use(c.Process).CPU-before.CPU
	from := time.UnixMilli(base).Add(-time.Second)
	for i, s := range all {
		to := time.UnixMilli(base + p.messages[i]*objects*apart).Add(2 * time.Second)
		prove(t, "the centre", s.device, p.messages[i], func(property string) tally {
			return charted(t, c, s.device+"/"+property, from, to)
		})
	}
	t.must(c.Stop()) // it does not take from what comes next
	return p
}
