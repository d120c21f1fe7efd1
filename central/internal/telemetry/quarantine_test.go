package telemetry_test

import (
	"context"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/tsdb"
	"github.com/fengsui/fengsui/shared/wire"
)

// mender may act on the quarantine and on holds.
func mender(division string) context.Context {
	return actor.With(context.Background(), actor.Actor{
		Kind: actor.User, ID: "id-m", Name: "m", DivisionCode: division,
		Permissions: []actor.Permission{actor.TelemetryRead, actor.TelemetryMend, actor.TelemetryHold, actor.AlarmRead},
	})
}

// ahead is how far the clock of the station is wrong.
const ahead = 33 * 365 * 24 * time.Hour

// apart commits a batch of an edge whose readings are all of a wrong clock.
func (d *desk) apart(seq uint64, received time.Time, values ...float64) {
	d.t.Helper()
	var rs []wire.Reading
	for i, v := range values {
		rs = append(rs, wire.Reading{Device: "level", Property: "water_level", At: received.Add(ahead + time.Duration(i)*time.Second).UnixMilli(), Value: v})
	}
	in := telemetry.Incoming{Edge: "edge", Ranged: true, Batch: &wire.Batch{Epoch: 1, Lane: wire.LaneTelemetry, SeqFrom: seq, SeqTo: seq}, ReceivedAt: received}
	in.Apart = telemetry.Suspects(&in, rs, nil)
	d.take(in)
}

func (d *desk) quarantine() telemetry.Apart {
	d.t.Helper()
	list, err := d.ListApart(mender("320600"))
	if err != nil || len(list) > 1 {
		d.t.Fatalf("got %+v, %v", list, err)
	}
	if len(list) == 0 {
		return telemetry.Apart{}
	}
	return list[0]
}

func (d *desk) values(quality telemetry.Quality) []telemetry.Row {
	d.t.Helper()
	list, err := d.Readings(mender("320600"), telemetry.Selection{Series: []string{"level/water_level"}, Quality: quality}, "", 0)
	if err != nil {
		d.t.Fatal(err)
	}
	return list.Items
}

