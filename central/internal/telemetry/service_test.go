package telemetry_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/tsdb"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// register is the two stations of the tests; a name in it was removed.
type register map[string]bool

func (r register) Visible(ctx context.Context, id string) (device.Device, bool) {
	who, _ := actor.From(ctx)
	d := device.Device{ID: id, Kind: device.Sensor, Parent: "edge", Class: "water_level", Name: "洋口水位", Division: "320623", Demo: true, Series: []device.Series{{Property: "water_level", Unit: "m"}}}
	if id == "other" {
		d.Division, d.Parent = "320681", "edge2"
	}
	return d, (id == "level" || id == "other") && !r[id] && who.Sees(d.Division)
}

// All is the stations as the rule silent sees them: heard of just now.
func (r register) All(ctx context.Context) ([]device.Device, error) {
	var out []device.Device
	for _, id := range []string{"level", "other"} {
		if d, ok := r.Visible(ctx, id); ok {
			out = append(out, d)
		}
	}
	return out, nil
}

func (r register) Refused(context.Context, string, string, string, uint64) {}

// desk is a whole telemetry capability in a folder, so that it can end and start again.
type desk struct {
	*telemetry.Service
	t      testing.TB
	dir    string
	db     *store.DB
	ts     *tsdb.DB
	gone   register
	reg    telemetry.Devices // instead of gone
	policy telemetry.Policy
	work   worked
	at     store.Options // instead of a file in dir
	mu     sync.Mutex
	seen   []string // kinds of events that are no passing views
}

func newDesk(t testing.TB, rules ...rule.Rule) *desk {
	t.Helper()
	d := &desk{t: t, dir: t.TempDir(), gone: register{}}
	d.start(rules...)
	t.Cleanup(d.kill)
	return d
}

