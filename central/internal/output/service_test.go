package output_test

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/output"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/wire"
)

// field is a real register with a terminal and a siren behind it, and what the terminal was told.
type field struct {
	*output.Service
	devices *device.Service
	orders  *device.Orders

	mu     sync.Mutex
	told   []wire.Command
	cannot error
	events []event.Event
}

func (f *field) Command(_ context.Context, _ string, cmd wire.Command) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told = append(f.told, cmd)
	return f.cannot
}

func newField(t *testing.T) *field {
	t.Helper()
	return fieldOn(t, storetest.SQLite(t))
}

func fieldOn(t *testing.T, db *store.DB) *field {
	t.Helper()
	f := &field{}
	f.orders = &device.Orders{Commander: f}
	bus := event.NewBus(storetest.Recorder(db))
	bus.Handle(func(_ context.Context, e event.Event) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if strings.HasPrefix(e.Kind, "output.") {
			f.events = append(f.events, e)
		}
	})
	ca, err := device.OpenAuthority(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Stop(context.Background()) })
	f.devices = &device.Service{Store: store.NewDevices(db), Tx: db, Events: bus, CA: ca, Log: slog.New(slog.DiscardHandler)}
	f.Service = output.New(output.Options{Devices: f.devices, Orders: f.orders, Events: bus, Journal: store.NewOutputs(db), Log: slog.New(slog.DiscardHandler)})
	bus.Handle(f.OnEvent)
	bus.Handle(f.orders.Answers)
	f.Start(t.Context())
	system := actor.WithSystem(t.Context(), "test")
	if _, err := f.devices.Create(system, device.New{ID: "edge", Kind: device.Edge, Name: "终端", Division: "320623"}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.devices.Hello(system, "edge", wire.Hello{Sensors: []wire.SensorDeclared{{ID: "horn", Name: "警笛", Class: "siren", Division: "320623"}}}); err != nil {
		t.Fatal(err)
	}
	f.devices.Presence(system, "edge", true)
	status := wire.Status{State: "online", Sensors: []wire.SensorState{{ID: "horn", OK: true}}, Outputs: []wire.OutputState{
		{Device: "horn", Output: "siren", Name: "警笛", NameEN: "Siren", MaxOn: 180, On: new(false), At: 1795492800000},
		{Device: "stranger", Output: "siren"},
	}}
	if err := f.devices.Status(system, "edge", status); err != nil {
		t.Fatal(err)
	}
	return f
}

func as(division string, may ...actor.Permission) context.Context {
	return actor.With(context.Background(), actor.Actor{Kind: actor.User, ID: "u1", Name: "王局", DivisionCode: division, Permissions: may})
}

func commander() context.Context { return as("320623", actor.DeviceRead, actor.OutputSwitch) }

// answer sends the result of the newest command when it has been told.
func (f *field) answer(edge string, r wire.CommandResult) {
	for {
		f.mu.Lock()
		n := len(f.told)
		if n > 0 {
			r.Command = f.told[n-1].ID
		}
		f.mu.Unlock()
		if n > 0 {
			f.orders.Result(edge, r)
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// first is the id of the first command.
func (f *field) first() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.told[0].ID
}

func siren(on bool) output.Order {
	return output.Order{Device: "horn", Output: "siren", On: on, Seconds: 60}
}

func TestCommanderSwitchesASirenByName(t *testing.T) {
	f := newField(t)
	list, err := f.List(commander())
	if err != nil || len(list) != 1 || list[0].Name != "警笛" || list[0].On == nil || *list[0].On || !list[0].Online || list[0].Edge != "edge" {
		t.Fatalf("got %+v, %v", list, err)
	}
	go f.answer("edge", wire.CommandResult{OK: true})
	got, err := f.Switch(commander(), siren(true))
	if err != nil || !got.OK || got.Command == "" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if cmd := f.told[0]; cmd.Kind != wire.CommandOutputSet || string(cmd.Body) != `{"device":"horn","output":"siren","on":true,"seconds":60}` ||
		time.Until(wire.Time(cmd.Expires)) > 10*time.Second {
		t.Errorf("told %+v", cmd)
	}
	if len(f.events) != 2 || f.events[0].Kind != output.EventOrdered || f.events[1].Kind != output.EventAnswered ||
		f.events[0].ActorName != "王局" || f.events[0].Division != "320623" || f.events[0].Subject != "horn/siren" {
		t.Errorf("events are %+v", f.events)
	}
	f.told = nil
	go f.answer("edge", wire.CommandResult{Error: "device does not answer in time"})
	if got, err := f.Switch(commander(), siren(false)); err != nil || got.OK || got.Error != "device does not answer in time" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestOrderIsRefused(t *testing.T) {
	f := newField(t)
	for _, c := range []struct {
		name  string
		ctx   context.Context
		order output.Order
		want  errs.Kind
	}{
		{"nobody", context.Background(), siren(true), errs.Unauthenticated},
		{"without the permission", as("320623", actor.DeviceRead), siren(true), errs.Denied},
		{"of another county", as("320681", actor.DeviceRead, actor.OutputSwitch), siren(true), errs.NotFound},
		{"no such output", commander(), output.Order{Device: "horn", Output: "lamp"}, errs.NotFound},
		{"no name at all", commander(), output.Order{Device: "horn/../x", Output: "siren"}, errs.NotFound},
		{"another terminal's", commander(), output.Order{Device: "stranger", Output: "siren"}, errs.NotFound},
		{"too long", commander(), output.Order{Device: "horn", Output: "siren", Seconds: 90_000}, errs.Invalid},
		{"a long note", commander(), output.Order{Device: "horn", Output: "siren", Note: strings.Repeat("字", 201)}, errs.Invalid},
	} {
		if _, err := f.Switch(c.ctx, c.order); errs.KindOf(err) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := f.List(as("320623")); errs.KindOf(err) != errs.Denied {
		t.Errorf("list without the permission: %v", err)
	}
	if _, err := f.Switchings(as("320623"), "horn", "siren"); errs.KindOf(err) != errs.Denied {
		t.Errorf("log without the permission: %v", err)
	}
	if _, err := f.Switchings(as("320681", actor.DeviceRead), "horn", "siren"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("log of another county: %v", err)
	}
	if got, err := f.Switchings(as("320623", actor.DeviceRead), "horn", "siren"); err != nil || len(got) != 0 {
		t.Errorf("log of nothing: %v, %v", got, err)
	}
	if len(f.told)+len(f.events) != 0 {
		t.Errorf("told %v, events %v", f.told, f.events)
	}
	f.devices.Presence(actor.WithSystem(t.Context(), "test"), "edge", false)
	if _, err := f.Switch(commander(), siren(true)); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("offline: %v", err)
	}
}

func TestOrderThatNobodyAnswersIsNeverShownAsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newField(t)
		go func() {
			time.Sleep(time.Second) // of the test's own clock
			f.orders.Result("edge2", wire.CommandResult{Command: f.first(), OK: true})
			f.orders.Result("edge", wire.CommandResult{Command: "another", OK: true})
		}()
		got, err := f.Switch(commander(), siren(true))
		if errs.KindOf(err) != errs.Unavailable || got.OK {
			t.Errorf("got %+v, %v", got, err)
		}
		if len(f.events) != 2 || f.events[1].Data.(output.Outcome).OK || f.events[1].Data.(output.Outcome).Error == "" {
			t.Errorf("events are %+v", f.events)
		}
		f.orders.Result("edge", wire.CommandResult{Command: f.first(), OK: true}) // too late: nobody waits
		f.cannot = errors.New("the broker is away")
		if _, err := f.Switch(commander(), siren(true)); err == nil || len(f.events) != 4 {
			t.Errorf("not sent: %v, events %+v", err, f.events)
		}
	})
}

