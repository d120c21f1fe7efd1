package recording_test

import (
	"bufio"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/store"
)

// halting stops the world before or after a row is committed, for a parent that kills.
type halting struct {
	*store.DB
	after bool
}

func (h halting) Do(ctx context.Context, fn func(context.Context) error) error {
	if h.after {
		if err := h.DB.Do(ctx, fn); err != nil {
			return err
		}
	}
	_, _ = os.Stdout.WriteString("\nhalted\n")
	select {}
}

// TestKeepsASnapshotAndIsKilled is the child of TestKillWhileASnapshotIsKept and does nothing by itself.
func TestKeepsASnapshotAndIsKilled(t *testing.T) {
	dir := os.Getenv("FENGSUI_TEST_KILLED")
	if dir == "" {
		return // only as the child of the next test
	}
	db, err := store.Open(t.Context(), store.Options{Driver: store.SQLite, DSN: filepath.Join(dir, "central.db")})
	if err != nil {
		t.Fatal(err)
	}
	r := open(t, db, dir, 1<<30, func(o *recording.Options) { o.Tx = halting{db, os.Getenv("FENGSUI_TEST_AFTER") != ""} })
	_, err = r.KeepSnapshot(freezer, recording.Snapshot{Stream: "cam-1", At: time.Now().Add(-time.Minute), Origin: recording.OfLive}, photo(t, 64, 48, "jpeg"))
	t.Fatalf("it was not killed: %v", err)
}

func TestKillWhileASnapshotIsKept(t *testing.T) {
	for name, after := range map[string]string{"before its row is there": "", "before the file is in its place": "1"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			db, err := store.Open(t.Context(), store.Options{Driver: store.SQLite, DSN: filepath.Join(dir, "central.db")})
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKeepsASnapshotAndIsKilled$") //nolint:gosec // this very test
			child.Env = append(os.Environ(), "FENGSUI_TEST_KILLED="+dir, "FENGSUI_TEST_AFTER="+after)
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			said, halted := []string{}, false
			for lines := bufio.NewScanner(out); !halted && lines.Scan(); {
				said = append(said, lines.Text())
				halted = lines.Text() == "halted"
			}
			if !halted {
				t.Fatalf("the child says %q", said)
			}
			if err := child.Process.Kill(); err != nil { // SIGKILL
				t.Fatal(err)
			}
			_ = child.Wait()
			if n := len(pictures(t, dir)); n != 1 {
				t.Fatalf("%d files when it was killed", n)
			}
			db, err = store.Open(t.Context(), store.Options{Driver: store.SQLite, DSN: filepath.Join(dir, "central.db")})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			// One that the database does not know is left alone: it may be of before a restored backup.
			old := filepath.Join(dir, ".snapshots", "2026-01-01", "old.jpg")
			if err := os.MkdirAll(filepath.Dir(old), 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(old, []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
			r := open(t, db, dir, 1<<30)
			list := must[[]recording.Snapshot](t)(r.Snapshots(freezer, recording.SnapshotFilter{}))
			left := pictures(t, dir)
			if after == "" {
				if len(list) != 0 || len(left) != 1 || left[0] != old {
					t.Errorf("%d rows, files %v", len(list), left)
				}
				return
			}
			if len(list) != 1 || len(left) != 2 {
				t.Fatalf("%d rows, files %v", len(list), left)
			}
			_, file, err := r.Picture(freezer, list[0].ID, false)
			if err != nil {
				t.Fatal(err)
			}
			_ = file.Close()
		})
	}
}

func pictures(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, ".snapshots"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".jpg") {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
