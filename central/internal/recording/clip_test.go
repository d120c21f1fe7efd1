package recording_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/pmp4"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

var taker = who("320623", actor.VideoReplay, actor.VideoRecord, actor.VideoExport)

// filmed is a room whose first camera recorded from begin on 70 s, nothing for 50 s, and 20 s more.
func filmed(t *testing.T, db *store.DB, change ...func(*recording.Options)) (r *room, begin time.Time) {
	t.Helper()
	r = open(t, db, t.TempDir(), 1<<30, change...)
	must[recording.Policy](t)(r.SetPolicy(officer, "cam-1", recording.Always, 30, false))
	eventually(t, "the camera is recorded", func() bool { return r.scene.recorded("cam-1") })
	begin = time.Now().Add(-time.Hour).Truncate(time.Second)
	r.scene.show("cam-1", begin, 25*70)
	r.scene.show("cam-1", begin.Add(2*time.Minute), 25*20)
	return r, begin
}

// made waits until a clip is what it becomes.
func (r *room) made(t *testing.T, id string) (c recording.Clip) {
	t.Helper()
	eventually(t, "the clip is made or failed", func() bool {
		for _, c = range must[[]recording.Clip](t)(r.Clips(taker)) {
			if c.ID == id {
				return c.State != recording.Making
			}
		}
		return false
	})
	return c
}

func (r *room) take(t *testing.T, id, name string) string {
	t.Helper()
	got := must[recording.Taken](t)(r.TakeClip(taker, id, name))
	text := must[[]byte](t)(io.ReadAll(got))
	if int64(len(text)) != got.Size {
		t.Fatalf("%s: %d bytes, said %d", name, len(text), got.Size)
	}
	_ = got.Close()
	return string(text)
}

func TestClipIsTheSpanWithItsGapsItsHashAndATrace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r, begin := filmed(t, db)
		ordered := must[recording.Clip](t)(r.OrderClip(taker, recording.Clip{Stream: "cam-1", From: begin.Add(30500 * time.Millisecond), To: begin.Add(125 * time.Second), Reference: "事件 7", AuthorName: "not me"}))
		if ordered.AuthorName != "周岚" || ordered.State != recording.Making {
			t.Fatalf("ordered %+v", ordered)
		}
		c := r.made(t, ordered.ID)
		if c.State != recording.Made || c.Trouble != "" || len(c.Files) != 1 || c.MadeAt == nil {
			t.Fatalf("got %+v", c)
		}
		f := c.Files[0]
		// A key frame stands every second: it begins at the one before, on the film of 25 pictures a second.
		s := f.Stretches
		if len(s) != 3 || !s[0].From.Equal(begin.Add(30*time.Second)) || !s[1].From.Equal(begin.Add(time.Minute)) || !s[2].From.Equal(begin.Add(2*time.Minute)) || s[2].At != 40 || f.Seconds != 45 {
			t.Errorf("shows %+v in %.3f s", s, f.Seconds)
		}
		if len(c.Gaps) != 1 || !c.Gaps[0].From.Equal(begin.Add(70*time.Second)) || !c.Gaps[0].To.Equal(begin.Add(2*time.Minute)) {
			t.Errorf("gaps %+v", c.Gaps)
		}
		text := r.take(t, c.ID, f.Name)
		sum := sha256.Sum256([]byte(text))
		if hex.EncodeToString(sum[:]) != f.SHA256 || int64(len(text)) != f.Bytes {
			t.Error("the file is not the one of its hash")
		}
		var film pmp4.Presentation
		if err := film.Unmarshal(strings.NewReader(text)); err != nil || len(film.Tracks[0].Samples) != 45*25 || film.Tracks[0].Samples[0].IsNonSyncSample {
			t.Errorf("the file: %v", err)
		}
		note := r.take(t, c.ID, "")
		for _, want := range []string{"\n" + f.SHA256 + "  " + f.Name + "\n", "事件 7", "周岚", "缺失 (gap)", "未叠加任何内容"} {
			if !strings.Contains(note, want) {
				t.Errorf("the note lacks %q:\n%s", want, note)
			}
		}
		taken := r.told(recording.EventClipTaken)
		if len(taken) != 2 || taken[0].ActorName != "周岚" || taken[0].Data.(recording.ClipTaken).SHA256 != f.SHA256 {
			t.Errorf("traces %+v", taken)
		}
		if o := must[recording.Overview](t)(r.Overview(officer)); o.Usage.Clips != f.Bytes || o.Burns {
			t.Errorf("usage %+v", o.Usage)
		}
		if err := r.RemoveClip(taker, c.ID); err != nil {
			t.Fatal(err)
		}
		if left, _ := os.ReadDir(filepath.Join(r.dir, ".clips")); len(left) != 0 || len(must[[]recording.Clip](t)(r.Clips(taker))) != 0 {
			t.Errorf("left %v", left)
		}
		if _, err := r.TakeClip(taker, c.ID, f.Name); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a clip that was removed is taken: %v", err)
		}
	})
}

