package store

import (
	"log/slog"
	"path/filepath"
	"testing"
)

// A data folder that worked must come up after every later change, also when that change brings a
// migration whose number is below the newest it already has.
func TestDatabaseThatLacksAnEarlierMigrationTakesIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "central.db")
	raw, err := openSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	old := &DB{sql: raw, driver: SQLite, dsn: path, log: slog.New(slog.DiscardHandler)}
	p, err := old.provider()
	if err != nil {
		t.Fatal(err)
	}
	const late = 19
	for _, m := range p.ListSources() {
		if m.Version == late {
			continue
		}
		if _, err := p.ApplyVersion(t.Context(), m.Version, true); err != nil {
			t.Fatalf("apply migration %d: %v", m.Version, err)
		}
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}

	db, err := Open(t.Context(), Options{Driver: SQLite, DSN: path})
	if err != nil {
		t.Fatalf("open a database without migration %d: %v", late, err)
	}
	defer func() { _ = db.Close() }()
	p, err = db.provider()
	if err != nil {
		t.Fatal(err)
	}
	states, err := p.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		if s.State != "applied" {
			t.Errorf("migration %d is %s, want applied", s.Source.Version, s.State)
		}
	}
}
