package deadline_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// program names the database of the small program that this binary is when the variable is set: an engine
// whose owner writes every mark down, until it is killed.
const program = "FENGSUI_DEADLINE_PROGRAM"

func TestMain(m *testing.M) {
	if file := os.Getenv(program); file != "" {
		if err := runEngine(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func runEngine(file string) error {
	ctx := actor.WithSystem(context.Background(), "owner")
	db, err := store.Open(ctx, store.Options{Driver: store.SQLite, DSN: file})
	if err != nil {
		return err
	}
	s, trail := owned(db)
	if err := trail.Start(ctx); err != nil {
		return err
	}
	s.Start(ctx)
	fmt.Println("up")
	select {}
}

// owned is an engine with an owner that writes down each mark that it is told.
func owned(db *store.DB) (*deadline.Service, *audit.Service) {
	trail := audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler))
	s := deadline.New(deadline.Options{Store: store.NewDeadlines(db), Tx: db, Events: event.NewBus(trail)})
	s.On("test", func(ctx context.Context, f deadline.Firing) ([]*event.Event, error) {
		e := event.New(ctx, "test.told", fmt.Sprintf("%s %d %s", f.Clock.Owner.ID, f.Round, f.Mark), "", nil)
		return []*event.Event{&e}, nil
	})
	return s, trail
}

// kills is how often the program is killed: 200 times, or as FENGSUI_KILLS says.
func kills(t *testing.T) int {
	t.Helper()
	if text := os.Getenv("FENGSUI_KILLS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return 200
}

// The program is killed with SIGKILL again and again while clocks come due beside ten thousand that wait. In
// the end the owner has written down every mark of every clock, and none twice.
func TestKillsLoseNoMarkAndDoubleNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "central.db")
	db := storetest.Open(t, store.Options{Driver: store.SQLite, DSN: file})
	ctx := actor.WithSystem(t.Context(), "test")
	s, trail := owned(db)
	set := func(owner string, due time.Time) {
		t.Helper()
		_, err := s.Set(ctx, deadline.Clock{
			Owner: deadline.Owner{Kind: "test", ID: owner}, Kind: "report", OrgID: "county", Division: "320623", Name: "初报", Scale: deadline.Counted, BaseAt: time.Now(), DueAt: due,
			Stages: []deadline.Stage{{Mark: deadline.Passed, To: deadline.Leader}, {Mark: deadline.Escalated, After: minutes(0.0002), To: deadline.Above}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Do(ctx, func(inTx context.Context) error {
		outer := ctx
		defer func() { ctx = outer }()
		ctx = inTx
		for i := range 10_000 {
			set(fmt.Sprintf("waiting %d", i), time.Now().Add(24*time.Hour))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	const each = 10
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // when to kill, not a secret
	rounds := kills(t)
	for round := range rounds {
		for i := range each {
			set(fmt.Sprintf("%d/%d", round, i), time.Now().Add(time.Duration(random.IntN(60))*time.Millisecond))
		}
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), program+"="+file)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
			t.Fatalf("round %d: the program says %q, %v", round, line, err)
		}
		time.Sleep(time.Duration(random.IntN(12_000)) * time.Microsecond) // the kill falls anywhere
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
	}
	want := rounds * each * 2
	if err := trail.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = trail.Stop(context.Background()) })
	told := map[string]int{}
	for deadlineOf := time.Now().Add(time.Minute); len(told) < want && time.Now().Before(deadlineOf); {
		if _, err := s.Turn(ctx); err != nil {
			t.Fatal(err)
		}
		told = toldMarks(t, trail)
	}
	if len(told) != want {
		t.Errorf("the owner was told %d marks, want %d", len(told), want)
	}
	for mark, n := range told {
		if n != 1 {
			t.Errorf("%s was told %d times", mark, n)
		}
	}
}

// toldMarks counts what the owner has written down.
func toldMarks(t *testing.T, trail *audit.Service) map[string]int {
	t.Helper()
	out := map[string]int{}
	q := audit.Query{Kind: "test."}
	q.Limit = 500
	for {
		part, err := trail.List(actor.WithSystem(t.Context(), "test"), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range part.Items {
			out[e.Subject]++
		}
		if part.Next == "" {
			return out
		}
		q.After = part.Next
	}
}

// BenchmarkTenThousandAtOnce lets ten thousand clocks come due at the same moment and says how late the last
// mark was reached, and how late its owner was told.
func BenchmarkTenThousandAtOnce(b *testing.B) {
	for range b.N {
		db, err := store.Open(b.Context(), store.Options{Driver: store.SQLite, DSN: filepath.Join(b.TempDir(), "central.db")})
		if err != nil {
			b.Fatal(err)
		}
		ctx := actor.WithSystem(b.Context(), "bench")
		trail := audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler))
		if err := trail.Start(ctx); err != nil {
			b.Fatal(err)
		}
		s := deadline.New(deadline.Options{Store: store.NewDeadlines(db), Tx: db, Events: event.NewBus(trail)})
		const n = 10_000
		due := time.Now().Add(10 * time.Second)
		told := make(chan time.Duration, 2*n)
		owners := map[string]int{}
		var reached time.Duration
		s.On("test", func(_ context.Context, f deadline.Firing) ([]*event.Event, error) {
			reached = max(reached, f.At.Sub(f.DueAt))
			owners[f.Clock.Owner.ID]++
			told <- time.Since(due)
			return nil, nil
		})
		err = db.Do(ctx, func(ctx context.Context) error {
			for i := range n {
				_, err := s.Set(ctx, deadline.Clock{
					Owner: deadline.Owner{Kind: "test", ID: strconv.Itoa(i)}, Kind: "report", OrgID: "county", Division: "320623", Name: "初报", Scale: deadline.Counted, BaseAt: time.Now(), DueAt: due,
					Stages: []deadline.Stage{{Mark: deadline.Passed, To: deadline.Leader}},
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		s.Start(ctx)
		var last time.Duration
		for range n {
			last = <-told
		}
		b.ReportMetric(reached.Seconds(), "s-reached")
		b.ReportMetric(last.Seconds(), "s-told")
		if err := s.Stop(ctx); err != nil {
			b.Fatal(err)
		}
		for owner, times := range owners {
			if times != 1 {
				b.Errorf("the owner %s was told %d times", owner, times)
			}
		}
		if len(owners) != n {
			b.Errorf("%d owners were told, not %d", len(owners), n)
		}
		_ = trail.Stop(ctx)
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
