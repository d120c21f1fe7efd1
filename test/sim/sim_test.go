package sim

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	modbusclient "github.com/simonvetter/modbus"

	"github.com/fengsui/fengsui/test/sim/modbus"
)

const field = `
control: 127.0.0.1:0
firmware_configs: FIRMWARE
clips: CLIPS
modbus:
  - id: level
    listen: 127.0.0.1:0
    unit: 1
    profile: generic-water-level-modbus
    values:
      water_level: {shape: constant, value: 4.56}
      battery_voltage: {shape: constant, value: 12.6}
nmea:
  - {id: car, listen: 127.0.0.1:0, every: 1s, speed: 5, track: [[121.6, 32.0], [121.7, 32.0]]}
rtsp:
  listen: 127.0.0.1:0
  cameras:
    - {id: cam, clip: sluice.h264}
`

func config(t *testing.T, text string) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	text = strings.NewReplacer("FIRMWARE", filepath.Join(root, "firmware-configs"), "CLIPS", filepath.Join(root, "test/clips")).Replace(text)
	file := filepath.Join(t.TempDir(), "sim.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestFieldIsServedAsItsProfilesSayAndObeysItsControl(t *testing.T) {
	c, err := Load(config(t, field))
	if err != nil {
		t.Fatal(err)
	}
	s := &Sim{Config: c, Log: slog.New(slog.DiscardHandler)}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	control := &Control{Sim: s, Listen: c.Control}
	if err := control.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context()) // it has ended by now
		if err := control.Stop(ctx); err != nil {
			t.Error(err)
		}
		if err := s.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	a := s.Addresses()
	if a.Notice != "演示数据" || a.Cameras["cam"] == "" || a.Devices["car"] == "" {
		t.Errorf("addresses: %+v", a)
	}
	client, err := modbusclient.NewClient(&modbusclient.ClientConfiguration{URL: "tcp://" + a.Devices["level"], Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	read := func() uint16 {
		t.Helper()
		if err := client.Open(); err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		words, err := client.ReadRegisters(0, 3, modbusclient.HOLDING_REGISTER)
		if err != nil || words[2] != 1260 {
			t.Fatalf("got %v, %v", words, err)
		}
		return words[1]
	}
	if got := read(); got != 4560 {
		t.Errorf("level %d mm", got)
	}
	post := func(path, body string, want int) {
		t.Helper()
		answer, err := http.Post("http://"+control.Addr()+path, "application/json", bytes.NewBufferString(body))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s answers %d, want %d", path, answer.StatusCode, want)
		}
	}
	post("/devices/level/values", `{"water_level":5.4}`, http.StatusNoContent)
	if got := read(); got != 5400 {
		t.Errorf("held level %d mm", got)
	}
	post("/devices/level/values", `{"depth":1}`, http.StatusNotFound)
	post("/devices/level/cut", "", http.StatusNoContent)
	if err := client.Open(); err == nil {
		t.Error("a device that was cut answers")
	}
	post("/devices/level/restore", "", http.StatusNoContent)
	post("/devices/level/values", `{"water_level":null}`, http.StatusNoContent)
	if got := read(); got != 4560 {
		t.Errorf("level %d mm after the hold", got)
	}
	post("/devices/other/cut", "", http.StatusConflict)
}

func TestRegistersThatMayBeReadAlongAreThere(t *testing.T) {
	points := []modbus.Point{
		{Table: "holding", Address: 9, Words: 1},
		{Table: "holding", Address: 0, Words: 2},
		{Table: "input", Address: 4, Words: 1},
		{Table: "holding", Address: 4, Words: 1},
	}
	got := gaps(points, 2)
	if len(got) != 1 || got[0].Address != 2 || got[0].Words != 2 || got[0].Table != "holding" {
		t.Errorf("got %+v", got)
	}
}

func TestWrongFieldsAreRefused(t *testing.T) {
	place := regexp.MustCompile(`sim\.yml:([2-9]|[1-9][0-9]): `)
	for _, c := range []struct{ name, from, to string }{
		{"unknown key", "speed: 5", "speeed: 5"},
		{"id used twice", "id: car", "id: level"},
		{"unknown shape", "shape: constant, value: 4.56", "shape: square"},
		{"station that dials nobody", "rtsp:", "stations: [{id: st, profile: sl651-river, station: \"0011223344\", every: 1s}]\nrtsp:"},
		{"no track", "track: [[121.6, 32.0], [121.7, 32.0]]", "track: []"},
	} {
		if _, err := Load(config(t, strings.Replace(field, c.from, c.to, 1))); err == nil || !place.MatchString(err.Error()) {
			t.Errorf("%s: got %v, want file and line", c.name, err)
		}
	}
	c, err := Load(config(t, strings.Replace(field, "battery_voltage:", "colour:", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if err := (&Sim{Config: c, Log: slog.New(slog.DiscardHandler)}).Start(t.Context()); err == nil {
		t.Error("a property that the profile lacks was taken")
	}
}
