package maintenance_test

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/maintenance"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/rule"
)

func level() device.Device {
	return device.Device{ID: "level", Parent: "edge", Class: "water_level", Division: "320623"}
}

func siren() rules {
	return rules{{ID: "sounds", Class: "water_level", Actions: []rule.Action{{Device: "siren", Output: "siren"}}}}
}

// again is the service after a restart, with other rules.
func again(t *testing.T, s *maintenance.Service, book maintenance.Book) *maintenance.Service {
	t.Helper()
	next := &maintenance.Service{Store: s.Store, Tx: s.Tx, Devices: s.Devices, Rules: s.Rules, Book: book, Events: s.Events, Limits: s.Limits, Log: slog.New(slog.DiscardHandler)}
	start(t, next)
	return next
}

func TestWhatSoundsASirenIsSilencedOnASecondConfirmationOnly(t *testing.T) {
	s := again(t, newService(t, storetest.SQLite(t)), siren())
	for name, w := range map[string]maintenance.Window{
		"the device": window(maintenance.Device, "level"), "its terminal": window(maintenance.Terminal, "edge"), "its class": window(maintenance.Class, "water_level"),
	} {
		if _, err := s.Plan(technician(), w, false); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := s.Plan(technician(), w, true); err != nil || !got.Critical || got.Needs != nil {
			t.Errorf("%s confirmed: %+v, %v", name, got, err)
		}
	}
}

func TestAWindowThatASirenCameUnderSaysSoAndHoldsOnceConfirmed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		before := newService(t, db)
		planned, err := before.Plan(technician(), window(maintenance.Device, "level"), false)
		if err != nil {
			t.Fatal(err)
		}
		s := again(t, before, siren())
		if _, ok := s.Over(level(), "high", time.Now()); ok {
			t.Error("what sounds a siren is silenced, and nobody confirmed it")
		}
		list, err := s.List(technician())
		if err != nil || !slices.Equal(list[0].Needs, []maintenance.Need{maintenance.NeedCritical}) || list[0].Withheld.Devices != 1 || list[0].Withheld.Classes[0] != "water_level" {
			t.Fatalf("list %+v, %v", list, err)
		}
		rings := maintenance.Shown{Needs: []maintenance.Need{maintenance.NeedCritical}, Devices: 1}
		if _, err := s.Confirm(as("320681", actor.AlarmRead, actor.AlarmMaintain), planned.ID, rings); errs.KindOf(err) != errs.NotFound {
			t.Errorf("confirmed by another county: %v", err)
		}
		w, err := s.Confirm(technician(), planned.ID, rings)
		if err != nil || w.ConfirmedBy != "王工" || w.Needs != nil || w.Withheld != nil {
			t.Fatalf("confirmed %+v, %v", w, err)
		}
		if _, err := s.Confirm(technician(), planned.ID, rings); errs.KindOf(err) != errs.Conflict {
			t.Errorf("confirmed twice: %v", err)
		}
		if _, ok := again(t, s, siren()).Over(level(), "high", time.Now()); !ok {
			t.Error("it does not hold after a restart")
		}
	})
}

func TestAWeeklyWindowOfBeforeTheLimitsHoldsOnceConfirmed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newService(t, db)
		now := time.Now().UTC().Truncate(time.Microsecond)
		china := now.In(time.FixedZone("UTC+8", 8*3600))
		stored := maintenance.Window{
			ID: uuid.Must(uuid.NewV7()).String(), Target: maintenance.Device, Subject: "level", Division: "320623", From: now.Add(-48 * time.Hour), To: now.AddDate(3, 0, 0),
			Weekly: &maintenance.Weekly{Days: []int{1, 2, 3, 4, 5, 6, 7}, At: china.Add(-time.Hour).Format("15:04"), Minutes: 24 * 60},
			Reason: "旧", CreatedAt: now, CreatedBy: "u", CreatedByName: "王工", UpdatedAt: now,
		}
		if err := s.Store.Add(t.Context(), stored); err != nil {
			t.Fatal(err)
		}
		s.Limits.BreakHours = 12
		s = again(t, s, rules{})
		if _, ok := s.Over(level(), "high", time.Now()); ok {
			t.Error("it never lets anything ring, and holds")
		}
		list, err := s.List(technician())
		if err != nil || !slices.Equal(list[0].Needs, []maintenance.Need{maintenance.NeedBreak, maintenance.NeedRepeat}) {
			t.Fatalf("list %+v, %v", list, err)
		}
		w, err := s.Confirm(technician(), stored.ID, maintenance.Shown{Needs: list[0].Needs})
		if err != nil || w.To.After(time.Now().AddDate(0, 0, s.Limits.RepeatDays+1)) {
			t.Fatalf("confirmed %+v, %v", w, err)
		}
		if _, ok := s.Over(level(), "high", time.Now()); !ok {
			t.Error("confirmed, and it does not hold")
		}
	})
}

