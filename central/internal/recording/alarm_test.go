package recording_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
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

func alarm(r *room, id, of string) {
	r.OnEvent(func(e event.Event) (recording.Alarm, bool) { a, ok := e.Data.(recording.Alarm); return a, ok })(context.Background(),
		event.Event{Data: recording.Alarm{ID: id, Device: of, At: time.Now(), Title: "水位 超警戒", TitleEN: "Level"}})
}

func (r *room) leftBy(t *testing.T, alarm string) []recording.Snapshot {
	t.Helper()
	return must[[]recording.Snapshot](t)(r.Snapshots(officer, recording.SnapshotFilter{Alarm: alarm}))
}

// missed is why an alarm left no picture, by camera.
func (r *room) missed(t *testing.T, alarm string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, m := range must[[]recording.Missed](t)(r.MissedPictures(officer, alarm, time.Time{})) {
		out[m.Stream] = m.Why
	}
	return out
}

func TestAlarmKeepsAPictureOfACameraThatNobodyWatches(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := open(t, db, t.TempDir(), 1<<30)
		r.scene.past = map[string]time.Time{"cam-1": time.Now().Add(-3 * time.Second)} // shows nothing of the alarm
		alarm(r, "a-1", "gauge-1")
		eventually(t, "the camera is opened", func() bool { now, _ := r.scene.isOpen("cam-1"); return now })
		begin := time.Now().Truncate(time.Millisecond).Add(time.Millisecond)
		eventually(t, "a picture is kept", func() bool {
			r.scene.show("cam-1", begin, 30)
			return len(r.leftBy(t, "a-1")) > 0
		})
		eventually(t, "it is closed again", func() bool { now, _ := r.scene.isOpen("cam-1"); return !now })
		p := r.leftBy(t, "a-1")[0]
		if p.Title != "水位 超警戒" || !p.At.Equal(begin) || p.Width == 0 || p.Metres != nil {
			t.Errorf("kept %+v", p)
		}
		_, got, err := r.Picture(officer, p.ID, false)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = got.Close() }()
		text := must[[]byte](t)(io.ReadAll(got))
		if f, err := film.Read(bytes.NewReader(text), int64(len(text))); err != nil || len(f.Parts) != 1 || !f.Parts[0].Key {
			t.Errorf("%+v, %v", f, err)
		}
		alarm(r, "a-2", "gauge-1") // within the minute: it stands on the picture of the first
		eventually(t, "the second says so", func() bool { return r.missed(t, "a-2")["cam-1"] == "recent" })
		if _, n := r.scene.isOpen("cam-1"); n != 1 {
			t.Errorf("opened %d times", n)
		}
		if got := r.missed(t, "a-1"); len(got) != 0 {
			t.Errorf("of the first %v are missed", got)
		}
		for name, ctx := range map[string]context.Context{"another division": who("320681", actor.VideoReplay), "without permission": who("320623", actor.VideoWatch)} {
			if list, err := r.MissedPictures(ctx, "", time.Time{}); len(list) != 0 || (err == nil) != (name == "another division") || (err != nil && errs.KindOf(err) != errs.Denied) {
				t.Errorf("%s: %v, %v", name, list, err)
			}
		}
	})
}

// A camera whose picture stands still has none of the alarm, nor has it for what alarms next.
func TestFrozenCameraIsMissed(t *testing.T) {
	t.Parallel()
	r := open(t, storetest.SQLite(t), t.TempDir(), 1<<30)
	r.scene.past = map[string]time.Time{"cam-1": time.Now().Add(-time.Hour)}
	alarm(r, "a-1", "gauge-1")
	alarm(r, "a-2", "gauge-1")
	for _, id := range []string{"a-1", "a-2"} {
		eventually(t, id+" says why", func() bool { return r.missed(t, id)["cam-1"] != "" })
		if got := r.missed(t, id)["cam-1"]; got != "late" {
			t.Errorf("%s is missed as %s", id, got)
		}
	}
	if list := must[[]recording.Snapshot](t)(r.Snapshots(officer, recording.SnapshotFilter{})); len(list) != 0 {
		t.Errorf("kept %+v", list)
	}
}

