package profile

import (
	"math"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/shared/strict"
)

// Modbus is the register map.
type Modbus struct {
	Unit      uint8      `yaml:"unit" json:"unit"`                           // default; a sensor may have another
	MaxGap    uint16     `yaml:"max_gap,omitempty" json:"max_gap,omitempty"` // registers between two wanted ones that may be read along
	Registers []Register `yaml:"registers" json:"registers"`
}

// Register is where a property stands. Its value is raw × scale + offset.
type Register struct {
	Property string   `yaml:"property" json:"property"`
	Table    string   `yaml:"table" json:"table"`     // holding (function 3) or input (function 4)
	Address  uint16   `yaml:"address" json:"address"` // as on the wire, from 0
	Type     string   `yaml:"type" json:"type"`
	Order    string   `yaml:"order,omitempty" json:"order,omitempty"` // of the bytes: ab, ba; abcd, dcba, badc, cdab
	Scale    float64  `yaml:"scale,omitempty" json:"scale,omitempty"` // left out: 1
	Offset   float64  `yaml:"offset,omitempty" json:"offset,omitempty"`
	Min      *float64 `yaml:"min,omitempty" json:"min,omitempty"` // a value outside is kept as bad
	Max      *float64 `yaml:"max,omitempty" json:"max,omitempty"`
	Invalid  []int64  `yaml:"invalid,omitempty" json:"invalid,omitempty"` // raw numbers by which the device says that it has no value
}

// check implements section.
func (m *Modbus) check(p *Profile) (map[string]bool, error) {
	seen := map[string]bool{}
	if len(m.Registers) == 0 && len(p.Outputs) == 0 {
		return nil, strict.Bad("registers", "at least one is needed")
	}
	for i := range m.Registers {
		r := &m.Registers[i]
		switch {
		case p.index(r.Property) < 0:
			return nil, strict.Bad(item("registers", i, "property"), "%q is none of the series", r.Property)
		case seen[r.Property]:
			return nil, strict.Bad(item("registers", i, "property"), "%s is read twice", r.Property)
		case r.Table != Holding && r.Table != Input:
			return nil, strict.Bad(item("registers", i, "table"), "%q is neither %s nor %s", r.Table, Holding, Input)
		case r.Words() == 0:
			return nil, strict.Bad(item("registers", i, "type"), "%q is none of u16, i16, u32, i32, f32", r.Type)
		case int(r.Address)+r.Words() > math.MaxUint16+1:
			return nil, strict.Bad(item("registers", i, "address"), "the value does not end within 65536 registers")
		case r.Order != "" && !slices.Contains(orders[r.Words()], r.Order):
			return nil, strict.Bad(item("registers", i, "order"), "%q is none of %s", r.Order, strings.Join(orders[r.Words()], ", "))
		case !finite(r.Scale) || r.Scale == 0:
			return nil, strict.Bad(item("registers", i, "scale"), "must be a finite number other than 0")
		case !finite(r.Offset):
			return nil, strict.Bad(item("registers", i, "offset"), "must be a finite number")
		case !isRange(r.Min, r.Max):
			return nil, strict.Bad(item("registers", i, "min"), "min and max must be finite, min below max")
		}
		seen[r.Property] = true
	}
	return seen, nil
}
