package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

func (db *DB) provider() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	dialect, options := goose.DialectSQLite3, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if db.driver == Postgres {
		// Two centres on one database may start at the same moment.
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, fmt.Errorf("make migration lock: %w", err)
		}
		dialect, options = goose.DialectPostgres, append(options, goose.WithSessionLocker(locker))
	}
	// A trigger is the one thing that the two databases say differently: its migration is there twice.
	other := map[string]string{SQLite: Postgres, Postgres: SQLite}[db.driver]
	foreign, err := fs.Glob(files, "*_"+other+".sql")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	// Two changes written side by side may land in either order; a database that has the later one takes
	// the earlier one too.
	options = append(options, goose.WithExcludeNames(foreign), goose.WithAllowOutofOrder(true))
	p, err := goose.NewProvider(dialect, db.sql, files, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

// migrate brings the schema to the newest version. A database written by a newer program is refused:
// an older one would not keep its rules.
func (db *DB) migrate(ctx context.Context) error {
	p, err := db.provider()
	if err != nil {
		return err
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if have > want {
		return fmt.Errorf("migrate database: it has schema %d, this program knows %d; start the newer program", have, want)
	}
	done, err := p.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate database: %w", err)
	}
	if len(done) > 0 {
		db.log.InfoContext(ctx, "database migrated", "from", have, "to", want)
	}
	return nil
}

// Version is the number of the last migration applied.
func (db *DB) Version(ctx context.Context) (int64, error) {
	p, err := db.provider()
	if err != nil {
		return 0, err
	}
	v, err := p.GetDBVersion(ctx)
	if err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	return v, nil
}
