package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/fengsui/fengsui/test/harness"
)

// shore is a water-level station with a siren.
const shore = `
modbus:
  - id: rd-level-1
    listen: 127.0.0.1:0
    unit: 1
    profile: generic-water-level-modbus
    values:
      water_level: {shape: constant, value: 4.0}
  - id: rd-siren-1
    listen: 127.0.0.1:0
    unit: 1
    profile: generic-siren-modbus
    values:
      battery_voltage: {shape: constant, value: 12.6}
`

const sounding = `rules:
  - {id: high, name: 高水位, name_en: High water, devices: [rd-level-1], property: water_level, condition: above, limit: 5, clear: 4.5,
     level: 2, actions: [{device: rd-siren-1, output: siren}], source: test}
`

// newShore is a desk whose terminal sounds the siren at 5 m.
func newShore(t *testing.T) *desk {
	t.Helper()
	p := harness.Build(t)
	d := &desk{field: harness.StartField(t, p, shore), centre: harness.NewCentre(t, p, harness.CentreOptions{})}
	d.centre.Boot(t)
	d.link = harness.NewLink(t, d.centre.TLS)
	d.edge = harness.NewEdge(t, d.centre, d.field, "edge-rudong", d.link.Addr())
	rules := filepath.Join(d.edge.Dir, "rules")
	if err := os.Mkdir(rules, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(rules, "r.yml"), []byte(sounding), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(d.edge.Config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.edge.Config, append(text, "rules: "+rules+"\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	d.centre.EnrolEdge(t, "edge-rudong", d.edge.Config)
	d.edge.Start(t)
	harness.WaitFor(t, soon, "the centre knows the siren", func() error {
		return d.standing(false)
	})
	return d
}

// standing checks what the centre shows of the siren.
func (d *desk) standing(on bool) error {
	var list struct {
		Items []struct {
			Device, Output string
			On             *bool
			Online         bool
		}
	}
	if err := d.centre.Admin.Call(http.MethodGet, "/outputs", nil, &list); err != nil {
		return err
	}
	for _, o := range list.Items {
		if o.Device == "rd-siren-1" && o.Output == "siren" && o.Online && o.On != nil && *o.On == on {
			return nil
		}
	}
	return fmt.Errorf("the centre shows %+v", list.Items)
}

// sounds checks the coil itself.
func (d *desk) sounds(t *testing.T, want bool) {
	t.Helper()
	harness.WaitFor(t, 2*soon, fmt.Sprintf("the siren sounds: %v", want), func() error {
		if got := d.field.State(t).Outputs["rd-siren-1"]["siren"]; got != want {
			return fmt.Errorf("it is %v", got)
		}
		return nil
	})
}

func (d *desk) order(on bool) error {
	var outcome struct {
		OK    bool   `json:"ok"`
		Error string `json:"error"`
	}
	err := d.centre.Admin.Call(http.MethodPost, "/outputs/rd-siren-1/siren", map[string]any{"on": on, "note": "演练"}, &outcome)
	if err == nil && !outcome.OK {
		err = fmt.Errorf("not done: %s", outcome.Error)
	}
	return err
}

func TestSirenSoundsInAnAlarmWithoutTheCentreAndIsSilencedFromIt(t *testing.T) {
	t.Parallel()
	d := newShore(t)
	d.link.Cut()
	d.field.Set(t, "rd-level-1", "water_level", 5.4)
	d.sounds(t, true)
	d.edge.Kill9()
	if !d.field.State(t).Outputs["rd-siren-1"]["siren"] {
		t.Error("a dead terminal ended a siren") // that is for the hardware to do
	}
	d.field.Set(t, "rd-level-1", "water_level", 4)
	d.edge.Start(t)
	d.sounds(t, false)
	d.field.Set(t, "rd-level-1", "water_level", 5.4)
	d.sounds(t, true)
	d.link.Mend()
	harness.WaitFor(t, 2*soon, "the centre shows the siren", func() error { return d.standing(true) })
	if err := d.order(false); err != nil {
		t.Fatal(err)
	}
	d.sounds(t, false)
	harness.WaitFor(t, soon, "the centre shows the silence", func() error { return d.standing(false) })
	if err := d.order(true); err != nil {
		t.Fatal(err)
	}
	d.sounds(t, true)
	d.edge.Kill9()
	d.edge.Start(t)
	d.sounds(t, false) // an order does not outlive the agent
	harness.WaitFor(t, 2*soon, "the terminal is back", func() error { return d.standing(false) })
	d.field.Cut(t, "rd-siren-1")
	if err := d.order(true); err == nil {
		t.Error("a siren without a line was taken as switched")
	}
	d.edge.Kill9()
	harness.WaitFor(t, soon, "the centre knows that the terminal is gone", func() error {
		err := d.order(true)
		if err == nil {
			t.Fatal("a terminal that is dead was taken as done")
		}
		return refused(err)
	})
	var log struct {
		Items []struct{ Kind, Subject string }
	}
	if err := d.centre.Admin.Call(http.MethodGet, "/audit?kind=output.", nil, &log); err != nil || len(log.Items) < 6 || log.Items[0].Subject != "rd-siren-1/siren" {
		t.Errorf("the record has %+v, %v", log.Items, err)
	}
}

// refused wants the answer that the terminal is not connected.
func refused(err error) error {
	var p *harness.ProblemError
	if errors.As(err, &p) && p.Code == "output.offline" {
		return nil
	}
	return err
}
