package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// holds waits until the terminal has taken the windows over, or none.
func (d *desk) holds(t *testing.T, some bool) {
	t.Helper()
	harness.WaitFor(t, 2*soon, fmt.Sprintf("the terminal knows what is worked on: %v", some), func() error {
		var edge struct{ Agent struct{ Maintenance string } }
		if err := d.centre.Admin.Call(http.MethodGet, "/devices/edge-rudong", nil, &edge); err != nil {
			return err
		}
		if (edge.Agent.Maintenance != "") != some {
			return fmt.Errorf("it says %q", edge.Agent.Maintenance)
		}
		return nil
	})
}

// A technician works on a gauge: its siren keeps still also while the terminal is cut off and killed, the
// alarm is in the list all the same, and when the window is over the siren sounds by itself.
func TestSirenKeepsStillUnderMaintenanceAndSoundsWhenItIsOver(t *testing.T) {
	t.Parallel()
	d := newShore(t)
	var w struct{ ID string }
	until := time.Now().Add(25 * time.Second)
	err := d.centre.Admin.Call(http.MethodPost, "/maintenance", map[string]any{
		"target": "device", "subject": "rd-level-1", "to": until, "reason": "校准水尺", "confirm": true,
	}, &w)
	if err != nil {
		t.Fatal(err)
	}
	d.holds(t, true)
	d.link.Cut()
	d.field.Set(t, "rd-level-1", "water_level", 5.4)
	taken := d.edge.Taken(t, "rd-level-1")
	harness.WaitFor(t, soon, "the terminal has seen the water", func() error {
		if got := d.edge.Taken(t, "rd-level-1"); got < taken+2 {
			return fmt.Errorf("it has taken %d readings", got)
		}
		return nil
	})
	d.edge.Kill9()
	d.edge.Start(t)
	if silent := !d.field.State(t).Outputs["rd-siren-1"]["siren"]; !silent && time.Now().Before(until) {
		t.Error("the siren sounds under maintenance")
	}
	d.sounds(t, true) // the window is over; nobody has told the terminal
	if time.Now().Before(until) {
		t.Error("the siren sounds before the end")
	}
	d.link.Mend()
	d.holds(t, false)
	harness.WaitFor(t, 2*soon, "the alarm of the time is in the list", func() error {
		list, err := d.centre.Admin.Alarms("all")
		if err != nil {
			return err
		}
		for _, a := range list {
			if a.Rule == "high" && a.Device == "rd-level-1" {
				return nil
			}
		}
		return fmt.Errorf("there are %+v", list)
	})
}