func (d *desk) start(rules ...rule.Rule) {
	d.t.Helper()
	var err error
	at := d.at
	if at.DSN == "" {
		at = store.Options{Driver: store.SQLite, DSN: filepath.Join(d.dir, "main.db")}
	}
	if d.db, err = store.Open(d.t.Context(), at); err != nil {
		d.t.Fatal(err)
	}
	if d.ts, err = tsdb.Open(d.t.Context(), tsdb.Options{Dir: filepath.Join(d.dir, "telemetry")}); err != nil {
		d.t.Fatal(err)
	}
	bus := event.NewBus(nil)
	bus.Handle(func(_ context.Context, e event.Event) {
		if !e.Ephemeral {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.seen = append(d.seen, e.Kind)
		}
	})
	if d.reg == nil {
		d.reg = d.gone
	}
	d.Service = &telemetry.Service{
		Store: d.ts, Alarms: store.NewAlarms(d.db), Quarantine: store.NewQuarantine(d.db), LegalHolds: store.NewHolds(d.db), Tx: d.db,
		Devices: d.reg, Rules: rules, Events: bus, Log: slog.New(slog.DiscardHandler), ShelveMax: 24 * time.Hour,
		Policies: store.NewPolicies(d.db), Escalation: d.policy, Top: "320600", Windows: &d.work,
	}
	if err := d.Start(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

// kill ends it without a proper stop of the service.
func (d *desk) kill() {
	if err := errors.Join(d.ts.Close(), d.db.Close()); err != nil {
		d.t.Error(err)
	}
}

func (d *desk) events() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := strings.ReplaceAll(strings.Join(d.seen, " "), "alarm.", "")
	d.seen = nil
	return out
}

// read commits readings of the station, all received at one time. What is older than MaxAge comes from the
// backlog.
func (d *desk) read(received time.Time, at time.Time, values ...float64) {
	d.t.Helper()
	b := &wire.Batch{Backfill: received.Sub(at) > telemetry.MaxAge}
	for i, v := range values {
		b.Readings = append(b.Readings, wire.Reading{Device: "level", Property: "water_level", At: at.Add(time.Duration(i) * time.Second).UnixMilli(), Value: v})
	}
	d.take(telemetry.Incoming{Edge: "edge", Batch: b, ReceivedAt: received})
}

func (d *desk) alarmEvent(edge string, received, at time.Time, active bool) {
	d.t.Helper()
	data, err := json.Marshal(wire.AlarmEvent{Rule: "water", Property: "water_level", Active: active, Level: 3, Value: 5.3, Limit: 5.2})
	if err != nil {
		d.t.Fatal(err)
	}
	e := wire.Event{ID: "e", At: at.UnixMilli(), Kind: wire.EventAlarm, Device: "level", Data: data}
	d.take(telemetry.Incoming{Edge: edge, Batch: &wire.Batch{Backfill: received.Sub(at) > telemetry.MaxAge, Events: []wire.Event{e}}, ReceivedAt: received})
}

func (d *desk) take(in telemetry.Incoming) {
	d.t.Helper()
	if _, err := d.Commit(context.Background(), []telemetry.Incoming{in}); err != nil {
		d.t.Fatal(err)
	}
}

func as(name, division string) context.Context {
	return actor.With(context.Background(), actor.Actor{
		Kind: actor.User, ID: "id-" + name, Name: name, DivisionCode: division,
		Permissions: []actor.Permission{actor.TelemetryRead, actor.AlarmRead, actor.AlarmAck},
	})
}

// all lists the alarms as state:retrospective:origin, newest first.
func (d *desk) all() (items []telemetry.Alarm, text string) {
	d.t.Helper()
	p, err := d.ListAlarms(as("w", "320600"), telemetry.Filter{})
	if err != nil {
		d.t.Fatal(err)
	}
	var parts []string
	for _, a := range p.Items {
		s := string(a.State)
		if a.Retrospective {
			s += "(late)"
		}
		if a.Origin != telemetry.Centre {
			s += "@" + a.Origin
		}
		parts = append(parts, s)
	}
	return p.Items, strings.Join(parts, " ")
}

func (d *desk) expect(what, alarms, events string) {
	d.t.Helper()
	_, got := d.all()
	if live, err := d.ActiveAlarms(as("w", "320600")); err != nil || len(live) != strings.Count(" "+got, " open")+strings.Count(" "+got, " acknowledged")+strings.Count(" "+got, " returned") {
		d.t.Errorf("%s: %d active alarms, %v; the list is %q", what, len(live), err, got)
	}
	if got != alarms {
		d.t.Errorf("%s: alarms are %q, want %q", what, got, alarms)
	}
	if got := d.events(); got != events {
		d.t.Errorf("%s: events are %q, want %q", what, got, events)
	}
}

func water() rule.Rule {
	return rule.Rule{
		ID: "water", Name: "水位", NameEN: "Water", Class: "water_level", Property: "water_level", Condition: rule.Above,
		Limit: 5.2, Clear: 5.1, Level: 3, Source: "test",
	}
}

var now = time.Now().UTC().Truncate(time.Millisecond)

func TestAlarmOpensIsAcknowledgedByNameAndClears(t *testing.T) {
	d := newDesk(t, water())
	d.read(now, now, 5, 5.3)
	d.expect("over the limit", "open", "opened")
	list, _ := d.all()
	a := list[0]
	if a.DeviceName != "洋口水位" || a.Unit != "m" || a.Division != "320623" || !a.Demo || a.Value != 5.3 || a.Limit != 5.2 || a.Level != 3 || !a.OpenedAt.Equal(now.Add(time.Second)) {
		t.Errorf("got %+v", a)
	}
	if _, err := d.Ack(as("他县", "320681"), a.ID, ""); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another county acknowledged: %v", err)
	}
	if _, err := d.Ack(as("王工", "320623"), a.ID, strings.Repeat("字", 501)); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a long note was taken: %v", err)
	}
	if got, err := d.Ack(as("王工", "320623"), a.ID, " 已派人 "); err != nil || got.AckedByName != "王工" || got.AckNote != "已派人" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := d.Ack(as("李工", "320623"), a.ID, ""); errs.KindOf(err) != errs.Conflict || !strings.Contains(err.Error(), "王工") {
		t.Errorf("the second acknowledgement gave %v, want a conflict that names the first", err)
	}
	d.expect("acknowledged", "acknowledged", "acknowledged")
	d.read(now, now.Add(5*time.Second), 5.15, 5)
	d.expect("under the hysteresis", "cleared", "cleared")
}

func TestAlarmThatReturnsWaitsForAName(t *testing.T) {
	d := newDesk(t, water())
	d.read(now, now, 5.3, 5, 5)
	d.expect("returned", "returned", "opened returned")
	d.read(now, now.Add(9*time.Second), 5.4)
	d.expect("again over the limit", "open", "reopened")
	d.read(now, now.Add(10*time.Second), 5)
	list, _ := d.all()
	if list[0].Peak != 5.4 {
		t.Errorf("got peak %v, want 5.4", list[0].Peak)
	}
	if _, err := d.Ack(as("王工", "320623"), list[0].ID, ""); err != nil {
		t.Fatal(err)
	}
	d.expect("acknowledged after it ended", "cleared", "returned acknowledged cleared")
}

