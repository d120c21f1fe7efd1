package device_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/shared/geo"
)

func newBulk(t *testing.T, db *store.DB) *device.Service {
	t.Helper()
	ca, err := device.OpenAuthority(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	areas, err := geo.LoadAreas("../../../deploy/basemap")
	if err != nil {
		t.Fatal(err)
	}
	return &device.Service{Store: store.NewDevices(db), Tx: db, Events: event.NewBus(nil), Log: slog.New(slog.DiscardHandler), CA: ca, Areas: areas}
}

func engineer(division string) context.Context {
	return actor.With(context.Background(), actor.Actor{Kind: actor.User, ID: "u", DivisionCode: division, Permissions: []actor.Permission{actor.DeviceRead, actor.DeviceWrite}})
}

// said is what was found of a row: state, then column/code of each complaint.
func said(c device.Checked) string {
	out := string(c.State)
	for _, one := range c.Complaints {
		out += " " + one.Column + "/" + one.Code
	}
	return out
}

func TestEveryCellOfAListIsChecked(t *testing.T) {
	s := newBulk(t, storetest.SQLite(t))
	if _, err := s.Create(engineer("320600"), device.New{ID: "there", Kind: device.Edge, Name: "在", Division: "320681"}); err != nil {
		t.Fatal(err)
	}
	edge := device.Listed{ID: "a", Kind: "edge", Division: "320623"}
	for want, change := range map[string]func(*device.Listed){
		"new":                          func(*device.Listed) {},
		"new ":                         func(r *device.Listed) { r.Lon, r.Lat = "121.1833", "32.3117" },
		"wrong id/missing":             func(r *device.Listed) { r.ID = " " },
		"wrong id/pattern":             func(r *device.Listed) { r.ID = "=HYPERLINK(1)" },
		"wrong id/registered":          func(r *device.Listed) { r.ID = "there" },
		"wrong kind/choice":            func(r *device.Listed) { r.Kind = "摄像机" },
		"wrong name/too_long":          func(r *device.Listed) { r.Name = strings.Repeat("长", 67) },
		"wrong class/pattern":          func(r *device.Listed) { r.Class = "水位" },
		"wrong division/code":          func(r *device.Listed) { r.Division = "如东" },
		"wrong division/unknown":       func(r *device.Listed) { r.Division = "320699" },
		"wrong division/not_yours":     func(r *device.Listed) { r.Division = "320681" },
		"wrong lat/half":               func(r *device.Listed) { r.Lon = "121" },
		"wrong lon/half":               func(r *device.Listed) { r.Lat = "32" },
		"wrong lon/number":             func(r *device.Listed) { r.Lon, r.Lat = "东经121度", "32" },
		"wrong lat/number":             func(r *device.Listed) { r.Lon, r.Lat = "121", "NaN" },
		"wrong lat/range":              func(r *device.Listed) { r.Lon, r.Lat = "32", "121" },
		"wrong system/choice":          func(r *device.Listed) { r.System = "beijing54" },
		"new lon/outside":              func(r *device.Listed) { r.Lon, r.Lat = "116.4", "39.9" },
		"wrong kind/choice lon/number": func(r *device.Listed) { r.Kind, r.Lon, r.Lat = "", "x", "y" },
	} {
		row := edge
		change(&row)
		got, err := s.CheckBulk(engineer("320623"), []device.Listed{row})
		if err != nil || said(got[0]) != strings.TrimSpace(want) {
			t.Errorf("%+v: got %q %v, want %q", row, said(got[0]), err, want)
		}
	}
	got, err := s.CheckBulk(engineer("320623"), []device.Listed{{Line: 2, ID: "a", Kind: "edge"}, {Line: 3, ID: "a", Kind: "edge"}})
	if err != nil || said(got[1]) != "wrong id/duplicate" || got[1].Complaints[0].Detail != "2" {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := s.CheckBulk(engineer("320623"), make([]device.Listed, device.MaxBulk+1)); errs.KindOf(err) != errs.Invalid {
		t.Errorf("too many rows: %v", err)
	}
}

func TestWebMapCoordinatesAreMovedOrHintedAt(t *testing.T) {
	s := newBulk(t, storetest.SQLite(t))
	lon, lat := geo.ToGCJ02(121.1833, 32.3117)
	row := device.Listed{ID: "a", Kind: "edge", Division: "320623", Lon: fmt.Sprint(lon), Lat: fmt.Sprint(lat), System: "gcj02"}
	got, err := s.CheckBulk(engineer("320623"), []device.Listed{row})
	if err != nil || got[0].State != device.RowNew || got[0].Place == nil || got[0].Place.Lon-121.1833 > 1e-6 || 121.1833-got[0].Place.Lon > 1e-6 {
		t.Errorf("%+v %v", got, err)
	}
}

func TestListIsRegisteredWholeOrNotAtAllAndAgainChangesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newBulk(t, db)
		ctx := engineer("320600")
		var rows []device.Listed
		for i := range 50 {
			rows = append(rows, device.Listed{Line: i + 2, ID: fmt.Sprintf("d-%d", i), Kind: []string{"edge", "sensor"}[i%2], Name: "站", Division: "320623"})
		}
		broken := append(append([]device.Listed{}, rows...), device.Listed{Line: 52, ID: "X", Kind: "edge"})
		if _, err := s.CreateBulk(ctx, broken, 0); errs.KindOf(err) != errs.Invalid || !strings.Contains(err.Error(), "row 52") {
			t.Errorf("a list with a wrong row: %v", err)
		}
		if all, err := s.All(ctx); err != nil || len(all) != 0 {
			t.Fatalf("%d devices of a refused list, %v", len(all), err)
		}
		added, err := s.CreateBulk(ctx, rows, 72*time.Hour)
		if err != nil || len(added) != 50 || added[0].Enrol == nil || added[0].Enrol.Token == "" || added[1].Token == "" || added[0].Token != "" {
			t.Fatalf("%d, %v", len(added), err)
		}
		if all, err := s.All(ctx); err != nil || len(all) != 50 {
			t.Errorf("%d devices, %v", len(all), err)
		}
		if err := s.AuthToken(t.Context(), "d-1", added[1].Token); err != nil {
			t.Errorf("the token of the list does not let in: %v", err)
		}
		checked, err := s.CheckBulk(ctx, rows)
		if err != nil || checked[0].State != device.RowUnchanged {
			t.Errorf("%+v %v", checked[0], err)
		}
		if again, err := s.CreateBulk(ctx, rows, 72*time.Hour); err != nil || len(again) != 0 {
			t.Errorf("the same list again: %d, %v", len(again), err)
		}
		rows[3].Name = "改"
		if checked, err := s.CheckBulk(ctx, rows); err != nil || said(checked[3]) != "wrong name/registered" {
			t.Errorf("%+v %v", checked[3], err)
		}
		if err := s.Remove(ctx, "d-4"); err != nil {
			t.Fatal(err)
		}
		if checked, err := s.CheckBulk(ctx, rows); err != nil || said(checked[4]) != "wrong id/removed" {
			t.Errorf("%+v %v", checked[4], err)
		}
		if _, err := s.CreateBulk(actor.With(ctx, actor.Actor{Kind: actor.User}), rows, 0); errs.KindOf(err) != errs.Denied {
			t.Errorf("without permission: %v", err)
		}
	})
}
