package board

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/shared/geo"
)

const (
	mostStations = 12
	mostGauges   = 8
	mostCameras  = 1
)

// straightLine is where the kilometres of a suggestion come from.
const straightLine = "按登记坐标的直线距离自西北向东南累计，非河道里程。Straight lines between registered positions, from the north-west; not river kilometres."

// found is one series of a device.
type found struct {
	device device.Device
	series device.Series
}

func (f found) key() string { return f.device.ID + "/" + f.series.Property }

// suggest makes a board of what stands in a division: along the water a river with its courses and rain, in a
// plant a plan with its gases and gauges, beside them alarms and cameras.
func suggest(division string, all []device.Device) Board {
	var here []device.Device
	for _, d := range all {
		if d.State != device.Revoked && geo.Division(division).Covers(geo.Division(d.Division)) {
			here = append(here, d)
		}
	}
	levels := seriesOf(here, "water_level", "water_level")
	rains := seriesOf(here, "rain", rainFirst()...)
	gases := seriesOf(here, "gas")
	b := Board{Division: division, Title: "看板", TitleEN: "Board", Tiles: []Tile{}}
	add := func(t Tile) {
		t.ID = fmt.Sprintf("t%d", len(b.Tiles)+1)
		b.Tiles = append(b.Tiles, t)
	}
	if len(levels) > 0 {
		b.Title, b.TitleEN = "河道看板", "River board"
		add(Tile{Kind: River, Columns: 3, Rows: 2, Stations: along(levels)})
	}
	add(Tile{Kind: Alarms, Columns: 1, Rows: 2})
	if len(levels) > 0 && len(rains) > 0 {
		add(Tile{Kind: Rain, Columns: 2, Rows: 1, Series: append(keysOf(levels, 1), keysOf(rains, maxCourse-1)...)})
	}
	if len(levels) > 0 {
		add(Tile{Kind: Course, Columns: 2, Rows: 1, Series: keysOf(levels, maxCourse)})
	}
	if len(gases) > 0 {
		if len(levels) == 0 {
			b.Title, b.TitleEN = "厂区看板", "Plant board"
		}
		add(Tile{Kind: Plan, Columns: 1, Rows: 1, Spots: spots(gases)})
		add(Tile{Kind: Course, Columns: 1, Rows: 1, Series: keysOf(gases, maxCourse)})
	}
	if gauges := others(here); len(gauges) > 0 {
		add(Tile{Kind: Now, Columns: 1, Rows: 1, Series: keysOf(gauges, mostGauges)})
	}
	cameras := 0
	for _, d := range here {
		if d.Kind == device.Camera && cameras < mostCameras {
			cameras++
			add(Tile{Kind: Camera, Columns: 1, Rows: 1, Camera: d.ID})
		}
	}
	return b
}

// seriesOf is one series of each device of a class: the first of the properties that it has, or without any
// properties its first.
func seriesOf(here []device.Device, class string, properties ...string) []found {
	var out []found
	for _, d := range here {
		if d.Class != class || len(d.Series) == 0 {
			continue
		}
		if len(properties) == 0 {
			out = append(out, found{d, d.Series[0]})
		}
		for _, p := range properties {
			if at := slices.IndexFunc(d.Series, func(s device.Series) bool { return s.Property == p }); at >= 0 {
				out = append(out, found{d, d.Series[at]})
				break
			}
		}
	}
	return out
}

// rainFirst are the properties of a rain gauge, the one that tells most first: the present rain is an amount since
// the report before, which many gauges do not send.
func rainFirst() []string { return []string{"rain_1h", "rain_5min", "rain"} }

// others is the series of each sensor that tells most, without positions.
func others(here []device.Device) []found {
	var out []found
	for _, d := range here {
		if d.Kind == device.Sensor && d.Class != "position" && len(d.Series) > 0 {
			out = append(out, append(seriesOf([]device.Device{d}, "rain", rainFirst()...), found{d, d.Series[0]})[0])
		}
	}
	return out
}

func keysOf(list []found, most int) []string {
	out := []string{}
	for _, f := range list[:min(most, len(list))] {
		out = append(out, f.key())
	}
	return out
}

// along puts stations one after the other. Which way the water flows the register does not know: they stand
// from the north-west, as the great rivers run, and are marked as not checked.
func along(levels []found) []Station {
	slices.SortStableFunc(levels, func(a, b found) int {
		return cmp.Or(cmp.Compare(diagonal(a.device), diagonal(b.device)), strings.Compare(a.key(), b.key()))
	})
	out := []Station{}
	km := 0.0
	for i, f := range levels[:min(mostStations, len(levels))] {
		if i > 0 {
			km += distance(levels[i-1].device, f.device)
		}
		out = append(out, Station{Series: f.key(), KM: math.Round(km*10) / 10, Source: straightLine, Unverified: true})
	}
	return out
}

func diagonal(d device.Device) float64 {
	if d.Place == nil {
		return math.MaxFloat64
	}
	return d.Place.Lon - d.Place.Lat
}

// distance is in kilometres on a sphere of 6,371 km; nothing without both positions.
func distance(a, b device.Device) float64 {
	if a.Place == nil || b.Place == nil {
		return 0
	}
	const radius, degree = 6371, math.Pi / 180
	north := (b.Place.Lat - a.Place.Lat) * degree
	east := (b.Place.Lon - a.Place.Lon) * degree * math.Cos((a.Place.Lat+b.Place.Lat)/2*degree)
	return radius * math.Hypot(north, east)
}

// spots spreads what has no place on a plan yet in rows.
func spots(list []found) []Spot {
	const across = 2
	out := []Spot{}
	for i, f := range list[:min(maxPoints, len(list))] {
		row := i / across
		out = append(out, Spot{Series: f.key(), X: 27 + float64(i%across)*46, Y: math.Min(20+float64(row)*22, 95)})
	}
	return out
}

// demo reports whether a tile shows something of a demonstration.
func demo(tiles []Tile, all []device.Device) bool {
	of := map[string]bool{}
	for _, d := range all {
		of[d.ID] = d.Demo
	}
	shown := func(key string) bool {
		id, _, _ := strings.Cut(key, "/")
		return of[id]
	}
	return slices.ContainsFunc(tiles, func(t Tile) bool {
		return shown(t.Camera) || slices.ContainsFunc(t.Series, shown) ||
			slices.ContainsFunc(t.Stations, func(s Station) bool { return shown(s.Series) }) ||
			slices.ContainsFunc(t.Spots, func(s Spot) bool { return shown(s.Series) })
	})
}
