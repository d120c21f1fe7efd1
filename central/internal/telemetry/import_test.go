package telemetry_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/wire"
)

// past is a level over the limit, every ten minutes of two days that end when, and then perhaps an error.
func past(device string, end time.Time, broken error) iter.Seq2[wire.Reading, error] {
	return func(yield func(wire.Reading, error) bool) {
		for at := end.Add(-48 * time.Hour); at.Before(end); at = at.Add(10 * time.Minute) {
			if !yield(wire.Reading{Device: device, Property: "water_level", At: at.UnixMilli(), Value: 6}, nil) {
				return
			}
		}
		if broken != nil {
			yield(wire.Reading{}, broken)
		}
	}
}

func TestWhatIsImportedIsHistoryAndNeverAnAlarm(t *testing.T) {
	d := newDesk(t, water())
	d.read(now, now, 5)
	system := actor.WithSystem(context.Background(), "command line")
	end := now.Add(-time.Minute)
	for _, want := range [][2]int{{288, 0}, {0, 288}} {
		got, err := d.Import(system, past("level", end, nil))
		if err != nil || got.Readings != want[0] || got.Known != want[1] || strings.Join(got.Devices, " ") != "level" {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	d.expect("imported", "", "telemetry.imported")
	for range 2 {
		d.kill()
		d.start(water())
		d.Tick(t, time.Now())
		d.expect("after a restart", "", "")
	}
	latest, err := d.Latest(as("w", "320600"))
	if err != nil || len(latest) != 1 || latest[0].Value != 5 {
		t.Errorf("the newest value is %+v, %v", latest, err)
	}
	r := water()
	trial, err := d.TryRule(as("w", "320600"), r, "level", 30, time.Now())
	if err != nil || len(trial.Alarms) != 1 || trial.Readings != 289 {
		t.Errorf("the trial says %+v, %v", trial, err)
	}
}

func TestImportTakesOnlyThePastOfWhatIsDeclared(t *testing.T) {
	d := newDesk(t)
	system := actor.WithSystem(context.Background(), "command line")
	one := func(r wire.Reading) iter.Seq2[wire.Reading, error] {
		return func(yield func(wire.Reading, error) bool) { yield(r, nil) }
	}
	at := now.Add(-time.Hour).UnixMilli()
	for what, c := range map[string]struct {
		r    wire.Reading
		want errs.Kind
	}{
		"an unknown device":  {wire.Reading{Device: "none", Property: "water_level", At: at}, errs.NotFound},
		"another property":   {wire.Reading{Device: "level", Property: "ph", At: at}, errs.Invalid},
		"the future":         {wire.Reading{Device: "level", Property: "water_level", At: now.Add(time.Hour).UnixMilli()}, errs.Invalid},
		"before all clocks":  {wire.Reading{Device: "level", Property: "water_level", At: -1}, errs.Invalid},
		"what is no reading": {wire.Reading{}, errs.NotFound},
	} {
		if got, err := d.Import(system, one(c.r)); errs.KindOf(err) != c.want || got.Readings != 0 {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	if _, err := d.Import(as("w", "320600"), past("level", now, nil)); errs.KindOf(err) != errs.Denied {
		t.Errorf("whoever may not: %v", err)
	}
	broken := errors.New("line 290: torn")
	got, err := d.Import(system, past("level", now, broken))
	if !errors.Is(err, broken) || got.Readings != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	d.expect("nothing", "", "")
}
