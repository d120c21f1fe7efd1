package app

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/shared/run"
)

// RestoreFrom is the backup to put in place. User is whom the data folder shall belong to; empty leaves it
// to its owner.
type RestoreFrom struct{ File, User string }

// Restore puts a backup into a data folder that holds no centre yet. What it makes belongs to the owner of
// that folder, whoever calls.
func Restore(ctx context.Context, o Options, from RestoreFrom) error {
	if from.File == "" {
		return errors.New("say which backup to restore")
	}
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.Data, 0o750); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	keeper, err := keeperOf(cfg.Data, from.User)
	if err != nil {
		return err
	}
	err = restore(ctx, o, cfg, from.File)
	if err := errors.Join(err, keeper.take(cfg.Data)); err != nil {
		return err
	}
	_, err = fmt.Fprintln(o.Out, "everything in", cfg.Data, "belongs to", keeper.name)
	return err
}

func restore(ctx context.Context, o Options, cfg config.Config, file string) error {
	unlock, err := run.Lock(cfg.Data, "centre")
	if err != nil {
		return err
	}
	defer func() { _ = unlock(ctx) }()
	if err := vacant(cfg.Data); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(cfg.Data, restorePrefix+"*")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	m, err := unpack(file, dir)
	if err != nil {
		return err
	}
	if m.Database != cfg.Database.Driver {
		return fmt.Errorf("the backup is of %s, the configuration says %s", m.Database, cfg.Database.Driver)
	}
	marker := filepath.Join(cfg.Data, unfinishedName)
	if err := write(marker, strings.NewReader(file+"\n")); err != nil {
		return err
	}
	if err := settle(ctx, o, cfg, dir, m); err != nil {
		return err
	}
	if err := os.Remove(marker); err != nil {
		return fmt.Errorf("finish restore: %w", err)
	}
	return nil
}

// unfinishedName is a file that stands in the data folder while a backup is put in place. A centre that
// finds it does not start: it would run on the database of one moment and the readings of another, or make a
// certificate authority of its own.
const unfinishedName = "restore.unfinished"

// whole returns an error when a restore was cut off.
func whole(data string) error {
	from, err := os.ReadFile(filepath.Join(data, unfinishedName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for an unfinished restore: %w", err)
	}
	return fmt.Errorf("the restore of %s into %s was cut off; call fengsui-central restore again", strings.TrimSpace(string(from)), data)
}

// vacant makes sure that a folder holds no centre. What a restore that was cut off has left is cleared: it
// came from a backup into a folder that was empty.
func vacant(data string) error {
	parts := []string{"central.db", "central.db-wal", "central.db-shm", telemetryName, authorityName}
	if whole(data) != nil {
		for _, name := range append(parts, unfinishedName) {
			if err := os.RemoveAll(filepath.Join(data, name)); err != nil {
				return fmt.Errorf("clear what the unfinished restore has left: %w", err)
			}
		}
	}
	for _, name := range parts {
		if _, err := os.Lstat(filepath.Join(data, name)); err == nil {
			return fmt.Errorf("%s holds a centre already (%s); move it away first", data, name)
		}
	}
	return nil
}

// settle moves what was unpacked to where it belongs.
func settle(ctx context.Context, o Options, cfg config.Config, dir string, m manifest) error {
	dsn, err := cfg.DatabaseDSN()
	if err != nil {
		return err
	}
	log := run.Logger("error", "text", o.Log)
	if err := store.Restore(ctx, store.Options{Driver: cfg.Database.Driver, DSN: dsn, Log: log}, filepath.Join(dir, databaseName)); err != nil {
		return err
	}
	for _, name := range []string{telemetryName, authorityName} {
		err := os.Rename(filepath.Join(dir, name), filepath.Join(cfg.Data, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("put %s in place: %w", name, err)
		}
	}
	if _, err = fmt.Fprintln(o.Out, "restored the backup of", m.Time.Format(time.RFC3339)); err != nil {
		return err
	}
	return returned(ctx, o, cfg, log)
}

// returned ends every session of the backup, and names what else is valid again although it may have been
// ended since: a backup cannot know.
func returned(ctx context.Context, o Options, cfg config.Config, log *slog.Logger) (err error) {
	ctx = actor.WithSystem(ctx, "restore")
	c := &Centre{log: log}
	defer func() { err = errors.Join(err, c.Stop()) }()
	b, err := openBase(ctx, cfg, c)
	if err != nil {
		return err
	}
	devices, err := b.devices(cfg)
	if err != nil {
		return err
	}
	keys, err := b.accounts.Returned(ctx)
	if err != nil {
		return err
	}
	all, err := devices.All(ctx)
	if err != nil {
		return err
	}
	lines := []string{"Everybody has to sign in again. Valid again as of the backup, whatever was ended since; end it anew where that is meant:", "  passwords of all users"}
	for _, k := range keys {
		lines = append(lines, fmt.Sprintf("  API token %q of %s, until %s", k.Name, k.Username, k.ExpiresAt.Format(time.DateOnly)))
	}
	for _, d := range all {
		switch {
		case d.State == device.Revoked:
		case d.Cert != nil && d.Cert.RevokedAt == nil:
			lines = append(lines, fmt.Sprintf("  certificate of terminal %s, until %s", d.ID, d.Cert.NotAfter.Format(time.DateOnly)))
		case d.Kind == device.Sensor && d.Parent == "":
			lines = append(lines, "  token of sensor "+d.ID)
		}
	}
	_, err = fmt.Fprintln(o.Out, strings.Join(lines, "\n"))
	return err
}

// unpack reads a backup into a folder. Only the names that Backup writes are taken.
func unpack(file, dir string) (manifest, error) {
	var m manifest
	f, err := os.Open(file)
	if err != nil {
		return m, fmt.Errorf("open backup: %w", err)
	}
	defer func() { _ = f.Close() }()
	r := tar.NewReader(f)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return m, fmt.Errorf("read backup %s: %w", file, err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		first, rest, nested := strings.Cut(h.Name, "/")
		known := slices.Contains([]string{manifestName, databaseName}, h.Name) ||
			(nested && (first == telemetryName || first == authorityName) && filepath.IsLocal(rest))
		if !known {
			return m, fmt.Errorf("read backup %s: it holds %q, which no backup does", file, h.Name)
		}
		if err := write(filepath.Join(dir, h.Name), r); err != nil {
			return m, err
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return m, fmt.Errorf("%s is not a backup: %w", file, err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s is not a backup: %w", file, err)
	}
	return m, nil
}

func write(file string, from io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("restore %s: %w", filepath.Base(file), err)
	}
	_, err = io.Copy(f, from)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("restore %s: %w", filepath.Base(file), err)
	}
	return nil
}
