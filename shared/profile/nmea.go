package profile

import (
	"slices"
	"strings"

	"github.com/fengsui/fengsui/shared/strict"
)

// NMEA is which fields of which sentences are taken.
type NMEA struct {
	Fields []Field `yaml:"fields" json:"fields"`
}

// Field is one number of a sentence. Its value is the field × scale.
type Field struct {
	Property string   `yaml:"property" json:"property"`
	Sentence string   `yaml:"sentence" json:"sentence"` // RMC, GGA, VTG or HDT
	Field    string   `yaml:"field" json:"field"`
	Scale    float64  `yaml:"scale,omitempty" json:"scale,omitempty"` // left out: 1
	Min      *float64 `yaml:"min,omitempty" json:"min,omitempty"`
	Max      *float64 `yaml:"max,omitempty" json:"max,omitempty"`
}

// fields are the numbers that each sentence has.
var fields = map[string][]string{
	"RMC": {"lon", "lat", "speed_knots", "course"},
	"GGA": {"lon", "lat", "altitude", "satellites", "hdop"},
	"VTG": {"speed_knots", "course"},
	"HDT": {"heading"},
}

// check implements section.
func (n *NMEA) check(p *Profile) (map[string]bool, error) {
	// A property may stand in several sentences, for receivers differ in which they send: the newest counts.
	seen, said := map[string]bool{}, map[string]bool{}
	for i := range n.Fields {
		f := &n.Fields[i]
		switch {
		case fields[f.Sentence] == nil:
			return nil, strict.Bad(item("fields", i, "sentence"), "%q is none of RMC, GGA, VTG and HDT", f.Sentence)
		case !slices.Contains(fields[f.Sentence], f.Field):
			return nil, strict.Bad(item("fields", i, "field"), "%q is none of %s", f.Field, strings.Join(fields[f.Sentence], ", "))
		}
		once := map[string]bool{f.Property: said[f.Property+" "+f.Sentence]}
		if err := p.number("fields", i, once, number{f.Property, f.Scale, 0, f.Min, f.Max}); err != nil {
			return nil, err
		}
		seen[f.Property], said[f.Property+" "+f.Sentence] = true, true
	}
	return seen, nil
}
