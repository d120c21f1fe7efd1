package recording_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/film"
	"github.com/fengsui/fengsui/shared/wire"
)

// scene is a camera whose pictures the test shows; it stands where the router stands.
type scene struct {
	mu     sync.Mutex
	takers map[string]map[context.Context]func(film.Frame)
	ears   map[context.Context]func(film.Sound)
	since  map[string]time.Time // nothing of before is wanted
	past   map[string]time.Time // of the last key frame of before
	sounds func(n int) []byte   // of the picture n; nil: none
	kept   []string
	opened map[string]int    // how often each was opened for a picture
	open   map[string]bool   // is
	lacks  map[string]string // why a camera is not opened
	next   int
}

func (s *scene) Tap(ctx context.Context, stream string, since time.Time, take func(film.Frame), hear func(film.Sound), _ func(time.Time)) error {
	s.mu.Lock()
	if s.takers[stream] == nil {
		s.takers[stream] = map[context.Context]func(film.Frame){}
	}
	s.takers[stream][ctx] = func(f film.Frame) {
		if !f.At.Before(since) {
			take(f)
		}
	}
	if at, ok := s.past[stream]; ok {
		s.takers[stream][ctx](film.Frame{At: at, Key: true, First: true, Units: keyUnits()})
	}
	if s.since == nil {
		s.since = map[string]time.Time{}
	}
	s.since[stream] = since
	if s.ears == nil {
		s.ears = map[context.Context]func(film.Sound){}
	}
	s.ears[ctx] = hear
	s.mu.Unlock()
	<-ctx.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.ears, ctx)
	delete(s.takers[stream], ctx)
	return nil
}

func (s *scene) Keep(_ context.Context, streams []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = slices.Clone(streams)
}

func (s *scene) Peek(_ context.Context, stream string) (func() string, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if why := s.lacks[stream]; why != "" {
		return nil, why
	}
	s.opened[stream]++
	s.open[stream] = true
	return func() string {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open[stream] = false
		return ""
	}, ""
}

func (s *scene) recorded(stream string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.takers[stream]) > 0 && slices.Contains(s.kept, stream)
}

// isOpen reports whether a camera is opened for a picture, and how often it was.
func (s *scene) isOpen(stream string) (now bool, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[stream], s.opened[stream]
}

func keyUnits() [][]byte {
	return [][]byte{{0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40, 0x50, 0x1e, 0x90, 0x0f, 0x08, 0x84, 0x6a}, {0x68, 0xce, 0x3c, 0x80}, bytes.Repeat([]byte{0x65}, 900)}
}

// show plays so many pictures of 25 a second, with a key frame every second, that begin at a moment.
func (s *scene) show(stream string, from time.Time, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range n {
		f := film.Frame{Time: uint32(s.next * 3600), At: from.Add(time.Duration(i) * 40 * time.Millisecond), Units: [][]byte{bytes.Repeat([]byte{0x41}, 200)}}
		if i%25 == 0 {
			f.Key, f.First = true, i == 0
			f.Units = keyUnits()
		}
		for ctx, take := range s.takers[stream] {
			take(f)
			if hear := s.ears[ctx]; hear != nil && s.sounds != nil {
				hear(film.Sound{Codec: film.PCMA, Time: uint32(s.next * 320), At: f.At, From: s, Data: s.sounds(i)})
			}
		}
		s.next++
	}
}

type devices map[string]device.Device

func (d devices) Visible(ctx context.Context, id string) (device.Device, bool) {
	one, ok := d[id]
	a, _ := actor.From(ctx)
	return one, ok && a.Sees(one.Division)
}

func (d devices) All(ctx context.Context) (out []device.Device, _ error) {
	for id := range d {
		if one, ok := d.Visible(ctx, id); ok {
			out = append(out, one)
		}
	}
	return out, nil
}

// byDivision has a desk for each division, above those of the divisions within it.
type byDivision struct{}

