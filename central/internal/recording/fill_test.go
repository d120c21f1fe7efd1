package recording_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/film"
	"github.com/fengsui/fengsui/shared/wire"
)

// strip is a film as a terminal keeps it.
type strip struct{ bytes.Buffer }

func (s *strip) Open(film.Segment) (io.WriteCloser, error) { return s, nil }
func (*strip) Close() error                                { return nil }
func (*strip) Grown(film.Segment)                          {}
func (*strip) Ended(film.Segment)                          {}

// filmOf is so many seconds of pictures from a moment on, and what its terminal says of it.
func filmOf(t *testing.T, from time.Time, seconds int) (wire.FilmOffered, []byte) {
	t.Helper()
	s := &strip{}
	w := film.NewWriter(s)
	show := &scene{takers: map[string]map[context.Context]func(film.Frame){"x": {t.Context(): func(f film.Frame) {
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}}}}
	show.show("x", from, 25*seconds)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(s.Bytes())
	return wire.FilmOffered{Start: wire.Millis(from), Duration: int64(seconds) * 1000, Size: int64(s.Len()), SHA256: hex.EncodeToString(sum[:])}, s.Bytes()
}

// gapped is a camera that is always recorded, with a gap of 20 s that its terminal is asked for.
func gapped(t *testing.T, db *store.DB, dir string) (r *room, gap time.Time, asked wire.RingFetch) {
	t.Helper()
	r = open(t, db, dir, 1<<30)
	must[recording.Policy](t)(r.SetPolicy(officer, "cam-1", recording.Always, 30, false))
	since := time.Now().Add(-time.Hour)
	p := must[[]recording.Policy](t)(store.NewRecordings(db).Policies(t.Context()))[0]
	p.Since = &since
	if err := store.NewRecordings(db).SavePolicy(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	r = open(t, db, dir, 1<<30)
	eventually(t, "the camera is recorded", func() bool { return r.scene.recorded("cam-1") })
	begin := time.Now().Add(-2 * time.Minute).Truncate(time.Millisecond)
	gap = begin.Add(10 * time.Second)
	r.scene.show("cam-1", begin, 25*10)
	r.scene.show("cam-1", begin.Add(30*time.Second), 25*10)
	r.field.mu.Lock()
	r.field.ring["edge-1"] = wire.RingState{Camera: "cam-1", From: wire.Millis(begin), To: wire.Millis(begin.Add(39 * time.Second))}
	r.field.mu.Unlock()
	eventually(t, "the terminal is asked for what is missing", func() bool { return r.field.last().ID != "" })
	return r, gap, r.field.last()
}

func (r *room) bring(t *testing.T, w wire.RingFetch, f wire.FilmOffered, text []byte, from, to int64) wire.FilmTaken {
	t.Helper()
	return must[wire.FilmTaken](t)(r.Piece(t.Context(), w.ID, w.Token, f, from, text[from:to]))
}

func TestTerminalFillsTheGapOnceWhateverBreaksOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		dir := t.TempDir()
		r, gap, w := gapped(t, db, dir)
		if !wire.Time(w.From).Equal(gap) || w.To-w.From != 20_000 || w.Camera != "cam-1" {
			t.Fatalf("asked for %+v, the gap begins at %s", w, gap)
		}
		// The film of the terminal begins before the gap and ends after it.
		f, text := filmOf(t, gap.Add(-7*time.Second), 35)
		half := int64(len(text) / 2)
		if taken := r.bring(t, w, f, text, 0, half); taken.Next != half {
			t.Fatalf("goes on at %d", taken.Next)
		}
		if taken := r.bring(t, w, f, text, 5, 90); taken.Next != half {
			t.Errorf("a piece that is not next: goes on at %d", taken.Next)
		}
		// The centre dies and comes back: the upload goes on where it was.
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		r = open(t, db, dir, 1<<30)
		if taken := must[wire.FilmTaken](t)(r.Offered(t.Context(), w.ID, w.Token, f)); taken.Next != half {
			t.Errorf("after a restart it goes on at %d", taken.Next)
		}
		r.bring(t, w, f, text, half, f.Size)
		// It is not wanted twice.
		if taken := must[wire.FilmTaken](t)(r.Offered(t.Context(), w.ID, w.Token, f)); !taken.Have {
			t.Errorf("the same film again: %+v", taken)
		}
		if err := r.Brought(t.Context(), w.ID, w.Token); err != nil {
			t.Fatal(err)
		}
		line := must[recording.Timeline](t)(r.Timeline(officer, "cam-1", gap.Add(-time.Minute), gap.Add(time.Minute)))
		if len(line.Spans) != 3 || line.Spans[1].Source != recording.Edge || !line.Spans[1].From.Equal(gap) || !line.Spans[1].To.Equal(gap.Add(20*time.Second)) {
			t.Fatalf("got %+v", line.Spans)
		}
		for i := 1; i < len(line.Spans); i++ {
			if line.Spans[i].From.Before(line.Spans[i-1].To) {
				t.Errorf("one moment is kept twice: %+v", line.Spans)
			}
		}
		wishes := must[[]recording.Wish](t)(r.Wishes(officer, "cam-1", gap, gap.Add(time.Second)))
		if len(wishes) != 1 || wishes[0].State != recording.Done || wishes[0].Films != 1 || wishes[0].Bytes != f.Size {
			t.Errorf("got %+v", wishes)
		}
		if _, err := r.Offered(t.Context(), w.ID, w.Token, f); errs.KindOf(err) != errs.NotFound {
			t.Errorf("after its end: %v", err)
		}
	})
}

