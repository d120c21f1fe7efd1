package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func saveOrg(t *testing.T, db *store.DB, id, name string) {
	t.Helper()
	o := account.Org{ID: id, Name: name, NameEN: name, Division: "320600", CreatedAt: time.Now()}
	if err := store.NewAccounts(db).SaveOrg(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

func orgNames(t *testing.T, db *store.DB) string {
	t.Helper()
	orgs, err := store.NewAccounts(db).Orgs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, o := range orgs {
		names = append(names, o.Name)
	}
	return strings.Join(names, ",")
}

func TestBackupOfARunningCentreIsRestoredWhole(t *testing.T) {
	for driver, dsn := range map[string]func(testing.TB) string{
		store.SQLite:   func(t testing.TB) string { return filepath.Join(t.TempDir(), "central.db") },
		store.Postgres: storetest.PostgresURL,
	} {
		t.Run(driver, func(t *testing.T) {
			o := store.Options{Driver: driver, DSN: dsn(t)}
			db, err := store.Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			saveOrg(t, db, "1", "before")
			file := filepath.Join(t.TempDir(), "backup")
			if err := db.Backup(t.Context(), file); err != nil {
				t.Fatal(err)
			}
			if err := db.Backup(t.Context(), file); errs.KindOf(err) != errs.Conflict {
				t.Errorf("second backup to one file: %v, want conflict", err)
			}
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("backup has mode %v, %v; want 0600", info.Mode(), err)
			}
			saveOrg(t, db, "2", "after")
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if err := store.Restore(t.Context(), o, file); err != nil {
				t.Fatal(err)
			}
			again := storetest.Open(t, o)
			if got := orgNames(t, again); got != "before" {
				t.Errorf("restored organisations = %q, want before", got)
			}
		})
	}
}

func TestRestoreRefusesARunningCentreAndForeignFiles(t *testing.T) {
	dir := t.TempDir()
	o := store.Options{Driver: store.SQLite, DSN: filepath.Join(dir, "central.db")}
	db := storetest.Open(t, o)
	saveOrg(t, db, "1", "running")
	file := filepath.Join(dir, "backup")
	if err := db.Backup(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	if err := store.Restore(context.Background(), o, file); errs.KindOf(err) != errs.Conflict {
		t.Errorf("restore under a running centre: %v, want conflict", err)
	}
	saveOrg(t, db, "2", "still")
	if got := orgNames(t, db); got != "running,still" {
		t.Errorf("after the refusal: %q, want running,still", got)
	}
	text := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(text, []byte("SQLite? no."), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := store.Restore(t.Context(), o, text); errs.KindOf(err) != errs.Invalid {
		t.Errorf("restore from a text: %v, want invalid", err)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cutOff := filepath.Join(dir, "cut")
	if err := os.WriteFile(cutOff, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	other := store.Options{Driver: store.SQLite, DSN: filepath.Join(dir, "other.db")}
	if err := store.Restore(t.Context(), other, cutOff); err == nil {
		t.Error("half a backup was restored")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.restore*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
