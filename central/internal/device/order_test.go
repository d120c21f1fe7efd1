package device_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/wire"
)

// radio answers every command at once.
type radio struct {
	orders *device.Orders
	answer wire.CommandResult
	told   []string
}

func (r *radio) Command(_ context.Context, edge string, cmd wire.Command) error {
	r.told = append(r.told, edge+" "+cmd.Kind)
	answer := r.answer
	answer.Command = cmd.ID
	r.orders.Result("another", wire.CommandResult{Command: cmd.ID, OK: !answer.OK})
	r.orders.Result(edge, answer)
	return nil
}

func TestAnAdministratorMakesAnEdgeRenewItsCertificate(t *testing.T) {
	d := newDesk(t, storetest.SQLite(t))
	system := actor.WithSystem(t.Context(), "test")
	for _, n := range []device.New{{ID: "edge", Kind: device.Edge}, {ID: "gauge", Kind: device.Sensor}} {
		if _, err := d.Create(system, n); err != nil {
			t.Fatal(err)
		}
	}
	r := &radio{answer: wire.CommandResult{OK: true}}
	r.orders = &device.Orders{Commander: r}
	if _, err := d.RenewNow(system, "edge"); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("without a way to it: %v", err)
	}
	d.Orders = r.orders
	if _, err := d.RenewNow(system, "edge"); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("not connected: %v", err)
	}
	d.Presence(system, "edge", true)
	d.events()
	for id, want := range map[string]errs.Kind{"gauge": errs.Invalid, "nobody": errs.NotFound} {
		if _, err := d.RenewNow(system, id); errs.KindOf(err) != want {
			t.Errorf("%s: %v", id, err)
		}
	}
	reader := actor.With(t.Context(), actor.Actor{Kind: actor.User, ID: "u", Permissions: []actor.Permission{actor.DeviceRead}})
	if _, err := d.RenewNow(reader, "edge"); errs.KindOf(err) != errs.Denied {
		t.Errorf("a reader: %v", err)
	}
	if got, err := d.RenewNow(system, "edge"); err != nil || got.ID != "edge" {
		t.Errorf("got %+v, %v", got, err)
	}
	if seen := d.events(); seen != "renew_asked:edge" || len(r.told) != 1 || r.told[0] != "edge "+wire.CommandRenew {
		t.Errorf("events %q, told %q", seen, r.told)
	}
	r.answer = wire.CommandResult{Error: "no enrolment"}
	if _, err := d.RenewNow(system, "edge"); errs.KindOf(err) != errs.Conflict {
		t.Errorf("refused: %v", err)
	}
	r.answer = wire.CommandResult{Error: wire.RefusedNotEnrolled}
	if _, err := d.RenewNow(system, "edge"); errs.KindOf(err) != errs.Conflict || !strings.Contains(err.Error(), "enrol the terminal") {
		t.Errorf("not enrolled: %v", err)
	}
}

// air carries commands and brings their answers later, some twice and one of a terminal that was not asked.
type air struct {
	orders *device.Orders
	flying sync.WaitGroup
}

func (a *air) Command(_ context.Context, edge string, cmd wire.Command) error {
	for _, from := range []string{"stranger", edge, edge} {
		a.flying.Go(func() { a.orders.Result(from, wire.CommandResult{Command: cmd.ID, OK: true, Error: from}) })
	}
	return nil
}

func TestEachOrderGetsItsOwnAnswerWhenManyAreOnTheWay(t *testing.T) {
	a := &air{}
	a.orders = &device.Orders{Commander: a}
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			edge := fmt.Sprintf("edge-%d", i)
			r, err := a.orders.Send(t.Context(), edge, device.NewCommand(wire.CommandRenew, nil, time.Minute), time.Minute)
			if err != nil || r.Error != edge {
				t.Errorf("%s was answered %+v, %v", edge, r, err)
			}
		})
	}
	wg.Wait()
	a.flying.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	silent := &device.Orders{Commander: nobody{}}
	if _, err := silent.Send(ctx, "edge", device.NewCommand(wire.CommandRenew, nil, time.Minute), time.Minute); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("no answer: %v", err)
	}
}

// nobody takes a command and never answers.
type nobody struct{}

func (nobody) Command(context.Context, string, wire.Command) error { return nil }
