// Package profile is how a kind of device is read: registers or sentences, scales, units and labels, as a
// file in firmware-configs/profiles says. The edge agent reads devices by it, the simulator serves them
// by it. Rule that must never break: a file that says something this package does not know is refused
// with file and line, because a register read wrongly is a wrong water level.
package profile

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/fengsui/fengsui/shared/wire"
)

// APIVersion is the version of the form of the files.
const APIVersion = "fengsui/v1"

// The protocols.
const (
	ModbusTCP = "modbus-tcp"
	NMEATCP   = "nmea-tcp"
)

// Duration is a time.Duration that is written "10s" in YAML and JSON.
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 10s or 5m", text)
	}
	*d = Duration(v)
	return nil
}

// UnmarshalYAML implements yaml.Unmarshaler; the error has the line.
func (d *Duration) UnmarshalYAML(node *yaml.Node) error {
	if err := d.UnmarshalText([]byte(node.Value)); err != nil {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: %s", node.Line, err)}}
	}
	return nil
}

// Profile is one kind of device.
type Profile struct {
	APIVersion string   `yaml:"api_version" json:"api_version"`
	ID         string   `yaml:"id" json:"id"`
	Revision   string   `yaml:"revision" json:"revision"` // of this file, 1.0.0
	Vendor     string   `yaml:"vendor,omitempty" json:"vendor,omitempty"`
	Model      string   `yaml:"model,omitempty" json:"model,omitempty"`
	Name       string   `yaml:"name" json:"name"`
	NameEN     string   `yaml:"name_en" json:"name_en"`
	Class      string   `yaml:"class" json:"class"`
	Protocol   string   `yaml:"protocol" json:"protocol"`
	Source     string   `yaml:"source" json:"source"`     // manual and page, or standard and clause
	Verified   bool     `yaml:"verified" json:"verified"` // somebody has read a real device with it
	Every      Duration `yaml:"every" json:"every"`
	Timeout    Duration `yaml:"timeout" json:"timeout"` // without an answer for so long the device is silent
	Modbus     *Modbus  `yaml:"modbus,omitempty" json:"modbus,omitempty"`
	NMEA       *NMEA    `yaml:"nmea,omitempty" json:"nmea,omitempty"`
	Series     []Series `yaml:"series" json:"series"`
}

// Series is one observed property with its labels.
type Series struct {
	Property string `yaml:"property" json:"property"`
	Name     string `yaml:"name" json:"name"`
	NameEN   string `yaml:"name_en" json:"name_en"`
	Unit     string `yaml:"unit" json:"unit"`     // UCUM
	Digits   int    `yaml:"digits" json:"digits"` // decimals to show
}

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

// NMEA is which fields of which sentences are taken.
type NMEA struct {
	Fields []Field `yaml:"fields" json:"fields"`
}

// Field is one number of a sentence. Its value is the field × scale.
type Field struct {
	Property string   `yaml:"property" json:"property"`
	Sentence string   `yaml:"sentence" json:"sentence"` // RMC or GGA
	Field    string   `yaml:"field" json:"field"`
	Scale    float64  `yaml:"scale,omitempty" json:"scale,omitempty"` // left out: 1
	Min      *float64 `yaml:"min,omitempty" json:"min,omitempty"`
	Max      *float64 `yaml:"max,omitempty" json:"max,omitempty"`
}

// fields are the numbers that each sentence has.
var fields = map[string][]string{
	"RMC": {"lon", "lat", "speed_knots", "course"},
	"GGA": {"lon", "lat", "altitude", "satellites", "hdop"},
}

// problem is what is wrong and with which key; item counts from 0, -1 for none.
type problem struct {
	list string
	item int
	key  string
	text string
}

func (p *problem) Error() string {
	if p.item < 0 {
		return p.key + ": " + p.text
	}
	return fmt.Sprintf("%s[%d].%s: %s", p.list, p.item, p.key, p.text)
}

func at(key, format string, args ...any) error {
	return &problem{item: -1, key: key, text: fmt.Sprintf(format, args...)}
}

func in(list string, item int, key, format string, args ...any) error {
	return &problem{list: list, item: item, key: key, text: fmt.Sprintf(format, args...)}
}

// Validate says what is wrong with the profile. The key it names stands first.
func (p *Profile) Validate() error {
	switch {
	case p.APIVersion != APIVersion:
		return at("api_version", "%q must be %s", p.APIVersion, APIVersion)
	case !wire.ValidID(p.ID):
		return at("id", "%q must be lower-case letters, digits, - and _, at most %d", p.ID, wire.MaxIDLength)
	case !isRevision(p.Revision):
		return at("revision", "%q must be three numbers such as 1.0.0", p.Revision)
	case strings.TrimSpace(p.Name) == "":
		return at("name", "a Chinese name is missing")
	case strings.TrimSpace(p.NameEN) == "":
		return at("name_en", "an English name is missing")
	case !wire.ValidID(p.Class):
		return at("class", "%q is not a class", p.Class)
	case strings.TrimSpace(p.Source) == "":
		return at("source", "say from which manual or standard this comes")
	case p.Every < Duration(100*time.Millisecond) || p.Every > Duration(24*time.Hour):
		return at("every", "must be between 100ms and 24h")
	case p.Timeout < Duration(50*time.Millisecond) || p.Timeout > Duration(time.Minute):
		return at("timeout", "must be between 50ms and 1m")
	case len(p.Series) == 0:
		return at("series", "at least one is needed")
	case len(p.Series) > wire.MaxValues:
		return at("series", "more than %d", wire.MaxValues)
	}
	if err := p.checkSeries(); err != nil {
		return err
	}
	switch p.Protocol {
	case ModbusTCP:
		if p.Modbus == nil || p.NMEA != nil {
			return at("protocol", "%s needs the key modbus and no other", p.Protocol)
		}
		return p.checkModbus()
	case NMEATCP:
		if p.NMEA == nil || p.Modbus != nil {
			return at("protocol", "%s needs the key nmea and no other", p.Protocol)
		}
		return p.checkNMEA()
	}
	return at("protocol", "%q is neither %s nor %s", p.Protocol, ModbusTCP, NMEATCP)
}