// While the terminal sends, pictures of the middle come from elsewhere: its film shows two stretches then.
func TestFilmOfTwoStretchesIsAFileForEach(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		dir := t.TempDir()
		r, gap, w := gapped(t, db, dir)
		rows := store.NewRecordings(db)
		middle := recording.Segment{ID: "middle", Stream: "cam-1", Source: recording.Live, From: gap.Add(8 * time.Second), To: gap.Add(12 * time.Second), Film: gap.Add(8 * time.Second), Bytes: 1, File: "cam-1/middle.mp4"}
		if err := rows.AddSegment(t.Context(), middle); err != nil {
			t.Fatal(err)
		}
		f, text := filmOf(t, gap, 20)
		r.bring(t, w, f, text, 0, f.Size)
		// The second is whole when the centre dies, and is taken in with its last byte.
		part := filepath.Join(dir, ".fill", w.ID, f.SHA256)
		if err := errors.Join(os.MkdirAll(filepath.Dir(part), 0o750), os.WriteFile(part, text, 0o600)); err != nil {
			t.Fatal(err)
		}
		taken := must[wire.FilmTaken](t)(r.Offered(t.Context(), w.ID, w.Token, f))
		if taken.Next != f.Size-1 {
			t.Fatalf("goes on at %d of %d", taken.Next, f.Size)
		}
		r.bring(t, w, f, text, taken.Next, f.Size)
		if taken := must[wire.FilmTaken](t)(r.Offered(t.Context(), w.ID, w.Token, f)); !taken.Have {
			t.Errorf("a third time: %+v", taken)
		}
		var mine []recording.Segment
		for _, g := range must[[]recording.Segment](t)(rows.Segments(t.Context(), "cam-1", gap, gap.Add(20*time.Second))) {
			if g.Source == recording.Edge {
				mine = append(mine, g)
			}
		}
		if len(mine) != 2 || !mine[0].To.Equal(middle.From) || !mine[1].From.Equal(middle.To) || mine[0].File == mine[1].File {
			t.Fatalf("got %+v", mine)
		}
		for _, g := range mine {
			if _, err := os.Stat(filepath.Join(dir, g.File)); err != nil {
				t.Error(err)
			}
		}
		again := mine[0]
		again.ID = "again"
		if err := rows.AddSegment(t.Context(), again); errs.KindOf(err) != errs.Conflict {
			t.Errorf("a second row for a file: %v", err)
		}
	})
}

