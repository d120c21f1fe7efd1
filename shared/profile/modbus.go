package profile

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/strict"
)

// Modbus is the register map.
type Modbus struct {
	Unit      uint8           `yaml:"unit" json:"unit"`                           // default; a sensor may have another
	MaxGap    uint16          `yaml:"max_gap,omitempty" json:"max_gap,omitempty"` // registers between two wanted ones that may be read along
	Gap       strict.Duration `yaml:"gap,omitempty" json:"gap,omitempty"`         // silence that the device needs on a serial line before a request; left out: 3.5 characters
	Registers []Register      `yaml:"registers" json:"registers"`
}

// Register is where a property stands. Its value is raw × scale + offset.
type Register struct {
	Property string   `yaml:"property" json:"property"`
	Table    string   `yaml:"table" json:"table"`     // holding (function 3), input (4), coil (1) or discrete (2)
	Address  uint16   `yaml:"address" json:"address"` // as on the wire, from 0
	Type     string   `yaml:"type" json:"type"`
	Order    string   `yaml:"order,omitempty" json:"order,omitempty"` // of the bytes: ab, ba; abcd, dcba, badc, cdab
	Bit      uint8    `yaml:"bit,omitempty" json:"bit,omitempty"`     // of type bit: the lowest of the field, 0 to 15
	Width    uint8    `yaml:"width,omitempty" json:"width,omitempty"` // of type bit: how many; left out: 1
	Scale    float64  `yaml:"scale,omitempty" json:"scale,omitempty"` // left out: 1
	Offset   float64  `yaml:"offset,omitempty" json:"offset,omitempty"`
	Min      *float64 `yaml:"min,omitempty" json:"min,omitempty"` // a value outside is kept as bad
	Max      *float64 `yaml:"max,omitempty" json:"max,omitempty"`
	Invalid  []int64  `yaml:"invalid,omitempty" json:"invalid,omitempty"` // raw numbers by which the device says that it has no value
}

// check implements section.
func (m *Modbus) check(p *Profile) (map[string]bool, error) {
	seen := map[string]bool{}
	if m.Gap < 0 || m.Gap > strict.Duration(time.Second) {
		return nil, strict.Bad("gap", "must be at most 1s")
	}
	if len(m.Registers) == 0 && len(p.Outputs) == 0 {
		return nil, strict.Bad("registers", "at least one is needed")
	}
	for i := range m.Registers {
		r := &m.Registers[i]
		switch {
		case !slices.Contains([]string{Holding, Input, Coil, Discrete}, r.Table):
			return nil, strict.Bad(item("registers", i, "table"), "%q is none of %s, %s, %s, %s", r.Table, Holding, Input, Coil, Discrete)
		case r.Words() == 0:
			return nil, strict.Bad(item("registers", i, "type"), "%q is none of u16, i16, u32, i32, f32, bit", r.Type)
		case (r.Table == Coil || r.Table == Discrete) && (r.Type != Bit || r.Bit != 0 || r.Width > 1 || r.Order != ""):
			return nil, strict.Bad(item("registers", i, "type"), "a %s is one bit: type bit, without bit, width and order", r.Table)
		case r.Type != Bit && (r.Bit != 0 || r.Width != 0):
			return nil, strict.Bad(item("registers", i, "bit"), "bit and width belong to type bit")
		case int(r.Bit)+max(int(r.Width), 1) > 16:
			return nil, strict.Bad(item("registers", i, "bit"), "the field does not end within 16 bits")
		case int(r.Address)+r.Words() > math.MaxUint16+1:
			return nil, strict.Bad(item("registers", i, "address"), "the value does not end within 65536 registers")
		case r.Order != "" && !slices.Contains(orders[r.Words()], r.Order):
			return nil, strict.Bad(item("registers", i, "order"), "%q is none of %s", r.Order, strings.Join(orders[r.Words()], ", "))
		}
		if err := p.number("registers", i, seen, number{r.Property, r.Scale, r.Offset, r.Min, r.Max}); err != nil {
			return nil, err
		}
	}
	return seen, nil
}
