package storetest_test

import (
	"path/filepath"
	"testing"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// A copied database is what the migrations make of an empty one, and nobody else's.
func TestEachTestHasAnEmptyMigratedDatabaseOfItsOwn(t *testing.T) {
	made := storetest.Open(t, store.Options{Driver: store.SQLite, DSN: filepath.Join(t.TempDir(), "made.db")})
	want, err := made.Version(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		storetest.Each(t, func(t *testing.T, db *store.DB) {
			if got, err := db.Version(t.Context()); err != nil || got != want {
				t.Errorf("schema %d, %v, want %d", got, err, want)
			}
			accounts := store.NewAccounts(db)
			if orgs, err := accounts.Orgs(t.Context()); err != nil || len(orgs) != 0 {
				t.Errorf("an empty database has %v, %v", orgs, err)
			}
			if err := accounts.SaveOrg(t.Context(), account.Org{ID: "o", Name: "南通市", Division: "320600"}); err != nil {
				t.Error(err)
			}
		})
	}
}
