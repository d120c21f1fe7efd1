package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// tenDevices is a terminal that reads ten Modbus devices once a second.
func tenDevices(t host, o options) []figure {
	var b strings.Builder
	b.WriteString("modbus:\n")
	for i := range 10 {
		fmt.Fprintf(&b, `  - id: bench-level-%d
    listen: 127.0.0.1:0
    unit: 1
    profile: generic-water-level-modbus
    values:
      water_level: {shape: tide, mean: 3, amplitude: 1, period: 10m, noise: 0.02}
      battery_voltage: {shape: constant, value: 12.6, noise: 0.05}
`, i)
	}
	field := harness.StartField(t, o.programs, b.String())
	c := harness.StartCentre(t, o.programs, harness.CentreOptions{Level: "warn"})
	edge := harness.StartEdge(t, c, field, "edge-ten", c.TLS)
	<-time.After(30 * time.Second)
	before, most := t.use(edge.Process), int64(0)
	const seconds = 60
	for range seconds {
		<-time.After(time.Second)
		most = max(most, t.use(edge.Process).RSS)
	}
	cpu := t.use(edge.Process).CPU - before.CPU
	return []figure{{
		"Edge agent with ten Modbus devices, each read every second: the most in a minute", "≤ 40 MB RSS",
		fmt.Sprintf("%s, %.1f %% of a core", mb(most), 100*cpu.Seconds()/seconds),
	}}
}
