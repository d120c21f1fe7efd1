package tsdb

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
)

func unheard(int64) error { return nil }

// What one device told is forgotten with its roll-ups and its newest value, also after the store was opened anew; the
// others, what is younger and what is held stay.
func TestOneDeviceIsForgottenAndTheOthersStay(t *testing.T) {
	dir := t.TempDir()
	held, unknown := true, error(nil)
	opened := func() *DB {
		d, err := Open(t.Context(), Options{Dir: dir, Keep: Keep{Held: func(context.Context, time.Time, time.Time) (bool, error) { return held, unknown }}})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := opened()
	// Two days of one month, of which the term parts them: what is younger stays with its roll-ups.
	commit(t, d, plain(r(4, t0-31*day, 1), r(4, t0-30*day, 2), r(4, t0-30*day+minute, 4), r(4, t0-29*day, 3)))
	commit(t, d, doomed()) // 1440 of d1, 40 days ago
	commit(t, d, plain(r(1, t0-day, 5), r(2, t0-40*day, 7), r(2, t0-day, 8), r(3, t0-40*day, 9)))
	seal(t, d)
	rollup(t, d, t0+9*day)
	refused := false
	forget := func(want int64, devices ...string) {
		t.Helper()
		announced, before := int64(0), readings(t, d)
		n, err := d.Forget(t.Context(), devices, []string{"p"}, time.UnixMilli(t0-30*day), func(n int64) error {
			announced = n
			if got := readings(t, d); got != before {
				t.Errorf("%d of %d readings were left when it was announced", got, before)
			}
			if refused {
				return os.ErrPermission
			}
			return nil
		})
		if refused {
			if err == nil || n.Readings != 0 || readings(t, d) != before {
				t.Errorf("what nobody wrote down went: %+v %v", n, err)
			}
			return
		}
		if announced != want {
			t.Errorf("%v: %d announced, want %d", devices, announced, want)
		}
		if err != nil || n.Readings != want || n.Held != (held && len(devices) > 0) {
			t.Errorf("%v: %+v went, want %d: %v", devices, n, want, err)
		}
	}
	count := func(device string) (n int64) {
		t.Helper()
		for _, points := range []int{5, 5000} { // from roll-ups, and from readings
			n, _ = tally(t, d, telemetry.Query{Device: device, Property: "p", From: time.UnixMilli(t0 - 45*day), To: time.UnixMilli(t0 + 1), Points: points})
		}
		return n
	}
	forget(0, "d1", "d3", "nobody") // held
	unknown = os.ErrDeadlineExceeded
	if _, err := d.Forget(t.Context(), []string{"d1"}, []string{"p"}, time.UnixMilli(t0), unheard); err == nil {
		t.Error("holds that are unknown went unnoticed")
	}
	held, unknown = false, nil
	if got := count("d1"); got != 1441 {
		t.Fatalf("%d readings of d1 before", got)
	}
	forget(0)
	refused = true
	forget(0, "d1", "d3", "d4")
	refused = false
	if got := count("d1"); got != 1441 {
		t.Errorf("%d readings of d1 are left when the announcement failed", got)
	}
	forget(1442, "d1", "d3", "d4", "nobody") // 1440 of d1, one of d3 and one of d4
	forget(0, "d1", "d3", "d4", "nobody")
	for range 2 {
		if a, b, c := count("d1"), count("d2"), count("d3"); a != 1 || b != 2 || c != 0 {
			t.Errorf("left %d, %d, %d", a, b, c)
		}
		if n := count("d4"); n != 3 {
			t.Errorf("%d of d4 are left, want 3", n)
		}
		if n := readings(t, d); n != 6 {
			t.Errorf("%d readings in all", n)
		}
		newest, err := d.Latest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range newest {
			if l.Device == "d3" {
				t.Errorf("the newest value of d3 is still known: %+v", l)
			}
		}
		shut(t, d)
		d = opened()
	}
	// It may tell again.
	commit(t, d, plain(r(3, t0, 1)))
	seal(t, d)
	if n := count("d3"); n != 1 {
		t.Errorf("told again: %d", n)
	}
	shut(t, d)
}

// Other properties of the same device have their own term.
func TestOnlyTheNamedPropertiesAreForgotten(t *testing.T) {
	d := open(t, t.TempDir())
	other := r(1, t0-40*day, 5)
	other.Property = "q"
	commit(t, d, plain(r(1, t0-40*day, 5), other))
	seal(t, d)
	rollup(t, d, t0+9*day)
	if n, err := d.Forget(t.Context(), []string{"d1"}, []string{"p"}, time.UnixMilli(t0-30*day), unheard); err != nil || n.Readings != 1 {
		t.Errorf("%+v %v", n, err)
	}
	for property, want := range map[string]int64{"p": 0, "q": 1} {
		if n, _ := tally(t, d, telemetry.Query{Device: "d1", Property: property, From: time.UnixMilli(t0 - 45*day), To: time.UnixMilli(t0), Points: 5000}); n != want {
			t.Errorf("%d readings of %s are left, want %d", n, property, want)
		}
	}
	if newest, err := d.Latest(t.Context()); err != nil || len(newest) != 1 || newest[0].Property != "q" {
		t.Errorf("newest values %+v %v", newest, err)
	}
	shut(t, d)
}

// forgetting makes everything of two old days known, and forgets one device; it dies at the step of stepEnv.
func forgetting(dir string) error {
	d, err := Open(context.Background(), Options{Dir: dir})
	if err != nil {
		return err
	}
	d.hook = func(step string) {
		if step == os.Getenv(stepEnv) {
			die()
		}
	}
	_, err = d.Forget(context.Background(), []string{"d1"}, []string{"p"}, time.UnixMilli(t0-30*day), unheard)
	return err
}

// forgetSteps are those at which Forget may die.
var forgetSteps = []string{"roll-ups of devices gone", "chunks of devices gone", "before newest values"}

func TestDyingWhileADeviceIsForgottenLeavesNothingForGood(t *testing.T) {
	for _, step := range forgetSteps {
		t.Run(step, func(t *testing.T) {
			dir := t.TempDir()
			d := open(t, dir)
			commit(t, d, doomed(), plain(r(2, t0-40*day, 7)))
			seal(t, d)
			rollup(t, d, t0+9*day)
			shut(t, d)
			diesAt(t, dir, step)
			for range 2 {
				d = open(t, dir)
				if _, err := d.Forget(t.Context(), []string{"d1"}, []string{"p"}, time.UnixMilli(t0-30*day), unheard); err != nil {
					t.Fatal(err)
				}
				rollup(t, d, t0+9*day)
				for device, want := range map[string]int64{"d1": 0, "d2": 1} {
					for _, points := range []int{5, 5000} {
						if n, _ := tally(t, d, telemetry.Query{Device: device, Property: "p", From: time.UnixMilli(t0 - 45*day), To: time.UnixMilli(t0), Points: points}); n != want {
							t.Errorf("%d readings of %s are left, want %d", n, device, want)
						}
					}
				}
				if n := readings(t, d); n != 1 {
					t.Errorf("%d readings in all, want 1", n)
				}
				newest, err := d.Latest(t.Context())
				if err != nil || len(newest) != 1 || newest[0].Device != "d2" {
					t.Errorf("newest values %+v %v", newest, err)
				}
				shut(t, d)
			}
		})
	}
}

// A seal that follows does not bring a newest value back that was forgotten.
func TestASealDoesNotBringAForgottenValueBack(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	commit(t, d, plain(r(1, t0-40*day, 5)))
	if _, err := d.Forget(t.Context(), []string{"d1"}, []string{"p"}, time.UnixMilli(t0-30*day), unheard); err != nil {
		t.Fatal(err)
	}
	seal(t, d)
	shut(t, d)
	d = open(t, dir)
	if newest, err := d.Latest(t.Context()); err != nil || len(newest) != 0 {
		t.Errorf("newest values %+v %v", newest, err)
	}
	shut(t, d)
}
