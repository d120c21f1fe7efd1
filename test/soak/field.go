package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/fengsui/fengsui/test/harness"
)

// counter is a device whose every register says how often it was read. It is no product.
const counter = `api_version: fengsui/v1
id: soak-counter
revision: 1.0.0
name: 计数器
name_en: Counter
class: power
protocol: modbus-tcp
source: 本项目测试用。For the tests of this project.
verified: false
every: 200ms
timeout: 20s
modbus:
  unit: 1
  registers:
    - {property: energy, table: holding, address: 0, type: u32, order: abcd}
    - {property: energy_out, table: holding, address: 2, type: u32, order: abcd}
    - {property: rain_total, table: holding, address: 4, type: u32, order: abcd}
    - {property: power, table: holding, address: 6, type: u32, order: abcd}
series:
  - {property: energy, name: 一, name_en: one, unit: kW.h, digits: 0}
  - {property: energy_out, name: 二, name_en: two, unit: kW.h, digits: 0}
  - {property: rain_total, name: 三, name_en: three, unit: mm, digits: 0}
  - {property: power, name: 四, name_en: four, unit: W, digits: 0}
`

var counted = []string{"energy", "energy_out", "rain_total", "power"}

const (
	gas     = "soak-gas"
	methane = "ch4_lel"
)

// firmware is the folder of the repository with the counter in it.
func firmware(t harness.TB) string {
	t.Helper()
	root, err := harness.Root()
	must(t, err)
	dir := filepath.Join(t.TempDir(), "firmware-configs")
	must(t, os.CopyFS(dir, os.DirFS(filepath.Join(root, "firmware-configs"))))
	must(t, os.WriteFile(filepath.Join(dir, "profiles", "power", "soak-counter.yml"), []byte(counter), 0o644))
	return dir
}

// scene is counters, and a gas detector that can be held at a value.
func scene(firmware string, counters int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "firmware_configs: %s\nmodbus:\n", firmware)
	for _, id := range names(counters) {
		fmt.Fprintf(&b, "  - id: %s\n    listen: 127.0.0.1:0\n    unit: 1\n    profile: soak-counter\n    values:\n", id)
		for _, property := range counted {
			fmt.Fprintf(&b, "      %s: {shape: counter, value: 1}\n", property)
		}
	}
	fmt.Fprintf(&b, `  - id: %s
    listen: 127.0.0.1:0
    unit: 1
    profile: generic-gas-ch4-modbus
    values:
      ch4_lel: {shape: constant, value: 5}
      temperature: {shape: constant, value: 20}
`, gas)
	return b.String()
}

func names(counters int) []string {
	var out []string
	for i := range counters {
		out = append(out, fmt.Sprintf("soak-counter-%d", i+1))
	}
	return out
}

// newEdge writes the configuration of a terminal that reads the scene with these profiles.
func newEdge(t harness.TB, c *harness.Centre, f *harness.Field, firmware, id, addr, every string) *harness.Edge {
	t.Helper()
	e := harness.NewEdge(t, c, f, id, addr)
	text, err := os.ReadFile(e.Config)
	must(t, err)
	root, err := harness.Root()
	must(t, err)
	text = []byte(strings.NewReplacer(
		"firmware_configs: "+filepath.Join(root, "firmware-configs"), "firmware_configs: "+firmware,
		"profile: generic-water-level-modbus", "profile: soak-counter, every: "+every,
		"profile: generic-gas-ch4-modbus", "profile: generic-gas-ch4-modbus, every: "+every,
	).Replace(string(text)))
	must(t, os.WriteFile(e.Config, text, 0o600))
	return e
}

func must(t harness.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}
