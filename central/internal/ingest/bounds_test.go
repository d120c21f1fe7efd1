package ingest_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// absurd are times that no calendar, database or browser may ever meet.
var absurd = []int64{9_000_000_000_000_000, -90_000_000_000_000_000, math.MaxInt64, math.MinInt64, 0, wire.FirstTime - 1}

// apart counts what was kept apart of a device.
func (c *centre) apart(t testing.TB, id string) (readings, events int64) {
	t.Helper()
	list, err := c.data.ListApart(system())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := json.Marshal(list); err != nil {
		t.Error(err)
	}
	for _, a := range list {
		if a.Device == id {
			readings, events = a.Readings, a.Events
		}
	}
	return readings, events
}

func TestAbsurdTimesOfAnEdgeStopNeitherTheDeskNorTheNextStart(t *testing.T) {
	dir := t.TempDir()
	c, err := startCentre(t.Context(), dir, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := ready(t, c, "edge-a")
	b := wire.Batch{Epoch: 7, Lane: wire.LaneAlarm, Synced: true, SeqFrom: 1}
	for n, at := range absurd {
		data := json.RawMessage(`{"rule":"r","property":"water_level","active":true,"level":1,"value":9,"limit":5}`)
		loss := json.RawMessage(fmt.Sprintf(`{"lane":2,"from":%d,"to":%d,"count":7,"why":"disk"}`, at, time.Now().UnixMilli()))
		b.Events = append(b.Events,
			wire.Event{ID: fmt.Sprint("a", n), At: at, Kind: wire.EventAlarm, Device: "edge-a-level", Data: data},
			wire.Event{ID: fmt.Sprint("l", n), At: time.Now().UnixMilli(), Kind: wire.EventLoss, Data: loss})
		b.Readings = append(b.Readings, wire.Reading{Device: "edge-a-level", Property: "water_level", At: at, Value: math.NaN()})
	}
	b.SeqTo = uint64(len(b.Events) + len(b.Readings))
	payload, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	e.send(wire.UpTopic("edge-a", wire.LaneAlarm), payload)
	if a := e.ack(); len(a.Lanes) != 1 {
		t.Errorf("ack %+v", a)
	}
	e.send(wire.StatusTopic("edge-a"), wire.Status{State: "online", Time: math.MinInt64, Backlog: wire.Backlog{Oldest: math.MaxInt64}})
	e.send(wire.HelloTopic("edge-a"), wire.Hello{Version: 1, Epoch: 7, Time: math.MaxInt64})
	if a := e.ack(); !a.Hello {
		t.Errorf("an edge with a wrong clock is not answered: %+v", a)
	}
	all := uint64(3*len(absurd) + 3)
	until(t, "all refusals", func() bool { return c.refused(t, "edge-a") == all })
	n := int64(len(absurd))
	until(t, "the ack of everything", func() bool { _, losses := c.apart(t, "edge-a"); return losses == n })
	if readings, alarms := c.apart(t, "edge-a-level"); readings != n || alarms != n {
		t.Errorf("%d readings and %d alarms kept apart, want %d each", readings, alarms, n)
	}
	healthy := func(when string, c *centre, shown int) {
		t.Helper()
		alarms, err := c.data.ListAlarms(system(), telemetry.Filter{})
		if err != nil || len(alarms.Items) != 2 { // what is live rings at its arrival, and the clock
			t.Errorf("%s: alarms %+v, %v", when, alarms, err)
		}
		latest, err := c.data.Latest(system())
		for _, l := range latest {
			if l.Quality != wire.Bad || l.ClockOff == 0 { // the value was no number
				err = fmt.Errorf("got %+v", l)
			}
		}
		if _, broken := json.Marshal(latest); broken != nil || err != nil || len(latest) != shown {
			t.Errorf("%s: latest %+v, %v", when, latest, err)
		}
		devices, err := c.devices.All(system())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := json.Marshal(devices); err != nil {
			t.Errorf("%s: devices %v", when, err)
		}
	}
	healthy("running", c, 1)
	e.mqtt.Disconnect(0)
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	if c, err = startCentre(t.Context(), dir, "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	healthy("restarted", c, 0)
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
}

func TestAbsurdTimesOfASimpleSensorAreConfirmedCountedAndKeptApart(t *testing.T) {
	c := newCentre(t)
	client := mqtt.NewClient(c.sensor(t, "gauge"))
	if tok := client.Connect(); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
		t.Fatal(tok.Error())
	}
	defer client.Disconnect(0)
	for n, at := range absurd {
		text := fmt.Sprintf(`{"ts":%d,"values":{"level%d":%d}}`, at, n, n)
		if tok := client.Publish("v1/devices/gauge/telemetry", 1, false, text); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
			t.Fatalf("%s: %v", text, tok.Error())
		}
	}
	if n := c.refused(t, "gauge"); n != uint64(len(absurd)) {
		t.Errorf("%d refused, want %d", n, len(absurd))
	}
	if n, _ := c.apart(t, "gauge"); n != int64(len(absurd)) {
		t.Errorf("%d readings kept apart, want %d", n, len(absurd))
	}
	latest, err := c.data.Latest(system())
	if _, broken := json.Marshal(latest); broken != nil || err != nil || len(latest) != len(absurd) || c.stored(t) != 0 {
		t.Errorf("latest %+v, %v; %d stored", latest, err, c.stored(t))
	}
	d, err := c.devices.Get(system(), "gauge")
	if err != nil || len(d.Series) != len(absurd) {
		t.Errorf("series of readings kept apart: %+v, %v", d.Series, err)
	}
}