func TestHostileUploadsAreRefused(t *testing.T) {
	db := storetest.SQLite(t)
	r, gap, w := gapped(t, db, t.TempDir())
	f, text := filmOf(t, gap, 20)
	if _, err := r.Offered(t.Context(), w.ID, "guess", f); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("a wrong ticket: %v", err)
	}
	if _, err := r.Offered(t.Context(), "another", w.Token, f); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("an unknown span: %v", err)
	}
	for name, change := range map[string]func(*wire.FilmOffered){
		"a path as hash":                  func(f *wire.FilmOffered) { f.SHA256 = "../../../etc/passwd" },
		"huge":                            func(f *wire.FilmOffered) { f.Size = wire.MaxRingFilm + 1 },
		"of more sound than it has bytes": func(f *wire.FilmOffered) { f.Sound = f.Size },
		"of less than no sound":           func(f *wire.FilmOffered) { f.Sound = -1 },
		"of no size":                      func(f *wire.FilmOffered) { f.Size = 0 },
		"of another time":                 func(f *wire.FilmOffered) { f.Start -= 3_600_000 },
		"of a year":                       func(f *wire.FilmOffered) { f.Duration = 1 << 60 },
		"that ends before then":           func(f *wire.FilmOffered) { f.Duration = -5 },
	} {
		bad := f
		change(&bad)
		if _, err := r.Offered(t.Context(), w.ID, w.Token, bad); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Another content than announced, rubbish that is announced right, and a film that is cut.
	other := bytes.Clone(text)
	other[len(other)-1] ^= 1
	rubbish := bytes.Repeat([]byte{7}, 5000)
	for name, content := range map[string][]byte{"other content": other, "rubbish": rubbish, "cut": text[:len(text)-10]} {
		said := f
		if name != "other content" {
			sum := sha256.Sum256(content)
			said.SHA256, said.Size = hex.EncodeToString(sum[:]), int64(len(content))
		}
		if _, err := r.Piece(t.Context(), w.ID, w.Token, said, 0, content); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	long := f
	long.Duration += 5000
	if _, err := r.Piece(t.Context(), w.ID, w.Token, long, 0, text); errs.KindOf(err) != errs.Invalid {
		t.Errorf("longer than it is: %v", err)
	}
	line := must[recording.Timeline](t)(r.Timeline(officer, "cam-1", gap.Add(-time.Minute), gap.Add(time.Minute)))
	if len(line.Spans) != 2 {
		t.Errorf("something was taken: %+v", line.Spans)
	}
	r.bring(t, w, f, text, 0, f.Size) // and the right one still is
	r.Result(wire.CommandResult{Command: "unknown", Error: "x"})
}

func TestTerminalThatCannotSaysWhy(t *testing.T) {
	r, gap, w := gapped(t, storetest.SQLite(t), t.TempDir())
	_ = w
	list := must[[]recording.Wish](t)(r.Wishes(officer, "cam-1", gap, gap.Add(time.Second)))
	if len(list) != 1 || list[0].State != recording.Wanted {
		t.Fatalf("got %+v", list)
	}
	if _, err := r.Ask(who("320623"), "cam-1", gap, gap.Add(time.Minute)); errs.KindOf(err) != errs.Denied {
		t.Errorf("without permission: %v", err)
	}
	if _, err := r.Ask(officer, "gauge-1", gap, gap.Add(time.Minute)); errs.KindOf(err) != errs.NotFound {
		t.Errorf("no camera: %v", err)
	}
}

// attic is a film with its sound, as a terminal keeps both.
type attic struct {
	strip
	sound bytes.Buffer
}

func (a *attic) OpenSound(film.Segment) (io.WriteCloser, error) { return shut{&a.sound}, nil }

type shut struct{ io.Writer }

func (shut) Close() error { return nil }

// heardOf is filmOf with a second of something loud in it, after so many seconds.
func heardOf(t *testing.T, from time.Time, seconds, loudAt int) (wire.FilmOffered, []byte) {
	t.Helper()
	a := &attic{}
	w := film.NewWriter(a)
	take := func(f film.Frame) {
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	show := &scene{
		takers: map[string]map[context.Context]func(film.Frame){"x": {t.Context(): take}},
		ears:   map[context.Context]func(film.Sound){t.Context(): w.Hear},
		sounds: func(n int) []byte { return loud(n >= 25*loudAt && n < 25*(loudAt+1)) },
	}
	show.show("x", from, 25*seconds)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	text := append(bytes.Clone(a.Bytes()), a.sound.Bytes()...)
	sum := sha256.Sum256(text)
	return wire.FilmOffered{Start: wire.Millis(from), Duration: int64(seconds) * 1000, Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:]), Sound: int64(a.sound.Len())}, text
}

