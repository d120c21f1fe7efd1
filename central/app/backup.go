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
	"time"

	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/tsdb"
	"github.com/fengsui/fengsui/shared/run"
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

// The folders for what is under way. What a kill leaves of them is removed at the next start.
const (
	backupPrefix  = ".backup-"
	restorePrefix = ".restore-"
)

// BackupTo is where a backup goes. Force replaces a file that is there.
type BackupTo struct {
	File  string
	Force bool
}

// Backup writes a copy of a centre, running or not, as one tar file: the database of one moment, the
// readings, and the certificate authority. The file is written by whoever calls, wherever that user may
// write; a running centre only hands over what it holds. It holds secrets: keep it as safe as the server.
func Backup(ctx context.Context, o Options, to BackupTo) error {
	if to.File == "" {
		return errors.New("say which file to write")
	}
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return err
	}
	target, err := newTarget(to)
	if err != nil {
		return err
	}
	defer target.discard()
	out := &progress{out: o.Out, to: target}
	running, err := orderBackup(ctx, cfg.Data, out)
	if err == nil && !running {
		err = backupStopped(ctx, o, out)
	}
	if err != nil {
		return err
	}
	if err := target.finish(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.Out, "backup written to %s (%s)\n", target.file, size(out.done))
	return err
}

// backupStopped copies a centre that does not run.
func backupStopped(ctx context.Context, o Options, out *progress) error {
	return with(ctx, o, func(ctx context.Context, h atHand) error {
		unlock, err := run.Lock(h.cfg.Data, "centre")
		if err != nil {
			return err
		}
		h.centre.parts.Add("lock", unlock)
		values, err := tsdb.Open(ctx, tsdb.Options{Dir: filepath.Join(h.cfg.Data, telemetryName)})
		if err != nil {
			return err
		}
		h.centre.parts.Add("telemetry files", func(context.Context) error { return values.Close() })
		return copyOf(ctx, h.cfg, h.db, values, func(dir string) error {
			if out.total, err = weigh(dir); err != nil {
				return err
			}
			return pack(dir, out)
		})
	})
}

// copyOf gathers a copy of a centre in its data folder, where it may write, and takes it away again.
func copyOf(ctx context.Context, cfg config.Config, db *store.DB, values *tsdb.DB, use func(dir string) error) error {
	dir, err := os.MkdirTemp(cfg.Data, backupPrefix+"*")
	if err != nil {
		return fmt.Errorf("make folder for the copy: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := gather(ctx, cfg, db, values, dir); err != nil {
		return err
	}
	return use(dir)
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
	to := filepath.Join(dir, authorityName)
	err = os.CopyFS(to, os.DirFS(from))
	if err == nil {
		err = closeToOthers(to)
	}
	if err != nil {
		return fmt.Errorf("copy certificate authority: %w", err)
	}
	return nil
}

// closeToOthers lets nobody but the owner read the files of a folder, here and where the backup is unpacked
// by hand.
func closeToOthers(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	})
}

// pack writes a folder as a tar stream.
func pack(dir string, out io.Writer) error {
	w := tar.NewWriter(out)
	if err := errors.Join(w.AddFS(os.DirFS(dir)), w.Close()); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	return nil
}

// weigh sums up the files of a folder.
func weigh(dir string) (int64, error) {
	total := int64(0)
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("weigh the copy: %w", err)
	}
	return total, nil
}
