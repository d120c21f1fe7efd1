package store_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func TestEmptyDatabaseIsMigratedToTheNewestSchemaAndOpensAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		v, err := db.Version(t.Context())
		if err != nil || v < 2 {
			t.Fatalf("schema version = %d, %v; want at least 2", v, err)
		}
		if err := db.Ready(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestUnknownDriverAndAddressAreRefused(t *testing.T) {
	for _, o := range []store.Options{
		{Driver: "mysql"},
		{Driver: store.Postgres, DSN: "host=localhost"},
	} {
		if db, err := store.Open(t.Context(), o); err == nil {
			_ = db.Close()
			t.Errorf("open %+v succeeded", o)
		}
	}
}

func TestDoRollsBackOnErrorAndOnPanic(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		stop := errors.New("stop")
		if err := db.Do(t.Context(), func(context.Context) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("got %v, want the error of the function", err)
		}
		func() {
			defer func() { _ = recover() }()
			_ = db.Do(t.Context(), func(context.Context) error { panic("stop") })
		}()
		// Neither left its transaction open: the next one begins at once.
		if err := db.Do(t.Context(), func(ctx context.Context) error {
			return db.Do(ctx, func(context.Context) error { return nil })
		}); err != nil {
			t.Error(err)
		}
	})
}

// A capability that writes in the transaction of another publishes before that one has committed: whoever asks at the word
// of the event must read what it tells, and nobody hears of what was rolled back.
func TestWhatIsPublishedInsideATransactionLeavesAfterItsCommit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		bus := event.NewBus(nil)
		committed := false
		var heard []string
		bus.Handle(func(ctx context.Context, e event.Event) {
			if !committed {
				t.Errorf("%s was told inside the transaction", e.Kind)
			}
			// Of the transaction nothing is left: a handler begins its own.
			if err := db.Do(ctx, func(ctx context.Context) error { _, err := db.Version(ctx); return err }); err != nil {
				t.Errorf("after %s: %v", e.Kind, err)
			}
			heard = append(heard, e.Kind)
		})
		said := func(kind string) func(context.Context, func(event.Event)) error {
			return func(ctx context.Context, note func(event.Event)) error {
				note(event.New(ctx, kind, "x", "", nil))
				return nil
			}
		}
		outer := func(last error) error {
			return db.Do(t.Context(), func(ctx context.Context) error {
				if err := event.Change(ctx, db, bus, said("inner")); err != nil {
					return err
				}
				bus.Publish(ctx, event.New(ctx, "plain", "x", "", nil))
				committed = last == nil // the commit is the next thing that happens
				return last
			})
		}
		stop := errors.New("stop")
		if err := outer(stop); !errors.Is(err, stop) || len(heard) != 0 {
			t.Fatalf("rolled back: %v, heard %v", err, heard)
		}
		if err := outer(nil); err != nil || !slices.Equal(heard, []string{"inner", "plain"}) {
			t.Fatalf("committed: %v, heard %v", err, heard)
		}
	})
}

// Two transactions that wait for each other end both: PostgreSQL gives one up, and it is done again.
func TestATransactionThatWasGivenUpForAnotherIsDoneAgain(t *testing.T) {
	db := storetest.Postgres(t)
	locks := store.NewPapers(db)
	var met sync.WaitGroup
	met.Add(2)
	var runs atomic.Int32
	both := func(first, second string) error {
		var once sync.Once
		return db.Do(t.Context(), func(ctx context.Context) error {
			runs.Add(1)
			if err := locks.Lock(ctx, first); err != nil {
				return err
			}
			once.Do(met.Done)
			met.Wait()
			return locks.Lock(ctx, second)
		})
	}
	done := make(chan error, 2)
	go func() { done <- both("a", "b") }()
	go func() { done <- both("b", "a") }()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if runs.Load() != 3 {
		t.Errorf("%d runs, want 3", runs.Load())
	}
}

// What writes into incidents takes their lock first, so that acts on different ones never wait for each other in a ring.
func TestTheLockOfIncidentsIsTakenBeforeThoseOfWhatHangsOnThem(t *testing.T) {
	db := storetest.Postgres(t)
	for name, lock := range map[string]func(context.Context) error{
		"response": func(ctx context.Context) error { return store.NewResponses(db).Lock(ctx, "i") },
		"review":   func(ctx context.Context) error { return store.NewReviews(db).Lock(ctx, "i") },
		"resource": store.NewResources(db).Lock, "report": store.NewReports(db).Lock, "drill": store.NewDrills(db).Lock, "intake": store.NewIntake(db).Lock,
		"clocks of several": store.NewDeadlines(db).LockOwners,
	} {
		err := db.Do(t.Context(), func(held context.Context) error {
			if err := store.NewIncidents(db).Lock(held); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond) // it would wait for ever
			defer cancel()
			return db.Do(ctx, lock)
		})
		if err == nil || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s does not wait for the incidents: %v", name, err)
		}
	}
}
