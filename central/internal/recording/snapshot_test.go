package recording_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

var freezer = who("320623", actor.VideoWatch, actor.VideoReplay, actor.VideoRecord, actor.VideoExport)

func photo(t testing.TB, width, height int, kind string) []byte {
	t.Helper()
	var out bytes.Buffer
	picture := image.NewGray(image.Rect(0, 0, width, height))
	err := jpeg.Encode(&out, picture, nil)
	if kind == "png" {
		out.Reset()
		err = png.Encode(&out, picture)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestFrozenPictureIsKeptHeldAndTaken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := open(t, db, t.TempDir(), 1<<30)
		text, at := photo(t, 64, 48, "jpeg"), time.Now().Add(-time.Minute).Truncate(time.Millisecond)
		p := must[recording.Snapshot](t)(r.KeepSnapshot(freezer, recording.Snapshot{Stream: "cam-1", At: at, Origin: recording.OfLive, Author: "not me"}, text))
		later := must[recording.Snapshot](t)(r.KeepSnapshot(freezer, recording.Snapshot{Stream: "cam-1", At: at.Add(time.Second), Origin: recording.OfReplay}, photo(t, 8, 8, "png")))
		sum := sha256.Sum256(text)
		if p.Type != "image/jpeg" || p.Width != 64 || p.Height != 48 || p.AuthorName != "周岚" || p.SHA256 != hex.EncodeToString(sum[:]) || later.Type != "image/png" {
			t.Fatalf("kept %+v", p)
		}
		list := must[[]recording.Snapshot](t)(r.Snapshots(freezer, recording.SnapshotFilter{}))
		if len(list) != 2 || list[0].ID != later.ID || !list[1].At.Equal(at) {
			t.Fatalf("listed %+v", list)
		}
		held := must[recording.Snapshot](t)(r.ChangeSnapshot(freezer, p.ID, "事件 7", "水漫过闸口"))
		for name, f := range map[string]recording.SnapshotFilter{
			"reference": {Reference: "事件 7"}, "origin": {Origin: recording.OfLive}, "span": {From: at, To: at.Add(time.Millisecond)}, "camera": {Stream: "cam-1", Reference: "事件 7"},
		} {
			if got := must[[]recording.Snapshot](t)(r.Snapshots(freezer, f)); len(got) != 1 || got[0].Note != held.Note {
				t.Errorf("by %s: %+v", name, got)
			}
		}
		if err := r.RemoveSnapshot(freezer, p.ID); errs.KindOf(err) != errs.Conflict {
			t.Errorf("what is held is deleted: %v", err)
		}
		for _, away := range []bool{false, true} {
			_, got, err := r.Picture(freezer, p.ID, away)
			if err != nil {
				t.Fatal(err)
			}
			if read := must[[]byte](t)(io.ReadAll(got)); !bytes.Equal(read, text) || got.Size != int64(len(text)) {
				t.Error("another picture is read")
			}
			_ = got.Close()
		}
		if n := len(r.told(recording.EventSnapshotTaken)); n != 1 {
			t.Errorf("%d traces of one that was taken", n)
		}
		must[recording.Snapshot](t)(r.ChangeSnapshot(freezer, p.ID, "", ""))
		if err := r.RemoveSnapshot(freezer, p.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.Picture(freezer, p.ID, false); errs.KindOf(err) != errs.NotFound {
			t.Errorf("deleted: %v", err)
		}
		if left, _ := filepath.Glob(filepath.Join(r.dir, ".snapshots", "*", "*")); len(left) != 1 {
			t.Errorf("left %v", left)
		}
	})
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	r := open(t, storetest.SQLite(t), t.TempDir(), 1<<30)
	good := photo(t, 32, 32, "jpeg")
	now := recording.Snapshot{Stream: "cam-1", At: time.Now(), Origin: recording.OfLive}
	for name, c := range map[string]struct {
		ctx  context.Context
		p    func(*recording.Snapshot)
		text []byte
		want errs.Kind
	}{
		"nobody":               {context.Background(), nil, good, errs.Unauthenticated},
		"who may not watch":    {who("320623", actor.DeviceRead), nil, good, errs.Denied},
		"who may only watch":   {who("320623", actor.VideoWatch), func(p *recording.Snapshot) { p.Origin = recording.OfReplay }, good, errs.Denied},
		"another division":     {who("320681", actor.VideoWatch), nil, good, errs.NotFound},
		"nothing":              {freezer, nil, nil, errs.Invalid},
		"a web page":           {freezer, nil, []byte("<svg onload=alert(1)>"), errs.Invalid},
		"half a picture":       {freezer, nil, good[:len(good)/2], errs.Invalid},
		"a picture too wide":   {freezer, nil, photo(t, 9000, 1000, "png"), errs.Invalid},
		"too many bytes":       {freezer, nil, append(bytes.Clone(good), make([]byte, recording.MaxSnapshot)...), errs.Invalid},
		"of an alarm":          {freezer, func(p *recording.Snapshot) { p.Origin = recording.OfAlarm }, good, errs.Invalid},
		"to come":              {freezer, func(p *recording.Snapshot) { p.At = time.Now().Add(time.Hour) }, good, errs.Invalid},
		"a reference of lines": {freezer, func(p *recording.Snapshot) { p.Reference = "a\nb" }, good, errs.Invalid},
		"a sensor":             {freezer, func(p *recording.Snapshot) { p.Stream = "gauge-1" }, good, errs.NotFound},
	} {
		one := now
		if c.p != nil {
			c.p(&one)
		}
		if _, err := r.KeepSnapshot(c.ctx, one, c.text); errs.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := must[recording.Snapshot](t)(r.KeepSnapshot(freezer, now, good))
	other := who("320681", actor.VideoReplay, actor.VideoRecord, actor.VideoExport)
	if list := must[[]recording.Snapshot](t)(r.Snapshots(other, recording.SnapshotFilter{})); len(list) != 0 {
		t.Errorf("another division sees %+v", list)
	}
	if _, _, err := r.Picture(other, p.ID, false); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another division looks: %v", err)
	}
	if _, _, err := r.Picture(who("320623", actor.VideoReplay), p.ID, true); errs.KindOf(err) != errs.Denied {
		t.Errorf("who only looks takes it away: %v", err)
	}
	if err := r.RemoveSnapshot(other, p.ID); errs.KindOf(err) != errs.NotFound {
		t.Errorf("another division deletes: %v", err)
	}
}

