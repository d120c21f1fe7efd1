package store_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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
