package recording_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/film"
)

// loud is 40 ms of A-law: a square wave as loud as it can be, or silence.
func loud(on bool) []byte {
	if on {
		return bytes.Repeat([]byte{0xaa, 0xaa, 0xaa, 0xaa, 0x2a, 0x2a, 0x2a, 0x2a}, 40)
	}
	return bytes.Repeat([]byte{0xd5}, 320)
}

func TestSoundIsKeptPlayedAndTakenAway(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		dir := t.TempDir()
		r := open(t, db, dir, 1<<30)
		must[recording.Policy](t)(r.SetPolicy(officer, "cam-1", recording.Always, 30, false))
		eventually(t, "the camera is recorded", func() bool { return r.scene.recorded("cam-1") })
		begin := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
		r.scene.sounds = func(n int) []byte { return loud(n >= 25*6 && n < 25*7) } // the seventh second
		r.scene.show("cam-1", begin, 25*70)
		play := must[recording.Play](t)(r.Play(officer, "", []string{"cam-1"}, begin, begin.Add(2*time.Minute)))
		list := play.Reels[0].Segments
		if len(list) != 2 || list[0].Sound != "flac" || list[1].Sound != "flac" {
			t.Fatalf("got %+v", list)
		}
		got := must[recording.Footage](t)(r.Read(officer, play.ID, list[0].ID, begin.Add(30*time.Second), true))
		text := must[[]byte](t)(io.ReadAll(got))
		_ = got.Close()
		f, err := film.ReadSound(bytes.NewReader(text), int64(len(text)))
		if err != nil || int64(len(text)) != got.Size || f.Parts[0].Time > 30*time.Second || f.Parts[0].Time < 28*time.Second || (f.Duration-time.Minute).Abs() > 100*time.Millisecond {
			t.Errorf("%d of %d bytes, %+v: %v", len(text), got.Size, f.Duration, err)
		}
		if _, err := r.Read(officer, "", list[0].ID, begin, true); errs.KindOf(err) != errs.Denied {
			t.Errorf("without a look: %v", err)
		}
		// Muted, nothing more is kept; a clip without sound has none, one with it has it in its place.
		must[recording.Policy](t)(r.SetPolicy(officer, "cam-1", recording.Always, 30, true))
		r.scene.show("cam-1", begin.Add(2*time.Minute), 25*10)
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		after := must[[]recording.Segment](t)(store.NewRecordings(db).Segments(t.Context(), "cam-1", begin.Add(2*time.Minute), time.Now()))
		if len(after) != 1 || after[0].Sound != "" {
			t.Errorf("muted: %+v", after)
		}
		if n, _ := filepath.Glob(filepath.Join(dir, "cam-1", "*", "*.sound.mp4")); len(n) != 2 {
			t.Errorf("sounds: %v", n)
		}
		exporter := who("320623", actor.VideoExport)
		r = open(t, db, dir, 1<<30)
		for _, mute := range []bool{false, true} {
			c := must[recording.Clip](t)(r.OrderClip(exporter, recording.Clip{Stream: "cam-1", From: begin.Add(4 * time.Second), To: begin.Add(65 * time.Second), Reference: "事件 7", Mute: mute}))
			eventually(t, "the clip is made", func() bool {
				c = find(exporter, t, r, c.ID)
				return c.State != recording.Making
			})
			if c.State != recording.Made || len(c.Files) != 1 || c.Files[0].Sound == mute || c.Mute != mute {
				t.Fatalf("got %+v", c)
			}
			if !mute {
				if at := beepOf(exporter, t, r, c); (at - 2*time.Second).Abs() > 100*time.Millisecond {
					t.Errorf("the beep is at %s of the clip", at)
				}
			}
		}
		// What goes takes its sound along.
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		open(t, db, dir, 100)
		eventually(t, "all is deleted for room", func() bool {
			n, _ := filepath.Glob(filepath.Join(dir, "cam-1", "*", "*.mp4"))
			return len(n) == 0
		})
	})
}

func find(ctx context.Context, t *testing.T, r *room, id string) recording.Clip {
	t.Helper()
	for _, c := range must[[]recording.Clip](t)(r.Clips(ctx)) {
		if c.ID == id {
			return c
		}
	}
	t.Fatal("the clip is gone")
	return recording.Clip{}
}

// beepOf is where something loud begins in a clip, as a stranger's decoder hears it.
func beepOf(ctx context.Context, t *testing.T, r *room, c recording.Clip) time.Duration {
	t.Helper()
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatal("ffmpeg is missing; test/prepare.sh installs it")
	}
	in := must[recording.Taken](t)(r.TakeClip(ctx, c.ID, c.Files[0].Name))
	text := must[[]byte](t)(io.ReadAll(in))
	_ = in.Close()
	path := filepath.Join(t.TempDir(), "clip.mp4")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	pcm := must[[]byte](t)(exec.CommandContext(t.Context(), ffmpeg, "-loglevel", "fatal", "-i", path, "-vn", "-f", "s16le", "-ac", "1", "-ar", "8000", "pipe:1").Output())
	for i := 0; i+1 < len(pcm); i += 2 {
		if v := int16(binary.LittleEndian.Uint16(pcm[i:])); v > 8000 || v < -8000 {
			return time.Duration(i/2) * time.Second / 8000
		}
	}
	return time.Hour
}

func TestTornSoundIsWholeAfterTheNextStart(t *testing.T) {
	db, dir := storetest.SQLite(t), t.TempDir()
	r := open(t, db, dir, 1<<30)
	must[recording.Policy](t)(r.Begin(officer, "cam-1", 60))
	eventually(t, "the camera is recorded", func() bool { return r.scene.recorded("cam-1") })
	begin := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	r.scene.sounds = func(int) []byte { return loud(true) }
	r.scene.show("cam-1", begin, 25*10)
	files, _ := filepath.Glob(filepath.Join(dir, "cam-1", "*", "*.sound.mp4"))
	if len(files) != 1 {
		t.Fatalf("%d files", len(files))
	}
	pictures := strings.TrimSuffix(files[0], ".sound.mp4") + ".mp4"
	text, shown := must[[]byte](t)(os.ReadFile(files[0])), must[[]byte](t)(os.ReadFile(pictures))
	list := must[[]recording.Segment](t)(store.NewRecordings(db).Segments(t.Context(), "cam-1", begin, time.Now()))
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, torn := range [][]byte{text[:len(text)-700], text[:20]} { // as kills leave it
		if err := os.WriteFile(files[0], torn, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(pictures, shown, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := store.NewRecordings(db).ChangeSegment(t.Context(), list[0]); err != nil {
			t.Fatal(err)
		}
		again := open(t, db, dir, 1<<30)
		g := must[recording.Segment](t)(store.NewRecordings(db).Segment(t.Context(), list[0].ID))
		if err := again.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		f, _, err := readSoundFile(files[0])
		if len(torn) < 100 {
			if g.Sound != "" || err == nil || g.To.Sub(g.From) < 8*time.Second {
				t.Errorf("without a part: %+v, %v", g, err)
			}
			continue
		}
		if err != nil || g.Sound != "flac" || len(f.Parts) < 7 || g.Open {
			t.Errorf("torn: %+v, %d parts, %v", g, len(f.Parts), err)
		}
	}
}

func readSoundFile(path string) (film.Film, int64, error) {
	in, err := os.Open(path)
	if err != nil {
		return film.Film{}, 0, err
	}
	defer func() { _ = in.Close() }()
	info, err := in.Stat()
	if err != nil {
		return film.Film{}, 0, err
	}
	f, err := film.ReadSound(in, info.Size())
	return f, info.Size(), err
}
