package recording_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// TestSeatsAreToldByWhoSatThere: a consultation has the seats of which something is left and the shared scenes that the
// asker may see; a seat of which nothing is left is no camera.
func TestSeatsAreToldByWhoSatThere(t *testing.T) {
	begun := time.Now().Add(-time.Hour).Truncate(time.Second).UTC()
	r := open(t, storetest.SQLite(t), t.TempDir(), 1<<30, func(o *recording.Options) {
		o.Devices = devices{
			"seat-0": {ID: "seat-0", Kind: device.Camera, Division: "320623"}, "seat-1": {ID: "seat-1", Kind: device.Camera, Division: "320623"}, "seat-2": {ID: "seat-2", Kind: device.Camera, Division: "320623"},
			"cam-2": {ID: "cam-2", Kind: device.Camera, Division: "320681"},
		}
		o.Sittings = func(context.Context) ([]recording.Sitting, error) {
			return []recording.Sitting{
				{ID: "a", Title: "管涌会商", From: begun, Streams: []recording.Seen{{Stream: "seat-0", Names: []string{"周岚（如东县）"}, Seat: true}, {Stream: "seat-1", Names: []string{"陈工"}, Seat: true}, {Stream: "cam-2", Names: []string{"吕四港"}}}},
				{ID: "b", Title: "空会商", From: begun, Streams: []recording.Seen{{Stream: "seat-2", Names: []string{"周岚（如东县）"}, Seat: true}}},
			}, nil
		}
	})
	must[recording.Policy](t)(r.Begin(officer, "seat-0", 30))
	eventually(t, "the seat is recorded", func() bool { return r.scene.recorded("seat-0") })
	r.scene.show("seat-0", time.Now(), 25*5) // what was sent before its recording began is not kept
	o := must[recording.Overview](t)(r.Overview(officer))
	if len(o.Sittings) != 1 || o.Sittings[0].ID != "a" || len(o.Sittings[0].Streams) != 1 || !slices.Equal(o.Sittings[0].Streams[0].Names, []string{"周岚（如东县）"}) {
		t.Errorf("got %+v", o.Sittings)
	}
	if len(o.Cameras) != 1 || o.Cameras[0].Stream != "seat-0" {
		t.Errorf("got %+v", o.Cameras)
	}
}
