package recording_test

import (
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/wire"
)

func TestTerminalIsAskedForTheTimeBeforeAnAlarm(t *testing.T) {
	db := storetest.SQLite(t)
	r := open(t, db, t.TempDir(), 1<<30, func(o *recording.Options) { o.Preroll = 30 * time.Second })
	must[recording.Policy](t)(r.SetPolicy(officer, "cam-1", recording.OnAlarm, 7, false))
	must[recording.Policy](t)(r.SetPolicy(who("320681", actor.VideoRecord), "cam-2", recording.OnAlarm, 7, false)) // its terminal has no ring
	at := time.Now().Add(-10 * time.Minute).Truncate(time.Millisecond)
	hear := r.OnEvent(func(e event.Event) (recording.Alarm, bool) { a, ok := e.Data.(recording.Alarm); return a, ok })
	for id, moment := range map[string]time.Time{"a-1": at, "a-2": at.Add(20 * time.Second), "a-3": at.Add(-2 * time.Hour)} {
		hear(t.Context(), event.Event{Data: recording.Alarm{ID: id, Device: "gauge-1", At: moment}})
	}
	r.field.mu.Lock()
	r.field.ring["edge-1"] = wire.RingState{Camera: "cam-1", From: wire.Millis(at.Add(-time.Hour)), To: wire.Millis(time.Now())}
	r.field.mu.Unlock()
	var list []recording.Wish
	eventually(t, "the terminal is asked", func() bool {
		list = must[[]recording.Wish](t)(r.Wishes(officer, "cam-1", at.Add(-3*time.Hour), at.Add(time.Hour)))
		return len(list) > 0 && r.field.last().ID == list[0].ID
	})
	// Two alarms that touch are one wish; what the terminal has not is not asked for.
	if len(list) != 1 || !list[0].From.Equal(at.Add(-30*time.Second)) || !list[0].To.Equal(at.Add(30*time.Second)) {
		t.Errorf("asked for %+v", list)
	}
	if err := r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	// After a kill the marks are looked at again, and nothing is asked for twice.
	again := open(t, db, r.dir, 1<<30, func(o *recording.Options) { o.Preroll, o.Reporter, o.Sender = 30*time.Second, r.field, r.field })
	said := len(r.field.all())
	eventually(t, "the wish is sent again", func() bool { return len(r.field.all()) > said })
	if list := must[[]recording.Wish](t)(again.Wishes(officer, "cam-1", at.Add(-3*time.Hour), at.Add(time.Hour))); len(list) != 1 {
		t.Errorf("asked again for %+v", list)
	}
}