func TestTerminalBringsItsSoundInStepWithThePictures(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		dir := t.TempDir()
		r, gap, w := gapped(t, db, dir)
		if !w.Sound {
			t.Error("sound is not asked for")
		}
		f, text := heardOf(t, gap, 20, 6)
		r.bring(t, w, f, text, 0, f.Size/2)
		r.bring(t, w, f, text, f.Size/2, f.Size)
		if err := r.Brought(t.Context(), w.ID, w.Token); err != nil {
			t.Fatal(err)
		}
		var g recording.Segment
		for _, one := range must[[]recording.Segment](t)(store.NewRecordings(db).Segments(t.Context(), "cam-1", gap, gap.Add(20*time.Second))) {
			if one.Source == recording.Edge {
				g = one
			}
		}
		if g.Sound != "flac" || g.Bytes != f.Size {
			t.Fatalf("got %+v of %d bytes", g, f.Size)
		}
		exporter := who("320623", actor.VideoExport)
		c := must[recording.Clip](t)(r.OrderClip(exporter, recording.Clip{Stream: "cam-1", From: gap.Add(-2 * time.Second), To: gap.Add(22 * time.Second), Reference: "事件 7"}))
		eventually(t, "the clip is made", func() bool {
			c = find(exporter, t, r, c.ID)
			return c.State != recording.Making
		})
		if at := beepOf(exporter, t, r, c); (at - 8*time.Second).Abs() > 100*time.Millisecond {
			t.Errorf("the tone is at %s of the clip", at)
		}
	})
}

func TestSoundThatIsNotWantedOrBrokenLeavesThePictures(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, r *room, f *wire.FilmOffered, text []byte) []byte{
		"muted": func(t *testing.T, r *room, _ *wire.FilmOffered, text []byte) []byte {
			t.Helper()
			must[recording.Policy](t)(r.SetPolicy(officer, "cam-1", recording.Always, 30, true))
			return text
		},
		"broken": func(_ *testing.T, _ *room, f *wire.FilmOffered, text []byte) []byte {
			for i := f.Size - f.Sound; i < f.Size-f.Sound+40; i++ {
				text[i] = 7
			}
			return text
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := storetest.SQLite(t)
			r, gap, w := gapped(t, db, t.TempDir())
			f, text := heardOf(t, gap, 20, 6)
			text = spoil(t, r, &f, text)
			sum := sha256.Sum256(text)
			f.SHA256 = hex.EncodeToString(sum[:])
			r.bring(t, w, f, text, 0, f.Size)
			list := must[[]recording.Segment](t)(store.NewRecordings(db).Segments(t.Context(), "cam-1", gap, gap.Add(20*time.Second)))
			if i := slices.IndexFunc(list, func(g recording.Segment) bool { return g.Source == recording.Edge }); i < 0 || list[i].Sound != "" || list[i].Bytes != f.Size-f.Sound {
				t.Errorf("got %+v", list)
			}
		})
	}
}

// What a terminal records by itself is told with each camera, and that it does not.
func TestWhatATerminalHoldsIsTold(t *testing.T) {
	r := open(t, storetest.SQLite(t), t.TempDir(), 1<<30)
	of := func(stream string) *recording.Held {
		for _, c := range must[recording.Overview](t)(r.Overview(officer)).Cameras {
			if c.Stream == stream {
				return c.AtTerminal
			}
		}
		t.Fatalf("%s is not listed", stream)
		return nil
	}
	if got := of("cam-1"); got != nil {
		t.Errorf("of a terminal that has said nothing: %+v", got)
	}
	from := time.Now().Add(-time.Hour).Truncate(time.Millisecond).UTC()
	for _, one := range []struct {
		says wire.RingState
		want recording.HeldState
	}{
		{wire.RingState{Camera: "cam-1", From: wire.Millis(from), To: wire.Millis(from.Add(time.Minute)), Bytes: 7}, recording.HeldKept},
		{wire.RingState{Camera: "cam-1", Error: "the terminal's disk is too full", Full: true}, recording.HeldFull},
		{wire.RingState{Camera: "cam-1", Error: "camera does not answer"}, recording.HeldBroken},
		{wire.RingState{Camera: "cam-9"}, recording.HeldOff},
	} {
		r.field.mu.Lock()
		r.field.ring["edge-1"] = one.says
		r.field.mu.Unlock()
		got := of("cam-1")
		if got == nil || got.State != one.want || got.Bytes != one.says.Bytes && one.want == recording.HeldKept || (got.From != nil) != (one.want == recording.HeldKept) {
			t.Errorf("%+v is told as %+v", one.says, got)
		}
	}
	if got := of("seat-1"); got != nil {
		t.Errorf("of a seat: %+v", got)
	}
}
