package telemetry_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// crossing is what a terminal says of an alarm.
type crossing struct {
	at     time.Time
	active bool
}

// mended is what a terminal sends when its link is back, in its order: its word of alarms, the newest value,
// then the readings behind it, one a minute.
func (d *desk) mended(told []crossing, value float64, behind ...float64) {
	d.t.Helper()
	d.word(now, told...)
	d.live(now, now, value)
	b := &wire.Batch{Backfill: true}
	for i, v := range behind {
		at := now.Add(-time.Duration(len(behind)-i) * time.Minute)
		b.Readings = append(b.Readings, wire.Reading{Device: "level", Property: "water_level", At: at.UnixMilli(), Value: v})
	}
	d.take(telemetry.Incoming{Edge: "edge", Batch: b, ReceivedAt: now})
}

// word is what a terminal says of alarms after its link was away.
func (d *desk) word(received time.Time, told ...crossing) {
	d.t.Helper()
	b := &wire.Batch{Backfill: true, Lane: wire.LaneAlarm}
	for _, c := range told {
		data, err := json.Marshal(wire.AlarmEvent{Rule: "water", Property: "water_level", Active: c.active, Level: 3, Value: 5.3, Limit: 5.2})
		if err != nil {
			d.t.Fatal(err)
		}
		b.Events = append(b.Events, wire.Event{ID: c.at.String(), At: c.at.UnixMilli(), Kind: wire.EventAlarm, Device: "level", Data: data})
	}
	d.take(telemetry.Incoming{Edge: "edge", Batch: b, ReceivedAt: received})
}

// course is what happened to an alarm, with the minutes before now.
func (d *desk) course(id string) (out []string) {
	d.t.Helper()
	steps, err := d.Steps(as("w", "320600"), id)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, v := range steps {
		out = append(out, string(v.Kind)+" "+now.Sub(v.At).String())
	}
	return out
}

func (d *desk) ran(what, id string, want ...string) {
	d.t.Helper()
	got := d.course(id)
	if len(got) != len(want) {
		d.t.Errorf("%s: the alarm went %q, want %q", what, got, want)
		return
	}
	for i := range want {
		if got[i] != want[i] {
			d.t.Errorf("%s: the alarm went %q, want %q", what, got, want)
			return
		}
	}
}

func ago(minutes int) time.Time { return now.Add(-time.Duration(minutes) * time.Minute) }

func TestAlarmThatEndedWhileTheLinkWasAwayEndedThen(t *testing.T) {
	for name, cut := range map[string]int{"for minutes": 8, "for an hour": 60} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, water())
			d.live(ago(cut), ago(cut), 5.3)
			d.mended([]crossing{{ago(3), false}}, 5, 5.4, 5.4, 5, 5, 5)
			d.expect("fell and mended", "returned", "opened returned")
			list, _ := d.all()
			if !list[0].ReturnedAt.Equal(ago(3)) || list[0].Openings != 1 {
				t.Errorf("returned at %s with %d openings, want %s and 1", list[0].ReturnedAt, list[0].Openings, ago(3))
			}
			for range 2 {
				d.kill()
				d.start(water())
				d.expect("restarted", "returned", "")
			}
		})
	}
}

func TestAlarmThatFellAndRoseWhileTheLinkWasAwayOpenedTwice(t *testing.T) {
	d := newDesk(t, water())
	d.live(ago(60), ago(60), 5.3)
	d.mended([]crossing{{ago(40), false}, {ago(20), true}}, 5.5, 5.4, 5.4, 5.4, 5.4)
	d.expect("fell, rose, mended", "open", "opened returned reopened")
	list, _ := d.all()
	d.ran("fell, rose, mended", list[0].ID, "opened 1h0m0s", "returned 40m0s", "reopened 20m0s")
	d.kill()
	d.start(water())
	d.expect("restarted", "open", "")
	d.live(after(9), after(9), 5)
	d.expect("and it ends", "returned", "returned")
}

func TestAlarmThatFellRoseAndFellWhileTheLinkWasAwayOpenedTwice(t *testing.T) {
	d := newDesk(t, water())
	d.live(ago(60), ago(60), 5.3)
	told := []crossing{{ago(40), false}, {ago(20), true}, {ago(10), false}}
	d.mended(told, 5, 5, 5, 5)
	d.expect("fell, rose, fell, mended", "returned", "opened returned reopened returned")
	d.word(after(1), told...)
	d.expect("once more", "returned", "")
	list, _ := d.all()
	d.ran("fell, rose, fell, mended", list[0].ID, "opened 1h0m0s", "returned 40m0s", "reopened 20m0s", "returned 10m0s")
}

// Somebody had acknowledged: what rises while the link is away is an alarm of its own, and rings nothing until
// a live reading bears it out.
func TestAlarmThatRoseAgainAfterAnAcknowledgementRingsWhenItHolds(t *testing.T) {
	d := newDesk(t, water())
	d.live(ago(60), ago(60), 5.3)
	list, _ := d.all()
	if _, err := d.Ack(as("王工", "320623"), list[0].ID, ""); err != nil {
		t.Fatal(err)
	}
	d.word(now, crossing{ago(40), false}, crossing{ago(20), true})
	d.expect("told", "open(late)@edge cleared", "opened acknowledged cleared opened")
	d.live(now, now, 5.5)
	d.expect("it holds", "open@edge cleared", "rang")
}

// The word of the end came, and the link went before the reading.
func TestEndThatWasToldBeforeTheCutIsItsTime(t *testing.T) {
	d := newDesk(t, water())
	d.live(ago(60), ago(60), 5.3)
	d.alarmEvent("edge", ago(50), ago(50), false)
	d.expect("only told", "open", "opened")
	d.mended(nil, 5, 5, 5)
	d.expect("mended", "returned", "returned")
	if list, _ := d.all(); !list[0].ReturnedAt.Equal(ago(50)) {
		t.Errorf("returned at %s, want %s", list[0].ReturnedAt, ago(50))
	}
}

// A reading that is newer than the word of the end knows better.
func TestNewerReadingKnowsBetterThanTheWordOfTheEnd(t *testing.T) {
	d := newDesk(t, water())
	d.live(ago(60), ago(60), 5.3)
	d.live(now, now, 5.4)
	d.word(after(1), crossing{ago(40), false})
	d.expect("told late", "open", "opened")
	d.live(after(9), after(9), 5)
	d.expect("ends", "returned", "returned")
	if list, _ := d.all(); !list[0].ReturnedAt.Equal(after(9)) {
		t.Errorf("returned at %s, want %s", list[0].ReturnedAt, after(9))
	}
}
