package tsdb

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// victimEnv makes the test binary the process that is killed, stepEnv names the step at which it kills
// itself; without it, it does so now and then at any.
const (
	victimEnv = "FENGSUI_TSDB_VICTIM"
	stepEnv   = "FENGSUI_TSDB_STEP"
)

func TestMain(m *testing.M) {
	dir := os.Getenv(victimEnv)
	if dir == "" {
		os.Exit(m.Run())
	}
	work := victim
	if step := os.Getenv(stepEnv); slices.Contains(forgetSteps, step) {
		work = forgetting
	} else if step != "" {
		work = stepped
	}
	if err := work(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// die is kill -9 from within.
func die() {
	_ = unix.Kill(os.Getpid(), unix.SIGKILL)
	select {}
}

// numbered is batch n of the endless work of the victim: ten readings of two series, every seventh batch
// from the backlog of last month, every fifth repeating readings of the one before.
func numbered(n int) telemetry.Incoming {
	var rs []wire.Reading
	for i := range int64(5) {
		at := t0 + (int64(n)*5+i)*1000
		if n%7 == 0 {
			at -= 40 * day
		}
		if n%5 == 4 && i == 0 {
			at -= 1000 // the last reading of the batch before, or one of its own past
		}
		rs = append(rs, r(1, at, float64(n)), r(2, at+1, float64(n)))
	}
	return ranged(uint64(n)*10, uint64(n)*10+9, rs...)
}

// victim commits batches without end, prints the number of each that is durable, and seals and rolls up in
// between.
func victim(dir string) error {
	ctx := context.Background()
	d, err := Open(ctx, Options{Dir: dir, SealEvery: 3 * time.Millisecond, SealPoints: 400})
	if err != nil {
		return err
	}
	have, err := d.Have(ctx, "e", ranged(0, 0).Batch.Epoch)
	if err != nil {
		return err
	}
	n := 0
	if len(have) > 0 {
		n = int(have[0].Ranges[0][1]+1) / 10
	}
	d.hook = func(string) {
		if rand.IntN(150) == 0 {
			die()
		}
	}
	if err := d.Start(ctx); err != nil {
		return err
	}
	for {
		in := []telemetry.Incoming{numbered(n), numbered(n + 1), numbered(max(0, n-3))}
		if _, err := d.Commit(ctx, in); err != nil {
			return err
		}
		n += 2
		fmt.Println(n)
		if n%16 == 0 {
			if err := d.Evaluated(ctx, time.UnixMilli(t0+1)); err != nil {
				return err
			}
		}
	}
}

// TestKilledAtAnyMomentNothingIsLostOrDoubled kills the process many times on one folder and then counts
// every reading.
func TestKilledAtAnyMomentNothingIsLostOrDoubled(t *testing.T) {
	kills := 40
	if s := os.Getenv("FENGSUI_KILLS"); s != "" {
		var err error
		if kills, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	rnd := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	acked := 0
	for range kills {
		acked = max(acked, run(t, dir, time.Duration(rnd.IntN(60))*time.Millisecond))
		if rnd.IntN(6) == 0 {
			check(t, dir, acked)
		}
	}
	check(t, dir, acked)
	t.Logf("%d kills, %d batches", kills, acked)
}

// run starts the victim, kills it some time after its first commit, and returns what it acknowledged.
func run(t *testing.T, dir string, after time.Duration) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), victimEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acked := 0
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if n, err := strconv.Atoi(lines.Text()); err == nil {
			if acked == 0 {
				time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
			}
			acked = n
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("the process ended by itself: %v", err)
	}
	return acked
}

// check compares the store with what the numbered batches hold.
func check(t *testing.T, dir string, acked int) {
	t.Helper()
	d := open(t, dir)
	defer shut(t, d)
	have, err := d.Have(context.Background(), "e", ranged(0, 0).Batch.Epoch)
	if err != nil || len(have) != 1 || len(have[0].Ranges) != 1 {
		t.Fatalf("ranges %v, %v", have, err)
	}
	n := int(have[0].Ranges[0][1]+1) / 10
	if n < acked {
		t.Fatalf("%d batches were acknowledged, %d are there", acked, n)
	}
	want := map[string]map[int64]float64{}
	total := int64(0)
	for i := range n {
		for _, r := range numbered(i).Batch.Readings {
			if want[r.Device] == nil {
				want[r.Device] = map[int64]float64{}
			}
			if _, ok := want[r.Device][r.At]; !ok {
				want[r.Device][r.At] = r.Value
				total++
			}
		}
	}
	if got := readings(t, d); got != total {
		t.Fatalf("%d readings, want %d", got, total)
	}
	for name, points := range want {
		sum := 0.0
		for _, v := range points {
			sum += v
		}
		for _, buckets := range []int{50, 3000} { // roll-ups of days, and of hours
			q := telemetry.Query{Device: name, Property: "p", From: time.UnixMilli(t0 - 60*day), To: time.UnixMilli(t0 + 60*day), Points: buckets, Step: telemetry.StepFor(t0-60*day, t0+60*day, buckets)}
			count, total := tally(t, d, q)
			if count != int64(len(points)) || math.Abs(total-sum) > 1e-9*sum {
				t.Fatalf("%s: %d readings that sum up to %v in buckets, want %d and %v", name, count, total, len(points), sum)
			}
		}
	}
}

// tally counts the readings in the buckets of an answer and sums them up.
func tally(t *testing.T, d *DB, q telemetry.Query) (count int64, sum float64) {
	t.Helper()
	s, err := d.Query(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range s.Buckets {
		count += b.Count
		sum += b.Mean * float64(b.Count)
	}
	return count, sum
}

// TestFullDiskRefusesTheCommitAndHeals limits the size of the files of this process for a moment.
func TestFullDiskRefusesTheCommitAndHeals(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	defer shut(t, d)
	commit(t, d, numbered(0))

	// SQLite grows its log with every commit; the limit stops it in the middle of one.
	info, err := os.Stat(filepath.Join(dir, "inbox.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: uint64(info.Size()) + 40_000, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	n := 1
	for ; n < 1000; n++ {
		if _, err = d.Commit(context.Background(), []telemetry.Incoming{numbered(n)}); err != nil {
			break
		}
	}
	if e := unix.Setrlimit(unix.RLIMIT_FSIZE, &old); e != nil {
		t.Fatal(e)
	}
	if errs.KindOf(err) != errs.Unavailable {
		t.Fatalf("after %d commits on a full disk: got %v, want unavailable", n, err)
	}
	have, err := d.Have(context.Background(), "e", ranged(0, 0).Batch.Epoch)
	if err != nil || have[0].Ranges[0][1] != uint64(n)*10-1 {
		t.Errorf("after the refusal the store has %v, %v; want up to %d", have, err, n*10-1)
	}
	if out := commit(t, d, numbered(n)); out[0].Duplicate || out[0].Readings == 0 {
		t.Errorf("with room again got %+v", out)
	}
	check(t, dir, n+1)
	seal(t, d)
}
