package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/simonvetter/modbus"

	"github.com/fengsui/fengsui/edge/app"
	"github.com/fengsui/fengsui/edge/internal/outbox"
	"github.com/fengsui/fengsui/shared/testserver"
	"github.com/fengsui/fengsui/shared/wire"
)

const configs = "../../firmware-configs"

// gauge is a real Modbus server with the registers of generic-water-level-modbus.
type gauge struct{ millimetres atomic.Int32 }

func (g *gauge) HandleCoils(*modbus.CoilsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}

func (g *gauge) HandleDiscreteInputs(*modbus.DiscreteInputsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}

func (g *gauge) HandleInputRegisters(*modbus.InputRegistersRequest) ([]uint16, error) {
	return nil, modbus.ErrIllegalFunction
}

func (g *gauge) HandleHoldingRegisters(r *modbus.HoldingRegistersRequest) ([]uint16, error) {
	v := uint32(g.millimetres.Load())
	all := []uint16{uint16(v >> 16), uint16(v), 1261}
	if int(r.Addr)+int(r.Quantity) > len(all) {
		return nil, modbus.ErrIllegalDataAddress
	}
	return all[r.Addr : r.Addr+r.Quantity], nil
}

func startGauge(t *testing.T) (*gauge, string) {
	t.Helper()
	g, address := &gauge{}, testserver.FreeAddr(t)
	s, err := modbus.NewServer(&modbus.ServerConfiguration{URL: "tcp://" + address, Timeout: time.Minute, MaxClients: 4}, g)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	return g, address
}