func TestWhatIsStoredIsAcknowledgedAgainWithoutALookAtItsRecords(t *testing.T) {
	c := newCentre(t)
	e := ready(t, c, "edge-a")
	up := wire.UpTopic("edge-a", wire.LaneTelemetry)
	e.send(up, e.batch(1, 100))
	e.ack()
	rubbish := wire.Batch{Epoch: 7, Lane: wire.LaneTelemetry, SeqFrom: 40, SeqTo: 60, Readings: []wire.Reading{{Device: "Not An Id", Property: "p"}}}
	payload, err := rubbish.Encode()
	if err != nil {
		t.Fatal(err)
	}
	e.send(up, payload)
	if a := e.ack(); len(a.Lanes) != 1 || a.Lanes[0].Ranges[0] != (wire.Range{40, 60}) {
		t.Errorf("ack %+v", a)
	}
	if n := c.refused(t, "edge-a"); n != 0 {
		t.Errorf("%d refused", n)
	}
}

func TestPlacesOffTheEarthAreRefusedAndCounted(t *testing.T) {
	c := newCentre(t)
	client := mqtt.NewClient(c.sensor(t, "boat"))
	if tok := client.Connect(); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
		t.Fatal(tok.Error())
	}
	defer client.Disconnect(0)
	for _, text := range []string{
		`{"ts":1795492800000,"values":{"lon":1e305,"lat":-90.5}}`,
		`{"ts":1795492800000,"values":{"lon":-180,"lat":90,"level":1e305}}`,
		`{"ts":1795492801000,"values":{"lon":180.1}}`,
	} {
		if tok := client.Publish("v1/devices/boat/telemetry", 1, false, text); !tok.WaitTimeout(10*time.Second) || tok.Error() != nil {
			t.Fatalf("%s: %v", text, tok.Error())
		}
	}
	if n := c.refused(t, "boat"); n != 3 {
		t.Errorf("%d refused, want 3", n)
	}
	if n := c.stored(t); n != 3 {
		t.Errorf("%d stored, want 3", n)
	}
	latest, err := c.data.Latest(system())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range latest {
		if l.Property == "lon" && l.Value != -180 || l.Property == "lat" && l.Value != 90 {
			t.Errorf("stands at %+v", l)
		}
	}
}
