package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// brought is a gauge, and a counter whose every reading is another number.
const brought = `
modbus:
  - id: rd-level-2
    listen: 127.0.0.1:0
    unit: 1
    profile: generic-water-level-modbus
    values:
      water_level: {shape: constant, value: 4.0}
  - id: rd-level-1
    listen: 127.0.0.1:0
    unit: 1
    profile: generic-water-level-modbus
    values:
      water_level: {shape: counter, value: 0.001}
`

// TestTelemetryFromAnEmptyTerminalToBooksThatBalance is the promise of telemetry in one piece: a terminal that
// knows no device, its sensors from the centre, the first value, a limit; then the link is gone while the water
// rises and the centre is killed, and when it is back the alarm is there, the newest value, and every single
// reading, once. The order in which they come has a test of its own (order_test.go).
func TestTelemetryFromAnEmptyTerminalToBooksThatBalance(t *testing.T) {
	t.Parallel()
	start := time.Now().Add(-time.Minute)
	p := harness.Build(t)
	d := &desk{field: harness.StartField(t, p, brought), centre: harness.NewCentre(t, p, harness.CentreOptions{})}
	d.centre.Boot(t)
	d.link = harness.NewLink(t, d.centre.TLS)
	d.edge = harness.StartEdge(t, d.centre, &harness.Field{}, "edge-rudong", d.link.Addr())
	d.becomes(t, 1, "running")

	sensor := func(id string) string {
		return fmt.Sprintf(`{"id":%q,"name":"演示数据 %s","profile":"generic-water-level-modbus","address":%q,"every":"1s"}`, id, id, d.field.Addresses.Devices[id])
	}
	d.want(t, `{"sensors":[`+sensor("rd-level-1")+`,`+sensor("rd-level-2")+`]}`, 1)
	d.becomes(t, 2, "running")
	live := d.centre.Admin.Live(t)
	harness.WaitFor(t, soon, "the first value is on the map", func() error {
		return want(live.Latest("rd-level-2", "water_level").Value, 4.0)
	})
	d.publish(t, map[string]any{
		"id": "high", "name": "高水位", "name_en": "High water", "class": "water_level", "devices": []string{"rd-level-2"}, "property": "water_level",
		"condition": "above", "limit": 4.6, "clear": 4.5, "for": "0s", "level": 2, "source": "防汛预案", "effective": "2026", "unverified": false,
	}, 0)
	d.stands(t, "applied")

	d.link.Cut()
	harness.WaitFor(t, soon, "the desk says that the terminal is gone", func() error {
		return want(live.Device("edge-rudong").State, "offline")
	})
	d.field.Set(t, "rd-level-2", "water_level", 4.8)
	d.read(t, 4)
	d.centre.Kill9()
	d.read(t, 4)
	d.field.Set(t, "rd-level-2", "water_level", 4.9)
	d.read(t, 2)
	if backlog := d.edge.State(t).Backlog.Records; backlog == 0 {
		t.Error("the terminal says that nothing waits")
	}
	d.centre.Restart(t)
	live = d.centre.Admin.Live(t)
	d.link.Mend()

	harness.WaitFor(t, soon, "the alarm of the time without link is on the desk", func() error {
		found, _ := live.Alarms("rd-level-2", "open")
		if len(found) == 0 {
			return errors.New("no alarm")
		}
		if a := found[0]; a.Rule != "high" || a.Limit != 4.6 || !a.OpenedAt.Before(a.ReceivedAt) {
			t.Errorf("alarm: %+v", a)
		}
		return want(len(found), 1)
	})
	harness.WaitFor(t, soon, "the value of now is on the map", func() error {
		return want(live.Latest("rd-level-2", "water_level").Value, 4.9)
	})
	d.complete(t, start, nil) // of the counter, every number once
	harness.WaitFor(t, soon, "the page of the terminal shows no backlog and no loss", func() error {
		var shown struct {
			Status struct {
				Lost    uint64 `json:"lost"`
				Backlog struct {
					Records uint64 `json:"records"`
				} `json:"backlog"`
			} `json:"status"`
		}
		if err := d.centre.Admin.Call(http.MethodGet, "/devices/edge-rudong/status", nil, &shown); err != nil {
			return err
		}
		return errors.Join(want(shown.Status.Backlog.Records, 0), want(shown.Status.Lost, 0))
	})
}
