package steer_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/steer"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/wire"
)

// field is a real register with a terminal and two cameras behind it, of which one turns, and what the terminal was
// told. The terminal answers at once.
type field struct {
	*steer.Service
	devices *device.Service
	orders  *device.Orders

	mu     sync.Mutex
	told   []wire.Steer
	answer wire.CommandResult
	silent bool
	events []event.Event
}

func (f *field) Command(_ context.Context, edge string, cmd wire.Command) error {
	var m wire.Steer
	if err := json.Unmarshal(cmd.Body, &m); err != nil {
		return err
	}
	f.mu.Lock()
	f.told = append(f.told, m)
	r, silent := f.answer, f.silent
	f.mu.Unlock()
	if !silent {
		r.Command = cmd.ID
		f.orders.Result(edge, r)
	}
	return nil
}

func (f *field) kinds() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, e := range f.events {
		out = append(out, e.ActorName+" "+strings.TrimPrefix(e.Kind, steer.EventKind))
	}
	return strings.Join(out, ", ")
}

func newField(t *testing.T) *field {
	t.Helper()
	db := storetest.SQLite(t)
	f := &field{answer: wire.CommandResult{OK: true}}
	f.orders = &device.Orders{Commander: f}
	bus := event.NewBus(storetest.Recorder(db))
	bus.Handle(func(_ context.Context, e event.Event) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if strings.HasPrefix(e.Kind, steer.EventKind) {
			f.events = append(f.events, e)
		}
	})
	ca, err := device.OpenAuthority(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	f.devices = &device.Service{Store: store.NewDevices(db), Tx: db, Events: bus, CA: ca, Log: slog.New(slog.DiscardHandler)}
	f.Service = steer.New(steer.Options{Devices: f.devices, Orders: f.orders, Events: bus, Log: slog.New(slog.DiscardHandler)})
	system := actor.WithSystem(t.Context(), "test")
	if _, err := f.devices.Create(system, device.New{ID: "edge", Kind: device.Edge, Name: "终端", Division: "320623"}); err != nil {
		t.Fatal(err)
	}
	hello := wire.Hello{Cameras: []wire.CameraDeclared{{ID: "dome", Name: "球机", Division: "320623"}, {ID: "box", Name: "枪机", Division: "320623"}}}
	if _, err := f.devices.Hello(system, "edge", hello); err != nil {
		t.Fatal(err)
	}
	f.devices.Presence(system, "edge", true)
	many := make([]wire.Preset, 100)
	for i := range many {
		many[i] = wire.Preset{Token: "t", Name: strings.Repeat("名", 500)}
	}
	status := wire.Status{State: "online", Cameras: []wire.CameraState{
		{ID: "dome", OK: true, Steer: &wire.SteerState{Presets: many, Error: strings.Repeat("x", 5000)}}, {ID: "box", OK: true}, {ID: "stranger", Steer: &wire.SteerState{}},
	}}
	if err := f.devices.Status(system, "edge", status); err != nil {
		t.Fatal(err)
	}
	return f
}

func as(id, name, division string) context.Context {
	return actor.With(context.Background(), actor.Actor{Kind: actor.User, ID: id, Name: name, DivisionCode: division, Permissions: []actor.Permission{actor.VideoWatch, actor.VideoSteer}})
}

func move(pan float64) steer.Order {
	return steer.Order{Camera: "dome", Act: wire.SteerMove, Pan: pan}
}

