package ingest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// oldFiles are what programs before wrote: times as dates, then as milliseconds and with events; the last
// line was cut by a crash.
var oldFiles = map[string]string{
	"2026-11-23.jsonl": `{"received_at":"2026-11-23T01:02:03.004Z","sender":"gauge","device":"gauge","property":"level","at":"2059-01-01T00:00:00Z","value":3.2,"quality":0}
{"received_at":"2026-11-23T01:02:03.004Z","sender":"gauge","device":"gauge","property":"level","at":"2059-01-01T00:00:10Z","value":3.3,"quality":1}
`,
	"2026-11-24.jsonl": `{"received_at":"2026-11-24T01:02:03Z","sender":"gauge","device":"gauge","property":"flow","at_ms":-90000000000000000,"quality":0}
{"received_at":"2026-11-24T01:02:03Z","sender":"gauge","device":"","at_ms":9000000000000000,"event":{"id":"x","at":9000000000000000,"kind":"alarm"}}
{"received_at":"2026-11-24T01:02:03Z","sender":"gauge","device":"../etc","property":"flow","at_ms":1}
{"received_at":"2026-11-24T01:02:03Z","sender":"ga`,
}

func TestOldQuarantineFilesMoveIntoTheDatabaseOnce(t *testing.T) {
	dir := t.TempDir()
	for range 2 { // the second time as if it had died before it removed the files
		if err := os.MkdirAll(filepath.Join(dir, "apart"), 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range oldFiles {
			if err := os.WriteFile(filepath.Join(dir, "apart", name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c, err := startCentre(t.Context(), dir, "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.devices.Get(system(), "gauge"); err != nil {
			if _, err := c.devices.Create(system(), device.New{ID: "gauge", Kind: device.Sensor}); err != nil {
				t.Fatal(err)
			}
		}
		if readings, events := c.apart(t, "gauge"); readings != 3 || events != 1 {
			t.Errorf("%d readings and %d events, want 3 and 1", readings, events)
		}
		left, err := filepath.Glob(filepath.Join(dir, "apart", "*"))
		if err != nil || len(left) > 0 {
			t.Errorf("left: %v, %v", left, err)
		}
		if err := c.close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFullDiskLetsAlarmsThroughAndReadingsComeLater(t *testing.T) {
	c := newCentre(t)
	e := ready(t, c, "edge-a")
	batch := func(lane wire.Lane, n uint64) []byte {
		b := wire.Batch{Epoch: 7, Lane: lane, SeqFrom: n, SeqTo: n}
		if lane == wire.LaneAlarm {
			data := json.RawMessage(`{"rule":"r","property":"water_level","active":true,"level":1,"value":9,"limit":5}`)
			b.Events = []wire.Event{{ID: fmt.Sprint("a", n), At: time.Now().UnixMilli(), Kind: wire.EventAlarm, Device: "edge-a-level", Data: data}}
		} else {
			b.Readings = []wire.Reading{{Device: "edge-a-level", Property: "water_level", At: time.Now().UnixMilli(), Value: 9}}
		}
		payload, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return payload
	}
	c.free.Store(1)
	for n := range uint64(5) { // some of them in one group
		e.send(wire.UpTopic("edge-a", wire.LaneTelemetry), batch(wire.LaneTelemetry, 1))
		e.send(wire.UpTopic("edge-a", wire.LaneAlarm), batch(wire.LaneAlarm, n+1))
	}
	for got := uint64(0); got < 5; {
		for _, l := range e.ack().Lanes {
			if l.Lane != wire.LaneAlarm {
				t.Fatalf("lane %d was acknowledged on a full disk", l.Lane)
			}
			for _, r := range l.Ranges {
				got += r[1] - r[0] + 1
			}
		}
	}
	if n := c.stored(t); n != 0 {
		t.Errorf("%d readings stored on a full disk", n)
	}
	if alarms, err := c.data.ListAlarms(system(), telemetry.Filter{}); err != nil || len(alarms.Items) != 1 {
		t.Errorf("alarms %+v, %v; want one", alarms.Items, err)
	}
	if h, err := c.data.Health(system()); err != nil || h.State != telemetry.DiskFull || h.Refused == 0 {
		t.Errorf("health %+v, %v", h, err)
	}
	c.free.Store(1 << 30)
	e.send(wire.UpTopic("edge-a", wire.LaneTelemetry), batch(wire.LaneTelemetry, 1))
	if a := e.ack(); len(a.Lanes) != 1 || a.Lanes[0].Lane != wire.LaneTelemetry {
		t.Errorf("with room again: %+v", a)
	}
	if h, err := c.data.Health(system()); err != nil || h.State != telemetry.Healthy {
		t.Errorf("health %+v, %v", h, err)
	}
}