func (p *Profile) checkSeries() error {
	seen := map[string]bool{}
	for i, s := range p.Series {
		switch {
		case !wire.ValidID(s.Property):
			return in("series", i, "property", "%q is not a property", s.Property)
		case seen[s.Property]:
			return in("series", i, "property", "%s stands here twice", s.Property)
		case strings.TrimSpace(s.Name) == "":
			return in("series", i, "name", "a Chinese name is missing")
		case strings.TrimSpace(s.NameEN) == "":
			return in("series", i, "name_en", "an English name is missing")
		case s.Unit == "":
			return in("series", i, "unit", "a UCUM unit is missing; 1 for none")
		case s.Digits < 0 || s.Digits > 9:
			return in("series", i, "digits", "must be 0 to 9")
		}
		seen[s.Property] = true
	}
	return nil
}

func (p *Profile) checkModbus() error {
	seen := map[string]bool{}
	if len(p.Modbus.Registers) == 0 {
		return at("modbus", "registers are missing")
	}
	for i := range p.Modbus.Registers {
		r := &p.Modbus.Registers[i]
		switch {
		case p.index(r.Property) < 0:
			return in("registers", i, "property", "%q is none of the series", r.Property)
		case seen[r.Property]:
			return in("registers", i, "property", "%s is read twice", r.Property)
		case r.Table != Holding && r.Table != Input:
			return in("registers", i, "table", "%q is neither %s nor %s", r.Table, Holding, Input)
		case r.Words() == 0:
			return in("registers", i, "type", "%q is none of u16, i16, u32, i32, f32", r.Type)
		case int(r.Address)+r.Words() > math.MaxUint16+1:
			return in("registers", i, "address", "the value does not end within 65536 registers")
		case r.Order != "" && !slices.Contains(orders[r.Words()], r.Order):
			return in("registers", i, "order", "%q is none of %s", r.Order, strings.Join(orders[r.Words()], ", "))
		case !finite(r.Scale) || r.Scale == 0:
			return in("registers", i, "scale", "must be a finite number other than 0")
		case !finite(r.Offset):
			return in("registers", i, "offset", "must be a finite number")
		case !isRange(r.Min, r.Max):
			return in("registers", i, "min", "min and max must be finite, min below max")
		}
		seen[r.Property] = true
	}
	return p.allRead(seen)
}

func (p *Profile) checkNMEA() error {
	seen := map[string]bool{}
	for i := range p.NMEA.Fields {
		f := &p.NMEA.Fields[i]
		switch {
		case p.index(f.Property) < 0:
			return in("fields", i, "property", "%q is none of the series", f.Property)
		case seen[f.Property]:
			return in("fields", i, "property", "%s is read twice", f.Property)
		case fields[f.Sentence] == nil:
			return in("fields", i, "sentence", "%q is neither RMC nor GGA", f.Sentence)
		case !slices.Contains(fields[f.Sentence], f.Field):
			return in("fields", i, "field", "%q is none of %s", f.Field, strings.Join(fields[f.Sentence], ", "))
		case !finite(f.Scale) || f.Scale == 0:
			return in("fields", i, "scale", "must be a finite number other than 0")
		case !isRange(f.Min, f.Max):
			return in("fields", i, "min", "min and max must be finite, min below max")
		}
		seen[f.Property] = true
	}
	return p.allRead(seen)
}

// allRead refuses a series that nothing fills.
func (p *Profile) allRead(seen map[string]bool) error {
	for i, s := range p.Series {
		if !seen[s.Property] {
			return in("series", i, "property", "%s is read from nowhere", s.Property)
		}
	}
	return nil
}

func (p *Profile) index(property string) int {
	return slices.IndexFunc(p.Series, func(s Series) bool { return s.Property == property })
}

// Declared are the series as a hello declares them.
func (p *Profile) Declared() []wire.SeriesDeclared {
	out := make([]wire.SeriesDeclared, len(p.Series))
	for i, s := range p.Series {
		out[i] = wire.SeriesDeclared{Property: s.Property, Name: s.Name, NameEN: s.NameEN, Unit: s.Unit, Digits: s.Digits}
	}
	return out
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func isRange(low, high *float64) bool {
	if low != nil && !finite(*low) || high != nil && !finite(*high) {
		return false
	}
	return low == nil || high == nil || *low < *high
}

func isRevision(s string) bool {
	parts := strings.Split(s, ".")
	for _, p := range parts {
		if p == "" || len(p) > 6 || strings.Trim(p, "0123456789") != "" {
			return false
		}
	}
	return len(parts) == 3
}
