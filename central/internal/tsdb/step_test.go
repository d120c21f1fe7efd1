package tsdb

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// doomed is so old that retention deletes it: every minute of a September day.
func doomed() telemetry.Incoming {
	var rs []wire.Reading
	for i := range int64(1440) {
		rs = append(rs, r(1, t0-40*day+i*minute, 2))
	}
	return ranged(0, 9, rs...)
}

// later is the day on which the stepped process works; September is older than its 30 days then.
var later = time.UnixMilli(t0 + 9*day)

func keeping(t testing.TB, dir string) *DB {
	t.Helper()
	d, err := Open(context.Background(), Options{Dir: dir, Keep: Keep{Readings: 30 * 24 * time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// stepped does everything once: commits live and late readings, seals, rolls up, deletes what is old. It
// dies at the step of stepEnv.
func stepped(dir string) error {
	ctx := context.Background()
	d, err := Open(ctx, Options{Dir: dir, Keep: Keep{Readings: 30 * 24 * time.Hour}})
	if err != nil {
		return err
	}
	d.hook = func(step string) {
		if step == os.Getenv(stepEnv) {
			die()
		}
	}
	if _, err := d.Commit(ctx, []telemetry.Incoming{numbered(1), numbered(2), numbered(3)}); err != nil {
		return err
	}
	if err := d.Seal(ctx); err != nil {
		return err
	}
	if err := d.Evaluated(ctx, time.UnixMilli(t0+1)); err != nil {
		return err
	}
	return d.tend(ctx, later)
}

// diesAt has another process work on a folder until it dies at a step.
func diesAt(t *testing.T, dir, step string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), victimEnv+"="+dir, stepEnv+"="+step)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("the process did not die at the step: %v %s", err, out)
	}
}

// TestDyingBetweenAnyTwoStepsLosesNothing dies at each step, does the same again, and counts.
func TestDyingBetweenAnyTwoStepsLosesNothing(t *testing.T) {
	for _, step := range []string{
		"before the commit", "committed", "chunks written", "month sealed", "before forgetting", "forgotten", "rolled",
		"retired", "before unlinking",
	} {
		t.Run(step, func(t *testing.T) {
			dir := t.TempDir()
			d := keeping(t, dir)
			commit(t, d, doomed())
			seal(t, d)
			shut(t, d)

			diesAt(t, dir, step)

			for range 2 { // what was interrupted is finished; once more changes nothing
				d = keeping(t, dir)
				commit(t, d, numbered(1), numbered(2), numbered(3))
				seal(t, d)
				if err := d.tend(t.Context(), later); err != nil {
					t.Fatal(err)
				}
				old := telemetry.Query{Device: "d1", Property: "p", From: time.UnixMilli(t0 - 41*day), To: time.UnixMilli(t0 - 38*day), Step: hour}
				if n, sum := tally(t, d, old); n != 1440 || sum != 2880 {
					t.Errorf("the roll-ups of September hold %d readings that sum up to %v, want 1440 and 2880", n, sum)
				}
				if n := readings(t, d); n != 30 {
					t.Errorf("%d readings, want 30", n)
				}
				for _, file := range []string{"telemetry-2026-09.db", "telemetry-2026-09.db-wal", "telemetry-2026-09.db-shm"} {
					if _, err := os.Stat(filepath.Join(dir, file)); err == nil {
						t.Errorf("%s is still there", file)
					}
				}
				shut(t, d)
			}
		})
	}
}
