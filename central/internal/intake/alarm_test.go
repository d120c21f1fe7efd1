package intake_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/intake"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// An alarm becomes one item of each desk that takes it: the one at the city does not shut the county out.
func TestAnAlarmIsTakenOnceByEachDesk(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		r.Alarms, r.Devices = alarms{}, &device.Service{Store: store.NewDevices(db), Tx: db}
		city, err := r.FromAlarm(r.city, "a1")
		r.must(err)
		county, err := r.FromAlarm(r.county, "a1")
		r.must(err)
		again, err := r.FromAlarm(r.county, "a1")
		r.must(err)
		if city.ID == county.ID || again.ID != county.ID || county.Kind != intake.Alarm || county.Level != 2 || county.Place != "洋口闸水位计" || county.Source != "alarm a1" {
			t.Errorf("city %+v, county %+v, again %s", city, county, again.ID)
		}
		if _, err := r.FromAlarm(r.other, "a1"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("the neighbour takes it: %v", err)
		}
		if _, err := r.FromAlarm(r.county, "a2"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("an alarm that is not there: %v", err)
		}
	})
}

// raised are the alarms of this test, by their ids.
type raised map[string]telemetry.Alarm

func (r raised) Alarm(_ context.Context, id string) (telemetry.Alarm, error) { return r[id], nil }

func (raised) ListRules(context.Context) ([]rule.Rule, error) {
	return []rule.Rule{{ID: "warning", Condition: rule.Above}, {ID: "silent", Condition: rule.Silent}}, nil
}

// An alarm brings where its sensor stands, else its terminal, to the incident that is filed from it; what it is comes
// from what was measured, and the terminal is who says it.
func TestAnAlarmBringsPlaceKindAndTitle(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		ca, err := device.OpenAuthority(t.TempDir(), nil)
		r.must(err)
		devices := &device.Service{Store: store.NewDevices(db), Tx: db, Events: event.NewBus(r.trail), CA: ca, Log: slog.New(slog.DiscardHandler)}
		r.must(devices.Load(r.system))
		_, err = devices.Create(r.system, device.New{ID: "edge-1", Kind: device.Edge, Name: "洋口闸终端", Division: "320623", Place: &wire.Place{Lon: 120.9, Lat: 32.5}})
		r.must(err)
		series := []wire.SeriesDeclared{{Property: "water_level", Name: "水位", NameEN: "Water level", Unit: "m", Digits: 2}}
		_, err = devices.Hello(r.system, "edge-1", wire.Hello{Version: 1, Name: "洋口闸终端", Division: "320623", Place: &wire.Place{Lon: 120.9, Lat: 32.5}, Sensors: []wire.SensorDeclared{
			{ID: "placed", Name: "洋口外闸潮位（演示）", Class: "water_level", Division: "320623", Place: &wire.Place{Lon: 120.94793, Lat: 32.53164}, Series: series},
			{ID: "bare", Name: "泵房甲烷", Class: "gas", Division: "320623", Series: series},
		}})
		r.must(err)
		_, err = devices.Create(r.system, device.New{ID: "alone", Kind: device.Sensor, Name: "村口雨量计", Class: "rain", Division: "320623"})
		r.must(err)
		at := time.Date(2026, 7, 1, 4, 3, 2, 0, time.UTC)
		alarm := func(name, device, rule, ruleName, property, unit string, peak float64) telemetry.Alarm {
			return telemetry.Alarm{ID: name, Device: device, DeviceName: map[string]string{"placed": "洋口外闸潮位（演示）", "bare": "泵房甲烷", "alone": "村口雨量计"}[device], Rule: rule, RuleName: ruleName, Property: property, Unit: unit, Division: "320623", Level: 3, Value: 5.37, Peak: peak, OpenedAt: at}
		}
		list := raised{}
		for _, a := range []telemetry.Alarm{
			alarm("a", "placed", "warning", "水位超警戒(演示值)", "water_level", "m", 5.605), alarm("b", "bare", "gas", "甲烷浓度高", "ch4_lel", "%{LEL}", 5.37),
			alarm("c", "placed", "silent", "水位站无数据(2 小时 10 分)", "water_level", "m", 5.37), alarm("d", "alone", "rain", "1 小时雨量大", "rain_1h", "mm", 5.37),
		} {
			list[a.ID] = a
		}
		r.Alarms, r.Devices = list, devices
		for _, want := range []struct {
			id, title, category, unit, summary string
			lon, lat                           float64
		}{
			{"a", "洋口外闸水位超警戒", "natural.flood", "洋口闸终端", "水位超警戒(演示值)：2026-07-01 12:03:02 测得 5.37 m，至接报时极值 5.605 m", 120.94793, 32.53164},
			{"b", "泵房甲烷甲烷浓度高", "", "洋口闸终端", "甲烷浓度高：2026-07-01 12:03:02 测得 5.37 %{LEL}", 120.9, 32.5},
			{"c", "洋口外闸水位站无数据", "", "洋口闸终端", "水位站无数据(2 小时 10 分)：2026-07-01 12:03:02 测得 5.37 m", 120.94793, 32.53164},
			{"d", "村口1 小时雨量大", "natural.weather", "如东县", "1 小时雨量大：2026-07-01 12:03:02 测得 5.37 mm", 0, 0},
		} {
			i, err := r.FromAlarm(r.county, want.id)
			r.must(err)
			if i.Category != want.category || i.Unit != want.unit || i.Place != list[want.id].DeviceName {
				t.Errorf("%s: category %q, unit %q, place %q", want.id, i.Category, i.Unit, i.Place)
			}
			category := i.Category
			if category == "" {
				category = "accident"
			}
			i, err = r.Open(r.county, i.ID, intake.NewIncident{Category: category})
			r.must(err)
			got, err := r.incidents.Get(r.county, i.IncidentID)
			r.must(err)
			if got.Title != want.title || got.Summary != want.title+"\n"+want.summary {
				t.Errorf("%s: title %q, summary %q", want.id, got.Title, got.Summary)
			}
			if want.lon == 0 {
				if got.Lon != nil || got.Lat != nil {
					t.Errorf("%s: a place that nobody gave: %v", want.id, *got.Lon)
				}
				continue
			}
			if got.Lon == nil || got.Lat == nil || *got.Lon != want.lon || *got.Lat != want.lat {
				t.Errorf("%s: not where the sensor stands: %v %v", want.id, got.Lon, got.Lat)
			}
		}
	})
}
