// Package store keeps what the centre knows, except telemetry, in SQLite or PostgreSQL. One type per
// capability (Accounts, Devices, …) implements the Store interface which that capability declares; only
// app and tests construct them. Rule that must never break: one SQL text with $1 parameters serves both
// databases, and every time is UTC in microseconds.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	_ "modernc.org/sqlite"             // driver "sqlite"

	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
)

// The drivers.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Options say which database to open. DSN is a file path for SQLite and a URL for PostgreSQL.
type Options struct {
	Driver string
	DSN    string
	Log    *slog.Logger
}

// DB is an open, migrated database.
type DB struct {
	sql    *sql.DB
	driver string
	dsn    string
	log    *slog.Logger
}

// Open connects and migrates.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	db := &DB{driver: o.Driver, dsn: o.DSN, log: o.Log.With("component", "store")}
	var err error
	switch o.Driver {
	case SQLite:
		db.sql, err = openSQLite(o.DSN)
	case Postgres:
		db.sql, err = openPostgres(o.DSN)
	default:
		return nil, fmt.Errorf("open database: driver %q is neither sqlite nor postgres", o.Driver)
	}
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx); err != nil {
		return nil, errors.Join(err, db.sql.Close())
	}
	return db, nil
}

func openSQLite(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", sqliteDSN(path))
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	// Readers run beside the one writer; more connections only cost memory.
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	return db, nil
}

func sqliteDSN(path string) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String() +
		"?_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)" +
		"&_pragma=synchronous(FULL)&_time_format=sqlite"
}

func openPostgres(dsn string) (*sql.DB, error) {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return nil, errors.New("open database: the address of PostgreSQL must begin with postgres://")
	}
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, errors.New("open database: the address of PostgreSQL cannot be read") // err may quote the password
	}
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(4)
	db.SetConnMaxIdleTime(5 * time.Minute)
	return db, nil
}

// Close ends all connections.
func (db *DB) Close() error { return db.sql.Close() }

// Ready tries to write: a database that can only be read takes no alarm. errs.Unavailable "store.full" when
// the disk is full.
func (db *DB) Ready(ctx context.Context) error {
	const write = `insert into ready (id, at) values (1, $1) on conflict (id) do update set at = excluded.at`
	if _, err := db.exec(ctx, write, time.Now()); err != nil {
		return fmt.Errorf("write to database: %w", wrap(err))
	}
	return nil
}

type txKey struct{ db *DB }

// tries is how often a transaction is done that PostgreSQL gave up for another.
const tries = 3

// Do runs fn in a transaction that travels in the context; a nested Do joins the outer one. An error or a
// panic rolls everything back. Events that are published inside leave after the commit. The outermost is done again, from the start, when PostgreSQL gave it up for another: fn
// must set its results anew each time.
func (db *DB) Do(ctx context.Context, fn func(ctx context.Context) error) error {
	if db.tx(ctx) != nil {
		return fn(ctx)
	}
	for n := 1; ; n++ {
		err := db.once(ctx, fn)
		if n == tries || !yielded(err) || ctx.Err() != nil {
			return err
		}
		db.log.WarnContext(ctx, "a transaction was given up for another and is done again", "try", n, "error", err)
	}
}

func (db *DB) once(ctx context.Context, fn func(ctx context.Context) error) error {
	tx, err := db.sql.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", wrap(err))
	}
	done := false
	defer func() {
		if !done {
			_ = tx.Rollback()
		}
	}()
	inside, publish := event.Hold(context.WithValue(ctx, txKey{db}, tx))
	if err := fn(inside); err != nil {
		return err
	}
	done = true
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", wrap(err))
	}
	publish(func(ctx context.Context) context.Context { return context.WithValue(ctx, txKey{db}, (*sql.Tx)(nil)) })
	return nil
}

func (db *DB) tx(ctx context.Context) *sql.Tx {
	tx, _ := ctx.Value(txKey{db}).(*sql.Tx)
	return tx
}

// exec, query and queryRow run in the transaction of the context when there is one. Close the rows
// before the next statement of a transaction: PostgreSQL has one conversation per connection.
func (db *DB) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	args = normal(args)
	if tx := db.tx(ctx); tx != nil {
		return tx.ExecContext(ctx, query, args...)
	}
	return db.sql.ExecContext(ctx, query, args...)
}

func (db *DB) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	args = normal(args)
	if tx := db.tx(ctx); tx != nil {
		return tx.QueryContext(ctx, query, args...)
	}
	return db.sql.QueryContext(ctx, query, args...)
}

func (db *DB) queryRow(ctx context.Context, query string, args ...any) *sql.Row {
	args = normal(args)
	if tx := db.tx(ctx); tx != nil {
		return tx.QueryRowContext(ctx, query, args...)
	}
	return db.sql.QueryRowContext(ctx, query, args...)
}

// lock makes transactions that name the same thing follow one another until they end. SQLite has one
// writer anyway, and Do takes the write lock at once. Whoever takes several keeps to one order: that of all incidents,
// then that of one capability about them (lockAfter), then that of clocks, of messages, of the audit (ADR 7).
func (db *DB) lock(ctx context.Context, name string) error {
	if db.driver != Postgres {
		return nil
	}
	if _, err := db.exec(ctx, `select pg_advisory_xact_lock(hashtext($1))`, name); err != nil {
		return fmt.Errorf("lock %s: %w", name, wrap(err))
	}
	return nil
}

// incidentsLock is held by everything that writes into an incident.
const incidentsLock = "incidents"

// lockAfter is the lock of a capability that writes into incidents as well: theirs is taken first, for the line of the
// timeline is written last, when the capability holds its own and that of the clocks.
func (db *DB) lockAfter(ctx context.Context, name string) error {
	if err := db.lock(ctx, incidentsLock); err != nil {
		return err
	}
	return db.lock(ctx, name)
}

// normal brings every time to UTC and microseconds, which both databases keep exactly.
func normal(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		switch v := a.(type) {
		case time.Time:
			out[i] = v.UTC().Truncate(time.Microsecond)
		case *time.Time:
			if v != nil {
				out[i] = v.UTC().Truncate(time.Microsecond)
			}
		default:
			out[i] = a
		}
	}
	return out
}

// scanner is a *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// collect reads all rows with one scan function and closes them.
func collect[T any](rows *sql.Rows, scan func(scanner) (T, error)) ([]T, error) {
	defer func() { _ = rows.Close() }()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, wrap(err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, wrap(err)
	}
	return out, nil
}

// like makes the pattern of a case-insensitive search for a part of a text; use it with
// `lower(column) like $n escape '\'`.
func like(part string) string {
	part = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(part))
	return "%" + part + "%"
}

// cut makes a part of a list from one item more than was asked for.
func cut[T any](items []T, size int, id func(T) string) page.List[T] {
	if len(items) <= size {
		return page.List[T]{Items: append([]T{}, items...)}
	}
	return page.List[T]{Items: items[:size], Next: id(items[size-1])}
}
