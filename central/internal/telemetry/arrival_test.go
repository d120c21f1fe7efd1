package telemetry_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// live commits one live reading of the station with whatever time its device believes.
func (d *desk) live(received, at time.Time, value float64) {
	d.t.Helper()
	r := wire.Reading{Device: "level", Property: "water_level", At: at.UnixMilli(), Value: value}
	d.take(telemetry.Incoming{Edge: "edge", Batch: &wire.Batch{Readings: []wire.Reading{r}}, ReceivedAt: received})
}

func after(seconds int) time.Time { return now.Add(time.Duration(seconds) * time.Second) }

func TestAnAlarmDatedAheadMasksNoLaterOne(t *testing.T) {
	d := newDesk(t)
	d.alarmEvent("edge", now, now.Add(9*time.Minute), true)
	d.expect("dated ahead", "open@edge", "opened")
	if list, _ := d.all(); list[0].OpenedAt.After(now) {
		t.Errorf("opened at %v, after it was received", list[0].OpenedAt)
	}
	d.alarmEvent("edge", after(60), after(60), false)
	d.expect("ended by the true time", "returned@edge", "returned")
	d.alarmEvent("edge", after(120), after(120), true)
	d.expect("a later one", "open@edge", "reopened")
}

func TestOneReadingAheadSilencesNothing(t *testing.T) {
	d := newDesk(t, water())
	d.live(now, now.Add(9*time.Minute), 4)
	d.live(after(1), after(1), 5.3)
	d.expect("over the limit", "open", "opened")
	l, err := d.Latest(as("w", "320600"))
	if err != nil || len(l) != 1 || l[0].Value != 5.3 || !l[0].At.Equal(after(1)) {
		t.Errorf("shown %+v, %v", l, err)
	}
}

func TestALiveReadingOfAWrongClockRingsAndTheClockIsAnAlarm(t *testing.T) {
	for name, off := range map[string]time.Duration{"slow": -11 * time.Minute, "fast": 9 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, water())
			d.live(now, now.Add(off), 5)
			d.live(after(5), after(5).Add(off), 5.3)
			d.expect("over the limit", "open", "opened")
			if list, _ := d.all(); list[0].Rule != "water" || !list[0].OpenedAt.Equal(after(5)) || list[0].Retrospective {
				t.Errorf("got %+v", list[0])
			}
			d.live(after(20), after(20).Add(off), 5.4)
			d.expect("again and again", "open open", "opened")
			list, _ := d.all()
			if a := list[0]; a.RuleName != "时钟不准" || a.Device != "level" || a.Unit != "s" || a.Value != off.Abs().Seconds() {
				t.Errorf("got %+v", a)
			}
			d.live(after(30), after(30), 5.4)
			d.expect("the clock is set", "returned open", "returned")
			d.live(after(31), after(31), 5)
			d.expect("and the water falls", "returned returned", "returned")
		})
	}
}

func TestAWrongClockOfATerminalIsOneAlarmAndItsBacklogIsPutRight(t *testing.T) {
	f := newField(now)
	f.change("edge", func(d *device.Device) { d.Agent = &device.Agent{Offset: (-11 * time.Minute).Milliseconds()} })
	d := &desk{t: t, dir: t.TempDir(), reg: f}
	d.start(water())
	t.Cleanup(d.kill)
	slow := func(at time.Time) int64 { return at.Add(-11 * time.Minute).UnixMilli() }
	// Twenty seconds of backlog after a short cut: late by the clock of the terminal, not in truth.
	d.take(telemetry.Incoming{Edge: "edge", ReceivedAt: now, Batch: &wire.Batch{Backfill: true, Readings: []wire.Reading{
		{Device: "level", Property: "water_level", At: slow(after(-20)), Value: 5.3},
		{Device: "rain", Property: "rain_1h", At: slow(after(-20)), Value: 1},
	}}})
	d.expect("backlog of a moment ago", "open", "opened")
	if list, _ := d.all(); !list[0].OpenedAt.Equal(after(-20)) {
		t.Errorf("opened at %v, want %v", list[0].OpenedAt, after(-20))
	}
	for _, s := range []int{10, 30} {
		d.take(telemetry.Incoming{Edge: "edge", ReceivedAt: after(s), Batch: &wire.Batch{Readings: []wire.Reading{
			{Device: "level", Property: "water_level", At: slow(after(s)), Value: 5.3},
			{Device: "rain", Property: "rain_1h", At: slow(after(s)), Value: 1},
		}}})
	}
	d.expect("the clock", "open open", "opened")
	if list, _ := d.all(); list[0].Device != "edge" || list[0].Rule != "clock-wrong" {
		t.Errorf("got %+v", list[0])
	}
	// What is truly old rings nothing.
	d.take(telemetry.Incoming{Edge: "edge", ReceivedAt: after(31), Batch: &wire.Batch{Backfill: true, Readings: []wire.Reading{
		{Device: "rain", Property: "rain_1h", At: slow(after(-7200)), Value: 1},
	}}})
	d.expect("old", "open open", "")
}

