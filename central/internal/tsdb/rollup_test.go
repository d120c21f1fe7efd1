package tsdb

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

func rollup(t testing.TB, d *DB, now int64) {
	t.Helper()
	if err := d.Rollup(context.Background(), time.UnixMilli(now)); err != nil {
		t.Fatal(err)
	}
}

func stats(t testing.TB, d *DB) telemetry.Stats {
	t.Helper()
	s, err := d.Stats(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestRollupsSayWhatTheReadingsSay commits at random, also into days that have their roll-ups, and compares
// every width of buckets and every quality with a store that makes no roll-ups.
func TestRollupsSayWhatTheReadingsSay(t *testing.T) {
	for seed := range uint64(6) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		d, plainly := open(t, t.TempDir()), open(t, t.TempDir())
		for range 12 {
			var rs []wire.Reading
			start, every := t0+rnd.Int64N(4*day)-2*day, int64(1000+rnd.IntN(100_000))
			for i := range int64(rnd.IntN(4000)) {
				one := r(1, start+i*every, math.Round(rnd.NormFloat64()*100)/100)
				switch rnd.IntN(40) {
				case 0:
					one.Quality = wire.Uncertain
				case 1:
					one.Quality = wire.Bad
				case 2:
					one.Value = math.Inf(1)
				}
				rs = append(rs, one)
			}
			for _, one := range []*DB{d, plainly} {
				commit(t, one, plain(rs...))
			}
			if rnd.IntN(3) > 0 {
				seal(t, d)
			}
			if rnd.IntN(2) > 0 {
				rollup(t, d, t0+40*day)
			}
			for _, step := range []int64{minute, 2 * minute, quarter, 2 * quarter, hour, 6 * hour, day, 7 * day} {
				for _, quality := range []telemetry.Quality{telemetry.GoodOnly, telemetry.Usable, telemetry.AnyQuality} {
					q := telemetry.Query{
						Device: "d1", Property: "p", From: time.UnixMilli(t0 - 3*day + rnd.Int64N(day)), To: time.UnixMilli(t0 + 9*day - rnd.Int64N(6*day)),
						Step: step, Quality: quality,
					}
					equal(t, fmt.Sprintf("seed %d, %d ms, %s", seed, step, quality), ask(t, d, q), ask(t, plainly, q))
				}
			}
			if t.Failed() {
				return
			}
		}
		shut(t, d)
		shut(t, plainly)
	}
}

func ask(t *testing.T, d *DB, q telemetry.Query) telemetry.Chart {
	t.Helper()
	c, err := d.Query(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// equal compares charts; means may differ by the order in which they were summed up.
func equal(t *testing.T, what string, got, want telemetry.Chart) {
	t.Helper()
	for i := range min(len(got.Buckets), len(want.Buckets)) {
		if g, w := got.Buckets[i].Mean, want.Buckets[i].Mean; math.Abs(g-w) < 1e-9*max(1, math.Abs(w)) {
			got.Buckets[i].Mean = w
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %d buckets, %d flags; want %d, %d", what, len(got.Buckets), len(got.Flags), len(want.Buckets), len(want.Flags))
		for i := range min(len(got.Buckets), len(want.Buckets)) {
			if got.Buckets[i] != want.Buckets[i] {
				t.Errorf("bucket %d: got %+v, want %+v", i, got.Buckets[i], want.Buckets[i])
				return
			}
		}
	}
}

func TestTodayWaitsForItsRollups(t *testing.T) {
	d := open(t, t.TempDir())
	defer shut(t, d)
	noon := dayOf(t0)*day + day/2
	commit(t, d, plain(r(1, noon-day, 1), r(1, noon, 2)))
	seal(t, d)
	if n := stats(t, d).Dirty; n != 2 {
		t.Errorf("%d days wait, want 2", n)
	}
	rollup(t, d, noon)
	if n := stats(t, d).Dirty; n != 1 {
		t.Errorf("%d days wait, want today", n)
	}
	rollup(t, d, dayOf(noon)*day+day+settleAfter.Milliseconds())
	if n := stats(t, d).Dirty; n != 0 {
		t.Errorf("%d days wait, want none", n)
	}
	commit(t, d, plain(r(1, noon-day+1, 3)))
	seal(t, d)
	if n := stats(t, d).Dirty; n != 1 {
		t.Errorf("after late data %d days wait, want 1", n)
	}
}

// TestFilesOfTheFirstShapeAreRead opens what the first program wrote: sealed months, and an inbox that was
// not.
func TestFilesOfTheFirstShapeAreRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/v0")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		d := open(t, dir)
		if n := readings(t, d); n != 6004 {
			t.Fatalf("%d readings, want 6004", n)
		}
		rollup(t, d, t0+40*day)
		q := telemetry.Query{Device: "d1", Property: "p", From: time.UnixMilli(t0 - 50*day), To: time.UnixMilli(t0 + 9*day), Step: day}
		var count, uncertain, bad int64
		c := ask(t, d, q)
		for _, b := range c.Buckets {
			count += b.Count
		}
		for _, f := range c.Flags {
			uncertain, bad = uncertain+f.Uncertain, bad+f.Bad
		}
		if count != 5882 || uncertain != 120 || bad != 120 {
			t.Errorf("%d readings, %d uncertain, %d bad; want 5882, 120, 120", count, uncertain, bad)
		}
		list, err := d.Read(context.Background(), telemetry.Read{Device: "d1", Property: "p", From: time.UnixMilli(t0), Limit: 3})
		if err != nil || len(list) != 3 || !list[0].ReceivedAt.IsZero() || list[0].Value != 4 {
			t.Errorf("got %+v, %v", list, err)
		}
		if out := commit(t, d, ranged(1, 6004)); !out[0].Duplicate {
			t.Error("what the first program committed is no duplicate")
		}
		seal(t, d)
		shut(t, d)
	}
}

func TestAFileOfANewerProgramIsRefused(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	commit(t, d, plain(r(1, t0, 1)))
	seal(t, d)
	if _, err := d.months.get("2026-10").db.ExecContext(t.Context(), `pragma user_version = 99`); err != nil {
		t.Fatal(err)
	}
	shut(t, d)
	if _, err := Open(t.Context(), Options{Dir: dir}); err == nil {
		t.Error("a file of shape 99 was opened")
	}
}

// TestOldMonthsAreDeletedAndTheirRollupsStay goes through a retention of 30 days for readings and 90 for
// roll-ups.
func TestOldMonthsAreDeletedAndTheirRollupsStay(t *testing.T) {
	dir := t.TempDir()
	held := true
	d, err := Open(t.Context(), Options{Dir: dir, Keep: Keep{
		Readings: 30 * 24 * time.Hour, Rollups: 90 * 24 * time.Hour,
		Held: func(context.Context, time.Time, time.Time) (bool, error) { return held, nil },
	}})
	if err != nil {
		t.Fatal(err)
	}
	commit(t, d, doomed(), ranged(10, 11, r(1, t0, 3)))
	retain := func(days int64) {
		t.Helper()
		if err := d.Retain(t.Context(), time.UnixMilli(t0+days*day)); err != nil {
			t.Fatal(err)
		}
	}
	months := func(want string) {
		t.Helper()
		got := ""
		for _, m := range stats(t, d).Months {
			got += fmt.Sprintf("%s %d %v, ", m.Month, m.Readings, m.Retired)
		}
		if got != want {
			t.Errorf("got months %q, want %q", got, want)
		}
	}
	// Not sealed, not rolled up, held: nothing goes.
	held = false
	retain(9)
	seal(t, d)
	commit(t, d, plain(r(1, t0-41*day, 7)))
	rollup(t, d, t0+9*day)
	retain(9) // the last reading is in memory only
	months("2026-09 1440 false, 2026-10 1 false, ")
	seal(t, d)
	retain(9) // and now it waits for its roll-up
	held = true
	rollup(t, d, t0+9*day)
	retain(9)
	months("2026-09 1441 false, 2026-10 1 false, ")
	held = false
	retain(9)
	months("2026-09 0 true, 2026-10 1 false, ")
	if n := readings(t, d); n != 1 {
		t.Errorf("%d readings, want 1", n)
	}
	old := telemetry.Query{Device: "d1", Property: "p", From: time.UnixMilli(t0 - 45*day), To: time.UnixMilli(t0 - 30*day)}
	for name, c := range map[string]struct {
		points int
		least  int64
	}{"few": {5, day}, "many": {5000, minute}} {
		q := old
		q.Points = c.points
		if got := ask(t, d, q); got.Step < c.least {
			t.Errorf("%s points: step %d, want %d at least", name, got.Step, c.least)
		}
		if n, sum := tally(t, d, q); n != 1441 || math.Abs(sum-2887) > 1e-6 {
			t.Errorf("%s points: %d readings that sum up to %v, want 1441 and 2887", name, n, sum)
		}
	}
	// What comes now for that month is left out, and does not spoil the roll-ups.
	if out := commit(t, d, plain(r(1, t0-40*day+1, 9), r(1, t0+1, 9))); out[0].Readings != 1 {
		t.Errorf("%d readings were stored, want 1", out[0].Readings)
	}
	seal(t, d)
	rollup(t, d, t0+9*day)
	if n, _ := tally(t, d, old); n != 1441 {
		t.Errorf("%d readings in the roll-ups, want 1441", n)
	}
	shut(t, d)
	d = keeping(t, dir)
	months("2026-09 0 true, 2026-10 2 false, ")
	d.opt.Keep.Rollups = 90 * 24 * time.Hour
	retain(59)
	months("2026-09 0 true, 2026-10 0 true, ")
	retain(90)
	months("2026-10 0 true, ")
	shut(t, d)
	left, err := filepath.Glob(filepath.Join(dir, "*-2026-09*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestNothingIsDeletedWhileTheHoldsAreUnknown(t *testing.T) {
	d, err := Open(t.Context(), Options{Dir: t.TempDir(), Keep: Keep{
		Readings: 24 * time.Hour, Held: func(context.Context, time.Time, time.Time) (bool, error) { return false, os.ErrDeadlineExceeded },
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, d)
	commit(t, d, doomed())
	seal(t, d)
	rollup(t, d, t0)
	if err := d.Retain(t.Context(), later); err == nil {
		t.Error("the error went unnoticed")
	}
	if n := readings(t, d); n != 1440 {
		t.Errorf("%d readings, want 1440", n)
	}
}

func FuzzDecodeRolled(f *testing.F) {
	c, err := newCodec()
	if err != nil {
		f.Fatal(err)
	}
	defer c.close()
	var b buffer
	points := []point{{at: 1, value: 2}, {at: 2, value: math.NaN()}, {at: minute, value: 3, quality: wire.Uncertain}, {at: 9 * minute, value: 4, quality: wire.Bad}}
	f.Add(c.encodeRolled(roll(points, minute), &b))
	f.Add(c.encodeRolled(nil, &b))
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := c.decodeRolled(body)
		if err != nil {
			return
		}
		if back, err := c.decodeRolled(c.encodeRolled(list, &b)); err == nil && len(back) > len(list) {
			t.Errorf("%d buckets came back as %d", len(list), len(back))
		}
	})
}
