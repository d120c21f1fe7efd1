package e2e

import (
	"fmt"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
	"github.com/fengsui/fengsui/test/harness"
)

// away is a counter whose every reading is another number, and a gas detector.
const away = counting + `  - id: rd-gas-1
    listen: 127.0.0.1:0
    unit: 1
    profile: generic-gas-ch4-modbus
    values:
      ch4_lel: {shape: constant, value: 5}
      temperature: {shape: constant, value: 20}
`

// forwarding is what the centre says of the InfluxDB behind it.
type forwarding struct {
	Readings int64 `json:"readings"`
	Forward  struct {
		State   string `json:"state"`
		Waiting int64  `json:"waiting"`
	} `json:"forward"`
}

// forwards waits for a state of it with so much waiting at the most.
func (d *desk) forwards(t *testing.T, state string, waiting int64) (f forwarding) {
	t.Helper()
	harness.WaitFor(t, 3*soon, "InfluxDB is "+state, func() error {
		f = forwarding{}
		if err := d.centre.Admin.Call(http.MethodGet, "/telemetry/stats", nil, &f); err != nil {
			return err
		}
		if f.Forward.State != state || f.Forward.Waiting > waiting {
			return fmt.Errorf("it is %s, %d readings wait", f.Forward.State, f.Forward.Waiting)
		}
		return nil
	})
	return f
}

// TestAnHourWithoutInfluxDBLeavesAlarmsAndLiveValuesAlone kills a real InfluxDB. While it is away a limit is passed
// at the detector and the alarm is on the live view, newest values go on there, the centre is killed as well, and
// an hour of readings of another terminal is acknowledged. When it is back it has every reading once.
func TestAnHourWithoutInfluxDBLeavesAlarmsAndLiveValuesAlone(t *testing.T) {
	t.Parallel()
	start := time.Now().Add(-time.Minute)
	p := harness.Build(t)
	influx := harness.StartInflux(t)
	if _, err := influx.Ask("", `create database "telemetry" with duration 0s replication 1 name "rp"`); err != nil {
		t.Fatal(err)
	}
	d := &desk{field: harness.StartField(t, p, away)}
	d.centre = harness.StartCentre(t, p, harness.CentreOptions{
		Extra: fmt.Sprintf("telemetry:\n  engine: influx\n  influx:\n    url: %s\n    bucket: telemetry/rp\n", influx.URL),
	})
	d.link = harness.NewLink(t, d.centre.TLS)
	d.edge = harness.StartEdge(t, d.centre, d.field, "edge-rudong", d.link.Addr())
	d.known(t)
	other := harness.EnrolTerminal(t, d.centre, "edge-hour", d.centre.TLS, harness.Declared("s-1/level"))
	d.arrived(t, start, 2)
	d.forwards(t, "ok", math.MaxInt64)

	influx.Kill9()
	live := d.centre.Admin.Live(t)
	d.forwards(t, "behind", math.MaxInt64)
	goesOn := func() {
		t.Helper()
		before := live.Latest("rd-level-1", "water_level")
		harness.WaitFor(t, soon, "newest values go on without InfluxDB", func() error {
			if now := live.Latest("rd-level-1", "water_level"); now.Value < before.Value+0.002 || !now.At.After(before.At) {
				return fmt.Errorf("%v after %v", now, before)
			}
			return nil
		})
	}
	opens := func() {
		t.Helper()
		d.field.Set(t, "rd-gas-1", "ch4_lel", 80)
		harness.WaitFor(t, soon, "the alarm is on the live view without InfluxDB", func() error {
			found, _ := live.Alarms("rd-gas-1", "open")
			for _, a := range found {
				if a.Rule == "gas-ch4-high" {
					return want(live.Latest("rd-gas-1", "ch4_lel").Value, 80)
				}
			}
			return fmt.Errorf("%d alarms", len(found))
		})
	}
	goesOn()
	opens()
	const hour = 3600
	from := time.Now().Add(-2 * time.Hour).UnixMilli()
	for minute := range int64(hour / 60) {
		var readings []wire.Reading
		for s := range int64(60) {
			k := 60*minute + s
			readings = append(readings, wire.Reading{Device: "s-1", Property: "level", At: from + 1000*k, Value: float64(k)})
		}
		if err := other.Send(readings); err != nil {
			t.Fatal(err)
		}
	}
	other.Settled(t, 2*soon)
	harness.WaitFor(t, soon, "the end of the hour is on the live view", func() error {
		return want(live.Latest("s-1", "level").Value, hour-1)
	})
	d.centre.Kill9()
	d.centre.Restart(t)
	live = d.centre.Admin.Live(t)
	goesOn()
	d.forwards(t, "behind", math.MaxInt64)

	influx.Again(t)
	d.link.Cut() // what is read from here on waits in the terminal, so that the count stands still
	f := d.forwards(t, "ok", 0)
	n := int64(0)
	for _, device := range []string{"rd-level-1", "rd-gas-1", "s-1"} {
		got, total, err := influx.Count("telemetry", "reading", "value", fmt.Sprintf("device = '%s'", device))
		if err != nil {
			t.Fatal(err)
		}
		if device == "s-1" && (got != hour || total != hour*(hour-1)/2) {
			t.Errorf("InfluxDB has %d readings of the hour with the sum %v", got, total)
		}
		n += got
	}
	if n != f.Readings {
		t.Errorf("InfluxDB has %d readings, the centre took %d", n, f.Readings)
	}
	d.link.Mend()
	d.complete(t, start, nil)
}
