package recording_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/bucket"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/film"
	"github.com/fengsui/fengsui/shared/testserver"
)

var exporter = who("320623", actor.VideoReplay, actor.VideoRecord, actor.VideoExport)

// withBucket lets recordings move into a bucket of a real server at once.
func withBucket(t *testing.T, s *testserver.S3) func(*recording.Options) {
	t.Helper()
	return func(o *recording.Options) {
		b, err := bucket.New(bucket.Options{URL: s.URL, Name: s.Name, Region: "us-east-1", KeyFile: s.KeyFile})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		o.Shelf, o.Moving = b, recording.MoveRule{Place: "test"}
	}
}

// films are the files of recordings below a folder.
func films(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil // it goes while we look
		}
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".mp4") && !strings.Contains(path, ".clips") {
			rel, _ := filepath.Rel(dir, path)
			out = append(out, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// filmed lets a camera be recorded for minutes that ended before now, and stops it.
func (r *room) filmed(t *testing.T, begin time.Time, minutes int) {
	t.Helper()
	r.scene.sounds = func(int) []byte { return bytes.Repeat([]byte{0xd5}, 320) }
	must[recording.Policy](t)(r.SetPolicy(officer, "cam-1", recording.Always, 30, false))
	eventually(t, "the camera is recorded", func() bool { return r.scene.recorded("cam-1") })
	r.scene.show("cam-1", begin, 25*60*minutes)
	must[recording.Policy](t)(r.SetPolicy(officer, "cam-1", recording.Off, 30, false))
	kept := store.NewRecordings(r.db)
	eventually(t, "all of it is written", func() bool {
		list := must[[]recording.Segment](t)(kept.Segments(t.Context(), "cam-1", begin, begin.Add(time.Hour)))
		return len(list) == minutes && !slices.ContainsFunc(list, func(g recording.Segment) bool { return g.Open })
	})
}

func TestWhatWasRecordedMovesIntoTheBucketAndIsPlayedAndCutFromThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := testserver.StartS3(t, "", "")
		r := open(t, db, t.TempDir(), 1<<30, withBucket(t, s))
		begin := time.Now().Add(-time.Hour).Truncate(time.Second)
		r.filmed(t, begin, 3)
		eventually(t, "all has moved", func() bool { return len(films(t, r.dir)) == 0 && len(films(t, s.Dir)) == 6 })

		play := must[recording.Play](t)(r.Play(officer, "", []string{"cam-1"}, begin, begin.Add(10*time.Minute)))
		list := play.Reels[0].Segments
		if len(list) != 3 || !list[0].Away || !list[2].Away {
			t.Fatalf("%+v", list)
		}
		for _, sound := range []bool{false, true} {
			got := must[recording.Footage](t)(r.Read(officer, play.ID, list[1].ID, list[1].Film.Add(30*time.Second), sound))
			text := must[[]byte](t)(io.ReadAll(got))
			_ = got.Close()
			read := film.Read
			if sound {
				read = film.ReadSound
			}
			f, err := read(bytes.NewReader(text), int64(len(text)))
			if err != nil || int64(len(text)) != got.Size || f.Duration-f.Parts[0].Time < 29*time.Second {
				t.Errorf("sound %t: %d of %d bytes: %v", sound, len(text), got.Size, err)
			}
		}
		c := must[recording.Clip](t)(r.OrderClip(exporter, recording.Clip{Stream: "cam-1", From: begin.Add(50 * time.Second), To: begin.Add(130 * time.Second), Reference: "2026-0001"}))
		eventually(t, "the clip is made", func() bool { c = clipOf(t, r, c.ID); return c.State != recording.Making })
		if c.State != recording.Made || len(c.Files) != 1 || c.Files[0].Seconds < 79 || !c.Files[0].Sound || len(c.Gaps) != 0 {
			t.Errorf("clip %+v", c)
		}
		u := must[recording.Usage](t)(r.Usage(officer))
		if u.Bucket == nil || u.Bucket.Bytes == 0 || u.Bucket.Waiting != 0 || u.Bucket.Trouble != "" || u.Bucket.MovedAt == nil || u.Bytes != u.Clips {
			t.Errorf("usage %+v %+v", u, u.Bucket)
		}
	})
}

func clipOf(t *testing.T, r *room, id string) recording.Clip {
	t.Helper()
	for _, c := range must[[]recording.Clip](t)(r.Clips(exporter)) {
		if c.ID == id {
			return c
		}
	}
	t.Fatal("the clip is not there")
	return recording.Clip{}
}

