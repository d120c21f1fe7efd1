package profile

import "github.com/fengsui/fengsui/shared/strict"

// number is what all places of numbers have in common.
type number struct {
	property      string
	scale, offset float64
	min, max      *float64
}

// number checks one place of a list and notes the property that it fills.
func (p *Profile) number(list string, i int, seen map[string]bool, n number) error {
	switch {
	case p.index(n.property) < 0:
		return strict.Bad(item(list, i, "property"), "%q is none of the series", n.property)
	case seen[n.property]:
		return strict.Bad(item(list, i, "property"), "%s is read twice", n.property)
	case !finite(n.scale) || n.scale == 0:
		return strict.Bad(item(list, i, "scale"), "must be a finite number other than 0")
	case !finite(n.offset):
		return strict.Bad(item(list, i, "offset"), "must be a finite number")
	case !isRange(n.min, n.max):
		return strict.Bad(item(list, i, "min"), "min and max must be finite, min below max")
	}
	seen[n.property] = true
	return nil
}
