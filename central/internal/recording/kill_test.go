package recording_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/shared/wire"
)

// halting stops the world around a transaction that is marked, for a parent that kills.
type halting struct {
	*store.DB
	at string // before it, inside at its end, or after its commit
}

type markKey struct{}

func marked(ctx context.Context) context.Context { return context.WithValue(ctx, markKey{}, true) }

func (h halting) Do(ctx context.Context, fn func(context.Context) error) error {
	if ctx.Value(markKey{}) == nil {
		return h.DB.Do(ctx, fn)
	}
	if h.at != "before" {
		if err := h.DB.Do(ctx, func(ctx context.Context) error {
			err := fn(ctx)
			if err == nil && h.at == "inside" {
				halt()
			}
			return err
		}); err != nil {
			return err
		}
	}
	halt()
	return nil
}

func halt() {
	_, _ = os.Stdout.WriteString("\nhalted\n")
	select {}
}

// killed runs a test of this package as a child with its folder, and kills it where it halts.
func killed(t *testing.T, test, dir, at string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$") //nolint:gosec // this very test
	child.Env = append(os.Environ(), "FENGSUI_TEST_KILLED="+dir, "FENGSUI_TEST_AT="+at)
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
}

// onDisk is the database in a folder.
func onDisk(t *testing.T, dir string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Driver: store.SQLite, DSN: filepath.Join(dir, "central.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// TestKeepsASnapshotAndIsKilled is the child of TestKillWhileASnapshotIsKept and does nothing by itself.
func TestKeepsASnapshotAndIsKilled(t *testing.T) {
	dir := os.Getenv("FENGSUI_TEST_KILLED")
	if dir == "" {
		return // only as the child of the next test
	}
	db := onDisk(t, dir)
	r := open(t, db, dir, 1<<30, func(o *recording.Options) { o.Tx = halting{db, os.Getenv("FENGSUI_TEST_AT")} })
	_, err := r.KeepSnapshot(marked(freezer), recording.Snapshot{Stream: "cam-1", At: time.Now().Add(-time.Minute), Origin: recording.OfLive}, photo(t, 64, 48, "jpeg"))
	t.Fatalf("it was not killed: %v", err)
}

func TestKillWhileASnapshotIsKept(t *testing.T) {
	for name, at := range map[string]string{"before its row is there": "before", "before the file is in its place": "after"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := onDisk(t, dir).Close(); err != nil {
				t.Fatal(err)
			}
			killed(t, "TestKeepsASnapshotAndIsKilled", dir, at)
			if n := len(pictures(t, dir)); n != 1 {
				t.Fatalf("%d files when it was killed", n)
			}
			db := onDisk(t, dir)
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
			if at == "before" {
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

// brought is what the child of TestKillWhileASoundIsBrought is sent.
type brought struct {
	Wish wire.RingFetch
	Film wire.FilmOffered
	Text []byte
}

// TestTakesASoundInAndIsKilled is the child of TestKillWhileASoundIsBrought and does nothing by itself.
func TestTakesASoundInAndIsKilled(t *testing.T) {
	dir := os.Getenv("FENGSUI_TEST_KILLED")
	if dir == "" {
		return // only as the child of the next test
	}
	var b brought
	if err := json.Unmarshal(must[[]byte](t)(os.ReadFile(filepath.Join(dir, "brought.json"))), &b); err != nil {
		t.Fatal(err)
	}
	db := onDisk(t, dir)
	r := open(t, db, dir, 1<<30, func(o *recording.Options) { o.Tx = halting{db, os.Getenv("FENGSUI_TEST_AT")} })
	_, err := r.Piece(marked(t.Context()), b.Wish.ID, b.Wish.Token, b.Film, 0, b.Text)
	t.Fatalf("it was not killed: %v", err)
}

func TestKillWhileASoundIsBrought(t *testing.T) {
	for at, next := range map[string]func(f wire.FilmOffered) int64{
		"before": func(f wire.FilmOffered) int64 { return f.Size - f.Sound }, // its sound is sent once more
		"inside": func(wire.FilmOffered) int64 { return 0 },                  // all of it is
		"after":  nil,                                                        // it is there
	} {
		t.Run(at, func(t *testing.T) {
			dir := t.TempDir()
			db := onDisk(t, dir)
			r, gap, w := gapped(t, db, dir)
			f, text := heardOf(t, gap, 20, 6)
			said := must[[]byte](t)(json.Marshal(brought{w, f, text}))
			if err := errors.Join(r.Stop(t.Context()), db.Close(), os.WriteFile(filepath.Join(dir, "brought.json"), said, 0o600)); err != nil {
				t.Fatal(err)
			}
			killed(t, "TestTakesASoundInAndIsKilled", dir, at)
			part := filepath.Join(dir, ".fill", w.ID, f.SHA256)
			aside, err := os.ReadFile(part + ".sound")
			if at == "before" && !bytes.Equal(aside, text[f.Size-f.Sound:]) {
				t.Errorf("%d bytes of sound are aside when the transaction begins, of %d: %v", len(aside), f.Sound, err)
			}
			db = onDisk(t, dir)
			r = open(t, db, dir, 1<<30)
			if list := must[[]string](t)(filepath.Glob(part + "*")); (at == "before") != (len(list) == 1 && list[0] == part) || len(list) > 1 {
				t.Errorf("after the next start there is %v", list)
			}
			taken := must[wire.FilmTaken](t)(r.Offered(t.Context(), w.ID, w.Token, f))
			if next == nil != taken.Have {
				t.Fatalf("it goes on as %+v", taken)
			}
			if next != nil {
				if taken.Next != next(f) {
					t.Fatalf("it goes on at %d of %d", taken.Next, f.Size)
				}
				r.bring(t, w, f, text, taken.Next, f.Size)
			}
			var mine []recording.Segment
			for _, g := range must[[]recording.Segment](t)(store.NewRecordings(db).Segments(t.Context(), "cam-1", gap, gap.Add(20*time.Second))) {
				if g.Source == recording.Edge {
					mine = append(mine, g)
				}
			}
			if len(mine) != 1 || mine[0].Sound != "flac" || mine[0].Bytes != f.Size {
				t.Fatalf("got %+v of %d bytes", mine, f.Size)
			}
			path := filepath.Join(dir, mine[0].File)
			shown := must[[]byte](t)(os.ReadFile(path))
			heard := must[[]byte](t)(os.ReadFile(strings.TrimSuffix(path, ".mp4") + ".sound.mp4"))
			if !bytes.Equal(append(shown, heard...), text) {
				t.Errorf("%d bytes of pictures and %d of sound are not what was sent", len(shown), len(heard))
			}
			if list := must[[]string](t)(filepath.Glob(part + "*")); len(list) > 0 {
				t.Errorf("left %v", list)
			}
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
