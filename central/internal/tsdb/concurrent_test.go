package tsdb

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// TestReadersNeverSeeAReadingTwiceOrNotAtAll queries and counts while commits and seals go on.
func TestReadersNeverSeeAReadingTwiceOrNotAtAll(t *testing.T) {
	d := open(t, t.TempDir())
	defer shut(t, d)
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			if err := d.Seal(context.Background()); err != nil {
				t.Error(err)
				return
			}
		}
	})
	wg.Go(func() {
		for last := int64(0); ctx.Err() == nil; {
			s, err := d.Stats(context.Background())
			if err != nil || s.Readings < last || s.Readings%10 != 0 {
				t.Errorf("%d readings after %d, %v", s.Readings, last, err)
				return
			}
			last = s.Readings
		}
	})
	wg.Go(func() {
		q := telemetry.Query{Device: "d1", Property: "p", From: time.UnixMilli(t0 - day), To: time.UnixMilli(t0 + 60*day), Points: 20}
		for last := int64(0); ctx.Err() == nil; {
			s, err := d.Query(context.Background(), q)
			if err != nil {
				t.Error(err)
				return
			}
			var n int64
			for _, b := range s.Buckets {
				n += b.Count
			}
			if n < last || n%10 != 0 {
				t.Errorf("%d readings in buckets after %d", n, last)
				return
			}
			last = n
		}
	})
	for n := range 400 {
		in := ranged(uint64(n)*10, uint64(n)*10+9)
		for i := range int64(10) {
			// Steps of three hours cross days and months; every second batch fills the gaps of the one before.
			at := t0 + (int64(n/2)*10+i)*3*3_600_000 + int64(n%2)*1000
			in.Batch.Readings = append(in.Batch.Readings, r(1, at, float64(n)))
		}
		commit(t, d, in)
	}
	stop()
	wg.Wait()
	if n := readings(t, d); n != 4000 {
		t.Errorf("got %d readings, want 4000", n)
	}
}

// TestSealThatFailsLosesNothingAndIsRepeated puts a folder where a month's file should be.
func TestSealThatFailsLosesNothingAndIsRepeated(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	commit(t, d, plain(r(1, t0-40*day, 1), r(1, t0, 2), r(1, t0+day, 3)))
	wall := filepath.Join(dir, "telemetry-2026-11.db")
	if err := os.Mkdir(wall, 0o750); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := d.Seal(context.Background()); err == nil {
			t.Fatal("the seal went through a wall")
		}
		commit(t, d, plain(r(1, t0-40*day, 9), r(1, t0, 9), r(1, t0+int64(i)+1, 2)))
		if n := readings(t, d); n != int64(4+i) {
			t.Errorf("after a failed seal: %d readings, want %d", n, 4+i)
		}
		if got := raw(t, d, 1); len(got) != 4+i || got[t0] != 2 {
			t.Errorf("after a failed seal: got %v", got)
		}
	}
	if err := os.Remove(wall); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		seal(t, d)
		if n := readings(t, d); n != 6 {
			t.Errorf("got %d readings, want 6", n)
		}
	}
	shut(t, d)
	d = open(t, dir)
	defer shut(t, d)
	if n := readings(t, d); n != 6 {
		t.Errorf("opened again: %d readings, want 6", n)
	}
}

// TestFullMemoryRefusesWhileTheSealerCannotWork bounds the head.
func TestFullMemoryRefusesWhileTheSealerCannotWork(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "telemetry-2026-10.db"), 0o750); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), Options{Dir: dir}); err == nil {
		t.Fatal("a month that cannot be opened was ignored")
	}
	if err := os.Remove(filepath.Join(dir, "telemetry-2026-10.db")); err != nil {
		t.Fatal(err)
	}
	d, err := Open(context.Background(), Options{Dir: dir, SealPoints: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, d)
	if err := os.Mkdir(filepath.Join(dir, "telemetry-2026-10.db"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	stored := int64(0)
	for i := range int64(100) {
		if _, err = d.Commit(t.Context(), []telemetry.Incoming{plain(r(1, t0+i, 1))}); err != nil {
			break
		}
		stored++
	}
	if errs.KindOf(err) != errs.Unavailable || stored < 20 {
		t.Errorf("after %d readings: got %v, want unavailable", stored, err)
	}
	if err := os.Remove(filepath.Join(dir, "telemetry-2026-10.db")); err != nil {
		t.Fatal(err)
	}
	seal(t, d)
	commit(t, d, plain(r(1, t0+1000, 1)))
	if n := readings(t, d); n != stored+1 {
		t.Errorf("got %d readings, want %d", n, stored+1)
	}
	if err := d.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}
