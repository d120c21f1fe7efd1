package store_test

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func TestTheDatabaseRefusesToChangeTheAudit(t *testing.T) {
	lite := filepath.Join(t.TempDir(), "central.db")
	for driver, c := range map[string]struct {
		open, dsn string
		options   func() store.Options
	}{
		"sqlite":   {"sqlite", lite, func() store.Options { return store.Options{Driver: store.SQLite, DSN: lite} }},
		"postgres": {"pgx", "", func() store.Options { return store.Options{Driver: store.Postgres, DSN: storetest.PostgresURL(t)} }},
	} {
		t.Run(driver, func(t *testing.T) {
			o := c.options()
			db := storetest.Open(t, o)
			ctx := actor.WithSystem(t.Context(), "test")
			record := audit.New(store.NewAudit(db), db, slog.New(slog.DiscardHandler))
			for range 2 {
				if err := db.Do(ctx, func(ctx context.Context) error {
					return record.Record(ctx, event.New(ctx, "device.created", "d", "320600", nil))
				}); err != nil {
					t.Fatal(err)
				}
			}
			raw, err := sql.Open(c.open, o.DSN)
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			statements := []string{`update audit set actor_name = 'x' where seq = 1`, `delete from audit where seq = 2`, `delete from audit`}
			if driver == "postgres" {
				statements = append(statements, `truncate audit`)
			}
			for _, s := range statements {
				if _, err := raw.ExecContext(ctx, s); err == nil || !strings.Contains(err.Error(), "only appended to") {
					t.Errorf("%s: %v", s, err)
				}
			}
			var n int
			if err := raw.QueryRowContext(ctx, `select count(*) from audit`).Scan(&n); err != nil || n != 2 {
				t.Errorf("%d rows, %v", n, err)
			}
		})
	}
}