func (byDivision) Reach(ctx context.Context, p actor.Permission) (recording.Reach, error) {
	a, err := actor.Require(ctx, p)
	return recording.Reach{Org: a.DivisionCode, Name: a.DivisionCode, Has: func(org string) bool { return a.Kind == actor.System || a.Covers(org) }}, err
}

// terminals is what the test lets terminals say and hears them told.
type terminals struct {
	mu   sync.Mutex
	ring map[string]wire.RingState
	told []wire.RingFetch
}

func (f *terminals) Reported(_ context.Context, edge string) (device.Reported, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.ring[edge]
	if !ok {
		return device.Reported{}, errs.E(errs.NotFound, "device.not_reported", "no")
	}
	return device.Reported{Status: wire.Status{Ring: []wire.RingState{r}}}, nil
}

func (f *terminals) Connected(context.Context, string) bool { return true }

func (f *terminals) Command(_ context.Context, _ string, c wire.Command) error {
	var w wire.RingFetch
	if err := json.Unmarshal(c.Body, &w); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told = append(f.told, w)
	return nil
}

func (f *terminals) all() []wire.RingFetch {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.told)
}

func (f *terminals) last() wire.RingFetch {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.told) == 0 {
		return wire.RingFetch{}
	}
	return f.told[len(f.told)-1]
}

type room struct {
	*recording.Service
	scene *scene
	field *terminals
	dir   string
	db    *store.DB

	mu     sync.Mutex
	events []event.Event
}

func open(t *testing.T, db *store.DB, dir string, quota int64, change ...func(*recording.Options)) *room {
	t.Helper()
	r := &room{scene: &scene{takers: map[string]map[context.Context]func(film.Frame){}, opened: map[string]int{}, open: map[string]bool{}, lacks: map[string]string{}}, field: &terminals{ring: map[string]wire.RingState{}}, dir: dir, db: db}
	bus := event.NewBus(storetest.Recorder(db))
	bus.Handle(func(_ context.Context, e event.Event) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events = append(r.events, e)
	})
	o := recording.Options{
		Store: store.NewRecordings(db), Tx: db, Taps: r.scene, Leases: r.scene, Sender: r.field, Reporter: r.field, Events: bus, Log: slog.New(slog.DiscardHandler), Desks: byDivision{}, Dir: dir, Quota: quota, KeepClips: 24 * time.Hour, AlarmRule: recording.AlarmRule{Within: 500, Pictures: 4},
		Devices: devices{
			"cam-1": {ID: "cam-1", Kind: device.Camera, Parent: "edge-1", Division: "320623"}, "cam-2": {ID: "cam-2", Kind: device.Camera, Parent: "edge-2", Division: "320681"},
			"seat-1":  {ID: "seat-1", Kind: device.Camera, Division: "320623"},
			"gauge-1": {ID: "gauge-1", Kind: device.Sensor, Parent: "edge-1", Division: "320623"},
		},
	}
	for _, fn := range change {
		fn(&o)
	}
	r.Service = recording.New(o)
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Stop(context.Background()) })
	return r
}

