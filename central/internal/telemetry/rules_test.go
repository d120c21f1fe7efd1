package telemetry_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// field is a register with a terminal, the gauge and the rain meter behind it, and a simple sensor.
// The rules read it while a test changes it.
type field struct {
	mu    *sync.Mutex
	known map[string]device.Device
}

func newField(heard time.Time) field {
	f := field{mu: &sync.Mutex{}, known: map[string]device.Device{}}
	for _, d := range []device.Device{
		{ID: "edge", Kind: device.Edge, Class: "terminal"},
		{ID: "level", Kind: device.Sensor, Parent: "edge", Class: "water_level", Series: []device.Series{{Property: "water_level", Unit: "m"}}},
		{ID: "rain", Kind: device.Sensor, Parent: "edge", Class: "rain", Series: []device.Series{{Property: "rain_1h", Unit: "mm"}}},
		{ID: "simple", Kind: device.Sensor, Class: "water_level", Series: []device.Series{{Property: "water_level", Unit: "m"}}},
	} {
		d.State, d.Division, d.LastSeen = device.Online, "320623", &heard
		f.known[d.ID] = d
	}
	return f
}

func (f field) Visible(_ context.Context, id string) (device.Device, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d, ok := f.known[id]
	return d, ok
}

func (f field) All(context.Context) (out []device.Device, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.known {
		out = append(out, d)
	}
	return out, nil
}

func (f field) Refused(_ context.Context, id, _, _ string, n uint64) {
	f.change(id, func(d *device.Device) { d.Refused += n })
}

// change changes one device.
func (f field) change(id string, do func(*device.Device)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.known[id]
	do(&d)
	f.known[d.ID] = d
}

// hear says that devices were heard now.
func (f field) hear(ids ...string) {
	now := time.Now()
	for _, id := range ids {
		f.change(id, func(d *device.Device) { d.LastSeen = &now })
	}
}

func (f field) state(id string, st device.State) {
	f.change(id, func(d *device.Device) { d.State = st })
}

func quiet(class, property string) rule.Rule {
	return rule.Rule{
		ID: "quiet-" + class, Name: "静", NameEN: "Quiet", Class: class, Property: property, Condition: rule.Silent,
		For: rule.Duration(5 * time.Minute), Level: 4, Source: "test",
	}
}

// silent runs a story in a time of its own.
func silent(t *testing.T, story func(d *desk, f field, pass func(minutes int, heard ...string))) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := newField(time.Now())
		d := &desk{t: t, dir: t.TempDir(), reg: f}
		d.start(quiet("water_level", "water_level"), quiet("rain", "rain_1h"), quiet("terminal", "uplink"))
		story(d, f, func(minutes int, heard ...string) {
			for range minutes * 6 {
				f.hear(heard...)
				time.Sleep(10 * time.Second) // of the test's own clock
				synctest.Wait()
			}
		})
		if err := d.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		d.kill()
	})
}

func TestSilentDeviceIsAnAlarmUntilItIsHeard(t *testing.T) {
	silent(t, func(d *desk, _ field, pass func(int, ...string)) {
		pass(10, "level", "rain", "simple")
		d.expect("all are heard", "", "")
		pass(6, "rain", "simple")
		d.expect("the gauge is not", "open", "opened")
		list, _ := d.all()
		if a := list[0]; a.Device != "level" || a.Unit != "s" || a.Limit != 300 || a.Value < 300 || a.Value > 320 || a.Retrospective {
			t.Errorf("got %+v", a)
		}
		pass(1, "level", "rain", "simple")
		d.expect("it is back", "returned", "returned")
	})
}

