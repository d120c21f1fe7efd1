package api

import (
	"cmp"
	"math"
	"slices"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	crowdCells  = 4000   // a few tens of kilobytes
	crowdFinest = 0.0025 // degrees, some 250 m
	crowdDigits = 1e5    // places are told to a metre
)

// liveCrowd says where the devices of a large snapshot stand that come in its later parts: how many are in each
// cell of a grid, and their middle, in columns. The map shows as many at once and need not wait for them.
type liveCrowd struct {
	Lon   []float64 `json:"lon"`
	Lat   []float64 `json:"lat"`
	Count []int     `json:"count"`
}

type cell struct{ x, y int }

// within is what stands in a cell: the sum of the places, and how many.
type within struct {
	lon, lat float64
	n        int
}

// crowdOf counts devices in cells, made larger until they are few enough. A device that moves stands where it
// said last; one that says it stands nowhere on earth is passed over.
func crowdOf(devices []device.Device, latest []telemetry.Latest) *liveCrowd {
	moved := map[string]wire.Place{}
	for i := range latest {
		l := &latest[i]
		p, known := moved[l.Device]
		if !known {
			p = wire.Place{Lon: math.NaN(), Lat: math.NaN()}
		}
		switch l.Property {
		case "lon":
			p.Lon = l.Value
		case "lat":
			p.Lat = l.Value
		default:
			continue
		}
		moved[l.Device] = p
	}
	cells := map[cell]within{}
	for i := range devices {
		d := &devices[i]
		p, moves := moved[d.ID]
		if moves = moves && !math.IsNaN(p.Lon+p.Lat); !moves && d.Place != nil {
			p = *d.Place
		}
		if d.State == device.Revoked || (!moves && d.Place == nil) || !p.OnEarth() {
			continue
		}
		at := cell{int(math.Floor(p.Lon / crowdFinest)), int(math.Floor(p.Lat / crowdFinest))}
		w := cells[at]
		cells[at] = within{w.lon + p.Lon, w.lat + p.Lat, w.n + 1}
	}
	for len(cells) > crowdCells {
		cells = wider(cells)
	}
	return columns(cells)
}

// wider puts four cells into one.
func wider(cells map[cell]within) map[cell]within {
	out := make(map[cell]within, len(cells)/2)
	for at, w := range cells {
		to := cell{at.x >> 1, at.y >> 1}
		o := out[to]
		out[to] = within{o.lon + w.lon, o.lat + w.lat, o.n + w.n}
	}
	return out
}

func columns(cells map[cell]within) *liveCrowd {
	order := make([]cell, 0, len(cells))
	for at := range cells {
		order = append(order, at)
	}
	slices.SortFunc(order, func(a, b cell) int { return cmp.Or(cmp.Compare(a.y, b.y), cmp.Compare(a.x, b.x)) })
	c := &liveCrowd{Lon: make([]float64, len(order)), Lat: make([]float64, len(order)), Count: make([]int, len(order))}
	for i, at := range order {
		w := cells[at]
		c.Lon[i], c.Lat[i], c.Count[i] = middle(w.lon, w.n), middle(w.lat, w.n), w.n
	}
	return c
}

func middle(sum float64, n int) float64 { return math.Round(sum/float64(n)*crowdDigits) / crowdDigits }
