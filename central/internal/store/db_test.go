package store_test

import (
	"context"
	"errors"
	"testing"

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