func (r *room) told(kind string) (out []event.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

// marks are those of a camera within an hour of now.
func (r *room) marks(t *testing.T, stream string) []recording.Mark {
	t.Helper()
	now := time.Now()
	return must[[]recording.Mark](t)(store.NewRecordings(r.db).Marks(t.Context(), stream, now.Add(-time.Hour), now.Add(time.Hour)))
}

func who(division string, p ...actor.Permission) context.Context {
	return actor.With(context.Background(), actor.Actor{Kind: actor.User, ID: "u-" + division, Name: "周岚", DivisionCode: division, Permissions: p})
}

var officer = who("320623", actor.VideoReplay, actor.VideoRecord)

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	end := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-end:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestRecordedIsFoundByTimeAndLookingLeavesATrace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := open(t, db, t.TempDir(), 1<<30)
		must[recording.Policy](t)(r.SetPolicy(officer, "cam-1", recording.Always, 30, false))
		eventually(t, "the camera is recorded", func() bool { return r.scene.recorded("cam-1") })
		begin := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
		r.scene.show("cam-1", begin, 25*70)
		r.scene.show("cam-1", begin.Add(2*time.Minute), 25*10)
		from, to := begin.Add(-time.Minute), begin.Add(10*time.Minute)
		line := must[recording.Timeline](t)(r.Timeline(officer, "cam-1", from, to))
		if len(line.Spans) != 2 || line.Spans[0].To.Sub(line.Spans[0].From) != 70*time.Second || !line.Spans[1].From.Equal(begin.Add(2*time.Minute)) {
			t.Fatalf("got %+v", line.Spans)
		}
		play := must[recording.Play](t)(r.Play(officer, "", []string{"cam-1"}, begin.Add(65*time.Second), to))
		list := play.Reels[0].Segments
		if len(list) != 2 || !list[0].From.Equal(begin.Add(time.Minute)) || list[0].Open || !list[1].Open || list[0].Codec != "avc1.42c01f" {
			t.Fatalf("got %+v", list)
		}
		// The open one is read as far as it is written, and from a moment on.
		for _, c := range []struct {
			at   time.Time
			want time.Duration
		}{{time.Time{}, 9 * time.Second}, {list[1].Film.Add(5 * time.Second), 4 * time.Second}} {
			got := must[recording.Footage](t)(r.Read(officer, play.ID, list[1].ID, c.at, false))
			text := must[[]byte](t)(io.ReadAll(got))
			f, err := film.Read(bytes.NewReader(text), int64(len(text)))
			if err != nil || int64(len(text)) != got.Size {
				t.Fatalf("%d of %d bytes: %v", len(text), got.Size, err)
			}
			if shown := f.Duration - f.Parts[0].Time; shown < c.want || shown > c.want+time.Second {
				t.Errorf("%s are shown", shown)
			}
			_ = got.Close()
		}
		if n := len(r.told(recording.EventPlayed)); n != 1 {
			t.Errorf("%d traces", n)
		}
		again := must[recording.Play](t)(r.Play(officer, play.ID, []string{"cam-1"}, begin, to))
		if again.ID != play.ID || len(r.told(recording.EventPlayed)) != 1 {
			t.Error("going on left a second trace")
		}
		for _, c := range []struct {
			name string
			ctx  context.Context
			play string
			want errs.Kind
		}{
			{"no look", officer, "", errs.Denied},
			{"another's look", who("320600", actor.VideoReplay), "x", errs.Denied},
			{"no permission", who("320623", actor.VideoWatch), play.ID, errs.Denied},
			{"nobody", context.Background(), play.ID, errs.Unauthenticated},
		} {
			if _, err := r.Read(c.ctx, c.play, list[0].ID, time.Time{}, false); errs.KindOf(err) != c.want {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if _, err := r.Play(who("320681", actor.VideoReplay), "", []string{"cam-1"}, from, to); errs.KindOf(err) != errs.NotFound {
			t.Errorf("another division: %v", err)
		}
	})
}

// What somebody sends of themselves is kept from the moment on at which the recording began, of which they are told.
func TestWhoSendsByThemselvesIsNotRecordedBackwards(t *testing.T) {
	r := open(t, storetest.SQLite(t), t.TempDir(), 1<<30)
	begin := time.Now()
	for _, stream := range []string{"cam-1", "seat-1"} {
		must[recording.Policy](t)(r.Begin(officer, stream, 60))
		eventually(t, "it is recorded", func() bool { return r.scene.recorded(stream) })
	}
	r.scene.mu.Lock()
	defer r.scene.mu.Unlock()
	if camera, seat := r.scene.since["cam-1"], r.scene.since["seat-1"]; !camera.IsZero() || seat.Before(begin) {
		t.Errorf("since %v of the camera, %v of the seat", camera, seat)
	}
}

