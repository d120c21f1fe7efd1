// Package storetest gives tests a real database: SQLite in a temporary file, PostgreSQL in a private
// cluster on a Unix socket. Tests of store and of every service use it. Rule that must never break: in
// CI no test passes without having run on both.
package storetest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/fengsui/fengsui/central/internal/store"
)

// Each runs a test on SQLite and on PostgreSQL.
func Each(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
}

// SQLite opens an empty migrated database in a file of the test's folder.
func SQLite(t *testing.T) *store.DB {
	t.Helper()
	return Open(t, store.Options{Driver: store.SQLite, DSN: filepath.Join(t.TempDir(), "central.db")})
}

// Postgres opens an empty migrated database of its own. Without PostgreSQL the test is skipped, in CI it
// fails.
func Postgres(t *testing.T) *store.DB {
	t.Helper()
	return Open(t, store.Options{Driver: store.Postgres, DSN: PostgresURL(t)})
}

// PostgresURL makes an empty database and returns its address.
func PostgresURL(t *testing.T) string {
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
	return c.database(t)
}

// Open opens a database and closes it after the test.
func Open(t *testing.T, o store.Options) *store.DB {
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
