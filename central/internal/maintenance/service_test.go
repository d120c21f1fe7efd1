package maintenance_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/maintenance"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

type rules []rule.Rule

func (r rules) ListRules(context.Context) ([]rule.Rule, error) { return r, nil }

func (r rules) Rules() []rule.Rule { return slices.Clone(r) }

func as(division string, may ...actor.Permission) context.Context {
	return actor.With(context.Background(), actor.Actor{Kind: actor.User, ID: "u", Name: "王工", DivisionCode: division, Permissions: may})
}

func technician() context.Context { return as("320623", actor.AlarmRead, actor.AlarmMaintain) }

// newService has a terminal with a level and a gas sensor behind it.
func newService(t *testing.T, db *store.DB) *maintenance.Service {
	t.Helper()
	bus := event.NewBus(nil)
	ca, err := device.OpenAuthority(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	devices := &device.Service{Store: store.NewDevices(db), Tx: db, Events: bus, CA: ca, Log: slog.New(slog.DiscardHandler)}
	system := actor.WithSystem(t.Context(), "test")
	if _, err := devices.Create(system, device.New{ID: "edge", Kind: device.Edge, Name: "终端", Division: "320623"}); err != nil {
		t.Fatal(err)
	}
	if _, err := devices.Hello(system, "edge", wire.Hello{Sensors: []wire.SensorDeclared{
		{ID: "level", Name: "水位", Class: "water_level", Division: "320623"}, {ID: "gas", Name: "燃气", Class: "gas", Division: "320623"},
	}}); err != nil {
		t.Fatal(err)
	}
	s := &maintenance.Service{
		Store: store.NewMaintenance(db), Tx: db, Devices: devices, Rules: rules{{ID: "high", Class: "water_level"}, {ID: "leak", Class: "gas"}, {ID: "terminal-silent", Class: "terminal", Condition: rule.Silent}, {ID: "sounds", Class: "water_level", Actions: []rule.Action{{Device: "siren", Output: "siren"}}}},
		Events: bus, Limits: maintenance.Limits{MaxHours: 72, RepeatDays: 366, Critical: []string{"gas"}},
	}
	start(t, s)
	return s
}

func start(t *testing.T, s *maintenance.Service) {
	t.Helper()
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func window(target maintenance.Target, subject string) maintenance.Window {
	return maintenance.Window{Target: target, Subject: subject, Division: "320623", To: time.Now().Add(2 * time.Hour), Reason: "换探头"}
}

func TestWindowIsBegunExtendedAndEnded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newService(t, db)
		level := device.Device{ID: "level", Parent: "edge", Class: "water_level", Division: "320623"}
		if s.Any() {
			t.Error("there is something before anything was planned")
		}
		w, err := s.Plan(technician(), window(maintenance.Device, "level"), false)
		if err != nil || w.State != maintenance.Now || w.CreatedByName != "王工" || w.Critical {
			t.Fatalf("planned %+v, %v", w, err)
		}
		if c, ok := s.Over(level, "high", time.Now()); !ok || c.Window != w.ID || !c.Until.Equal(w.To) || c.Reason != "换探头" {
			t.Errorf("over the device: %+v, %v", c, ok)
		}
		if _, err := s.Extend(technician(), w.ID, w.To.Add(-time.Minute)); errs.KindOf(err) != errs.Invalid {
			t.Errorf("a shorter end: %v", err)
		}
		if _, err := s.Extend(technician(), w.ID, time.Now().Add(73*time.Hour)); errs.KindOf(err) != errs.Invalid {
			t.Errorf("an end beyond the bound: %v", err)
		}
		if w, err = s.Extend(technician(), w.ID, w.To.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		// Another centre on the same database knows it as well.
		again := &maintenance.Service{Store: s.Store, Tx: db, Devices: s.Devices, Events: s.Events, Limits: s.Limits}
		start(t, again)
		if c, ok := again.Over(level, "", time.Now()); !ok || !c.Until.Equal(w.To) {
			t.Errorf("after a restart: %+v, %v", c, ok)
		}
		if w, err = s.End(technician(), w.ID); err != nil || w.State != maintenance.Past || w.EndedByName != "王工" {
			t.Fatalf("ended %+v, %v", w, err)
		}
		if _, ok := s.Over(level, "high", time.Now()); ok {
			t.Error("an ended window lies over the device")
		}
		if _, ok := s.Over(level, "", w.CreatedAt); !ok {
			t.Error("what was measured before the end is not under it")
		}
		if _, err := s.End(technician(), w.ID); errs.KindOf(err) != errs.Conflict {
			t.Errorf("ended twice: %v", err)
		}
		list, err := s.List(technician())
		if err != nil || len(list) != 1 || list[0].State != maintenance.Past {
			t.Errorf("list %+v, %v", list, err)
		}
	})
}