func TestTornFileIsWholeAfterTheNextStart(t *testing.T) {
	db, dir := storetest.SQLite(t), t.TempDir()
	r := open(t, db, dir, 1<<30)
	must[recording.Policy](t)(r.Begin(officer, "cam-1", 60))
	eventually(t, "the camera is recorded", func() bool { return r.scene.recorded("cam-1") })
	begin := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	r.scene.show("cam-1", begin, 25*10)
	// As a kill leaves it: the row is open, the file has half a part at its end. Another has no file at all.
	files, _ := filepath.Glob(filepath.Join(dir, "cam-1", "*", "*.mp4"))
	if len(files) != 1 {
		t.Fatalf("%d files", len(files))
	}
	text := must[[]byte](t)(os.ReadFile(files[0]))
	list := must[[]recording.Segment](t)(store.NewRecordings(db).Segments(t.Context(), "cam-1", begin, time.Now()))
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	lost := list[0]
	lost.ID, lost.File = "lost", "cam-1/2026-01-01/lost.mp4"
	err := errors.Join(os.WriteFile(files[0], text[:len(text)-700], 0o600), store.NewRecordings(db).ChangeSegment(t.Context(), list[0]), store.NewRecordings(db).AddSegment(t.Context(), lost))
	if err != nil {
		t.Fatal(err)
	}
	again := open(t, db, dir, 1<<30)
	line := must[recording.Timeline](t)(again.Timeline(officer, "cam-1", begin.Add(-time.Minute), begin.Add(time.Minute)))
	if len(line.Spans) != 1 || line.Spans[0].To.Sub(begin) != 8*time.Second {
		t.Errorf("got %+v", line.Spans)
	}
	whole := must[recording.Segment](t)(store.NewRecordings(db).Segment(t.Context(), list[0].ID))
	if info := must[os.FileInfo](t)(os.Stat(files[0])); info.Size() != whole.Bytes || info.Size() >= int64(len(text)-700) {
		t.Errorf("the file has %d bytes, of which %d are whole", info.Size(), whole.Bytes)
	}
	if _, err := store.NewRecordings(db).Segment(t.Context(), "lost"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("a recording without a file is still listed: %v", err)
	}
}

// A terminal that comes back after a kill sends what it had since its last key frame a millisecond apart: those pictures are
// of before, and no moment shows them.
func TestPicturesOfBeforeAreInNoMoment(t *testing.T) {
	db, dir := storetest.SQLite(t), t.TempDir()
	r := open(t, db, dir, 1<<30)
	must[recording.Policy](t)(r.Begin(officer, "cam-1", 60))
	eventually(t, "the camera is recorded", func() bool { return r.scene.recorded("cam-1") })
	begin := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
	r.scene.mu.Lock()
	ticks := uint32(0)
	for i := range 100 {
		f := film.Frame{Time: ticks, At: begin.Add(time.Duration(max(0, i-39)) * 40 * time.Millisecond), Units: [][]byte{bytes.Repeat([]byte{0x41}, 200)}}
		if i == 0 {
			f.Key, f.First = true, true
			f.Units = keyUnits()
		}
		for _, take := range r.scene.takers["cam-1"] {
			take(f)
		}
		if ticks += 90; i >= 39 {
			ticks += 3510
		}
	}
	r.scene.mu.Unlock()
	look := func(what string) recording.Segment {
		list := must[[]recording.Segment](t)(store.NewRecordings(db).Segments(t.Context(), "cam-1", begin.Add(-time.Minute), begin.Add(time.Minute)))
		if len(list) != 1 || !list[0].Film.Equal(begin) || !list[0].From.Equal(begin.Add(39*time.Millisecond)) {
			t.Fatalf("%s: got %+v", what, list)
		}
		return list[0]
	}
	if g := look("as a kill would leave it"); !g.Open || g.Bytes != 0 {
		t.Errorf("got %+v", g)
	}
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if g := look("closed"); g.To.Sub(g.From) != 61*40*time.Millisecond {
		t.Errorf("it shows %s", g.To.Sub(g.From))
	}
}