// Who may see a camera and not the device that alarms beside it reads that something did, and not what.
func TestTitleOfAnAlarmIsForWhoMaySeeItsDevice(t *testing.T) {
	list := devices{
		"edge-1": {ID: "edge-1", Kind: device.Edge, Division: "320600"},
		"gauge":  {ID: "gauge", Kind: device.Sensor, Parent: "edge-1", Division: "320600"},
		"city":   {ID: "city", Kind: device.Camera, Parent: "edge-1", Division: "320600"},
		"county": {ID: "county", Kind: device.Camera, Parent: "edge-1", Division: "320623"},
	}
	r := open(t, storetest.SQLite(t), t.TempDir(), 1<<30, func(o *recording.Options) { o.Devices = list })
	r.scene.lacks["city"] = "budget"
	alarm(r, "a", "gauge")
	eventually(t, "a picture of the county's camera is kept, and why there is none of the city's", func() bool {
		r.scene.show("county", time.Now().Add(time.Millisecond), 30)
		return len(r.leftBy(t, "a")) == 1 && len(must[[]recording.Missed](t)(r.MissedPictures(who("320600", actor.VideoReplay), "a", time.Time{}))) == 1
	})
	if p := r.leftBy(t, "a")[0]; p.Title != "附近告警" || p.TitleEN != "Alarm nearby" || p.Stream != "county" {
		t.Errorf("the county reads %+v", p)
	}
	if m := must[[]recording.Missed](t)(r.MissedPictures(who("320600", actor.VideoReplay), "a", time.Time{}))[0]; m.Title != "水位 超警戒" {
		t.Errorf("the city reads %+v", m)
	}
	for id, want := range map[string]string{"city": "水位 超警戒", "county": "附近告警"} {
		marks := r.marks(t, id)
		if len(marks) != 1 || marks[0].Title != want {
			t.Errorf("mark at %s: %+v", id, marks)
		}
	}
}

func TestAlarmIsOfTheCamerasBesideIt(t *testing.T) {
	at := func(metres float64) *wire.Place { return &wire.Place{Lon: 120.9, Lat: 32.5 + metres/111_195} }
	list := devices{}
	add := func(id, parent string, kind device.Kind, division string, p *wire.Place) {
		list[id] = device.Device{ID: id, Kind: kind, Parent: parent, Division: division, Place: p, Name: id}
	}
	add("edge-1", "", device.Edge, "320623", at(0))
	add("edge-2", "", device.Edge, "320623", at(300))
	add("gauge", "edge-1", device.Sensor, "320623", at(0))
	add("blind", "edge-1", device.Sensor, "320623", nil)
	add("a-far", "edge-1", device.Camera, "320623", at(900)) // behind the same terminal, at another gate
	add("b-near", "edge-1", device.Camera, "320623", at(120))
	add("c-nowhere", "edge-1", device.Camera, "320623", nil)
	add("d-by-terminal", "edge-2", device.Camera, "320623108", nil)
	add("e-other-county", "edge-2", device.Camera, "320681", at(10))
	add("f-phone", "", device.Camera, "320623", at(5))
	add("g-near", "edge-2", device.Camera, "320623", at(40))
	for _, c := range []struct {
		of     string
		within float64
		most   int
		want   []string // marked, the nearest first
		opened []string // asked for a picture
	}{
		{"gauge", 500, 4, []string{"g-near 40 m", "b-near 120 m", "d-by-terminal 300 m", "c-nowhere"}, []string{"b-near", "c-nowhere", "d-by-terminal", "g-near"}},
		{"gauge", 500, 2, []string{"g-near 40 m", "b-near 120 m", "d-by-terminal 300 m", "c-nowhere"}, []string{"b-near", "g-near"}},
		{"blind", 100, 4, []string{"g-near 40 m", "a-far", "b-near", "c-nowhere"}, []string{"a-far", "b-near", "c-nowhere", "g-near"}},
		{"f-phone", 500, 4, []string{"f-phone 0 m"}, []string{"f-phone"}},
		{"gauge", 0, 0, []string{"c-nowhere"}, nil},
	} {
		r := open(t, storetest.SQLite(t), t.TempDir(), 1<<30, func(o *recording.Options) {
			o.Devices, o.AlarmRule = list, recording.AlarmRule{Within: c.within, Pictures: c.most}
		})
		for id := range list {
			r.scene.lacks[id] = "budget" // none is opened: which were to be is told by why not
		}
		alarm(r, "a", c.of)
		var marked []string
		eventually(t, "it is marked", func() bool {
			marked = r.marked(t, list)
			return len(marked) >= len(c.want) && len(r.missed(t, "a")) >= len(c.opened)
		})
		if !slices.Equal(marked, c.want) {
			t.Errorf("alarm of %s within %v m is marked at %v, want %v", c.of, c.within, marked, c.want)
		}
		if got := slices.Sorted(maps.Keys(r.missed(t, "a"))); !slices.Equal(got, c.opened) {
			t.Errorf("alarm of %s asks for pictures of %v, want %v", c.of, got, c.opened)
		}
	}
}

// marked are the cameras in whose timelines an alarm stands, the nearest first.
func (r *room) marked(t *testing.T, all devices) []string {
	t.Helper()
	var marks []recording.Mark
	for id := range all {
		marks = append(marks, r.marks(t, id)...)
	}
	slices.SortFunc(marks, func(a, b recording.Mark) int {
		far := func(m recording.Mark) int {
			if m.Metres == nil {
				return math.MaxInt
			}
			return *m.Metres
		}
		return cmp.Or(cmp.Compare(far(a), far(b)), cmp.Compare(a.Stream, b.Stream))
	})
	var out []string
	for _, m := range marks {
		if m.Metres != nil {
			m.Stream += fmt.Sprintf(" %d m", *m.Metres)
		}
		out = append(out, m.Stream)
	}
	return out
}
