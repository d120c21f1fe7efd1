package steer_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/onvif"
	"github.com/fengsui/fengsui/edge/internal/steer"
	"github.com/fengsui/fengsui/shared/testserver/dome"
	"github.com/fengsui/fengsui/shared/wire"
)

// desk is one at work before a camera.
type desk struct {
	*steer.Desk
	camera  *dome.Dome
	changed atomic.Int64
	end     func()
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	return newDeskOf(t, dome.Options{})
}

func newDeskOf(t *testing.T, o dome.Options) *desk {
	t.Helper()
	o.Listen = "127.0.0.1:0"
	cam := dome.New(o)
	if err := cam.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := &desk{camera: cam}
	d.Desk = steer.New(steer.Options{
		Log: slog.New(slog.DiscardHandler), Cameras: []onvif.Options{{ID: "cam", Address: cam.Address()}}, Changed: func() { d.changed.Add(1) },
	})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { d.Run(ctx) })
	d.end = func() { cancel(); wg.Wait() }
	t.Cleanup(func() { d.end(); _ = cam.Stop(context.Background()) })
	return d
}

func (d *desk) do(t *testing.T, m wire.Steer) error {
	t.Helper()
	m.Camera = "cam"
	wait, err := d.Take(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return wait(ctx)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	end := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-end:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

func TestACameraIsStoppedWhenOrdersCeaseAlsoOneThatHearsNothingAtFirst(t *testing.T) {
	d := newDesk(t)
	if err := d.do(t, wire.Steer{Act: wire.SteerMove, Pan: 1, HoldMS: 300}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is stopped", func() bool { return slices.Contains(d.camera.Asked(), "stop") })
	// The camera's own time-out would hide a stop that was given up: it is told to go on for as long as may be.
	if err := d.do(t, wire.Steer{Act: wire.SteerMove, Tilt: 1, HoldMS: 5000}); err != nil {
		t.Fatal(err)
	}
	d.camera.Deaf(true)
	if err := d.do(t, wire.Steer{Act: wire.SteerStop}); err == nil {
		t.Fatal("a deaf camera has stopped")
	}
	if s := d.States()["cam"]; s.Error == "" {
		t.Error("nothing is said of a camera that does not stop")
	}
	d.camera.Deaf(false)
	eventually(t, "it is stopped at last", func() bool { return !d.camera.Moving() && d.States()["cam"].Error == "" })
}

func TestAStopEndsAMovementAtOnceAndRenewalsGoOnWithIt(t *testing.T) {
	d := newDesk(t)
	for range 3 {
		if err := d.do(t, wire.Steer{Act: wire.SteerMove, Zoom: 0.5, HoldMS: 5000}); err != nil {
			t.Fatal(err)
		}
	}
	if !d.camera.Moving() {
		t.Error("it does not move")
	}
	if err := d.do(t, wire.Steer{Act: wire.SteerStop}); err != nil || d.camera.Moving() {
		t.Errorf("stopped: %v, moves %v", err, d.camera.Moving())
	}
	stops := func() int {
		return len(slices.DeleteFunc(d.camera.Asked(), func(a string) bool { return a != "stop" }))
	}
	if err := d.do(t, wire.Steer{Act: wire.SteerStop}); err != nil || stops() != 1 {
		t.Errorf("one that stands is not stopped again: %v, %d", err, stops())
	}
}

func TestTheEndOfTheAgentStopsWhatMoves(t *testing.T) {
	d := newDesk(t)
	if err := d.do(t, wire.Steer{Act: wire.SteerMove, Pan: -1, HoldMS: 5000}); err != nil {
		t.Fatal(err)
	}
	d.end()
	if !slices.Contains(d.camera.Asked(), "stop") {
		t.Errorf("asked %v", d.camera.Asked())
	}
	if err := d.do(t, wire.Steer{Act: wire.SteerMove, Pan: -1, HoldMS: 5000}); err == nil {
		t.Error("an agent that has ended moves a camera")
	}
}

func TestPresetsAreToldAndASavedOneComesAlong(t *testing.T) {
	d := newDesk(t)
	eventually(t, "presets", func() bool { return len(d.States()["cam"].Presets) == 2 })
	if err := d.do(t, wire.Steer{Act: wire.SteerSave, Name: "西堤"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the new one", func() bool {
		p := d.States()["cam"].Presets
		return len(p) == 3 && p[2].Name == "西堤"
	})
	if err := d.do(t, wire.Steer{Act: wire.SteerGo, Preset: "2"}); err != nil || d.camera.View().Pan != -40 {
		t.Errorf("it looks at %+v, %v", d.camera.View(), err)
	}
	if err := d.do(t, wire.Steer{Act: wire.SteerRemove, Preset: "2"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the removed one is gone", func() bool {
		p := d.States()["cam"].Presets
		return len(p) == 2 && p[1].Name == "西堤"
	})
	if d.changed.Load() < 2 {
		t.Error("nobody was told")
	}
}

func TestThatAPresetWasReachedIsToldUntilTheCameraIsTurnedAgain(t *testing.T) {
	d := newDesk(t)
	if err := d.do(t, wire.Steer{Act: wire.SteerGo, Preset: "2"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it says that it is there", func() bool { return d.States()["cam"].At == "2" })
	if err := d.do(t, wire.Steer{Act: wire.SteerMove, Pan: 1, HoldMS: 5000}); err != nil {
		t.Fatal(err)
	}
	if at := d.States()["cam"].At; at != "" {
		t.Errorf("it moves and stands at %q", at)
	}
	if err := d.do(t, wire.Steer{Act: wire.SteerStop}); err != nil {
		t.Fatal(err)
	}

	// One that does not tell whether it moves is not said to be there.
	d = newDeskOf(t, dome.Options{Mute: true})
	if err := d.do(t, wire.Steer{Act: wire.SteerGo, Preset: "2"}); err != nil {
		t.Fatal(err)
	}
	before := d.camera.Tries()
	eventually(t, "it is asked", func() bool { return d.camera.Tries() > before })
	if err := d.do(t, wire.Steer{Act: wire.SteerSave, Name: "西堤"}); err != nil { // which comes after what it answered
		t.Fatal(err)
	}
	if at := d.States()["cam"].At; at != "" {
		t.Errorf("it says nothing and stands at %q", at)
	}
}

func TestWhatNoCameraCanDoIsRefused(t *testing.T) {
	d := newDesk(t)
	if _, err := d.Take(wire.Steer{Camera: "other", Act: wire.SteerStop}); !errors.Is(err, steer.ErrCamera) {
		t.Errorf("another camera: %v", err)
	}
	for _, m := range []wire.Steer{
		{Act: wire.SteerMove, Pan: 2, HoldMS: 500},
		{Act: wire.SteerMove, HoldMS: 60_000},
		{Act: "dance"},
		{Act: wire.SteerGo},
		{Act: wire.SteerSave},
		{Act: wire.SteerRemove},
	} {
		if err := d.do(t, m); err == nil {
			t.Errorf("taken: %+v", m)
		}
	}
}
