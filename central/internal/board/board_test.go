package board

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/wire"
)

func TestBadBoardsAreNamedByTheirPlace(t *testing.T) {
	tile := func(change func(*Tile)) Board {
		one := Tile{ID: "t1", Kind: Course, Columns: 1, Rows: 1, Series: []string{"a/water_level"}}
		change(&one)
		return Board{Title: "河", Division: "320623", Tiles: []Tile{one}}
	}
	river := func(stations ...Station) Board {
		return tile(func(t *Tile) { t.Kind, t.Series, t.Stations = River, nil, stations })
	}
	station := Station{Series: "a/water_level", KM: 3, Source: "x"}
	for want, b := range map[string]Board{
		"title":                        {Division: "320623"},
		"title_en":                     {Title: "a", TitleEN: strings.Repeat("x", 81), Division: "320623"},
		"division":                     {Title: "a", Division: "32"},
		"tiles":                        {Title: "a", Division: "320623", Tiles: make([]Tile, 25)},
		"tiles.1.id":                   {Title: "a", Division: "320623", Tiles: []Tile{{ID: "a", Kind: Alarms, Columns: 1, Rows: 1}, {ID: "a", Kind: Alarms, Columns: 1, Rows: 1}}},
		"tiles.0.id":                   tile(func(t *Tile) { t.ID = "../x" }),
		"tiles.0.kind":                 tile(func(t *Tile) { t.Kind = "film" }),
		"tiles.0.columns":              tile(func(t *Tile) { t.Columns = 5 }),
		"tiles.0.rows":                 tile(func(t *Tile) { t.Rows = 0 }),
		"tiles.0.series":               tile(func(t *Tile) { t.Series = make([]string, 6) }),
		"tiles.0.series.0":             tile(func(t *Tile) { t.Series = []string{"a"} }),
		"tiles.0.camera":               tile(func(t *Tile) { t.Camera = "cam" }),
		"tiles.0.stations":             tile(func(t *Tile) { t.Stations = []Station{station} }),
		"tiles.0.spots":                tile(func(t *Tile) { t.Spots = []Spot{{Series: "a/b"}} }),
		"tiles.0.picture":              tile(func(t *Tile) { t.Kind, t.Series, t.Picture = Plan, nil, "data:image/svg+xml;base64,AAAA" }),
		"tiles.0.spots.0":              tile(func(t *Tile) { t.Kind, t.Series, t.Spots = Plan, nil, []Spot{{Series: "a/b", X: 101}} }),
		"tiles.0.stations.0.source":    river(Station{Series: "a/b"}),
		"tiles.0.stations.0.km":        river(Station{Series: "a/b", KM: math.NaN(), Source: "x"}),
		"tiles.0.stations.1.km":        river(station, Station{Series: "a/b", KM: 2, Source: "x"}),
		"tiles.0.stations.0.guarantee": river(Station{Series: "a/b", Source: "x", Warning: new(5.0), Guarantee: new(4.0)}),
	} {
		err := b.check()
		var e *errs.Error
		if e, _ = err.(*errs.Error); e == nil || e.Fields[want] == "" { //nolint:errorlint // check returns it bare
			t.Errorf("%s: got %v", want, err)
		}
	}
	good := tile(func(t *Tile) { t.Kind, t.Series, t.Picture = Plan, nil, "data:image/png;base64,iVBORw0KGgo=" })
	if err := good.check(); err != nil {
		t.Error(err)
	}
}

func TestSuggestionShowsWhatStandsInTheDivisionAndIsValid(t *testing.T) {
	gauge := func(id, class, property, division string, lon, lat float64) device.Device {
		return device.Device{ID: id, Kind: device.Sensor, Class: class, Division: division, Demo: true, Place: &wire.Place{Lon: lon, Lat: lat}, Series: []device.Series{{Property: property}}}
	}
	all := []device.Device{
		gauge("down", "water_level", "water_level", "320623", 121, 32),
		gauge("up", "water_level", "water_level", "320623", 120, 32),
		gauge("rain", "rain", "rain", "320623", 120, 32),
		gauge("ch4", "gas", "ch4_lel", "320623", 120, 32),
		gauge("else", "water_level", "water_level", "320681", 121, 32),
		{ID: "cam", Kind: device.Camera, Division: "320623"},
		{ID: "edge", Kind: device.Edge, Division: "320623"},
	}
	all[2].Series = append(all[2].Series, device.Series{Property: "rain_1h"})
	b := suggest("320623", all)
	if err := b.check(); err != nil {
		t.Fatal(err)
	}
	kinds := map[Kind]Tile{}
	for _, tile := range b.Tiles {
		kinds[tile.Kind] = tile
	}
	river := kinds[River].Stations
	if len(river) != 2 || river[0].Series != "up/water_level" || river[1].Series != "down/water_level" || math.Abs(river[1].KM-94.3) > 0.1 || !river[1].Unverified {
		t.Errorf("river %+v", river)
	}
	if got := kinds[Rain].Series; len(got) != 2 || got[0] != "up/water_level" || got[1] != "rain/rain_1h" {
		t.Errorf("rain %v", got)
	}
	if len(kinds[Plan].Spots) != 1 || kinds[Camera].Camera != "cam" || kinds[Now].Kind == "" || kinds[Alarms].Kind == "" {
		t.Errorf("%+v", b.Tiles)
	}
	// The gauge's present rain, which is declared first, is an amount between two reports.
	if now := kinds[Now].Series; !slices.Contains(now, "rain/rain_1h") || slices.Contains(now, "rain/rain") {
		t.Errorf("now %v", now)
	}
	if !demo(b.Tiles, all) {
		t.Error("it is not marked as demonstration")
	}
	if b := suggest("320682", all); b.check() != nil || len(b.Tiles) != 1 {
		t.Errorf("a division without anything: %+v", b)
	}
}