// late waits until an order has a late answer.
func (f *field) late() output.Switching {
	for {
		list, err := f.Switchings(as("320623", actor.DeviceRead), "horn", "siren")
		if err != nil || (len(list) > 0 && list[0].LateAt != nil) {
			return append(list, output.Switching{})[0]
		}
		time.Sleep(time.Millisecond)
	}
}

func TestAnswerThatComesLateStandsBesideItsOrder(t *testing.T) {
	f := newField(t)
	system := actor.WithSystem(t.Context(), "test")
	say := func(edge string, r wire.CommandResult) { f.devices.Result(system, edge, r) }
	first := f.unanswered(t)
	say("another", wire.CommandResult{Command: first, Error: "not mine"}) // of a terminal that was not asked
	say("edge", wire.CommandResult{Command: "of nobody", OK: true})
	say("edge", wire.CommandResult{Command: first, OK: true})
	say("edge", wire.CommandResult{Command: first, Error: "said twice"})
	if got := f.late(); !got.OK || got.Error != "" || !got.On {
		t.Errorf("%+v", got)
	}
	second := f.unanswered(t)
	say("edge", wire.CommandResult{Command: second, Error: "the coil does not answer"})
	if got := f.late(); got.OK || got.Error != "the coil does not answer" || got.ID == "" {
		t.Errorf("%+v", got)
	}
	if err := f.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range f.events {
		if e.Kind == output.EventLate {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d late answers are told: %+v", n, f.events)
	}
}

// unanswered gives an order whose caller does not wait for the end.
func (f *field) unanswered(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithCancel(commander())
	go func() {
		for {
			f.mu.Lock()
			n := len(f.told)
			f.mu.Unlock()
			if n > 0 {
				cancel()
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	got, err := f.Switch(ctx, siren(true))
	if errs.KindOf(err) != errs.Unavailable || !got.Unanswered || got.OK {
		t.Fatalf("%+v, %v", got, err)
	}
	f.mu.Lock()
	f.told = nil
	f.mu.Unlock()
	return got.Command
}

// What nobody can have asked for, and too much of it, keeps no other late answer from being written down.
func TestBadLateAnswersKeepNoOtherBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := fieldOn(t, db)
		system := actor.WithSystem(t.Context(), "test")
		first := f.unanswered(t)
		f.devices.Result(system, "another", wire.CommandResult{Command: "a\x00b"})
		f.devices.Result(system, "another", wire.CommandResult{Command: strings.Repeat("x", 60_000)})
		for n := range 300 {
			f.devices.Result(system, "another", wire.CommandResult{Command: "x-" + strconv.Itoa(n)})
		}
		f.devices.Result(system, "edge", wire.CommandResult{Command: first, OK: true})
		if got := f.late(); !got.OK || got.Error != "" {
			t.Errorf("%+v", got)
		}
	})
}