func TestAClockThatIsADayAheadIsOneAlarmAndNotOnlyACount(t *testing.T) {
	d := newDesk(t, water())
	ahead := func(s int) telemetry.Incoming {
		in := telemetry.Incoming{Edge: "level", ReceivedAt: after(s), Batch: &wire.Batch{}}
		in.Apart = telemetry.Suspects(&in, []wire.Reading{{Device: "level", Property: "water_level", At: after(s).Add(24 * time.Hour).UnixMilli(), Value: 5}}, nil)
		return in
	}
	d.take(ahead(0))
	d.expect("once", "open", "opened")
	for s := 10; s < 60; s += 10 {
		d.take(ahead(s))
	}
	d.expect("again and again", "open", "")
	list, _ := d.all()
	if a := list[0]; a.RuleName != "时钟不准" || a.Device != "level" || a.Value != 86400 {
		t.Errorf("got %+v", a)
	}
	d.live(after(70), after(70), 4)
	d.expect("the clock is set", "returned", "returned")
}

func TestADeviceOfWhateverClockRings(t *testing.T) {
	for name, at := range map[string]int64{
		"an hour ahead": now.Add(time.Hour).UnixMilli(), "2059": now.AddDate(33, 0, 0).UnixMilli(), "1970": 0, "never": math.MinInt64, "ever": math.MaxInt64,
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, water())
			wrong := func(received time.Time, value float64, backfill bool) telemetry.Incoming {
				in := telemetry.Incoming{Edge: "edge", ReceivedAt: received, Batch: &wire.Batch{Backfill: backfill}}
				in.Apart = telemetry.Suspects(&in, []wire.Reading{{Device: "level", Property: "water_level", At: at, Value: value}}, nil)
				return in
			}
			d.take(wrong(now, 5.3, true))
			d.expect("backlog proves nothing", "", "")
			d.take(wrong(after(1), 5.3, false))
			d.expect("over the limit, and the clock", "open open", "opened opened")
			list, _ := d.all()
			rung := false
			for _, a := range list {
				rung = rung || (a.Rule == "water" && a.OpenedAt.Equal(after(1)) && !a.Retrospective)
			}
			if !rung {
				t.Errorf("got %+v", list)
			}
			l, err := d.Latest(as("w", "320600"))
			if err != nil || len(l) != 1 || l[0].Value != 5.3 || !l[0].At.Equal(after(1)) || l[0].Quality != wire.Uncertain || l[0].ClockOff == 0 {
				t.Errorf("shown %+v, %v", l, err)
			}
			if _, err := json.Marshal(l); err != nil {
				t.Error(err)
			}
			d.live(after(2), after(2), 4)
			if l, err = d.Latest(as("w", "320600")); err != nil || l[0].ClockOff != 0 || l[0].Value != 4 {
				t.Errorf("with its clock set, shown %+v, %v", l, err)
			}
		})
	}
}

func TestTheAlarmOfATerminalOfAWrongClockRings(t *testing.T) {
	d := newDesk(t)
	in := telemetry.Incoming{Edge: "edge", ReceivedAt: now, Batch: &wire.Batch{Lane: wire.LaneAlarm}}
	data := json.RawMessage(`{"rule":"high","property":"water_level","active":true,"level":1,"value":9,"limit":5}`)
	in.Apart = telemetry.Suspects(&in, nil, []wire.Event{{ID: "e", At: now.AddDate(33, 0, 0).UnixMilli(), Kind: wire.EventAlarm, Device: "level", Data: data}})
	d.take(in)
	list, _ := d.all()
	rung := false
	for _, a := range list {
		rung = rung || (a.Rule == "high" && a.OpenedAt.Equal(now) && a.State == telemetry.Open)
	}
	if !rung {
		t.Errorf("got %+v", list)
	}
}