// write makes an edge.yml whose centre does not exist.
func write(t *testing.T, sensors string) string {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs(configs)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("id: edge-1\nname: 终端\ndata: %s/data\nfirmware_configs: %s\ncentre:\n  url: http://%s\n  mqtt: %s\n  plain: true\nstatus:\n  listen: 127.0.0.1:0\noutbox:\n  commit_every: 20ms\n%s",
		dir, root, testserver.FreeAddr(t), testserver.FreeAddr(t), sensors)
	file := filepath.Join(dir, "edge.yml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func status(t *testing.T, address string) wire.Status {
	t.Helper()
	answer, err := http.Get("http://" + address + "/status.json")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var v struct{ Status wire.Status }
	if err := json.NewDecoder(answer.Body).Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v.Status
}

func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func TestAgentMeasuresAndRaisesAlarmsWithoutACentre(t *testing.T) {
	g, address := startGauge(t)
	g.millimetres.Store(4000)
	file := write(t, "sensors:\n  - {id: gauge, name: 水位站, profile: generic-water-level-modbus, address: '"+address+"', every: 100ms}\n"+
		"  - {id: dead, name: 坏的, profile: nmea-gnss, address: '"+testserver.FreeAddr(t)+"'}\n")
	a, err := app.Start(t.Context(), app.Options{ConfigFile: file, Log: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	wait(t, "readings are kept", func() bool { return status(t, a.Addr()).Backlog.Records > 10 })
	wait(t, "the states of the sensors are known", func() bool {
		s := status(t, a.Addr())
		return len(s.Sensors) == 2 && s.Sensors[0].OK && !s.Sensors[1].OK && strings.Contains(s.Sensors[1].Error, "no connection")
	})
	if _, err := app.Start(t.Context(), app.Options{ConfigFile: file, Log: io.Discard}); err == nil || !strings.Contains(err.Error(), "another agent runs") {
		t.Errorf("a second agent on the same data: %v", err)
	}
	g.millimetres.Store(5300)
	begun := time.Now()
	box := filepath.Join(filepath.Dir(file), "data", "outbox.db")
	wait(t, "the rule has held for three seconds", func() bool { return time.Since(begun) > 3500*time.Millisecond })
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	b, err := outbox.Open(t.Context(), outbox.Options{File: box, GraceSize: 1 << 20, Grace: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	block, err := b.Next(t.Context(), wire.LaneAlarm, 0, 0, false)
	if err != nil || block == nil {
		t.Fatalf("no alarm is kept: %v", err)
	}
	batch, err := wire.Decode(block.Payload)
	if err != nil || len(batch.Events) != 1 || batch.Events[0].Kind != wire.EventAlarm || batch.Events[0].Device != "gauge" {
		t.Errorf("got %+v, %v", batch, err)
	}
}

// relay is the files of a line of the terminal, as the kernel makes them.
func relay(t *testing.T) (dir string, level func() string) {
	t.Helper()
	dir = t.TempDir()
	line := filepath.Join(dir, "gpio17")
	if err := os.Mkdir(line, 0o700); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string]string{"direction": "out\n", "value": "1\n"} { // howling since the last run
		if err := os.WriteFile(filepath.Join(line, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, func() string {
		text, err := os.ReadFile(filepath.Join(line, "value"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
}

func TestAlarmSoundsTheSirenOfTheTerminalWithoutACentre(t *testing.T) {
	g, address := startGauge(t)
	g.millimetres.Store(4000)
	dir, level := relay(t)
	rules := t.TempDir()
	if err := os.WriteFile(filepath.Join(rules, "r.yml"), []byte(`rules:
  - {id: high, name: 高, name_en: High, devices: [gauge], property: water_level, condition: above, limit: 5.2, clear: 5.1, level: 3,
     actions: [{device: horn, output: siren}], source: test}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	file := write(t, "rules: "+rules+"\nsensors:\n  - {id: gauge, name: 水位站, profile: generic-water-level-modbus, address: '"+address+"', every: 100ms}\n"+
		"  - {id: horn, name: 警笛, profile: relay-gpio, address: "+dir+"}\n")
	start := func() *app.Agent {
		a, err := app.Start(t.Context(), app.Options{ConfigFile: file, Log: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		wait(t, "the siren is known", func() bool { s := status(t, a.Addr()); return len(s.Sensors) == 2 && s.Sensors[1].OK })
		return a
	}
	a := start()
	wait(t, "the start brings the safe state", func() bool { return level() == "0" })
	g.millimetres.Store(5300)
	wait(t, "the siren sounds", func() bool { return level() == "1" })
	wait(t, "the status says that it sounds, why, and until when", func() bool {
		o := status(t, a.Addr()).Outputs
		return len(o) == 1 && o[0].Device == "horn" && o[0].On != nil && *o[0].On && o[0].Until != 0 && len(o[0].Why) == 1
	})
	if err := a.Stop(); err != nil || level() != "0" {
		t.Errorf("after the end: %v, level %s", err, level())
	}
	a = start()
	wait(t, "the alarm goes on, and its siren", func() bool { return level() == "1" })
	g.millimetres.Store(4000)
	wait(t, "the alarm ends, and its siren", func() bool { return level() == "0" })
	if err := a.Stop(); err != nil {
		t.Error(err)
	}
}

func TestAgentDoesNotStartOnASensorItCannotRead(t *testing.T) {
	for _, c := range []struct{ sensors, want string }{
		{"sensors:\n  - {id: a, profile: nothing, address: '127.0.0.1:1'}\n", `sensors.0.profile: there is no profile "nothing" at this terminal`},
		{"sensors:\n  - {id: a, profile: nmea-gns, address: '127.0.0.1:1'}\n", `is nmea-gnss meant?`},
		{"sensors:\n  - {id: a, profile: nmea-gnss, address: '127.0.0.1'}\n", "sensors.0.address"},
	} {
		if _, err := app.Start(t.Context(), app.Options{ConfigFile: write(t, c.sensors), Log: io.Discard}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}

func TestShippedProfilesReadTheirRecordings(t *testing.T) {
	files, err := filepath.Glob(configs + "/profiles/*/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no profiles: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			var out bytes.Buffer
			if err := app.TestProfile(t.Context(), app.Options{Out: &out}, file); err != nil {
				t.Errorf("%v\n%s", err, out.String())
			}
		})
	}
}

func TestProfileTestSaysWhatItReadsAndFailsOnADifference(t *testing.T) {
	var out bytes.Buffer
	if err := app.TestProfile(t.Context(), app.Options{Out: &out}, configs+"/profiles/gas/generic-gas-ch4-modbus.yml"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "甲烷浓度") || !strings.Contains(out.String(), "2 test cases; not yet verified") {
		t.Errorf("got %s", out.String())
	}
	dir := t.TempDir()
	text, err := os.ReadFile(configs + "/profiles/gas/generic-gas-ch4-modbus.yml")
	if err != nil {
		t.Fatal(err)
	}
	put := func(path, text string) {
		t.Helper()
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("profiles/gas/p.yml", strings.Replace(string(text), "scale: 0.1", "scale: 0.01", 1))
	profile := filepath.Join(dir, "profiles/gas/p.yml")
	if err := app.TestProfile(t.Context(), app.Options{Out: io.Discard}, profile); err == nil || !strings.Contains(err.Error(), "there is no test case in "+filepath.Join(dir, "testdata/generic-gas-ch4-modbus")) {
		t.Errorf("got %v", err)
	}
	siren, err := os.ReadFile(configs + "/profiles/siren/relay-gpio.yml")
	if err != nil {
		t.Fatal(err)
	}
	put("profiles/siren/relay-gpio.yml", string(siren))
	if err := app.TestProfile(t.Context(), app.Options{Out: io.Discard}, filepath.Join(dir, "profiles/siren/relay-gpio.yml")); err == nil || !strings.Contains(err.Error(), "there is no test case in ") {
		t.Errorf("a profile of outputs alone: %v", err)
	}
	put("testdata/generic-gas-ch4-modbus/a.yml", "name: a\nexchanges:\n  - {request: '0001 0000 0006 01 04 0000 0002', response: '0001 0000 0007 01 04 04 FFFB 00E6'}\nwant: {ch4_lel: -0.5, temperature: 23}\n")
	if err := app.TestProfile(t.Context(), app.Options{Out: io.Discard}, profile); err == nil || !strings.Contains(err.Error(), "1 of 1 test cases failed") {
		t.Errorf("got %v", err)
	}
}

// TestNewDeviceIsTwoDataFiles adds a device that nobody has heard of.
func TestNewDeviceIsTwoDataFiles(t *testing.T) {
	dir := t.TempDir()
	for path, text := range map[string]string{
		"profiles/tilt/acme-tilt-9.yml": `api_version: fengsui/v1
id: acme-tilt-9
revision: 1.0.0
vendor: ACME
model: Tilt 9
name: 倾角计
name_en: Tiltmeter
class: tilt
protocol: modbus-rtu
source: made up for a test
verified: false
every: 5s
timeout: 1s
modbus:
  unit: 7
  registers:
    - {property: tilt, table: input, address: 16, type: i16, scale: 0.01, min: -90, max: 90}
    - {property: moved, table: input, address: 17, type: bit, bit: 4}
series:
  - {property: tilt, name: 倾角, name_en: Tilt, unit: deg, digits: 2}
  - {property: moved, name: 位移, name_en: Moved, unit: "1", digits: 0}
`,
		"testdata/acme-tilt-9/leaning.yml": `name: it leans by 1.5 degrees to the left and has moved
exchanges:
  - {request: '07 04 0010 0002 7068', response: '07 04 04 FF6A 0010 8C40'}
want: {tilt: -1.5, moved: 1}
`,
	} {
		path = filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := app.TestProfile(t.Context(), app.Options{Out: &out}, filepath.Join(dir, "profiles/tilt/acme-tilt-9.yml")); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestBundleIsPrintedForATerminal(t *testing.T) {
	var out bytes.Buffer
	if err := app.Bundle(app.Options{Out: &out}, configs+"/bundles/gas-valve-room.yml", "rd-valve-2"); err != nil || !strings.Contains(out.String(), "id: rd-valve-2-ch4") {
		t.Errorf("got %v\n%s", err, out.String())
	}
	if err := app.Bundle(app.Options{Out: io.Discard}, "/nonexistent.yml", "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