func TestOldSnapshotsGoAndHeldOnesStay(t *testing.T) {
	db := storetest.SQLite(t)
	r := open(t, db, t.TempDir(), 1<<30)
	rows := store.NewRecordings(db)
	now := recording.Snapshot{Stream: "cam-1", At: time.Now(), Origin: recording.OfLive}
	kept := must[recording.Snapshot](t)(r.KeepSnapshot(freezer, now, photo(t, 8, 8, "jpeg")))
	now.Reference = "事件 7"
	held := must[recording.Snapshot](t)(r.KeepSnapshot(freezer, now, photo(t, 8, 8, "jpeg")))
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, p := range []recording.Snapshot{kept, held} {
		p.CreatedAt, p.File = p.CreatedAt.AddDate(0, 0, -31), ".snapshots/old/"+p.ID+".jpg"
		if err := os.MkdirAll(filepath.Join(r.dir, ".snapshots", "old"), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(r.dir, p.File), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		p.ID += "-old"
		if err := rows.AddSnapshot(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	again := open(t, db, r.dir, 1<<30)
	eventually(t, "the old one went", func() bool {
		return len(must[[]recording.Snapshot](t)(again.Snapshots(freezer, recording.SnapshotFilter{}))) == 3
	})
	if _, err := rows.Snapshot(t.Context(), held.ID+"-old"); err != nil {
		t.Errorf("what is held went: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(r.dir, ".snapshots", "old", "*")); len(left) != 1 {
		t.Errorf("left %v", left)
	}
}

func TestWhatIsKeptIsKeptForAnotherIncident(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := open(t, db, t.TempDir(), 1<<30)
		at := time.Now().Add(-time.Minute).Truncate(time.Millisecond)
		p := must[recording.Snapshot](t)(r.KeepSnapshot(freezer, recording.Snapshot{Stream: "cam-1", At: at, Origin: recording.OfLive, Reference: "2026-320623-0001"}, photo(t, 8, 8, "png")))
		hold := must[recording.Hold](t)(r.AddHold(freezer, recording.Hold{Stream: "cam-1", From: at, To: at.Add(time.Minute), Reference: "2026-320623-0001"}))
		refer := func(ctx context.Context, kind, id, from, to string) errs.Kind {
			return errs.KindOf(r.Refer(ctx, kind, id, from, to))
		}
		for name, got := range map[string]errs.Kind{
			"kept for another": refer(freezer, "snapshot", p.ID, "2026-320623-0009", "2026-320623-0002"),
			"held for another": refer(freezer, "hold", hold.ID, "", "2026-320623-0002"),
		} {
			if got != errs.Conflict {
				t.Errorf("%s: %v", name, got)
			}
		}
		if got := refer(who("320681", actor.VideoRecord), "snapshot", p.ID, "2026-320623-0001", "2026-320623-0002"); got != errs.NotFound {
			t.Errorf("by who does not see the camera: %v", got)
		}
		if got := refer(who("320623", actor.VideoReplay), "hold", hold.ID, "2026-320623-0001", "2026-320623-0002"); got != errs.Denied {
			t.Errorf("by who only looks: %v", got)
		}
		if got := refer(freezer, "clip", "nobody", "2026-320623-0001", "2026-320623-0002"); got != errs.NotFound {
			t.Errorf("a clip that is not there: %v", got)
		}
		for kind, id := range map[string]string{"snapshot": p.ID, "hold": hold.ID} {
			if err := r.Refer(freezer, kind, id, "2026-320623-0001", "2026-320623-0002"); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
		if list := must[[]recording.Snapshot](t)(r.Snapshots(freezer, recording.SnapshotFilter{Reference: "2026-320623-0002"})); len(list) != 1 {
			t.Errorf("pictures of the new one: %+v", list)
		}
		if list := must[[]recording.Hold](t)(r.Holds(freezer)); list[0].Reference != "2026-320623-0002" {
			t.Errorf("holds: %+v", list)
		}
	})
}

func TestPictureIsWhatItIsSaidToBe(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		sent := time.Now().Add(-time.Minute)
		r := open(t, db, t.TempDir(), 1<<30, func(o *recording.Options) {
			o.LastPicture = func(stream string) time.Time { return map[string]time.Time{"cam-1": sent}[stream] }
		})
		city := who("320600", actor.VideoWatch, actor.VideoReplay, actor.VideoRecord)
		for _, c := range []struct {
			name, stream string
			origin       recording.Origin
			at           time.Time
			want         bool
		}{
			{"while it sent", "cam-1", recording.OfLive, sent.Add(-time.Second), true},
			{"after it stopped", "cam-1", recording.OfLive, sent.Add(30 * time.Second), false},
			{"of a camera that never sent", "cam-2", recording.OfLive, sent, false},
			{"of a recording that there is not", "cam-1", recording.OfReplay, sent.Add(-time.Second), false},
		} {
			p := must[recording.Snapshot](t)(r.KeepSnapshot(city, recording.Snapshot{Stream: c.stream, At: c.at, Origin: c.origin, Verified: true}, photo(t, 8, 8, "png")))
			kept := must[recording.Snapshot](t)(store.NewRecordings(db).Snapshot(t.Context(), p.ID))
			if p.Verified != c.want || kept.Verified != c.want {
				t.Errorf("%s: %v, kept as %v", c.name, p.Verified, kept.Verified)
			}
		}
		g := recording.Segment{ID: "s-1", Stream: "cam-2", Source: recording.Live, From: sent.Add(-time.Hour), To: sent.Add(-59 * time.Minute), Film: sent.Add(-time.Hour), Bytes: 1, File: "cam-2/s-1.mp4"}
		if err := store.NewRecordings(db).AddSegment(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		if p := must[recording.Snapshot](t)(r.KeepSnapshot(city, recording.Snapshot{Stream: "cam-2", At: g.From.Add(time.Second), Origin: recording.OfReplay}, photo(t, 8, 8, "png"))); !p.Verified {
			t.Error("a recording shows that moment")
		}
		u := must[recording.Usage](t)(r.Usage(city))
		if u.Snapshots == 0 || u.Bytes != u.Snapshots+1 {
			t.Errorf("snapshots count in nothing: %+v", u)
		}
	})
}

func TestPictureForAnIncidentNeedsMoreThanWatchingAndNobodyKeepsTooMany(t *testing.T) {
	r := open(t, storetest.SQLite(t), t.TempDir(), 1<<30)
	p := recording.Snapshot{Stream: "cam-1", At: time.Now(), Origin: recording.OfLive}
	watcher := who("320623", actor.VideoWatch)
	must[recording.Snapshot](t)(r.KeepSnapshot(watcher, p, photo(t, 8, 8, "png")))
	p.Reference = "2026-320623-0001"
	if _, err := r.KeepSnapshot(watcher, p, photo(t, 8, 8, "png")); errs.KindOf(err) != errs.Denied {
		t.Errorf("who only watches keeps for ever: %v", err)
	}
	p.Reference = ""
	n, err := 1, error(nil)
	for ; err == nil && n < 100; n++ {
		_, err = r.KeepSnapshot(watcher, p, photo(t, 8, 8, "png"))
	}
	if errs.KindOf(err) != errs.Unavailable || n < 61 {
		t.Errorf("%d pictures, %v", n, err)
	}
	must[recording.Snapshot](t)(r.KeepSnapshot(who("320600", actor.VideoWatch), p, photo(t, 8, 8, "png"))) // another person
}