func TestOneTurnsACameraAndOthersSeeWho(t *testing.T) {
	f := newField(t)
	li, wang := as("li", "李科", "320623"), as("wang", "王局", "320600")
	list, err := f.List(li)
	if err != nil || len(list) != 1 || list[0].Camera != "dome" || !list[0].Online || list[0].By != nil || len(list[0].Presets) != 64 || len(list[0].Error) > 400 || len(list[0].Presets[0].Name) > 1000 {
		t.Fatalf("got %d heads, %v", len(list), err)
	}
	for _, pan := range []float64{0.5, 0.5} {
		if got, err := f.Steer(li, move(pan)); err != nil || !got.OK {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	if m := f.told[0]; m.HoldMS <= 0 || m.HoldMS > int(wire.MaxSteerHold.Milliseconds()) || m.Pan != 0.5 || m.Camera != "dome" {
		t.Errorf("told %+v", m)
	}
	if _, err := f.Steer(wang, move(1)); errs.KindOf(err) != errs.Conflict || !strings.Contains(err.Error(), "李科") {
		t.Errorf("another meanwhile: %v", err)
	}
	if list, _ := f.List(wang); list[0].By == nil || list[0].By.Name != "李科" || list[0].Until == nil {
		t.Errorf("others see %+v", list[0])
	}
	if err := f.Release(wang, "dome"); err != nil {
		t.Errorf("what is not one's own: %v", err)
	}
	if err := f.Release(li, "dome"); err != nil {
		t.Error(err)
	}
	f.answer = wire.CommandResult{Error: "camera refuses"}
	if got, err := f.Steer(wang, steer.Order{Camera: "dome", Act: wire.SteerSave, Name: " 西堤 "}); err != nil || got.OK || got.Error != "camera refuses" {
		t.Errorf("got %+v, %v", got, err)
	}
	if f.told[2].Name != "西堤" {
		t.Errorf("told %+v", f.told[2])
	}
	f.answer = wire.CommandResult{OK: true}
	if got, err := f.Steer(wang, steer.Order{Camera: "dome", Act: wire.SteerRemove, Preset: list[0].Presets[0].Token}); err != nil || !got.OK {
		t.Errorf("removed: %+v, %v", got, err)
	}
	if m := f.told[3]; m.Act != wire.SteerRemove || m.Preset != list[0].Presets[0].Token {
		t.Errorf("told %+v", m)
	}
	if got := f.kinds(); got != "李科 taken, 李科 ended, 王局 taken, 王局 saved, 王局 removed" {
		t.Errorf("events %s", got)
	}
}

func TestAFloorThatNobodyRenewsLapsesAndIsWrittenDown(t *testing.T) {
	f := newField(t)
	synctest.Test(t, func(t *testing.T) {
		s := steer.New(f.Options)
		s.Start(t.Context())
		li := as("li", "李科", "320623")
		if _, err := s.Steer(li, move(1)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(16 * time.Second) // of the bubble's clock
		synctest.Wait()
		if got := f.kinds(); got != "李科 taken, 李科 ended" {
			t.Errorf("events %s", got)
		}
		if turn, _ := f.events[1].Data.(steer.Turn); !turn.Lapsed || turn.Seconds != 15 {
			t.Errorf("got %+v", f.events[1].Data)
		}
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatCannotBeTurnedIsSaidSo(t *testing.T) {
	f := newField(t)
	li := as("li", "李科", "320623")
	reader := actor.With(context.Background(), actor.Actor{Kind: actor.User, ID: "r", DivisionCode: "320623", Permissions: []actor.Permission{actor.VideoWatch}})
	for _, c := range []struct {
		name string
		ctx  context.Context
		o    steer.Order
		want errs.Kind
	}{
		{"who may only watch", reader, move(1), errs.Denied},
		{"a fixed camera", li, steer.Order{Camera: "box", Act: wire.SteerStop}, errs.Conflict},
		{"no camera", li, steer.Order{Camera: "none", Act: wire.SteerStop}, errs.NotFound},
		{"a terminal", li, steer.Order{Camera: "edge", Act: wire.SteerStop}, errs.NotFound},
		{"of another county", as("x", "外", "320681"), move(1), errs.NotFound},
		{"too fast", li, move(3), errs.Invalid},
		{"nothing it can do", li, steer.Order{Camera: "dome", Act: "dance"}, errs.Invalid},
		{"a place without a name", li, steer.Order{Camera: "dome", Act: wire.SteerSave, Name: " "}, errs.Invalid},
		{"a preset without a token", li, steer.Order{Camera: "dome", Act: wire.SteerRemove}, errs.Invalid},
		{"a name with bells", li, steer.Order{Camera: "dome", Act: wire.SteerSave, Name: "a\x07"}, errs.Invalid},
	} {
		if _, err := f.Steer(c.ctx, c.o); errs.KindOf(err) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if len(f.told) != 0 {
		t.Errorf("told %+v", f.told)
	}
	f.devices.Presence(actor.WithSystem(t.Context(), "test"), "edge", false)
	if _, err := f.Steer(li, move(1)); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("offline: %v", err)
	}
	if f.kinds() != "" {
		t.Errorf("events %s", f.kinds())
	}
}