func TestWeeklyWindowGoesOnAfterOneOfItsTimesWasEnded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newService(t, db)
		now := time.Now().In(time.FixedZone("UTC+8", 8*3600))
		w := window(maintenance.Terminal, "edge")
		w.From, w.To = now.Add(-24*time.Hour), now.AddDate(0, 0, 20)
		w.Weekly = &maintenance.Weekly{Days: []int{1, 2, 3, 4, 5, 6, 7}, At: now.Add(-2 * time.Minute).Format("15:04"), Minutes: 60}
		w, err := s.Plan(technician(), w, true) // gas is behind the terminal
		if err != nil || w.State != maintenance.Now || !w.Critical {
			t.Fatalf("planned %+v, %v", w, err)
		}
		if _, err := s.Extend(technician(), w.ID, w.To.Add(time.Hour)); errs.KindOf(err) != errs.Invalid {
			t.Errorf("extended beyond its end: %v", err)
		}
		was, end := w.Span.From, w.Span.To
		if w, err = s.Extend(technician(), w.ID, end.Add(time.Hour)); err != nil || !w.Span.To.Equal(end.Add(time.Hour)) || !w.Span.From.Equal(was) {
			t.Fatalf("extended %+v, %v", w.Span, err)
		}
		if w, err = s.End(technician(), w.ID); err != nil || w.State != maintenance.Coming || !w.Span.From.Equal(was.Add(24*time.Hour)) {
			t.Fatalf("ended %s %+v, %v", w.State, w.Span, err)
		}
		// A reading of the time before comes late, also to a centre that has started anew.
		again := &maintenance.Service{Store: s.Store, Tx: db, Devices: s.Devices, Events: s.Events, Limits: s.Limits}
		start(t, again)
		level := device.Device{ID: "level", Parent: "edge", Class: "water_level", Division: "320623"}
		if _, ok := again.Over(level, "", w.CreatedAt); !ok {
			t.Error("what was measured before the early end is not under it")
		}
		if _, ok := again.Over(level, "", time.Now()); ok {
			t.Error("a time that was ended early lies over the device")
		}
		if _, err := s.Extend(technician(), w.ID, end.Add(time.Hour)); errs.KindOf(err) != errs.Conflict {
			t.Errorf("extended a time that does not hold: %v", err)
		}
		if w, err = s.Cancel(technician(), w.ID); err != nil || w.State != maintenance.Past {
			t.Fatalf("cancelled %s, %v", w.State, err)
		}
	})
}

func TestWindowIsRefused(t *testing.T) {
	s := newService(t, storetest.SQLite(t))
	elsewhere := as("320681", actor.AlarmRead, actor.AlarmMaintain)
	long := window(maintenance.Device, "level")
	long.Reason = strings.Repeat("字", 501)
	whole := window(maintenance.Class, "water_level")
	whole.Division = "320600"
	for _, c := range []struct {
		name string
		ctx  context.Context
		w    maintenance.Window
		want errs.Kind
	}{
		{"nobody", context.Background(), window(maintenance.Device, "level"), errs.Unauthenticated},
		{"without the permission", as("320623", actor.AlarmRead, actor.AlarmAck), window(maintenance.Device, "level"), errs.Denied},
		{"another county's device", elsewhere, window(maintenance.Device, "level"), errs.NotFound},
		{"a terminal as a device", technician(), window(maintenance.Device, "edge"), errs.NotFound},
		{"a device as a terminal", technician(), window(maintenance.Terminal, "level"), errs.NotFound},
		{"a class of the whole city", technician(), whole, errs.Denied},
		{"no such rule", technician(), window(maintenance.Rule, "x"), errs.NotFound},
		{"no target", technician(), window("", "level"), errs.Invalid},
		{"a long reason", technician(), long, errs.Invalid},
		{"gas without a second word", technician(), window(maintenance.Device, "gas"), errs.Invalid},
		{"silence without a second word", technician(), window(maintenance.Rule, "terminal-silent"), errs.Invalid},
		{"a siren without a second word", technician(), window(maintenance.Rule, "sounds"), errs.Invalid},
		{"a gas rule without a second word", technician(), window(maintenance.Rule, "leak"), errs.Invalid},
	} {
		if _, err := s.Plan(c.ctx, c.w, false); errs.KindOf(err) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	w, err := s.Plan(technician(), window(maintenance.Device, "gas"), true)
	if err != nil || !w.Critical {
		t.Fatalf("confirmed: %+v, %v", w, err)
	}
	if _, err := s.End(elsewhere, w.ID); errs.KindOf(err) != errs.NotFound {
		t.Errorf("ended by another county: %v", err)
	}
	if list, err := s.List(elsewhere); err != nil || len(list) != 0 {
		t.Errorf("another county sees %+v, %v", list, err)
	}
	if _, err := s.List(as("320623")); errs.KindOf(err) != errs.Denied {
		t.Errorf("list without the permission: %v", err)
	}
}

func TestGasThatCameLaterIsNotSilencedByAWindowThatNobodyConfirmedForIt(t *testing.T) {
	s := newService(t, storetest.SQLite(t))
	w := window(maintenance.Class, "water_level")
	if _, err := s.Plan(technician(), w, false); err != nil {
		t.Fatal(err)
	}
	s.Limits.Critical = append(s.Limits.Critical, "water_level") // as when a device of a critical class joins
	if c, ok := s.Over(device.Device{ID: "level", Parent: "edge", Class: "water_level", Division: "320623"}, "high", time.Now()); ok {
		t.Errorf("silenced: %+v", c)
	}
}
