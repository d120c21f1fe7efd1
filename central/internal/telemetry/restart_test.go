package telemetry_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/tsdb"
	"github.com/fengsui/fengsui/shared/wire"
)

func TestRestartNeitherLosesNorDoublesAlarms(t *testing.T) {
	d := newDesk(t, water())
	d.read(now, now, 5.3)
	d.expect("before", "open", "opened")
	for range 3 {
		d.kill()
		d.start(water())
		d.expect("restarted", "open", "")
	}
	d.read(now, now.Add(time.Second), 5)
	d.expect("ends after the restart", "returned", "returned")
	list, _ := d.all()
	if _, err := d.Ack(as("王工", "320623"), list[0].ID, ""); err != nil {
		t.Fatal(err)
	}
	d.events()
	d.kill()
	d.start(water())
	d.expect("history stays history", "cleared", "")
}

// A restart evaluates the last minutes again: crossings that it has seen are not seen again.
func TestRestartOpensNoCrossingAgain(t *testing.T) {
	for name, values := range map[string][]float64{
		"that holds": {5.3, 5, 5.4, 5, 5.5}, "that has returned": {5.3, 5, 5.4, 5, 5.5, 5},
	} {
		d := newDesk(t, water())
		d.read(now, now, values...)
		before := d.events()
		list, state := d.all()
		for range 3 {
			d.kill()
			d.start(water())
			if got := d.events(); got != "" {
				t.Errorf("an alarm %s after %q: the restart says %q", name, before, got)
			}
		}
		if again, now := d.all(); now != state || len(again) != 1 || again[0].Openings != list[0].Openings {
			t.Errorf("an alarm %s is %s with %d openings after the restarts, was %s with %d", name, now, again[0].Openings, state, list[0].Openings)
		}
	}
	d := newDesk(t, water())
	d.read(now, now, 5.3, 5, 5.4)
	d.kill()
	d.start(water())
	d.events()
	d.read(now, now.Add(9*time.Second), 5)
	d.expect("and it ends", "returned", "returned")
}

func TestCommitThatWasNotEvaluatedIsEvaluatedAtTheNextStart(t *testing.T) {
	d := newDesk(t, water())
	d.kill()
	ts, err := tsdb.Open(t.Context(), tsdb.Options{Dir: filepath.Join(d.dir, "telemetry")})
	if err != nil {
		t.Fatal(err)
	}
	var rs []wire.Reading
	for i, v := range []float64{5.3, 5.4, 5} {
		rs = append(rs, wire.Reading{Device: "level", Property: "water_level", At: now.UnixMilli() + int64(i), Value: v})
	}
	if _, err := ts.Commit(t.Context(), []telemetry.Incoming{{Edge: "edge", ReceivedAt: now, Batch: &wire.Batch{Readings: rs}}}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ts.Seal(t.Context()), ts.Close()); err != nil {
		t.Fatal(err)
	}
	d.start(water())
	d.expect("evaluated late", "returned", "opened returned")
}

func TestAlarmRingsWhileItsDatabaseIsBrokenAndIsStoredLater(t *testing.T) {
	d := newDesk(t, water())
	other, err := sql.Open("sqlite", filepath.Join(d.dir, "main.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.ExecContext(t.Context(), `alter table alarms rename to away`); err != nil {
		t.Fatal(err)
	}
	d.read(now, now, 5.3, 5)
	if got := d.events(); got != "opened returned" {
		t.Errorf("events are %q, want the alarm to ring all the same", got)
	}
	if err := d.Stop(t.Context()); err == nil {
		t.Error("the end of the service hid that an alarm is not stored")
	}
	if _, err := other.ExecContext(t.Context(), `alter table away rename to alarms`); err != nil {
		t.Fatal(err)
	}
	if _, got := d.all(); got != "" {
		t.Errorf("stored by magic: %q", got)
	}
	d.kill()
	d.start(water())
	d.expect("evaluated again", "returned", "opened returned")
}

func TestLossAtAnEdgeIsAnEvent(t *testing.T) {
	d := newDesk(t)
	e := wire.Event{ID: "x", At: now.UnixMilli(), Kind: wire.EventLoss, Data: json.RawMessage(`{"lane":2,"from":1,"to":2,"count":7,"why":"disk full"}`)}
	in := telemetry.Incoming{Edge: "edge", Ranged: true, ReceivedAt: now, Batch: &wire.Batch{Epoch: 1, SeqFrom: 1, SeqTo: 1, Events: []wire.Event{e}}}
	d.take(in)
	d.take(in)
	d.expect("lost", "", "telemetry.lost")
	e.Data = json.RawMessage(`{"lane":2,"from":1,"to":9,"until":9,"count":70,"why":"disk full"}`)
	in.Batch = &wire.Batch{Epoch: 1, SeqFrom: 2, SeqTo: 2, Events: []wire.Event{e}}
	d.take(in)
	list, err := d.Alarms.Losses(t.Context(), "edge", 9)
	if err != nil || len(list) != 1 || list[0].Count != 70 || list[0].To != 9 {
		t.Errorf("got %+v, %v", list, err)
	}
}

func TestAlarmOfARuleThatIsGoneCanBeEnded(t *testing.T) {
	d := newDesk(t, water())
	d.read(now, now, 5.3)
	d.events()
	d.kill()
	d.start()
	d.expect("without the rule", "returned", "rule_gone")
}

func TestAlarmOfARemovedDeviceEnds(t *testing.T) {
	d := newDesk(t, water())
	d.read(now, now, 5.3)
	d.gone["level"] = true
	if err := d.Stop(t.Context()); err != nil { // looks around once more
		t.Fatal(err)
	}
	d.expect("removed", "returned", "opened returned")
}