func TestWhoMayHaveAClipOfWhat(t *testing.T) {
	r, begin := filmed(t, storetest.SQLite(t))
	order := recording.Clip{Stream: "cam-1", From: begin, To: begin.Add(10 * time.Second), Reference: "案卷 3"}
	for name, c := range map[string]struct {
		ctx  context.Context
		bad  func(*recording.Clip)
		want errs.Kind
	}{
		"who only looks":        {officer, nil, errs.Denied},
		"nobody":                {context.Background(), nil, errs.Unauthenticated},
		"another division":      {who("320681", actor.VideoExport), nil, errs.NotFound},
		"no reference":          {taker, func(c *recording.Clip) { c.Reference = "" }, errs.Invalid},
		"a reference of lines":  {taker, func(c *recording.Clip) { c.Reference = "a\nb" }, errs.Invalid},
		"backwards":             {taker, func(c *recording.Clip) { c.From, c.To = c.To, c.From }, errs.Invalid},
		"too long":              {taker, func(c *recording.Clip) { c.From = begin.Add(-3 * time.Hour) }, errs.Invalid},
		"no second":             {taker, func(c *recording.Clip) { c.To = c.From.Add(time.Millisecond) }, errs.Invalid},
		"to come":               {taker, func(c *recording.Clip) { c.From = time.Now(); c.To = time.Now().Add(time.Hour) }, errs.Invalid},
		"nothing was recorded":  {taker, func(c *recording.Clip) { c.From, c.To = begin.Add(-time.Hour), begin.Add(-time.Minute) }, errs.Conflict},
		"nothing can be burned": {taker, func(c *recording.Clip) { c.Burn = true }, errs.Invalid},
		"no camera":             {taker, func(c *recording.Clip) { c.Stream = "gauge-1" }, errs.NotFound},
	} {
		one := order
		if c.bad != nil {
			c.bad(&one)
		}
		if _, err := r.OrderClip(c.ctx, one); errs.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := r.made(t, must[recording.Clip](t)(r.OrderClip(taker, order)).ID)
	for name, ask := range map[string]struct {
		ctx      context.Context
		id, file string
		want     errs.Kind
	}{
		"who only looks":   {officer, c.ID, c.Files[0].Name, errs.Denied},
		"another division": {who("320681", actor.VideoExport), c.ID, c.Files[0].Name, errs.NotFound},
		"a way out":        {taker, c.ID, "../../central.db", errs.NotFound},
		"no clip":          {taker, "x", c.Files[0].Name, errs.NotFound},
	} {
		if _, err := r.TakeClip(ask.ctx, ask.id, ask.file); errs.KindOf(err) != ask.want {
			t.Errorf("take: %s: %v", name, err)
		}
	}
	if list := must[[]recording.Clip](t)(r.Clips(who("320681", actor.VideoExport))); len(list) != 0 {
		t.Errorf("another division sees %+v", list)
	}
	if n := len(r.told(recording.EventClipTaken)); n != 0 {
		t.Errorf("%d traces of what nobody took", n)
	}
}

func TestClipsExpireAndAKillLeavesNoneHalf(t *testing.T) {
	db := storetest.SQLite(t)
	r, begin := filmed(t, db)
	c := r.made(t, must[recording.Clip](t)(r.OrderClip(taker, recording.Clip{Stream: "cam-1", From: begin, To: begin.Add(10 * time.Second), Reference: "7"})).ID)
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	// As a kill leaves one: half of a file under a clip that is being made, and one that expired meanwhile.
	rows, half, old := store.NewRecordings(db), c, c
	half.State, half.MadeAt, half.Files = recording.Making, nil, []recording.ClipFile{}
	old.ID, old.Expires = "00000000-old", time.Now().Add(-time.Minute)
	for _, dir := range []string{half.ID, old.ID} {
		if err := os.MkdirAll(filepath.Join(r.dir, ".clips", dir), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(r.dir, ".clips", dir, "torn.mp4"), bytes.Repeat([]byte{1}, 99), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.ChangeClip(t.Context(), half); err != nil {
		t.Fatal(err)
	}
	if err := rows.AddClip(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	again := open(t, db, r.dir, 1<<30)
	got := again.made(t, c.ID)
	if got.State != recording.Made || got.Files[0].SHA256 != c.Files[0].SHA256 {
		t.Errorf("got %+v", got)
	}
	left, _ := filepath.Glob(filepath.Join(r.dir, ".clips", "*", "*"))
	if len(left) != 2 || len(must[[]recording.Clip](t)(again.Clips(taker))) != 1 {
		t.Errorf("left %v", left)
	}
}

func TestClipWithoutRoomOrPicturesSaysSo(t *testing.T) {
	db := storetest.SQLite(t)
	r, begin := filmed(t, db)
	must[recording.Hold](t)(r.AddHold(officer, recording.Hold{Stream: "cam-1", From: begin, To: begin.Add(time.Minute), Reference: "7"}))
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	r = open(t, db, r.dir, 1<<30, func(o *recording.Options) { o.Reserve = 1 << 60 })
	span := recording.Clip{Stream: "cam-1", From: begin, To: begin.Add(10 * time.Second), Reference: "7"}
	if c := r.made(t, must[recording.Clip](t)(r.OrderClip(taker, span)).ID); c.State != recording.ClipFailed || c.Trouble != recording.NoRoom {
		t.Errorf("no room: %+v", c)
	}
	r, begin = filmed(t, storetest.SQLite(t), func(o *recording.Options) { o.Burner.Program = filepath.Join(o.Dir, "ffmpeg") }) // is not there
	span.From, span.To, span.Burn = begin, begin.Add(10*time.Second), true
	if c := r.made(t, must[recording.Clip](t)(r.OrderClip(taker, span)).ID); c.State != recording.Made || c.Trouble != recording.NotBurned || len(c.Files) != 1 {
		t.Errorf("nothing burned: %+v", c)
	}
	if err := os.RemoveAll(filepath.Join(r.dir, "cam-1")); err != nil {
		t.Fatal(err)
	}
	if c := r.made(t, must[recording.Clip](t)(r.OrderClip(taker, span)).ID); c.State != recording.ClipFailed || c.Trouble != recording.NoPictures {
		t.Errorf("no pictures: %+v", c)
	}
}