func TestOldestGoesForRoomAndWhatIsHeldStays(t *testing.T) {
	db, dir := storetest.SQLite(t), t.TempDir()
	begin := time.Now().Add(-3 * time.Hour).Truncate(time.Millisecond)
	first := open(t, db, dir, 1<<30)
	must[recording.Policy](t)(first.SetPolicy(officer, "cam-1", recording.Always, 30, false))
	eventually(t, "the camera is recorded", func() bool { return first.scene.recorded("cam-1") })
	for i := range 4 {
		first.scene.show("cam-1", begin.Add(time.Duration(i)*10*time.Minute), 25*20)
	}
	hold := must[recording.Hold](t)(first.AddHold(officer, recording.Hold{Stream: "cam-1", From: begin, To: begin.Add(time.Minute), Reference: "事件 7"}))
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	total := must[[]recording.Total](t)(store.NewRecordings(db).Totals(t.Context()))[0].Bytes
	less := open(t, db, dir, total/2)
	spans := func() []recording.Span {
		return must[recording.Timeline](t)(less.Timeline(officer, "cam-1", begin.Add(-time.Minute), begin.Add(time.Hour))).Spans
	}
	eventually(t, "recordings fit into their quota", func() bool { return len(spans()) <= 2 })
	eventually(t, "it is told", func() bool { return len(less.told(recording.EventDeleted)) > 0 })
	if got := spans(); !got[0].From.Equal(begin) {
		t.Errorf("what is held went: %+v", got)
	}
	if err := less.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Only what is held is left, and that is too much.
	least := open(t, db, dir, 100)
	eventually(t, "it says that it is full", func() bool {
		o := must[recording.Overview](t)(least.Overview(officer))
		u := must[recording.Usage](t)(least.Usage(officer))
		return o.Usage.Full && u.Full && len(least.told(recording.EventFull)) == 1
	})
	must[recording.Hold](t)(least.EndHold(officer, hold.ID))
	if _, err := least.EndHold(officer, hold.ID); errs.KindOf(err) != errs.Conflict {
		t.Errorf("ended twice: %v", err)
	}
}

func TestAFullDiskStopsRecordingsAndTheySayIt(t *testing.T) {
	db, dir := storetest.SQLite(t), t.TempDir()
	r := open(t, db, dir, 1<<40, func(o *recording.Options) { o.Reserve = 1 << 60 })
	must[recording.Policy](t)(r.SetPolicy(officer, "cam-1", recording.Always, 30, false))
	eventually(t, "it says that the disk is full", func() bool {
		return must[recording.Usage](t)(r.Usage(officer)).Full && len(r.told(recording.EventFull)) == 1
	})
	eventually(t, "the camera is wanted", func() bool { return r.scene.recorded("cam-1") })
	r.scene.show("cam-1", time.Now().Add(-time.Hour).Truncate(time.Millisecond), 25*5)
	if n, _ := filepath.Glob(filepath.Join(dir, "cam-1", "*", "*.mp4")); len(n) > 0 {
		t.Errorf("written on a full disk: %v", n)
	}
}

func TestAlarmIsMarkedAndRecordsTheCamerasBesideIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := open(t, db, t.TempDir(), 1<<30)
		must[recording.Policy](t)(r.SetPolicy(officer, "cam-1", recording.OnAlarm, 7, false))
		now := time.Now().Truncate(time.Millisecond)
		hear := r.OnEvent(func(e event.Event) (recording.Alarm, bool) { a, ok := e.Data.(recording.Alarm); return a, ok })
		for range 2 {
			hear(t.Context(), event.Event{Data: recording.Alarm{ID: "a-1", Device: "gauge-1", At: now, Title: "水位 超警戒", TitleEN: "Level", Level: 3}})
		}
		eventually(t, "the camera beside it is recorded", func() bool { return r.scene.recorded("cam-1") })
		line := must[recording.Timeline](t)(r.Timeline(officer, "cam-1", now.Add(-time.Hour), now.Add(time.Hour)))
		if len(line.Marks) != 1 || !line.Marks[0].At.Equal(now) || line.Marks[0].Level != 3 {
			t.Errorf("got %+v", line.Marks)
		}
		if r.scene.recorded("cam-2") {
			t.Error("a camera elsewhere is recorded")
		}
		must[recording.Policy](t)(r.End(officer, "cam-1"))
		eventually(t, "recording ends", func() bool { return !r.scene.recorded("cam-1") })
	})
}
