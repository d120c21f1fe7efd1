package profile

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/fengsui/fengsui/shared/sl651"
	"github.com/fengsui/fengsui/shared/strict"
)

// The link modes of SL 651-2014, table 15. M3 is no setting: a station that divides its message is
// answered by it.
const (
	M1 = "M1" // the station sends, nobody answers
	M2 = "M2" // the station sends, the centre confirms
	M4 = "M4" // the centre asks; what the station sends by itself is confirmed as in M2
)

// SL651Section is which elements of a hydrological station are taken.
type SL651Section struct {
	Centre   int             `yaml:"centre,omitempty" json:"centre,omitempty"` // address of the centre that stations name; left out: any
	Mode     string          `yaml:"mode" json:"mode"`
	Hold     bool            `yaml:"hold,omitempty" json:"hold,omitempty"`   // confirm with ESC, so that the station stays online
	Query    strict.Duration `yaml:"query,omitempty" json:"query,omitempty"` // M4: how often the station is asked
	Elements []Element       `yaml:"elements" json:"elements"`
}

// Element is one element. Its value is the number × scale + offset.
type Element struct {
	Property string   `yaml:"property" json:"property"`
	Element  string   `yaml:"element" json:"element"`                 // as in table C.1, two hexadecimal digits; FF and two more for those of a province
	Scale    float64  `yaml:"scale,omitempty" json:"scale,omitempty"` // left out: 1
	Offset   float64  `yaml:"offset,omitempty" json:"offset,omitempty"`
	Min      *float64 `yaml:"min,omitempty" json:"min,omitempty"`
	Max      *float64 `yaml:"max,omitempty" json:"max,omitempty"`
}

var elementID = regexp.MustCompile(`^([0-9A-F]{2}|FF[0-9A-F]{2})$`)

// ID is the element as a number; FF01 is 0xFF01.
func (e *Element) ID() uint16 {
	id, err := strconv.ParseUint(e.Element, 16, 16)
	if err != nil {
		return 0
	}
	return uint16(id)
}

// check implements section.
func (s *SL651Section) check(p *Profile) (map[string]bool, error) {
	seen, taken := map[string]bool{}, map[uint16]bool{}
	switch {
	case s.Centre < 0 || s.Centre > 255:
		return nil, strict.Bad("centre", "must be 1 to 255")
	case !slices.Contains([]string{M1, M2, M4}, s.Mode):
		return nil, strict.Bad("mode", "%q is none of M1, M2, M4", s.Mode)
	case (s.Mode == M4) != (s.Query != 0):
		return nil, strict.Bad("query", "M4 needs how often the station is asked, the others have none")
	case s.Query != 0 && (s.Query < strict.Duration(10*time.Second) || s.Query > strict.Duration(24*time.Hour)):
		return nil, strict.Bad("query", "must be between 10s and 24h")
	}
	for i := range s.Elements {
		e := &s.Elements[i]
		switch {
		case !elementID.MatchString(e.Element) || !sl651.Carries(e.ID()):
			return nil, strict.Bad(item("elements", i, "element"), "%q is no element with a value, such as 39 or FF01", e.Element)
		case taken[e.ID()]:
			return nil, strict.Bad(item("elements", i, "element"), "%s is taken twice", e.Element)
		}
		if err := p.number("elements", i, seen, number{e.Property, e.Scale, e.Offset, e.Min, e.Max}); err != nil {
			return nil, err
		}
		taken[e.ID()] = true
	}
	return seen, nil
}
