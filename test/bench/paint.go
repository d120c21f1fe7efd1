package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
	"github.com/fengsui/fengsui/test/harness"
)

const (
	owners    = 50 // terminals
	perOwner  = 1000
	perBatch  = 500
	newestAll = owners * perOwner
)

// firstPaint is how long a browser takes to show fifty thousand sensors, each with a value, on the map.
func firstPaint(t host, o options) []figure {
	c := harness.StartCentre(t, o.programs, harness.CentreOptions{Level: "warn"})
	for i := range owners {
		id := fmt.Sprintf("paint-%d", i)
		m := harness.EnrolTerminal(t, c, id, c.TLS, placed(id, i))
		harness.WaitFor(t, time.Minute, id+" is greeted", func() error {
			if !m.Connected() {
				return fmt.Errorf("not yet")
			}
			return nil
		})
		for first := 0; first < perOwner; first += perBatch {
			readings := make([]wire.Reading, 0, perBatch)
			for s := first; s < first+perBatch; s++ {
				readings = append(readings, wire.Reading{Device: sensorOf(id, s), Property: "level", At: time.Now().UnixMilli(), Value: float64(s%300) / 100})
			}
			t.must(m.Send(readings))
		}
		m.Settled(t, time.Minute)
	}
	if got := c.Stats(t).Readings; got != newestAll {
		t.Fatalf("%d sensors have a value, want %d", got, newestAll)
	}
	root, err := harness.Root()
	t.must(err)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "paint.mjs", c.URL, "admin", c.AdminPassword(), strconv.Itoa(newestAll))
	cmd.Dir = filepath.Join(root, "test", "web")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("open the console in a browser (make story installs what it needs): %v", err)
	}
	type shown struct {
		Frame int64 `json:"frame"`
		Map   int64 `json:"map"`
	}
	var v struct {
		Cold shown   `json:"cold"`
		Warm []shown `json:"warm"`
	}
	t.must(json.Unmarshal(out, &v))
	slices.SortFunc(v.Warm, func(a, b shown) int { return int(a.Map - b.Map) })
	warm := v.Warm[len(v.Warm)/2]
	return []figure{{
		fmt.Sprintf("Map page with %d sensors, to the page's frame / to the map with all of them on it: cold; again (median of %d)", newestAll, len(v.Warm)), "≤ 2 s",
		fmt.Sprintf("%d / %d ms; %d / %d ms", v.Cold.Frame, v.Cold.Map, warm.Frame, warm.Map),
	}}
}

func sensorOf(terminal string, n int) string { return fmt.Sprintf("%s-%d", terminal, n) }

// placed are sensors spread over a county.
func placed(terminal string, n int) []wire.SensorDeclared {
	out := make([]wire.SensorDeclared, 0, perOwner)
	for s := range perOwner {
		x := scramble(uint64(n*perOwner + s))
		d := harness.Declared(sensorOf(terminal, s) + "/level")[0]
		d.Place = &wire.Place{Lon: 120.2 + float64(x%16000)/10000, Lat: 31.7 + float64(x>>20%10000)/10000}
		out = append(out, d)
	}
	return out
}
