// Package storetest gives tests a real database: SQLite in a temporary file, PostgreSQL in a private
// cluster on a Unix socket. Tests of store and of every service use it. Rule that must never break: in
// CI no test passes without having run on both.
package storetest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/store"
)

// Each runs a test on SQLite and on PostgreSQL.
func Each(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
}

// SQLite opens an empty migrated database in a file of the test's folder.
func SQLite(t testing.TB) *store.DB {
	t.Helper()
	text, err := blank()
	if err != nil {
		t.Fatalf("migrate a database: %v", err)
	}
	path := filepath.Join(t.TempDir(), "central.db")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatalf("copy the migrated database: %v", err)
	}
	return Open(t, store.Options{Driver: store.SQLite, DSN: path})
}

// blank is a migrated SQLite database, made once in a test binary and copied for each test.
var blank = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "fsblank")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "central.db")
	err = migrate(store.Options{Driver: store.SQLite, DSN: path})
	text, readErr := os.ReadFile(path)
	return text, errors.Join(err, readErr, os.RemoveAll(dir))
})

// migrate makes a database what an empty one is after its migrations.
func migrate(o store.Options) error {
	db, err := store.Open(context.Background(), o)
	if err != nil {
		return err
	}
	return db.Close()
}

// Postgres opens an empty migrated database of its own. Without PostgreSQL the test is skipped, in CI it
// fails.
func Postgres(t testing.TB) *store.DB {
	t.Helper()
	return Open(t, store.Options{Driver: store.Postgres, DSN: postgres(t).migrated(t)})
}

// PostgresURL makes an empty database, not migrated, and returns its address.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return postgres(t).database(t, "template1")
}

func postgres(t testing.TB) *server {
	t.Helper()
	bin, ok := programs()
	if !ok {
		const text = "PostgreSQL is missing (Debian: apt-get install postgresql); this half of the test needs it"
		if os.Getenv("CI") != "" {
			t.Fatal(text)
		}
		t.Skip(text)
	}
	c, err := cluster(bin)
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	return c
}

// Open opens a database and closes it after the test.
func Open(t testing.TB, o store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("open %s: %v", o.Driver, err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close %s: %v", o.Driver, err)
		}
	})
	return db
}

// Recorder writes down what has happened in a database, for tests that read it there.
func Recorder(db *store.DB) event.Recorder {
	return audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler))
}