func TestTerminalThatIsCutOffMakesOneAlarmAndItsBacklogNone(t *testing.T) {
	silent(t, func(d *desk, f field, pass func(int, ...string)) {
		pass(1, "level", "rain", "simple")
		cut := time.Now()
		f.state("edge", device.Offline)
		f.state("level", device.Offline)
		f.state("rain", device.Offline)
		pass(180, "simple")
		d.expect("three hours without the terminal", "open", "opened")
		if list, _ := d.all(); list[0].Device != "edge" {
			t.Errorf("got %+v", list[0])
		}
		f.state("edge", device.Online)
		pass(1, "simple")
		d.expect("it is connected again", "returned", "returned")
		// The backlog: the gauge was never silent.
		for minute := range 180 {
			b := &wire.Batch{Backfill: true, Readings: []wire.Reading{{Device: "level", Property: "water_level", At: cut.Add(time.Duration(minute) * time.Minute).UnixMilli(), Value: 5}}}
			d.take(telemetry.Incoming{Edge: "edge", Batch: b, ReceivedAt: time.Now()})
		}
		pass(3, "level", "rain", "simple")
		d.expect("drained", "returned", "")
		// What the terminal noticed itself is history by now.
		for i, active := range []bool{true, false} {
			data, err := json.Marshal(wire.AlarmEvent{Rule: "quiet-rain", Property: "rain_1h", Active: active, Level: 4, Value: 300, Limit: 300})
			if err != nil {
				t.Fatal(err)
			}
			e := wire.Event{ID: "e", At: cut.Add(time.Duration(i+1) * time.Hour).UnixMilli(), Kind: wire.EventAlarm, Device: "rain", Data: data}
			d.take(telemetry.Incoming{Edge: "edge", Batch: &wire.Batch{Backfill: true, Events: []wire.Event{e}}, ReceivedAt: time.Now()})
		}
		d.expect("noticed by the terminal", "cleared(late)@edge returned", "opened cleared")
		pass(10, "level", "simple")
		d.expect("and now the rain meter is silent", "open cleared(late)@edge returned", "opened")
	})
}

func TestTerminalThatSavesItsDataMakesNobodySilent(t *testing.T) {
	silent(t, func(d *desk, f field, pass func(int, ...string)) {
		pass(1, "level", "rain", "simple")
		f.change("edge", func(d *device.Device) { d.Agent = &device.Agent{Budget: wire.BudgetAlarms} })
		pass(30, "simple")
		d.expect("it sends alarms only", "", "")
		f.change("edge", func(d *device.Device) { d.Agent = &device.Agent{Budget: wire.BudgetNormal} })
		pass(6, "rain", "simple")
		d.expect("a new month, and the gauge is silent", "open", "opened")
	})
}

func TestFullDiskOfATerminalIsItsAlarmAndMakesNobodySilent(t *testing.T) {
	silent(t, func(d *desk, f field, pass func(int, ...string)) {
		pass(1, "level", "rain", "simple")
		began := time.Now()
		ahead := time.Hour // the clock of the terminal
		say := func(disk *wire.DiskState) {
			f.change("edge", func(d *device.Device) { d.Agent = &device.Agent{Disk: disk} })
			d.Disk(d.t.Context(), "edge", disk, ahead, time.Now())
		}
		full := &wire.DiskState{Kind: wire.DiskFull, Path: "/data", Since: began.Add(ahead).UnixMilli(), Error: "database or disk is full"}
		pass(1, "level", "rain", "simple")
		say(full)
		d.expect("told", "open", "opened")
		list, _ := d.all()
		a := list[0]
		if a.Rule != "terminal-disk-full" || a.Device != "edge" || a.Unit != "{readings}" || a.Level != 3 || a.OpenedAt.UnixMilli() != began.UnixMilli() {
			t.Errorf("got %+v", a)
		}
		if steps, err := d.Alarms.Steps(d.t.Context(), a.ID); err != nil || steps[0].Note != "/data: database or disk is full" {
			t.Errorf("got %+v, %v", steps, err)
		}
		more := *full
		more.Lost = 700
		say(&more)
		say(&more)
		pass(30, "simple") // and nothing of the sensors
		d.expect("nobody else is blamed", "open", "")
		if list, _ := d.all(); list[0].Peak != 700 {
			t.Errorf("%v lost", list[0].Peak)
		}
		failing := more
		failing.Kind = wire.DiskFailing
		say(&failing)
		d.expect("it is worse than full", "open returned", "returned opened")
		say(nil)
		d.expect("it is well", "returned returned", "returned")
		pass(6, "rain", "simple")
		d.expect("and the gauge was not", "open returned returned", "opened")
	})
}

