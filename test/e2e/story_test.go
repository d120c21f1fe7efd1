package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/fengsui/fengsui/test/harness"
)

func TestTideRaisesAnAlarmThatIsAcknowledgedByNameAndCleared(t *testing.T) {
	t.Parallel()
	d := newDesk(t, station)
	live := d.centre.Admin.Live(t)
	harness.WaitFor(t, soon, "the level is on the desk", func() error {
		return want(live.Latest("rd-level-1", "water_level").Value, 4.0)
	})
	if device := live.Device("rd-level-1"); device.State != "online" || !device.Demo {
		t.Errorf("device on the desk: %+v", device)
	}

	d.field.Set(t, "rd-level-1", "water_level", 5.4)
	var alarm harness.Alarm
	harness.WaitFor(t, soon, "the alarm opens on the desk", func() error {
		found, _ := live.Alarms("rd-level-1", "open")
		if len(found) == 0 {
			return errors.New("no alarm")
		}
		alarm = found[0]
		return want(len(found), 1)
	})
	if alarm.Property != "water_level" || alarm.Level != 3 || alarm.Limit != 5.2 || !alarm.Demo || alarm.Retrospective {
		t.Errorf("alarm: %+v", alarm)
	}
	if active, err := d.centre.Admin.Alarms("active"); err != nil || len(active) != 1 || active[0].ID != alarm.ID {
		t.Errorf("active alarms: %+v, %v", active, err)
	}

	if err := d.centre.Admin.Call(http.MethodPost, "/alarms/"+alarm.ID+"/ack", map[string]string{"note": "已通知洋口闸"}, nil); err != nil {
		t.Fatal(err)
	}
	harness.WaitFor(t, soon, "the acknowledgement is on the desk", func() error {
		found, _ := live.Alarms("rd-level-1", "acknowledged")
		if len(found) != 1 {
			return fmt.Errorf("%d acknowledged", len(found))
		}
		if found[0].AckedByName == "" || found[0].AckNote != "已通知洋口闸" {
			return fmt.Errorf("by %q with %q", found[0].AckedByName, found[0].AckNote)
		}
		return nil
	})

	d.field.Set(t, "rd-level-1", "water_level", 4.2)
	harness.WaitFor(t, soon, "the alarm is cleared", func() error {
		if found, _ := live.Alarms("rd-level-1", "cleared"); len(found) != 1 {
			return fmt.Errorf("%d cleared on the desk", len(found))
		}
		active, err := d.centre.Admin.Alarms("active")
		return errors.Join(err, want(len(active), 0))
	})
	if err := live.Err(); err != nil {
		t.Errorf("the live view broke: %v", err)
	}
}

func TestAlarmThatEndsUnseenStaysUntilSomebodyAcknowledges(t *testing.T) {
	t.Parallel()
	d := newDesk(t, station)
	live := d.centre.Admin.Live(t)
	d.field.Set(t, "rd-level-1", "water_level", 5.5)
	harness.WaitFor(t, soon, "the alarm opens", func() error {
		found, _ := live.Alarms("rd-level-1", "open")
		return want(len(found), 1)
	})
	d.field.Set(t, "rd-level-1", "water_level", 4.0)
	var alarm harness.Alarm
	harness.WaitFor(t, soon, "the alarm returns", func() error {
		found, _ := live.Alarms("rd-level-1", "returned")
		if len(found) != 1 {
			return fmt.Errorf("%d returned", len(found))
		}
		alarm = found[0]
		active, err := d.centre.Admin.Alarms("active")
		return errors.Join(err, want(len(active), 1))
	})
	if err := d.centre.Admin.Call(http.MethodPost, "/alarms/"+alarm.ID+"/ack", map[string]string{"note": ""}, nil); err != nil {
		t.Fatal(err)
	}
	harness.WaitFor(t, soon, "the alarm is cleared", func() error {
		active, err := d.centre.Admin.Alarms("active")
		return errors.Join(err, want(len(active), 0))
	})
}

func TestSilentSensorIsShownAsFaultAndComesBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t, station)
	live := d.centre.Admin.Live(t)
	harness.WaitFor(t, soon, "the station is online", func() error {
		return want(live.Device("rd-level-1").State, "online")
	})
	d.field.Cut(t, "rd-level-1")
	harness.WaitFor(t, 2*soon, "the station is a fault", func() error {
		return want(live.Device("rd-level-1").State, "fault")
	})
	d.field.Restore(t, "rd-level-1")
	harness.WaitFor(t, 2*soon, "the station is online again", func() error {
		return want(live.Device("rd-level-1").State, "online")
	})
}
