package tsdb

import (
	"sync/atomic"
	"testing"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// TestFullDiskRefusesReadingsAndTakesAlarms lets the room on the disk go below the reserve and come back.
func TestFullDiskRefusesReadingsAndTakesAlarms(t *testing.T) {
	dir := t.TempDir()
	var free atomic.Int64
	free.Store(2000)
	d, err := Open(t.Context(), Options{Dir: dir, Reserve: 1000, Free: func() (int64, error) { return free.Load(), nil }})
	if err != nil {
		t.Fatal(err)
	}
	alarm := func(n uint64) telemetry.Incoming {
		in := ranged(n, n, r(1, t0+int64(n), 1)) // an alarm may bring the reading that raised it
		in.Batch.Lane, in.Batch.Events = wire.LaneAlarm, []wire.Event{{ID: "x", Kind: wire.EventAlarm, At: t0}}
		return in
	}
	state := func(want telemetry.HealthState, refused int64) {
		t.Helper()
		if h := d.Health(); h.State != want || h.Refused != refused || h.FreeBytes != free.Load() || h.ReserveBytes != 1000 {
			t.Errorf("got %+v, want %s and %d refused", h, want, refused)
		}
	}
	commit(t, d, numbered(1))
	state(telemetry.Healthy, 0)
	free.Store(999)
	for _, in := range [][]telemetry.Incoming{{numbered(2)}, {plain(r(1, t0, 1))}, {alarm(1), numbered(2)}} {
		if _, err := d.Commit(t.Context(), in); errs.KindOf(err) != errs.Unavailable {
			t.Errorf("got %v, want unavailable", err)
		}
	}
	state(telemetry.DiskFull, 4)
	if out := commit(t, d, alarm(1)); out[0].Readings != 1 {
		t.Errorf("the alarm came through as %+v", out)
	}
	free.Store(1199)
	if _, err := d.Commit(t.Context(), []telemetry.Incoming{numbered(2)}); err == nil {
		t.Error("readings are taken again before there is enough room")
	}
	free.Store(1200)
	commit(t, d, numbered(2))
	state(telemetry.Healthy, 5)
	shut(t, d)
	d = open(t, dir)
	defer shut(t, d)
	if n := readings(t, d); n != 21 {
		t.Errorf("%d readings, want 21", n)
	}
	if h := d.Health(); h.State != telemetry.Healthy || h.FreeBytes <= 0 {
		t.Errorf("the real disk: %+v", h)
	}
}
