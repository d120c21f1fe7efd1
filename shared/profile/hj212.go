package profile

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/fengsui/fengsui/shared/hj212"
	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/wire"
)

// HJ212Section is which factors of an environmental monitoring station are taken.
type HJ212Section struct {
	Versions []int    `yaml:"versions" json:"versions"`                     // 2005, 2017, 2025
	MaxData  int      `yaml:"max_data,omitempty" json:"max_data,omitempty"` // bytes; left out: the 1024 of the standard
	Factors  []Factor `yaml:"factors" json:"factors"`
}

// Factor is one field of one command. Its value is the field × scale.
type Factor struct {
	Property string   `yaml:"property" json:"property"`
	Codes    []string `yaml:"codes" json:"codes"`                         // by which stations call it: that of 2017, that of 2005
	Command  int      `yaml:"command,omitempty" json:"command,omitempty"` // left out: 2011, realtime
	Field    string   `yaml:"field,omitempty" json:"field,omitempty"`     // left out: Rtd of 2011, Avg of the others
	Scale    float64  `yaml:"scale,omitempty" json:"scale,omitempty"`     // left out: 1
	Min      *float64 `yaml:"min,omitempty" json:"min,omitempty"`
	Max      *float64 `yaml:"max,omitempty" json:"max,omitempty"`
}

var (
	factorCode  = regexp.MustCompile(`^[A-Za-z0-9]{2,6}$`)
	factorField = []string{"Rtd", "ZsRtd", "Min", "Avg", "Max", "Cou", "ZsMin", "ZsAvg", "ZsMax"}
	versions    = map[int]int{2005: hj212.V2005, 2017: hj212.V2017, 2025: hj212.V2025}
	commands    = []int{hj212.Realtime, hj212.Minute, hj212.Hour, hj212.Day}
)

// fill sets what was left out.
func (h *HJ212Section) fill() {
	for i := range h.Factors {
		f := &h.Factors[i]
		if f.Command == 0 {
			f.Command = hj212.Realtime
		}
		if f.Field == "" {
			f.Field = "Avg"
			if f.Command == hj212.Realtime {
				f.Field = "Rtd"
			}
		}
	}
	if h.MaxData == 0 {
		h.MaxData = hj212.MaxData
	}
}

// check implements section.
func (h *HJ212Section) check(p *Profile) (map[string]bool, error) {
	seen, taken := map[string]bool{}, map[string]bool{}
	switch {
	case len(h.Versions) == 0:
		return nil, strict.Bad("versions", "at least one is needed")
	case h.MaxData < 1 || h.MaxData > 9999:
		return nil, strict.Bad("max_data", "must be 1 to 9999")
	}
	for i, v := range h.Versions {
		if _, ok := versions[v]; !ok {
			return nil, strict.Bad(index("versions", i), "%d is none of 2005, 2017, 2025", v)
		}
	}
	for i := range h.Factors {
		f := &h.Factors[i]
		switch {
		case len(f.Codes) == 0:
			return nil, strict.Bad(item("factors", i, "codes"), "at least one is needed")
		case !slices.Contains(commands, f.Command):
			return nil, strict.Bad(item("factors", i, "command"), "%d is none of %v", f.Command, commands)
		case !slices.Contains(factorField, f.Field):
			return nil, strict.Bad(item("factors", i, "field"), "%q is none of %v", f.Field, factorField)
		}
		for _, code := range f.Codes {
			key := fmt.Sprintf("%s-%s of %d", code, f.Field, f.Command)
			switch {
			case !factorCode.MatchString(code):
				return nil, strict.Bad(item("factors", i, "codes"), "%q is not a code", code)
			case taken[key]:
				return nil, strict.Bad(item("factors", i, "codes"), "%s is taken twice", key)
			}
			taken[key] = true
		}
		if err := p.number("factors", i, seen, number{f.Property, f.Scale, 0, f.Min, f.Max}); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

// Speaks reports whether stations of a version, as its number in Flag, are heard.
func (h *HJ212Section) Speaks(version int) bool {
	return slices.ContainsFunc(h.Versions, func(year int) bool { return versions[year] == version })
}

// MarkQuality is what the data mark (xxxxxx-Flag) says about a value: HJ 212-2017, table 8, and the marks
// of HJ/T 212-2005 (P, 0 to 3). T, above the range, and S, set by hand, are uncertain: a value that is too
// high to be measured is no reason to stay silent. An unknown mark is uncertain too.
func MarkQuality(mark string) wire.Quality {
	switch mark {
	case "", "N", "1", "3":
		return wire.Good
	case "F", "M", "D", "C", "B", "P", "0", "2":
		return wire.Bad
	}
	return wire.Uncertain
}