// Three crossings without a name between them are one row and three openings that anybody can read.
func TestEveryCrossingIsAStep(t *testing.T) {
	d := newDesk(t, water())
	d.read(now, now, 5.3, 5, 5.4, 5, 5.5)
	list, _ := d.all()
	if len(list) != 1 || list[0].Openings != 3 {
		t.Fatalf("got %+v, want one alarm with 3 openings", list)
	}
	if _, err := d.Ack(as("王工", "320623"), list[0].ID, "已派人"); err != nil {
		t.Fatal(err)
	}
	d.read(now, now.Add(9*time.Second), 5)
	d.kill()
	d.start(water()) // the steps outlive the centre
	steps, err := d.Steps(as("王工", "320623"), list[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, v := range steps {
		got = append(got, string(v.Kind))
		if i > 0 && v.ID <= steps[i-1].ID {
			t.Errorf("step %d is not in order", i)
		}
	}
	want := "opened returned reopened returned reopened acknowledged returned cleared"
	if text := strings.Join(got, " "); text != want {
		t.Fatalf("steps are %q, want %q", text, want)
	}
	if v := steps[2]; v.Value != 5.4 || v.Openings != 2 || !v.At.Equal(now.Add(2*time.Second)) {
		t.Errorf("the second crossing is %+v", v)
	}
	if v := steps[5]; v.ActorName != "王工" || v.Note != "已派人" || v.Openings != 3 {
		t.Errorf("the acknowledgement is %+v", v)
	}
	var lines []string
	f := telemetry.StepFilter{Request: page.Request{Limit: 3}}
	for {
		part, err := d.ListSteps(as("王工", "320600"), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range part.Items {
			lines = append([]string{string(l.Kind)}, lines...)
			if l.Alarm.ID != list[0].ID || l.Alarm.State != telemetry.Cleared {
				t.Errorf("a line is about %+v", l.Alarm)
			}
		}
		if f.After = part.Next; part.Next == "" {
			break
		}
	}
	if text := strings.Join(lines, " "); text != want {
		t.Errorf("the log is %q, want %q", text, want)
	}
	if part, err := d.ListSteps(as("他县", "320681"), telemetry.StepFilter{}); err != nil || len(part.Items) != 0 {
		t.Errorf("another county reads %+v, %v", part, err)
	}
	if _, err := d.Steps(as("他县", "320681"), list[0].ID); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another county reads the steps: %v", err)
	}
}

// A shelved alarm is silent with a reason and an end, across a restart and for those that follow it, and
// comes back by itself.
func TestAShelvedAlarmComesBack(t *testing.T) {
	d := newDesk(t, water())
	d.read(now, now, 5.3)
	list, _ := d.all()
	id, wang := list[0].ID, as("王工", "320623")
	until := time.Now().Add(time.Hour)
	for what, c := range map[string]struct {
		reason string
		until  time.Time
	}{"no reason": {" ", until}, "past": {"检修", now.Add(-time.Hour)}, "beyond the limit": {"检修", now.Add(25 * time.Hour)}} {
		if _, err := d.Shelve(wang, id, c.reason, c.until); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := d.Shelve(as("他县", "320681"), id, "检修", until); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another county shelves: %v", err)
	}
	a, err := d.Shelve(wang, id, "检修", until)
	if err != nil || a.Shelf == nil || a.Shelf.ByName != "王工" || a.State != telemetry.Open {
		t.Fatalf("got %+v, %v", a, err)
	}
	if _, err := d.Comment(wang, id, "闸门在检修"); err != nil {
		t.Error(err)
	}
	if _, err := d.Ack(wang, id, ""); err != nil {
		t.Error(err)
	}
	d.read(now, now.Add(time.Second), 5)
	d.expect("cleared while shelved", "cleared", "opened shelved commented acknowledged cleared")
	d.kill()
	d.start(water())
	d.read(now, now.Add(2*time.Second), 5.4)
	list, _ = d.all()
	if len(list) != 2 || list[0].Shelf == nil || list[0].Shelf.Reason != "检修" {
		t.Fatalf("the next alarm is not shelved: %+v", list[0])
	}
	d.Tick(t, until.Add(time.Second))
	list, _ = d.all()
	if list[0].Shelf != nil {
		t.Errorf("still shelved after the time: %+v", list[0].Shelf)
	}
	d.expect("its time is over", "open cleared", "opened unshelved")
	if _, err := d.Unshelve(wang, list[0].ID); errs.KindOf(err) != errs.Conflict {
		t.Errorf("unshelving what is not shelved: %v", err)
	}
	steps, err := d.Steps(wang, id)
	if err != nil || len(steps) != 6 || steps[1].Until == nil || steps[1].Note != "检修" || steps[2].Note != "闸门在检修" {
		t.Errorf("got %+v, %v", steps, err)
	}
	if _, err := d.Comment(wang, id, "事后补记"); err != nil {
		t.Errorf("a remark to an alarm that has ended: %v", err)
	}
}

func TestTwoAcknowledgeAtOnce(t *testing.T) {
	d := newDesk(t, water())
	d.read(now, now, 5.3)
	list, _ := d.all()
	var wg sync.WaitGroup
	results := make([]error, 8)
	for i := range results {
		wg.Go(func() { _, results[i] = d.Ack(as("人", "320623"), list[0].ID, "") })
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		if err == nil {
			won++
		} else if errs.KindOf(err) != errs.Conflict {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d acknowledgements succeeded, want 1", won)
	}
}

func TestOldReadingsMakeHistoryAndRingNothing(t *testing.T) {
	d := newDesk(t, water())
	old := now.Add(-time.Hour)
	d.read(now, old, 5, 5.3, 5.6, 5)
	d.expect("an hour late", "cleared(late)", "cleared")
	list, _ := d.all()
	if a := list[0]; a.Peak != 5.6 || !a.OpenedAt.Equal(old.Add(time.Second)) || !a.ReturnedAt.Equal(old.Add(3*time.Second)) {
		t.Errorf("got %+v", a)
	}
	d.read(now, old, 5, 5.3, 5.6, 5)
	d.expect("the same once more", "cleared(late)", "")
	d.read(now, now, 5)
	d.read(now, now.Add(-time.Second), 9)
	d.expect("one late reading does not raise", "cleared(late)", "")
}

func TestBadReadingsRaiseNothing(t *testing.T) {
	d := newDesk(t, water())
	d.take(telemetry.Incoming{Edge: "edge", ReceivedAt: now, Batch: &wire.Batch{Readings: []wire.Reading{
		{Device: "level", Property: "water_level", At: now.UnixMilli(), Value: 9, Quality: wire.Bad},
	}}})
	d.expect("bad", "", "")
}

func TestEdgeAndCentreRaiseOneAlarmTogether(t *testing.T) {
	d := newDesk(t, water())
	d.alarmEvent("edge", now, now, true)
	d.read(now, now.Add(time.Second), 5.3)
	d.alarmEvent("edge", now, now.Add(2*time.Second), true)
	d.expect("raised by both", "open@edge", "opened")
	d.alarmEvent("edge2", now, now.Add(3*time.Second), false)
	d.alarmEvent("edge", now, now.Add(3*time.Second), false)
	d.expect("the readings say that it holds", "open@edge", "")
	d.read(now, now.Add(4*time.Second), 5)
	d.alarmEvent("edge", now, now.Add(4*time.Second), false)
	d.expect("ended by both", "returned@edge", "returned")
}

func TestEdgeAloneRaisesAndEnds(t *testing.T) {
	d := newDesk(t)
	d.alarmEvent("edge2", now, now, true)
	d.expect("another edge's sensor", "", "")
	d.alarmEvent("edge", now, now, true)
	d.alarmEvent("edge", now, now.Add(time.Second), false)
	d.expect("raised and ended", "returned@edge", "opened returned")
	list, _ := d.all()
	if _, err := d.Ack(as("王工", "320623"), list[0].ID, ""); err != nil {
		t.Fatal(err)
	}
	old := now.Add(-time.Hour)
	d.alarmEvent("edge", now, old, true)
	d.expect("old, but it may still hold", "open(late)@edge cleared@edge", "acknowledged cleared opened")
	d.alarmEvent("edge", now, old.Add(time.Minute), false)
	d.alarmEvent("edge", now, old, true)
	d.expect("old and over", "cleared(late)@edge cleared@edge", "cleared")
}

// On a bad link the newest readings, and those behind them, may come before what the edge said of alarms.
func TestAlarmThatReadingsToldBeforeTheEdgeDidIsOne(t *testing.T) {
	d := newDesk(t, water())
	begun := now.Add(-time.Minute)
	d.read(now, now, 5)
	d.read(now, begun, 5, 5.3, 5.4, 5, 5.5, 5, 5)
	d.expect("known from readings", "cleared(late) cleared(late)", "cleared cleared")
	told := func() {
		for _, at := range []time.Duration{1, 4} {
			d.alarmEvent("edge", now, begun.Add(at*time.Second), true)
			d.alarmEvent("edge", now, begun.Add((at+1)*time.Second), false)
		}
	}
	told()
	d.expect("the edge says so, too: one waits for a name, the other is history", "cleared(late) returned", "rang")
	told()
	d.expect("once more", "cleared(late) returned", "")
	d.kill()
	d.start(water())
	d.expect("restarted", "cleared(late) returned", "")
}

func TestLateKnownAlarmRingsWhenItStillHolds(t *testing.T) {
	d := newDesk(t, water())
	d.alarmEvent("edge", now, now.Add(-time.Hour), true)
	d.expect("old", "open(late)@edge", "opened")
	d.read(now, now, 5.3)
	d.expect("still", "open@edge", "rang")
}

// Newest values that are forgotten are gone at once, by whole days; those of other properties and younger ones stay.
func TestAForgottenNewestValueIsGoneAtOnce(t *testing.T) {
	d := newDesk(t)
	old := now.AddDate(0, 0, -40)
	d.take(telemetry.Incoming{Edge: "edge", ReceivedAt: old, Batch: &wire.Batch{Readings: []wire.Reading{
		{Device: "level", Property: "lat", At: old.UnixMilli(), Value: 32},
		{Device: "level", Property: "lon", At: old.UnixMilli(), Value: 121},
		{Device: "level", Property: "water_level", At: old.UnixMilli(), Value: 5},
		{Device: "other", Property: "lon", At: old.UnixMilli(), Value: 120},
	}}})
	left := func(want ...string) {
		t.Helper()
		list, err := d.Latest(as("w", "320600"))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range list {
			got = append(got, l.Device+" "+l.Property)
		}
		if !slices.Equal(got, want) {
			t.Errorf("left %q, want %q", got, want)
		}
	}
	places := []string{"lon", "lat"}
	d.Forget([]string{"level"}, places, old) // the day itself stays
	left("level lat", "level lon", "level water_level", "other lon")
	d.take(telemetry.Incoming{Edge: "edge", ReceivedAt: now, Batch: &wire.Batch{Readings: []wire.Reading{{Device: "level", Property: "lat", At: now.UnixMilli(), Value: 33}}}})
	d.Forget([]string{"level", "nobody"}, places, now.AddDate(0, 0, -30))
	left("level lat", "level water_level", "other lon")
}

func TestReadersSeeTheirOwnDivisionOnly(t *testing.T) {
	d := newDesk(t, water())
	d.take(telemetry.Incoming{Edge: "edge", ReceivedAt: now, Batch: &wire.Batch{Readings: []wire.Reading{
		{Device: "level", Property: "water_level", At: now.UnixMilli(), Value: 5},
		{Device: "other", Property: "water_level", At: now.UnixMilli(), Value: 6},
	}}})
	l, err := d.Latest(as("w", "320623"))
	if err != nil || len(l) != 1 || l[0].Device != "level" || l[0].Value != 5 {
		t.Errorf("got %+v, %v", l, err)
	}
	q := telemetry.Query{Device: "other", Property: "water_level", From: now.Add(-time.Hour), To: now.Add(time.Hour)}
	if _, err := d.Series(as("w", "320623"), q); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another county's series: %v", err)
	}
	s, err := d.Series(as("w", "320600"), q)
	if err != nil || len(s.Buckets) != 1 || s.Unit != "m" {
		t.Errorf("got %+v, %v", s, err)
	}
	for _, call := range []func(context.Context) error{
		func(ctx context.Context) error { _, err := d.Latest(ctx); return err },
		func(ctx context.Context) error { _, err := d.Series(ctx, q); return err },
		func(ctx context.Context) error { _, err := d.Stats(ctx); return err },
		func(ctx context.Context) error { _, err := d.ListAlarms(ctx, telemetry.Filter{}); return err },
		func(ctx context.Context) error { _, err := d.ActiveAlarms(ctx); return err },
		func(ctx context.Context) error { _, err := d.Alarm(ctx, "x"); return err },
		func(ctx context.Context) error { _, err := d.Ack(ctx, "x", ""); return err },
		func(ctx context.Context) error { _, err := d.ListRules(ctx); return err },
		func(ctx context.Context) error { _, err := d.RulesOf(ctx, "rd-level-1", "water_level"); return err },
	} {
		if err := call(context.Background()); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("nobody got %v", err)
		}
		if err := call(actor.With(context.Background(), actor.Actor{Kind: actor.User, ID: "u"})); errs.KindOf(err) != errs.Denied {
			t.Errorf("somebody without permission got %v", err)
		}
	}
}
