package telemetry_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// invent sends alarms of rules that only the terminal knows.
func (d *desk) invent(received time.Time, device string, n int, active bool) {
	d.t.Helper()
	b := &wire.Batch{}
	for i := range n {
		// Half of them bear the name of a rule of the centre on a property that it does not watch.
		e := wire.AlarmEvent{Rule: fmt.Sprint("own-", i), Property: "water_level", Active: active, Level: 1}
		if i%2 == 1 {
			e.Rule, e.Property = "water", fmt.Sprint("p-", i)
		}
		data, err := json.Marshal(e)
		if err != nil {
			d.t.Fatal(err)
		}
		b.Events = append(b.Events, wire.Event{ID: "e", At: received.UnixMilli(), Kind: wire.EventAlarm, Device: device, Data: data})
	}
	d.take(telemetry.Incoming{Edge: "edge", Batch: b, ReceivedAt: received})
}

func TestInventedAlarmsOfATerminalAreLimitedAndSaid(t *testing.T) {
	f := newField(now)
	for i := range 30 {
		f.change("level", func(d *device.Device) { d.ID = fmt.Sprint("x", i) }) // a copy of it
	}
	d := &desk{t: t, dir: t.TempDir(), reg: f}
	d.start(water())
	t.Cleanup(d.kill)
	d.invent(now, "level", 2500, true)
	active, err := d.ActiveAlarms(as("w", "320600"))
	if err != nil || len(active) != 8+1 {
		t.Fatalf("%d alarms, %v; want 8 and the one that says that there are more", len(active), err)
	}
	if a := active[0]; a.Rule != "too-many-alarms" || a.Device != "edge" {
		t.Errorf("got %+v", a)
	}
	if edge, _ := f.Visible(t.Context(), "edge"); edge.Refused != 2500-8 {
		t.Errorf("%d refused, want %d", edge.Refused, 2500-8)
	}
	for i := range 30 {
		d.invent(now, fmt.Sprint("x", i), 20, true)
	}
	if active, _ = d.ActiveAlarms(as("w", "320600")); len(active) != 100+1 {
		t.Errorf("%d alarms of one terminal, want 100 and one", len(active))
	}
	// A rule of the centre rings all the same.
	d.read(now, now, 5.3)
	if active, _ = d.ActiveAlarms(as("w", "320600")); len(active) != 102 || active[0].Rule != "water" {
		t.Errorf("%d alarms, first %+v", len(active), active[0])
	}
	for _, a := range active {
		if a.Origin == "edge" {
			if _, err := d.Ack(as("w", "320600"), a.ID, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	later := now.Add(time.Second)
	for id := range f.known {
		d.invent(later, id, 20, false)
	}
	if err := d.Stop(t.Context()); err != nil { // looks around once more
		t.Fatal(err)
	}
	list, err := d.ActiveAlarms(as("w", "320600"))
	if err != nil || len(list) != 2 || list[1].Rule != "too-many-alarms" || list[1].State != telemetry.Returned {
		t.Errorf("at the end %+v, %v", list, err)
	}
}

func TestTerminalHasNoSayInAlarmsOfTheCentreAboutItself(t *testing.T) {
	silent(t, func(d *desk, f field, pass func(int, ...string)) {
		say := func(rule, property string, active bool) {
			data, err := json.Marshal(wire.AlarmEvent{Rule: rule, Property: property, Active: active, Level: 2})
			if err != nil {
				d.t.Fatal(err)
			}
			e := wire.Event{ID: rule, At: time.Now().UnixMilli(), Kind: wire.EventAlarm, Device: "edge", Data: data}
			d.take(telemetry.Incoming{Edge: "edge", Batch: &wire.Batch{Events: []wire.Event{e}}, ReceivedAt: time.Now()})
		}
		about := map[string]string{"terminal-twin": "identity", "terminal-disk-full": "disk", "clock-wrong": "clock", "too-many-alarms": "alarms", "quiet-terminal": "uplink"}
		for rule, property := range about {
			say(rule, property, true)
		}
		d.expect("said by the terminal", "", "")
		d.Twins(d.t.Context(), "edge", []device.Life{{Boot: "a"}, {Boot: "b"}}, time.Now())
		d.Disk(d.t.Context(), "edge", &wire.DiskState{Kind: wire.DiskFull, Path: "/data"}, 0, time.Now())
		f.state("edge", device.Offline)
		pass(6, "level", "rain", "simple")
		d.expect("found by the centre", "open open open", "opened opened opened")
		for rule, property := range about {
			say(rule, property, false)
		}
		d.expect("denied by the terminal", "open open open", "")
		if dev, _ := f.Visible(d.t.Context(), "edge"); dev.Refused != 10 {
			d.t.Errorf("%d refused, want 10", dev.Refused)
		}
	})
}
