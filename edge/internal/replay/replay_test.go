package replay_test

import (
	"strings"
	"testing"

	"github.com/fengsui/fengsui/edge/internal/driver/gpio"
	"github.com/fengsui/fengsui/edge/internal/driver/modbus"
	"github.com/fengsui/fengsui/edge/internal/replay"
	"github.com/fengsui/fengsui/shared/profile"
)

const configs = "../../../firmware-configs"

func TestDifferenceIsFound(t *testing.T) {
	p, err := profile.Load(configs + "/profiles/water-level/generic-water-level-modbus.yml")
	if err != nil {
		t.Fatal(err)
	}
	exchange := replay.Exchange{Request: "0001 0000 0006 01 03 0000 0003", Response: "0001 0000 0009 01 03 06 00001018 04ED"}
	other := exchange
	other.Request = "0001 0000 0006 01 03 0000 0004"
	for _, c := range []struct {
		name, want string
		c          replay.Case
	}{
		{"value", "water_level: got 4.12, want 4.13", replay.Case{Exchanges: []replay.Exchange{exchange}, Want: map[string]float64{"water_level": 4.13, "battery_voltage": 12.61}}},
		{"missing", "speed: not read", replay.Case{Exchanges: []replay.Exchange{exchange}, Want: map[string]float64{"water_level": 4.12, "battery_voltage": 12.61, "speed": 1}}},
		{"too many", "battery_voltage: read, but not wanted", replay.Case{Exchanges: []replay.Exchange{exchange}, Want: map[string]float64{"water_level": 4.12}}},
		{"quality", "water_level: got quality 0", replay.Case{Exchanges: []replay.Exchange{exchange}, Want: map[string]float64{"water_level": 4.12, "battery_voltage": 12.61}, Bad: []string{"water_level"}}},
		{"request", "driver asks", replay.Case{Exchanges: []replay.Exchange{other}, Want: map[string]float64{"water_level": 4.12}}},
		{"no error", "want the error", replay.Case{Exchanges: []replay.Exchange{exchange}, Error: "exception"}},
	} {
		if err := replay.Run(t.Context(), p, c.c, modbus.New().Open); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestAnOrderOverLinesIsHeldAgainstTheLevelsAfterwards(t *testing.T) {
	p, err := profile.Load(configs + "/profiles/siren/relay-gpio.yml")
	if err != nil {
		t.Fatal(err)
	}
	c := replay.Case{Levels: map[int]int{17: 0}, Switch: "siren", To: "on", Then: map[int]int{17: 1}}
	if err := replay.Run(t.Context(), p, c, gpio.Open); err != nil {
		t.Error(err)
	}
	// A relay that pulls on low reads back as on all the same: only the line shows it.
	p.Outputs[0].ActiveLow = true
	if err := replay.Run(t.Context(), p, c, gpio.Open); err == nil || !strings.Contains(err.Error(), "line 17 stands at 0, want 1") {
		t.Errorf("got %v", err)
	}
	c.Levels = map[int]int{18: 0}
	if err := replay.Run(t.Context(), p, c, gpio.Open); err == nil {
		t.Error("a line that is not there was switched")
	}
}
