package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Backup writes a copy of the running database to a new file: one moment, whole, readable by Restore.
// SQLite copies itself; PostgreSQL needs pg_dump of its own major version or newer.
func (db *DB) Backup(ctx context.Context, file string) error {
	if _, err := os.Lstat(file); err == nil {
		return errs.E(errs.Conflict, "backup.exists", "%s exists already; a backup never overwrites", file)
	}
	part := file + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("clear %s: %w", part, err)
	}
	// Created first, so that nobody else on the machine may read it while it grows.
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return fmt.Errorf("create %s: %w", part, err)
	}
	if db.driver == Postgres {
		err = runPostgres(ctx, "pg_dump", db.dsn, "--format=custom", "--no-owner", "--no-privileges", "--file="+part)
	} else if _, err = db.sql.ExecContext(ctx, `vacuum into $1`, part); err != nil {
		err = fmt.Errorf("copy database: %w", wrap(err))
	}
	if err == nil {
		err = settle(part, file)
	}
	if err != nil {
		return errors.Join(err, ignoreMissing(os.Remove(part)))
	}
	return nil
}

// Restore puts a backup in the place of a database while no centre runs. An existing SQLite file is kept
// beside it under a name with the time; a PostgreSQL database is replaced in one transaction.
func Restore(ctx context.Context, o Options, file string) error {
	if o.Driver == Postgres {
		if err := looksLike(file, "PGDMP"); err != nil {
			return err
		}
		// One transaction: it is restored whole or not at all.
		if err := runPostgres(ctx, "pg_restore", o.DSN, "--clean", "--if-exists", "--no-owner", "--no-privileges",
			"--single-transaction", "--exit-on-error", file); err != nil {
			return err
		}
		return reopen(ctx, o)
	}
	if err := looksLike(file, "SQLite format 3\x00"); err != nil {
		return err
	}
	part := o.DSN + ".restore"
	if err := copyFile(file, part); err != nil {
		return errors.Join(err, ignoreMissing(os.Remove(part)))
	}
	// Everything that may fail happens to the copy: whole, of a known schema, migrated.
	err := sound(ctx, part)
	if err == nil {
		err = reopen(ctx, Options{Driver: SQLite, DSN: part, Log: o.Log})
	}
	if err == nil {
		err = setAside(ctx, o.DSN)
	}
	if err == nil {
		err = settle(part, o.DSN)
	}
	if err != nil {
		for _, end := range []string{"", "-wal", "-shm"} {
			err = errors.Join(err, ignoreMissing(os.Remove(part+end)))
		}
		return err
	}
	return nil
}

// setAside renames an existing database. To leave WAL mode SQLite needs the file for itself, which tells
// whether a centre still runs, and brings everything into the one file.
func setAside(ctx context.Context, path string) error {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String())
	if err != nil {
		return fmt.Errorf("open database %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	var mode string
	err = db.QueryRowContext(ctx, `pragma journal_mode = delete`).Scan(&mode)
	err = errors.Join(err, db.Close())
	if cause(err) == busy || (err == nil && mode != "delete") {
		return errs.Wrap(err, errs.Conflict, "restore.running", "a centre uses "+path+"; stop it first")
	}
	// A database too damaged to be opened is a reason to restore, not to refuse.
	stamp := time.Now().UTC().Format("20060102T150405.000000Z")
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+end, path+".before-restore-"+stamp+end); ignoreMissing(err) != nil {
			return fmt.Errorf("set %s aside: %w", path, err)
		}
	}
	return nil
}

// sound reads every page of a SQLite file.
func sound(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", sqliteDSN(path))
	if err != nil {
		return fmt.Errorf("open backup: %w", err)
	}
	defer func() { _ = db.Close() }()
	var verdict string
	if err := db.QueryRowContext(ctx, `pragma integrity_check(1)`).Scan(&verdict); err != nil {
		return errs.Wrap(err, errs.Invalid, "restore.damaged", "the backup is damaged")
	}
	if verdict != "ok" {
		return errs.E(errs.Invalid, "restore.damaged", "the backup is damaged: %s", verdict)
	}
	return nil
}

// reopen migrates what was restored.
func reopen(ctx context.Context, o Options) error {
	db, err := Open(ctx, o)
	if err != nil {
		return fmt.Errorf("open what was restored: %w", err)
	}
	return db.Close()
}

func looksLike(file, magic string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("open backup: %w", err)
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(f, head); err != nil || string(head) != magic {
		return errs.E(errs.Invalid, "restore.not_a_backup", "%s is no backup of this kind of database", file)
	}
	return nil
}

// settle makes a finished file durable under its name.
func settle(part, file string) error {
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", part, err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", part, err)
	}
	if err := os.Rename(part, file); err != nil {
		return fmt.Errorf("name %s: %w", file, err)
	}
	dir, err := os.Open(filepath.Dir(file))
	if err != nil {
		return fmt.Errorf("open folder of %s: %w", file, err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("write folder of %s: %w", file, err)
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("open %s: %w", from, err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("create %s: %w", to, err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// runPostgres runs a program of PostgreSQL's. The password travels in the environment: everybody on the
// machine can read arguments.
func runPostgres(ctx context.Context, program, dsn string, args ...string) error {
	path, err := exec.LookPath(program)
	if err != nil {
		return errs.E(errs.Unavailable, "backup.no_program", "%s is missing; install postgresql-client of the server's version", program)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return errors.New("the address of PostgreSQL cannot be read") // err may quote the password
	}
	env := os.Environ()
	query := u.Query()
	password, given := u.User.Password()
	if !given {
		password, given = query.Get("password"), query.Has("password")
	}
	if given {
		env = append(env, "PGPASSWORD="+password)
		query.Del("password")
		u.RawQuery = query.Encode()
		if u.User != nil {
			u.User = url.User(u.User.Username())
		}
	}
	cmd := exec.CommandContext(ctx, path, append([]string{"--dbname=" + u.String()}, args...)...)
	cmd.Env = env
	var text bytes.Buffer
	cmd.Stderr = &text
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run %s: %w: %s", program, err, strings.TrimSpace(text.String()))
	}
	return nil
}
