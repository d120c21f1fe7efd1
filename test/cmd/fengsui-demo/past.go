package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"
)

// The demo has a past, so that a month's chart and the trial of a rule show something at once. It is made up and
// brought to the centre as the readings of an earlier system are (fengsui-central readings import): no rule looks
// at it, and it is no newest value.
const (
	pastDays = 30
	pastStep = 10 * time.Minute
)

// storm is a made-up rain: so many days ago, so much in the hour at its height, and what it does to the river and,
// by its wind, to the sea, in metres.
type storm struct{ ago, rain, river, surge float64 }

func storms() []storm { return []storm{{21.3, 22, 0.5, 0.1}, {11.6, 34, 0.8, 0.45}, {4.4, 9, 0.25, 0}} }

// since is for how many hours a storm has gone on, 30 days ago and more when it has not begun.
func (s storm) since(at, end time.Time) float64 { return s.ago*24 - end.Sub(at).Hours() }

// bell rises to 1 in so many hours and falls more slowly; 0 before.
func bell(hours, rise float64) float64 {
	if hours <= 0 {
		return 0
	}
	x := hours / rise
	return x * math.Exp(1-x)
}

// weather is what all storms together do at a time.
func weather(at, end time.Time) (rain, river, surge float64) {
	for _, s := range storms() {
		h := s.since(at, end)
		rain += s.rain * bell(h, 2) * bell(h, 2)
		river += s.river * bell(h-3, 9)
		surge += s.surge * bell(h+3, 6)
	}
	return rain, river, surge
}

// sea is a half-daily tide of moon (12.42 h) and sun (12 h) around 0, so that springs and neaps follow each other.
func sea(at time.Time) float64 {
	h := float64(at.Unix()) / 3600
	return 0.72*math.Sin(2*math.Pi*h/12.4206) + 0.26*math.Sin(2*math.Pi*h/12+1)
}

// noon is 1 at midday in China and 0 by night.
func noon(at time.Time) float64 {
	h := math.Mod(float64(at.Unix())/3600+8, 24)
	return math.Max(0, math.Sin(math.Pi*(h-6)/12))
}

// jitter is between -1 and 1, the same for the same time and series.
func jitter(at time.Time, series int) float64 {
	x := uint64(at.Unix())*31 + uint64(series)*0x9e3779b97f4a7c15 //nolint:gosec // times of our days
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return float64(x>>11)/float64(1<<53)*2 - 1
}

// course is one series of the past.
type course struct {
	device, property string
	noise            float64
	at               func(at, end time.Time) float64
}

// courses are those of the stations. The further up the river, the later and flatter the tide.
func courses() []course {
	level := func(mean, tide float64, late time.Duration, river, surge float64) func(at, end time.Time) float64 {
		return func(at, end time.Time) float64 {
			_, r, s := weather(at, end)
			return mean + tide*sea(at.Add(-late)) + river*r + surge*s
		}
	}
	battery := func(full float64) func(at, end time.Time) float64 {
		return func(at, _ time.Time) float64 { return full + 0.25*noon(at) }
	}
	gas := func(at, end time.Time) float64 {
		if puff := end.Sub(at).Hours() - 9*24; puff >= 0 && puff < 0.5 {
			return 31
		}
		return 2.4 + 0.5*noon(at)
	}
	return []course{
		{"rd-level-1", "water_level", 0.01, level(4.1, 1, 0, 0.3, 1)},
		{"rd-level-3", "water_level", 0.01, level(4.2, 0.5, 50*time.Minute, 0.7, 0.4)},
		{"rd-level-2", "water_level", 0.01, level(4.4, 0.3, 100*time.Minute, 1, 0.2)},
		{"rd-rain-1", "rain_1h", 0, func(at, end time.Time) float64 { r, _, _ := weather(at, end); return math.Floor(r*2) / 2 }},
		{"rd-gas-1", "ch4_lel", 0.4, gas},
		{"rd-gas-1", "temperature", 0.2, func(at, _ time.Time) float64 { return 16.5 + 4*noon(at) }},
		{"rd-level-1", "battery_voltage", 0.02, battery(12.5)},
		{"rd-level-2", "battery_voltage", 0.02, battery(12.5)},
		{"rd-level-3", "battery_voltage", 0.02, battery(12.4)},
		{"rd-rain-1", "battery_voltage", 0.02, battery(12.3)},
		{"rd-siren-1", "battery_voltage", 0.05, battery(24.0)},
	}
}

// writePast writes the past before a time as the command that imports it reads it.
func writePast(to io.Writer, end time.Time) error {
	out := bufio.NewWriter(to)
	fmt.Fprintln(out, "device,property,at,value") // Flush tells what went wrong
	last := end.Truncate(pastStep)
	for n, c := range courses() {
		for at := last.AddDate(0, 0, -pastDays); at.Before(last); at = at.Add(pastStep) {
			fmt.Fprintf(out, "%s,%s,%s,%.3f\n", c.device, c.property, at.UTC().Format(time.RFC3339), c.at(at, end)+c.noise*jitter(at, n))
		}
	}
	return out.Flush()
}

// past brings it to the centre. Called again after an interruption it doubles nothing: times are of one grid.
func (d *demo) past(ctx context.Context) error {
	name := d.file("past.csv")
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write the past: %w", err)
	}
	defer os.Remove(name)
	if err := errors.Join(writePast(file, time.Now()), file.Close()); err != nil {
		return fmt.Errorf("write the past: %w", err)
	}
	_, err = d.central(ctx, "readings", "import", name)
	return err
}