func TestWhileTheBucketSaysNoEverythingStaysAndTheDeskIsTold(t *testing.T) {
	s := testserver.StartS3(t, "", "")
	s.Kill()
	r := open(t, storetest.SQLite(t), t.TempDir(), 1<<30, withBucket(t, s))
	begin := time.Now().Add(-time.Hour).Truncate(time.Second)
	r.filmed(t, begin, 2)
	eventually(t, "the trouble is told", func() bool { return len(r.told(recording.EventShelfDown)) == 1 })
	u := must[recording.Usage](t)(r.Usage(officer))
	if len(films(t, r.dir)) != 4 || u.Bucket.Trouble != bucket.Unreachable || u.Bucket.Since == nil || u.Bucket.Waiting != 2 || u.Bucket.WaitingBytes == 0 {
		t.Errorf("usage %+v, files %v", u.Bucket, films(t, r.dir))
	}
	play := must[recording.Play](t)(r.Play(officer, "", []string{"cam-1"}, begin, begin.Add(time.Minute)))
	got := must[recording.Footage](t)(r.Read(officer, play.ID, play.Reels[0].Segments[0].ID, time.Time{}, false))
	_ = got.Close()
	s.Start(t)
	eventually(t, "it moves by itself", func() bool {
		return len(films(t, r.dir)) == 0 && len(films(t, s.Dir)) == 4 && len(r.told(recording.EventShelfUp)) == 1
	})
	// What lies there cannot be played while it is gone again, and is not taken for missing.
	s.Kill()
	play = must[recording.Play](t)(r.Play(officer, "", []string{"cam-1"}, begin, begin.Add(time.Minute)))
	if _, err := r.Read(officer, play.ID, play.Reels[0].Segments[0].ID, time.Time{}, false); codeOf(err) != bucket.Unreachable {
		t.Errorf("read from a dead bucket: %v", err)
	}
	c := must[recording.Clip](t)(r.OrderClip(exporter, recording.Clip{Stream: "cam-1", From: begin, To: begin.Add(30 * time.Second), Reference: "2026-0001"}))
	eventually(t, "the clip fails", func() bool { c = clipOf(t, r, c.ID); return c.State != recording.Making })
	if c.State != recording.ClipFailed || c.Trouble != recording.NoBucket {
		t.Errorf("clip %+v", c)
	}
}

func TestAgeAndRoomDeleteInTheBucketAndAHoldKeepsThere(t *testing.T) {
	db, dir := storetest.SQLite(t), t.TempDir()
	s := testserver.StartS3(t, "", "")
	r := open(t, db, dir, 1<<30, withBucket(t, s))
	old := time.Now().AddDate(0, 0, -40).Truncate(time.Second)
	r.filmed(t, old, 3)
	eventually(t, "all has moved", func() bool { return len(films(t, dir)) == 0 && len(films(t, s.Dir)) == 6 })
	must[recording.Hold](t)(r.AddHold(officer, recording.Hold{Stream: "cam-1", From: old.Add(70 * time.Second), To: old.Add(80 * time.Second), Reference: "2026-0001"}))
	if err := r.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	r = open(t, db, dir, 1<<30, withBucket(t, s)) // looks at ages when it starts
	eventually(t, "what is old and not held is gone", func() bool { return len(films(t, s.Dir)) == 2 })
	eventually(t, "what is held stands in the timeline alone", func() bool {
		left := must[recording.Timeline](t)(r.Timeline(officer, "cam-1", old, old.Add(time.Hour)))
		return len(left.Spans) == 1 && left.Spans[0].From.Equal(old.Add(time.Minute))
	})
	// A limit of the bucket deletes the oldest there, and never what is held.
	if err := r.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	s2 := withBucket(t, s)
	r = open(t, db, dir, 1<<30, func(o *recording.Options) { s2(o); o.Moving.Quota = 100 })
	r.filmed(t, time.Now().Add(-time.Hour).Truncate(time.Second), 1)
	eventually(t, "the newer is deleted for room", func() bool { return len(r.told(recording.EventDeleted)) > 0 && len(films(t, s.Dir)) == 2 })
}

func TestAKillWhileItMovesLeavesNothingTwice(t *testing.T) {
	db, dir := storetest.SQLite(t), t.TempDir()
	s := testserver.StartS3(t, "", "")
	r := open(t, db, dir, 1<<30)
	begin := time.Now().Add(-time.Hour).Truncate(time.Second)
	r.filmed(t, begin, 2)
	if err := r.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	// The first was copied and noted, not yet deleted here; the second was copied and not noted.
	kept := store.NewRecordings(db)
	list := must[[]recording.Segment](t)(kept.Segments(t.Context(), "cam-1", begin, begin.Add(time.Hour)))
	var o recording.Options
	withBucket(t, s)(&o)
	for _, file := range films(t, dir) {
		if err := o.Shelf.Put(t.Context(), file, filepath.Join(dir, file)); err != nil {
			t.Fatal(err)
		}
	}
	if err := kept.MoveSegment(t.Context(), list[0].ID); err != nil {
		t.Fatal(err)
	}
	r = open(t, db, dir, 1<<30, withBucket(t, s))
	eventually(t, "each is in one place", func() bool { return len(films(t, dir)) == 0 })
	if n := len(films(t, s.Dir)); n != 4 {
		t.Errorf("%d files in the bucket", n)
	}
	after := must[[]recording.Segment](t)(kept.Segments(t.Context(), "cam-1", begin, begin.Add(time.Hour)))
	if len(after) != 2 || !after[0].Away || !after[1].Away {
		t.Errorf("%+v", after)
	}
	// Without the bucket in the configuration what lies there is not deleted and not played as if it were here.
	if err := r.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	r = open(t, db, dir, 1<<30)
	play := must[recording.Play](t)(r.Play(officer, "", []string{"cam-1"}, begin, begin.Add(time.Minute)))
	if _, err := r.Read(officer, play.ID, after[0].ID, time.Time{}, false); codeOf(err) != "recording.missing" {
		t.Errorf("without a bucket: %v", err)
	}
}

func codeOf(err error) string {
	e, ok := errors.AsType[*errs.Error](err)
	if !ok {
		return ""
	}
	return e.Code
}