// long is a weekly window of another time, over the class of the level sensor.
func long(t *testing.T, s *maintenance.Service) maintenance.Window {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	china := now.In(time.FixedZone("UTC+8", 8*3600))
	w := maintenance.Window{
		ID: uuid.Must(uuid.NewV7()).String(), Target: maintenance.Class, Subject: "water_level", Division: "320623", From: now.Add(-48 * time.Hour), To: now.AddDate(0, 0, 20),
		Weekly: &maintenance.Weekly{Days: []int{1, 2, 3, 4, 5, 6, 7}, At: china.Add(-time.Hour).Format("15:04"), Minutes: 10 * 60},
		Reason: "旧", CreatedAt: now, CreatedBy: "u", CreatedByName: "王工", UpdatedAt: now,
	}
	if err := s.Store.Add(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	s.Limits.MaxHours = 8
	return w
}

func TestAWindowConfirmedForItsLengthDoesNotSilenceASiren(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		before := newService(t, db)
		stored := long(t, before)
		s := again(t, before, rules{})
		length := maintenance.Shown{Needs: []maintenance.Need{maintenance.NeedLength}}
		w, err := s.Confirm(technician(), stored.ID, length)
		if err != nil || w.Critical || w.Needs != nil {
			t.Fatalf("confirmed %+v, %v", w, err)
		}
		if _, ok := s.Over(level(), "high", time.Now()); !ok {
			t.Error("confirmed, and it does not hold")
		}
		s = again(t, s, siren())
		if _, ok := s.Over(level(), "high", time.Now()); ok {
			t.Error("a siren is silenced that nobody was asked about")
		}
		if w, err = s.Confirm(technician(), stored.ID, maintenance.Shown{Needs: []maintenance.Need{maintenance.NeedCritical}, Devices: 1}); err != nil || !w.Critical {
			t.Errorf("confirmed %+v, %v", w, err)
		}
	})
}

func TestAConfirmationIsForWhatWasShown(t *testing.T) {
	before := newService(t, storetest.SQLite(t))
	stored := long(t, before)
	s := again(t, before, siren())
	for name, seen := range map[string]maintenance.Shown{
		"without the siren": {Needs: []maintenance.Need{maintenance.NeedLength}},
		"fewer devices":     {Needs: []maintenance.Need{maintenance.NeedLength, maintenance.NeedCritical}},
		"nothing":           {},
	} {
		if _, err := s.Confirm(technician(), stored.ID, seen); errs.KindOf(err) != errs.Conflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	w, err := s.Confirm(technician(), stored.ID, maintenance.Shown{Needs: []maintenance.Need{maintenance.NeedCritical, maintenance.NeedLength}, Devices: 1})
	if err != nil || !w.Critical || w.Needs != nil {
		t.Errorf("confirmed %+v, %v", w, err)
	}
}

func TestAConfirmedWindowIsHeldToLimitsThatBecameStricter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		before := newService(t, db)
		stored := long(t, before)
		s := again(t, before, rules{})
		if _, err := s.Confirm(technician(), stored.ID, maintenance.Shown{Needs: []maintenance.Need{maintenance.NeedLength}}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name   string
			limits maintenance.Limits
			want   []maintenance.Need
		}{
			{"as they were", s.Limits, nil},
			{"looser", maintenance.Limits{MaxHours: 9, RepeatDays: s.Limits.RepeatDays, BreakHours: s.Limits.BreakHours}, nil},
			{"shorter", maintenance.Limits{MaxHours: 4, RepeatDays: s.Limits.RepeatDays, BreakHours: s.Limits.BreakHours}, []maintenance.Need{maintenance.NeedLength}},
			{"longer breaks, fewer days", maintenance.Limits{MaxHours: 8, RepeatDays: 7, BreakHours: 16}, []maintenance.Need{maintenance.NeedBreak, maintenance.NeedRepeat}},
		} {
			s.Limits = c.limits
			s = again(t, s, rules{})
			list, err := s.List(technician())
			if err != nil || !slices.Equal(list[0].Needs, c.want) {
				t.Errorf("%s: %+v, %v", c.name, list, err)
			}
			if _, ok := s.Over(level(), "high", time.Now()); ok != (c.want == nil) {
				t.Errorf("%s: holds %v", c.name, ok)
			}
		}
	})
}
