package profile

import "github.com/fengsui/fengsui/shared/strict"

// GPIOSection is which lines of the terminal itself are read.
type GPIOSection struct {
	Inputs []GPIOInput `yaml:"inputs" json:"inputs"`
}

// GPIOInput is one line: 1 while it is on, otherwise 0.
type GPIOInput struct {
	Property  string `yaml:"property" json:"property"`
	Line      uint16 `yaml:"line" json:"line"` // GPIO number
	ActiveLow bool   `yaml:"active_low,omitempty" json:"active_low,omitempty"`
}

// check implements section.
func (g *GPIOSection) check(p *Profile) (map[string]bool, error) {
	seen, taken := map[string]bool{}, map[uint16]bool{}
	for _, o := range p.Outputs {
		if o.Line != nil {
			taken[*o.Line] = true
		}
	}
	for i, in := range g.Inputs {
		if taken[in.Line] {
			return nil, strict.Bad(item("inputs", i, "line"), "%d is used twice", in.Line)
		}
		taken[in.Line] = true
		if err := p.number("inputs", i, seen, number{property: in.Property, scale: 1}); err != nil {
			return nil, err
		}
	}
	return seen, nil
}

// RecordingSection is how a recorded file is played. Its first line names the columns: at, seconds from
// the beginning, and properties of the series.
type RecordingSection struct {
	Loop bool `yaml:"loop,omitempty" json:"loop,omitempty"` // begins anew after the end
}

// check implements section.
func (*RecordingSection) check(p *Profile) (map[string]bool, error) {
	seen := map[string]bool{}
	for _, s := range p.Series {
		seen[s.Property] = true
	}
	return seen, nil
}