func TestDiskThatFlapsHidesNoSilentSensor(t *testing.T) {
	silent(t, func(d *desk, f field, pass func(int, ...string)) {
		pass(1, "level", "rain", "simple")
		for range 4 { // 12 minutes of which its readings would have been kept in 8
			f.change("edge", func(d *device.Device) { d.Agent = &device.Agent{Disk: &wire.DiskState{Kind: wire.DiskFailing}} })
			pass(1, "rain", "simple")
			f.change("edge", func(d *device.Device) { d.Agent = &device.Agent{} })
			pass(2, "rain", "simple")
		}
		d.expect("the gauge is silent", "open", "opened")
		if list, _ := d.all(); list[0].Device != "level" || list[0].Value < 300 || list[0].Value > 320 {
			t.Errorf("got %+v", list[0])
		}
	})
}

func TestDiskInTroubleForAnHourSaysWhomNobodyWatches(t *testing.T) {
	silent(t, func(d *desk, f field, pass func(int, ...string)) {
		pass(1, "level", "rain", "simple")
		full := &wire.DiskState{Kind: wire.DiskFull, Since: time.Now().UnixMilli()}
		f.change("edge", func(d *device.Device) { d.Agent = &device.Agent{Disk: full} })
		d.Disk(d.t.Context(), "edge", full, 0, time.Now())
		pass(59, "simple")
		d.expect("not for long yet", "open", "opened")
		pass(120, "simple")
		d.expect("for long", "open", "commented")
		list, _ := d.all()
		steps, err := d.Alarms.Steps(d.t.Context(), list[0].ID)
		if err != nil || len(steps) != 2 || steps[1].Note != "2 个传感器未受静默监视 · 2 sensors are not watched for silence" {
			t.Errorf("got %+v, %v", steps, err)
		}
	})
}

func TestTwoTerminalsWithOneIdentityAreAnAlarmUntilOneIsLeft(t *testing.T) {
	silent(t, func(d *desk, _ field, pass func(int, ...string)) {
		pass(1, "level", "rain", "simple")
		twins := []device.Life{{Boot: "b", Address: "10.0.0.2"}, {Boot: "a", Address: "10.0.0.1"}}
		for range 10 {
			d.Twins(d.t.Context(), "edge", twins, time.Now())
			pass(1, "level", "rain", "simple")
		}
		d.expect("they take turns", "open", "opened")
		list, _ := d.all()
		if steps, err := d.Alarms.Steps(d.t.Context(), list[0].ID); err != nil || steps[0].Note != "10.0.0.2 (b) | 10.0.0.1 (a)" {
			t.Errorf("got %+v, %v", steps, err)
		}
		pass(16, "level", "rain", "simple")
		d.expect("one is left", "returned", "returned")
	})
}

func TestCentreThatWasAwayBlamesNobody(t *testing.T) {
	silent(t, func(d *desk, f field, pass func(int, ...string)) {
		pass(1, "level", "rain", "simple")
		if err := d.Stop(d.t.Context()); err != nil {
			t.Fatal(err)
		}
		d.kill()
		time.Sleep(2 * time.Hour) // of the test's own clock
		d.start(quiet("water_level", "water_level"))
		pass(4)
		d.expect("started", "", "")
		pass(2, "level")
		d.expect("five minutes later", "open", "opened")
		if list, _ := d.all(); list[0].Device != "simple" {
			t.Errorf("got %+v", list[0])
		}
		f.state("simple", device.Revoked)
		pass(1, "level")
		d.expect("revoked", "returned", "returned")
	})
}

func TestLiveReadingEndsTheSilenceThatTheTerminalNoticed(t *testing.T) {
	silent(t, func(d *desk, _ field, pass func(int, ...string)) {
		data, err := json.Marshal(wire.AlarmEvent{Rule: "quiet-water_level", Property: "water_level", Active: true, Level: 4, Value: 300, Limit: 300})
		if err != nil {
			t.Fatal(err)
		}
		e := wire.Event{ID: "e", At: time.Now().UnixMilli(), Kind: wire.EventAlarm, Device: "level", Data: data}
		d.take(telemetry.Incoming{Edge: "edge", Batch: &wire.Batch{Events: []wire.Event{e}}, ReceivedAt: time.Now()})
		pass(1, "level", "rain", "simple") // its battery is heard, its level is not
		d.expect("noticed", "open@edge", "opened")
		d.read(time.Now(), time.Now(), 5)
		d.expect("measured", "returned@edge", "returned")
	})
}

