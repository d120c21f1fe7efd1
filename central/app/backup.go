package app

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/tsdb"
	"github.com/fengsui/fengsui/shared/version"
)

// manifest is the first file of a backup.
type manifest struct {
	Version  string    `json:"version"`
	Time     time.Time `json:"time"`
	Database string    `json:"database"` // driver
}

// The names inside a backup.
const (
	manifestName  = "manifest.json"
	databaseName  = "database"
	telemetryName = "telemetry"
	authorityName = "ca"
)

// Backup writes a copy of a centre, running or not, as one tar file: the database of one moment, the
// readings, and the certificate authority. It holds secrets: keep it as safe as the server.
func Backup(ctx context.Context, o Options, file string) error {
	if file == "" {
		return errors.New("say which file to write")
	}
	file, err := filepath.Abs(file)
	if err != nil {
		return fmt.Errorf("find %s: %w", file, err)
	}
	err = with(ctx, o, func(ctx context.Context, h atHand) error {
		if running, err := orderBackup(ctx, h.cfg.Data, file); running || err != nil {
			return err
		}
		unlock, err := lockData(h.cfg.Data)
		if err != nil {
			return err
		}
		h.centre.started("lock", unlock)
		values, err := tsdb.Open(ctx, tsdb.Options{Dir: filepath.Join(h.cfg.Data, telemetryName)})
		if err != nil {
			return err
		}
		h.centre.started("telemetry files", func(context.Context) error { return values.Close() })
		return backup(ctx, h.cfg, h.db, values, file)
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(o.Out, "backup written to", file)
	return err
}

// backup writes the tar file.
func backup(ctx context.Context, cfg config.Config, db *store.DB, values *tsdb.DB, file string) error {
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("%s exists already; a backup never overwrites", file)
	}
	dir, err := os.MkdirTemp(filepath.Dir(file), ".backup-*")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := gather(ctx, cfg, db, values, dir); err != nil {
		return err
	}
	return pack(dir, file)
}

// gather copies everything into a folder. The readings come after the database: a terminal sends again
// what the copy lacks, and a reading whose device the copy does not know yet is shown once it does.
func gather(ctx context.Context, cfg config.Config, db *store.DB, values *tsdb.DB, dir string) error {
	text, err := json.Marshal(manifest{Version: version.Version, Time: time.Now().UTC(), Database: cfg.Database.Driver})
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, manifestName), text, 0o600); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	if err := db.Backup(ctx, filepath.Join(dir, databaseName)); err != nil {
		return err
	}
	if err := values.Backup(ctx, filepath.Join(dir, telemetryName)); err != nil {
		return err
	}
	from := filepath.Join(cfg.Data, authorityName)
	if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := os.CopyFS(filepath.Join(dir, authorityName), os.DirFS(from)); err != nil {
		return fmt.Errorf("copy certificate authority: %w", err)
	}
	return nil
}

// pack writes a folder as a tar file, whole or not at all.
func pack(dir, file string) (err error) {
	part := file + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("create backup: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(part))
		}
	}()
	w := tar.NewWriter(f)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	if err := errors.Join(w.Close(), f.Sync()); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	if err := os.Rename(part, file); err != nil {
		return fmt.Errorf("finish backup: %w", err)
	}
	return f.Close()
}

// Restore puts a backup into a data folder that holds no centre yet.
func Restore(ctx context.Context, o Options, file string) error {
	if file == "" {
		return errors.New("say which backup to restore")
	}
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return err
	}
	unlock, err := lockData(cfg.Data)
	if err != nil {
		return err
	}
	defer func() { _ = unlock(ctx) }()
	for _, name := range []string{"central.db", telemetryName, authorityName} {
		if _, err := os.Lstat(filepath.Join(cfg.Data, name)); err == nil {
			return fmt.Errorf("%s holds a centre already (%s); move it away first", cfg.Data, name)
		}
	}
	dir, err := os.MkdirTemp(cfg.Data, ".restore-*")
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
	return settle(ctx, o, cfg, dir, m)
}

// settle moves what was unpacked to where it belongs.
func settle(ctx context.Context, o Options, cfg config.Config, dir string, m manifest) error {
	dsn, err := cfg.DatabaseDSN()
	if err != nil {
		return err
	}
	log := logger(config.Log{Level: "error", Format: "text"}, o.Log)
	if err := store.Restore(ctx, store.Options{Driver: cfg.Database.Driver, DSN: dsn, Log: log}, filepath.Join(dir, databaseName)); err != nil {
		return err
	}
	for _, name := range []string{telemetryName, authorityName} {
		err := os.Rename(filepath.Join(dir, name), filepath.Join(cfg.Data, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("put %s in place: %w", name, err)
		}
	}
	_, err = fmt.Fprintln(o.Out, "restored the backup of", m.Time.Format(time.RFC3339))
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
