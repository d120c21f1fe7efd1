package maintenance_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/maintenance"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/wire"
)

// line carries commands to one terminal, as the broker does.
type line chan wire.Command

func (l line) Command(_ context.Context, edge string, c wire.Command) error {
	if edge != "edge" {
		return errors.New("another terminal")
	}
	l <- c
	return nil
}

func (l line) next(t *testing.T) (wire.Command, wire.MaintenanceSet) {
	t.Helper()
	select {
	case c := <-l:
		set, err := wire.ParseMaintenance(c.Body)
		if err != nil || c.Kind != wire.CommandMaintenance {
			t.Fatalf("%+v, %v", c, err)
		}
		return c, set
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was said to the terminal")
		panic("unreachable")
	}
}

func TestTerminalIsToldWhatIsWorkedOn(t *testing.T) {
	s := newService(t, storetest.SQLite(t))
	devices, known := s.Devices.(*device.Service)
	bus, concrete := s.Events.(*event.Bus)
	if !known || !concrete {
		t.Fatal("the parts are not the real ones")
	}
	system := actor.WithSystem(t.Context(), "test")
	says := func(set wire.MaintenanceSet) {
		t.Helper()
		_, err := devices.Hello(system, "edge", wire.Hello{Maintenance: set.Hash(), Sensors: []wire.SensorDeclared{
			{ID: "level", Name: "水位", Class: "water_level", Division: "320623"}, {ID: "gas", Name: "燃气", Class: "gas", Division: "320623"},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	said := make(line, 10)
	courier := &maintenance.Courier{Service: s, Devices: devices, Sender: said, Log: slog.New(slog.DiscardHandler)}
	courier.Start(system)
	t.Cleanup(func() {
		if err := courier.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	bus.Handle(courier.OnEvent)
	devices.Presence(system, "edge", true)
	says(wire.MaintenanceSet{})
	w, err := s.Plan(technician(), window(maintenance.Device, "level"), false)
	if err != nil {
		t.Fatal(err)
	}
	_, set := said.next(t)
	if len(set.Spans) != 1 || set.Spans[0].To != wire.Millis(w.To) || set.Spans[0].Rule != "" || set.Spans[0].Devices[0] != "level" {
		t.Fatalf("told %+v", set)
	}
	says(set)
	rule := window(maintenance.Rule, "leak")
	rule.From = time.Now().Add(time.Hour)
	if _, err := s.Plan(technician(), rule, true); err != nil {
		t.Fatal(err)
	}
	order, set := said.next(t)
	if len(set.Spans) != 2 || set.Spans[1].Rule != "leak" {
		t.Fatalf("told %+v", set)
	}
	// An older agent does not know the command: it is asked again when it connects anew.
	devices.Result(system, "edge", wire.CommandResult{Command: order.ID, Error: "unknown"})
	devices.Presence(system, "edge", false)
	devices.Presence(system, "edge", true)
	if _, again := said.next(t); again.Hash() != set.Hash() {
		t.Fatalf("told %+v, want %+v", again, set)
	}
	says(set)
	if _, err := s.End(technician(), w.ID); err != nil {
		t.Fatal(err)
	}
	if _, set = said.next(t); len(set.Spans) != 1 {
		t.Fatalf("after the end it was told %+v", set)
	}
}
