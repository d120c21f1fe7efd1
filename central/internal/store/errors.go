package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// wrap gives the errors of both databases one meaning: a duplicate is a Conflict, a reference to nothing
// or a broken check is Invalid, no row is NotFound, a busy or full database is Unavailable. The store
// file that knows the thing adds its name with fmt.Errorf and %w.
func wrap(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*errs.Error](err); ok {
		return err
	}
	if errors.Is(err, sql.ErrNoRows) {
		return errs.Wrap(err, errs.NotFound, "store.not_found", "no such thing")
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errs.Wrap(err, errs.Unavailable, "store.slow", "the database did not answer in time")
	}
	switch cause(err) {
	case unique:
		return errs.Wrap(err, errs.Conflict, "store.duplicate", "it exists already")
	case reference:
		return errs.Wrap(err, errs.Invalid, "store.reference", "it refers to something that does not exist, or is still in use")
	case check:
		return errs.Wrap(err, errs.Invalid, "store.check", "a value is outside what is allowed")
	case busy:
		return errs.Wrap(err, errs.Unavailable, "store.busy", "the database is busy; try again")
	case full:
		return errs.Wrap(err, errs.Unavailable, "store.full", "the disk of the database is full or cannot be written")
	default:
		return err
	}
}

type reason int

const (
	other reason = iota
	unique
	reference
	check
	busy
	full
)

func cause(err error) reason {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return liteCause(lite.Code())
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pgCause(pg.Code)
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return busy
	}
	return other
}

func liteCause(code int) reason {
	switch code {
	case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return unique
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return reference
	case sqlite3.SQLITE_CONSTRAINT_CHECK, sqlite3.SQLITE_CONSTRAINT_NOTNULL:
		return check
	}
	switch code & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return busy
	case sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH:
		return check
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY:
		return full
	}
	return other
}

// yielded reports whether PostgreSQL gave a transaction up for another: done again, it succeeds.
func yielded(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01") // serialization_failure, deadlock_detected
}

// pgCause reads SQLSTATE (PostgreSQL, appendix A).
func pgCause(state string) reason {
	switch state {
	case "23505":
		return unique
	case "23503", "23001":
		return reference
	case "23514", "23502":
		return check
	case "40001", "40P01", "55P03", "57P01", "57P03", "53300":
		return busy
	case "53100", "25006":
		return full
	}
	if strings.HasPrefix(state, "22") { // data exception: no such text, number or time can be stored
		return check
	}
	return other
}