func TestReadingsOfAWrongClockAreReleasedWithTheirTimesPutRight(t *testing.T) {
	d := newDesk(t, water())
	old := now.Add(-time.Hour)
	d.apart(1, old, 5, 5.3)
	d.apart(1, old, 5, 5.3) // sent again
	d.apart(2, old.Add(time.Minute), 5.4)
	if len(d.values(telemetry.AnyQuality)) != 0 {
		t.Error("what is kept apart is listed")
	}
	a := d.quarantine()
	if a.Readings != 3 || a.DeviceName != "洋口水位" || a.Sender != "edge" || a.Division != "320623" || a.Offset != ahead.Milliseconds() ||
		!a.First.Equal(old.Add(ahead)) || !a.Last.Equal(old.Add(ahead+time.Minute)) || !a.ReceivedFirst.Equal(old) || !a.ReceivedLast.Equal(old.Add(time.Minute)) {
		t.Errorf("got %+v", a)
	}
	d.apart(3, old.Add(2*time.Minute), 9) // comes after somebody has looked
	act := telemetry.ActOnApart{Device: "level", Through: a.Through, Shift: -ahead.Milliseconds(), Note: "时钟错 33 年"}
	for name, c := range map[string]struct {
		ctx    context.Context
		change func(*telemetry.ActOnApart)
		want   errs.Kind
	}{
		"no permission":  {as("w", "320600"), func(*telemetry.ActOnApart) {}, errs.Denied},
		"another county": {mender("320681"), func(*telemetry.ActOnApart) {}, errs.NotFound},
		"no reason":      {mender("320623"), func(a *telemetry.ActOnApart) { a.Note = " " }, errs.Invalid},
		"still ahead":    {mender("320623"), func(a *telemetry.ActOnApart) { a.Shift /= 2 }, errs.Invalid},
		"overflow":       {mender("320623"), func(a *telemetry.ActOnApart) { a.Shift = math.MaxInt64 }, errs.Invalid},
		"nothing there":  {mender("320623"), func(a *telemetry.ActOnApart) { a.Through = "" }, errs.NotFound},
	} {
		wrong := act
		c.change(&wrong)
		if _, err := d.ReleaseApart(c.ctx, wrong); errs.KindOf(err) != c.want {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	d.events()
	out, err := d.ReleaseApart(mender("320623"), act)
	if err != nil || out.Readings != 3 || out.Stored != 3 || out.Remaining != 0 {
		t.Errorf("got %+v, %v", out, err)
	}
	rows := d.values("")
	if len(rows) != 3 || !rows[0].At.Equal(old) || *rows[2].Value != 5.4 || rows[0].Quality != wire.Uncertain || !rows[2].ReceivedAt.Equal(old.Add(time.Minute)) {
		t.Errorf("got %+v", rows)
	}
	d.expect("it rang when it came, with the clock, and not again", "open open", "telemetry.quarantine_released")
	if a := d.quarantine(); a.Readings != 1 {
		t.Errorf("left: %+v", a)
	}
	act.Through = d.quarantine().Through
	if out, err = d.DiscardApart(mender("320623"), act); err != nil || out.Readings != 1 || out.Stored != 0 || out.Shift != 0 {
		t.Errorf("got %+v, %v", out, err)
	}
	if n := len(d.values(telemetry.AnyQuality)); n != 3 || d.quarantine().Readings != 0 {
		t.Errorf("%d readings, %+v left", n, d.quarantine())
	}
	d.expect("discarded", "open open", "telemetry.quarantine_discarded")
}

func TestWhatIsKeptApartIsSeenBeforeItIsActedOn(t *testing.T) {
	d := newDesk(t)
	received := time.Now().UTC().Truncate(time.Millisecond)
	d.apart(1, received, 3.2, 3.3)
	through := d.quarantine().Through
	rows, err := d.LookApart(mender("320600"), "level", through)
	if err != nil || len(rows) != 2 {
		t.Fatalf("got %+v, %v", rows, err)
	}
	if r := rows[1]; r.Property != "water_level" || r.Value != 3.3 || r.Offset != (ahead+time.Second).Milliseconds() || !r.ReceivedAt.Equal(received) {
		t.Errorf("got %+v", r)
	}
	if _, err := d.LookApart(mender("320400"), "level", through); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another city looks: %v", err)
	}
	nobody := actor.With(context.Background(), actor.Actor{Kind: actor.User, DivisionCode: "320600"})
	if _, err := d.LookApart(nobody, "level", through); errs.KindOf(err) != errs.Denied {
		t.Errorf("without the permission: %v", err)
	}
}

func TestAlarmOfAWrongClockIsReleasedAsRetrospective(t *testing.T) {
	d := newDesk(t, water())
	old := now.Add(-time.Hour)
	in := telemetry.Incoming{Edge: "edge", Batch: &wire.Batch{Backfill: true}, ReceivedAt: old}
	in.Apart = telemetry.Suspects(&in, nil, []wire.Event{{
		ID: "e", At: old.Add(ahead).UnixMilli(), Kind: wire.EventAlarm, Device: "level",
		Data: []byte(`{"rule":"water","property":"water_level","active":true,"level":3,"value":5.3,"limit":5.2}`),
	}})
	d.take(in)
	a := d.quarantine()
	if a.Events != 1 || a.Readings != 0 {
		t.Errorf("got %+v", a)
	}
	if out, err := d.ReleaseApart(mender("320600"), telemetry.ActOnApart{Device: "level", Through: a.Through, Shift: -ahead.Milliseconds(), Note: "x"}); err != nil || out.Events != 1 {
		t.Errorf("got %+v, %v", out, err)
	}
	d.expect("released", "open(late)@edge", "opened telemetry.quarantine_released")
}

// TestQuarantineHasBoundsAndSaysWhatFoundNoRoom fills it, and starts again.
func TestQuarantineHasBoundsAndSaysWhatFoundNoRoom(t *testing.T) {
	d := newDesk(t)
	many := make([]float64, 150_000)
	d.apart(1, now, many...)
	d.apart(2, now, many...)
	if a := d.quarantine(); a.Readings != 150_000 || a.Dropped != 150_000 {
		t.Errorf("%d kept, %d dropped", a.Readings, a.Dropped)
	}
	d.kill()
	d.start()
	d.apart(3, now, many...)
	if a := d.quarantine(); a.Readings != 150_000 || a.Dropped != 150_000 {
		t.Errorf("started again: %d kept, %d dropped", a.Readings, a.Dropped)
	}
	through := d.quarantine().Through
	if out, err := d.DiscardApart(mender("320600"), telemetry.ActOnApart{Device: "level", Through: through, Note: "x"}); err != nil || out.Readings != 150_000 {
		t.Errorf("got %+v, %v", out, err)
	}
	d.apart(4, now, many...)
	if a := d.quarantine(); a.Readings != 150_000 {
		t.Errorf("with room again %d kept", a.Readings)
	}
}

func TestHoldsArePlacedAndEndedByName(t *testing.T) {
	d := newDesk(t)
	from, to := now.AddDate(0, -2, 0), now.AddDate(0, -1, 0)
	held := func(from, to time.Time) bool {
		t.Helper()
		ok, err := telemetry.Held(context.Background(), d.LegalHolds, from, to)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if _, err := d.AddHold(as("w", "320600"), from, to, "案件"); errs.KindOf(err) != errs.Denied {
		t.Errorf("got %v, want denied", err)
	}
	for _, err := range []error{
		func() error { _, err := d.AddHold(mender("320600"), to, from, "案件"); return err }(),
		func() error { _, err := d.AddHold(mender("320600"), from, to, ""); return err }(),
		func() error {
			_, err := d.AddHold(mender("320623"), from, from.AddDate(10, 0, 1), "案件")
			return err
		}(),
	} {
		if errs.KindOf(err) != errs.Invalid {
			t.Errorf("got %v, want invalid", err)
		}
	}
	h, err := d.AddHold(mender("320600"), from, to, "案件")
	if err != nil || h.CreatedByName != "m" {
		t.Fatalf("got %+v, %v", h, err)
	}
	if !held(from.AddDate(0, 0, -9), from.AddDate(0, 0, 1)) || held(to, to.AddDate(0, 1, 0)) || held(from.AddDate(0, -1, 0), from) {
		t.Error("the hold covers something else than its span")
	}
	d.read(now, from.AddDate(0, 0, 1), 1)
	d.read(now, now, 1)
	if err := d.ts.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	st, err := d.Stats(mender("320600"))
	if err != nil || len(st.Months) != 2 || !st.Months[0].Held || st.Months[1].Held {
		t.Errorf("got %+v, %v", st.Months, err)
	}
	if _, err = d.EndHold(mender("320600"), h.ID, " "); errs.KindOf(err) != errs.Invalid {
		t.Errorf("ended without a reason: %v", err)
	}
	if _, err = d.EndHold(mender("320681"), h.ID, "案件已结"); errs.KindOf(err) != errs.Denied || !held(from, to) {
		t.Errorf("a county ended the hold of the city: %v", err)
	}
	if h, err = d.EndHold(mender("320600"), h.ID, "案件已结"); err != nil || h.EndedAt == nil || h.EndedReason != "案件已结" || held(from, to) {
		t.Errorf("got %+v, %v", h, err)
	}
	if _, err = d.EndHold(mender("320600"), h.ID, "x"); errs.KindOf(err) != errs.Conflict {
		t.Errorf("got %v, want a conflict", err)
	}
	if list, err := d.ListHolds(as("w", "320600")); err != nil || len(list) != 1 {
		t.Errorf("got %+v, %v", list, err)
	}
	d.expect("holds", "", "telemetry.hold_placed telemetry.hold_ended")
}

func TestFullDiskIsToldToEverybodyOnce(t *testing.T) {
	d := newDesk(t)
	var free atomic.Int64
	if err := d.ts.Close(); err != nil {
		t.Fatal(err)
	}
	var err error
	d.ts, err = tsdb.Open(t.Context(), tsdb.Options{Dir: t.TempDir(), Reserve: 100, Free: func() (int64, error) { return free.Load(), nil }})
	if err != nil {
		t.Fatal(err)
	}
	d.Store = d.ts
	in := []telemetry.Incoming{{Edge: "edge", Batch: &wire.Batch{Readings: []wire.Reading{{Device: "level", Property: "water_level", At: now.UnixMilli()}}}, ReceivedAt: now}}
	for range 3 {
		if _, err := d.Commit(t.Context(), in); errs.KindOf(err) != errs.Unavailable {
			t.Errorf("got %v, want unavailable", err)
		}
	}
	h, err := d.Health(as("w", "320600"))
	if err != nil || h.State != telemetry.DiskFull || h.Refused != 3 || h.Since.IsZero() {
		t.Errorf("got %+v, %v", h, err)
	}
	d.expect("full", "", "telemetry.health")
	free.Store(1000)
	if _, err := d.Commit(t.Context(), in); err != nil {
		t.Error(err)
	}
	d.expect("room again", "", "telemetry.health")
}
