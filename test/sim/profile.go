package sim

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/test/sim/modbus"
	"github.com/fengsui/fengsui/test/sim/wave"
)

// registers lays the sources and the outputs out as the profile says; a property without a wave stays at 0.
// serial: the device has RTU frames.
func registers(dir, id string, sources map[string]*wave.Source) (d *modbus.Device, serial bool, err error) {
	profiles, err := profile.LoadDir(filepath.Join(dir, "profiles"))
	if err != nil {
		return d, false, err
	}
	p, ok := profiles[id]
	if !ok || p.Modbus == nil {
		return d, false, fmt.Errorf("no Modbus profile %s", id)
	}
	known, points := map[string]bool{}, []modbus.Point(nil)
	for _, r := range p.Modbus.Registers {
		known[r.Property] = true
		value := func(time.Time) float64 { return 0 }
		if source, ok := sources[r.Property]; ok {
			value = source.Read
		}
		points = append(points, modbus.Point{Table: r.Table, Address: r.Address, Words: r.Words(), Encode: r.Encode, Value: value})
	}
	for property := range sources {
		if !known[property] {
			return d, false, fmt.Errorf("profile %s has no property %s", id, property)
		}
	}
	d = &modbus.Device{Coils: map[uint16]string{}, Held: map[uint16]modbus.Held{}}
	for _, o := range p.Outputs {
		if o.Coil != nil {
			d.Coils[*o.Coil] = o.ID
		}
		if o.Holding != nil {
			d.Held[*o.Holding] = modbus.Held{Name: o.ID, On: o.OnValue, Off: o.OffValue}
		}
	}
	d.Points = append(points, gaps(points, p.Modbus.MaxGap)...)
	return d, p.Protocol != profile.ModbusTCP, nil
}

// gaps are the registers between two values that the profile says may be read along; they hold 0.
func gaps(points []modbus.Point, most uint16) []modbus.Point {
	sorted := slices.Clone(points)
	slices.SortFunc(sorted, func(a, b modbus.Point) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Address, b.Address))
	})
	var out []modbus.Point
	for i := 1; i < len(sorted); i++ {
		before, after := sorted[i-1], sorted[i]
		from := int(before.Address) + before.Words
		gap := int(after.Address) - from
		if before.Table != after.Table || gap <= 0 || gap > int(most) {
			continue
		}
		out = append(out, modbus.Point{
			Table: before.Table, Address: uint16(from), Words: gap,
			Encode: func(float64) ([]uint16, error) { return make([]uint16, gap), nil },
			Value:  func(time.Time) float64 { return 0 },
		})
	}
	return out
}