func joint() rule.Rule {
	r := rule.Rule{
		ID: "joint", Name: "合", NameEN: "Joint", Devices: []string{"level"}, Property: "water_level", Condition: rule.Expression,
		Expression: "water_level > 5 and rain > 20", Inputs: map[string]rule.Input{"rain": {Device: "rain", Property: "rain_1h"}}, Level: 2, Source: "test",
	}
	if err := r.Validate(); err != nil {
		panic(err)
	}
	return r
}

// both sends a message with columns of level and rain, a second apart.
func (d *desk) both(received, at time.Time, levels, rains []float64) {
	d.t.Helper()
	b := &wire.Batch{Backfill: received.Sub(at) > telemetry.MaxAge}
	for device, values := range map[string][]float64{"level": levels, "rain": rains} {
		for i, v := range values {
			property := map[string]string{"level": "water_level", "rain": "rain_1h"}[device]
			b.Readings = append(b.Readings, wire.Reading{Device: device, Property: property, At: at.Add(time.Duration(i) * time.Second).UnixMilli(), Value: v})
		}
	}
	d.take(telemetry.Incoming{Edge: "edge", Batch: b, ReceivedAt: received})
}

func TestExpressionOverTwoDevicesAtTheCentre(t *testing.T) {
	d := &desk{t: t, dir: t.TempDir(), reg: newField(now)}
	d.start(joint())
	t.Cleanup(d.kill)
	d.both(now, now, []float64{4, 6, 4}, []float64{30, 10, 30})
	d.expect("never both", "", "")
	d.both(now, now.Add(5*time.Second), []float64{6}, nil)
	d.expect("both, from two messages", "open", "opened")
	list, _ := d.all()
	if a := list[0]; a.Device != "level" || a.Value != 6 || a.Unit != "m" {
		t.Errorf("got %+v", a)
	}
	d.kill()
	d.start(joint())
	d.expect("restarted", "open", "")
	d.both(now, now.Add(9*time.Second), nil, []float64{5})
	d.expect("the rain has ended", "returned", "returned")
}

func TestExpressionOnOldReadingsMakesHistory(t *testing.T) {
	d := &desk{t: t, dir: t.TempDir(), reg: newField(now)}
	d.start(joint())
	t.Cleanup(d.kill)
	d.both(now, now.Add(-2*time.Hour), []float64{4, 6, 6, 4}, []float64{30, 10, 30, 30})
	d.expect("two hours late", "cleared(late)", "cleared")
	list, _ := d.all()
	if a := list[0]; !a.OpenedAt.Equal(now.Add(-2*time.Hour+2*time.Second)) || !a.ReturnedAt.Equal(now.Add(-2*time.Hour+3*time.Second)) {
		t.Errorf("got %+v", a)
	}
}

func TestRiseIsSeenAcrossARestart(t *testing.T) {
	rise := rule.Rule{
		ID: "rise", Name: "涨", NameEN: "Rise", Class: "water_level", Property: "water_level", Condition: rule.Rise,
		Limit: 0.5, Clear: 0.2, Window: rule.Duration(time.Hour), Level: 3, Source: "test",
	}
	synctest.Test(t, func(t *testing.T) {
		d := &desk{t: t, dir: t.TempDir(), gone: register{}}
		d.start(rise)
		for minute := range 30 {
			d.read(time.Now(), time.Now(), 5+float64(minute)*0.01)
			time.Sleep(time.Minute) // of the test's own clock
		}
		if err := d.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.kill()
		d.start(rise)
		synctest.Wait() // until the history is read
		d.read(time.Now(), time.Now(), 5.4)
		d.expect("not yet", "", "")
		d.read(time.Now(), time.Now().Add(time.Second), 5.5)
		d.expect("risen by half a metre within the hour, half of it before the restart", "open", "opened")
		if err := d.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		d.kill()
	})
}
