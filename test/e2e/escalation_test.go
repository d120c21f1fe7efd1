package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// called is what a desk sees of an alarm and of who is asked to take it.
type called struct {
	ID         string
	State      string
	Escalation *struct {
		Desk struct{ Division, Role string }
	}
	EscalateAt  *time.Time `json:"escalate_at"`
	Maintenance *struct{ Reason string }
}

// alarm is the one active alarm.
func (d *desk) alarm() (called, error) {
	var list struct{ Items []called }
	if err := d.centre.Admin.Call(http.MethodGet, "/alarms?state=active", nil, &list); err != nil {
		return called{}, err
	}
	if len(list.Items) != 1 {
		return called{}, fmt.Errorf("%d alarms", len(list.Items))
	}
	return list.Items[0], nil
}

// steps are the kinds of what happened to an alarm, in order; climbs those that passed it on.
func (d *desk) steps(id string) (kinds []string, climbs int, err error) {
	var list struct {
		Items []struct{ Kind, Note string }
	}
	err = d.centre.Admin.Call(http.MethodGet, "/alarms/"+id+"/events", nil, &list)
	for _, s := range list.Items {
		kinds = append(kinds, s.Kind)
		if s.Kind == "escalated" {
			climbs++
		}
	}
	return kinds, climbs, err
}

// hurry makes a policy by which level 3 is passed on once, after some seconds.
func (d *desk) hurry(t *testing.T, seconds int) {
	t.Helper()
	var list struct{ Items []struct{ Number int64 } }
	if err := d.centre.Admin.Call(http.MethodGet, "/escalation", nil, &list); err != nil {
		t.Fatal(err)
	}
	policy := map[string]any{
		"number": list.Items[0].Number, "source": "演练", "unverified": true, "note": "演练缩短",
		"entries": []any{map[string]any{"division": "", "level": 3, "late_seconds": 1, "after_seconds": []int{seconds}}},
	}
	if err := d.centre.Admin.Call(http.MethodPut, "/escalation", policy, nil); err != nil {
		t.Fatal(err)
	}
}

func TestUnacknowledgedAlarmReachesTheCityDeskOnceOverKills(t *testing.T) {
	t.Parallel()
	d := newDesk(t, station)
	d.hurry(t, 5)
	d.field.Set(t, "rd-level-1", "water_level", 5.4)
	var a called
	harness.WaitFor(t, soon, "the alarm opens with its time", func() (err error) {
		if a, err = d.alarm(); err == nil && a.EscalateAt == nil {
			err = errors.New("no time")
		}
		return err
	})
	d.centre.Kill9()
	d.centre.Restart(t)
	climbed := func() error {
		now, err := d.alarm()
		if err == nil && (now.Escalation == nil || now.Escalation.Desk.Division != "320600" || now.Escalation.Desk.Role != "duty") {
			err = fmt.Errorf("passed on %+v", now.Escalation)
		}
		return err
	}
	harness.WaitFor(t, 2*soon, "the alarm is at the city", climbed)
	d.centre.Kill9()
	d.centre.Restart(t)
	if err := climbed(); err != nil {
		t.Error(err)
	}
	// A word of a person comes after whatever the restart did by itself.
	if err := d.centre.Admin.Call(http.MethodPost, "/alarms/"+a.ID+"/ack", map[string]string{"note": "市台处置"}, nil); err != nil {
		t.Fatal(err)
	}
	if kinds, climbs, err := d.steps(a.ID); err != nil || climbs != 1 || kinds[len(kinds)-1] != "acknowledged" {
		t.Errorf("steps %v, %v", kinds, err)
	}
	var log struct{ Items []struct{ Kind string } }
	if err := d.centre.Admin.Call(http.MethodGet, "/audit?kind=alarm.escalated", nil, &log); err != nil || len(log.Items) != 1 {
		t.Errorf("the record has %+v, %v", log.Items, err)
	}
}

func TestMaintenanceSilencesAndEndsInALiveAlarm(t *testing.T) {
	t.Parallel()
	d := newDesk(t, station)
	d.hurry(t, 3)
	live := d.centre.Admin.Live(t)
	harness.WaitFor(t, soon, "the station is on the desk", func() error { return want(live.Device("rd-level-1").State, "online") })
	var w struct{ ID, State string }
	plan := map[string]any{"target": "device", "subject": "rd-level-1", "to": time.Now().Add(2 * time.Hour), "reason": "换探头"}
	if err := d.centre.Admin.Call(http.MethodPost, "/maintenance", plan, &w); err != nil || w.State != "now" {
		t.Fatalf("window %+v, %v", w, err)
	}
	d.field.Set(t, "rd-level-1", "water_level", 5.4)
	var a called
	harness.WaitFor(t, soon, "the alarm is there and silent", func() (err error) {
		if a, err = d.alarm(); err == nil && (a.Maintenance == nil || a.EscalateAt != nil) {
			err = fmt.Errorf("it is %+v", a)
		}
		return err
	})
	d.centre.Kill9()
	d.centre.Restart(t)
	if a, err := d.alarm(); err != nil || a.Maintenance == nil || a.Escalation != nil {
		t.Errorf("after a kill: %+v, %v", a, err)
	}
	if err := d.centre.Admin.Call(http.MethodPost, "/maintenance/"+w.ID+"/end", nil, nil); err != nil {
		t.Fatal(err)
	}
	harness.WaitFor(t, 2*soon, "the alarm is live and then at the city", func() error {
		now, err := d.alarm()
		if err == nil && (now.Maintenance != nil || now.State != "open" || now.Escalation == nil) {
			err = fmt.Errorf("it is %+v", now)
		}
		return err
	})
	kinds, _, err := d.steps(a.ID)
	if want := []string{"opened", "maintained", "live", "escalated"}; err != nil || fmt.Sprint(kinds) != fmt.Sprint(want) {
		t.Errorf("steps %v, %v; want %v", kinds, err, want)
	}
}
