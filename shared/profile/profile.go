// Package profile is how a kind of device is read: registers or sentences, scales, units and labels, as a
// file in firmware-configs/profiles says. The edge agent reads devices by it, the simulator serves them
// by it. Rule that must never break: a file that says something this package does not know is refused
// with file and line, because a register read wrongly is a wrong water level.
package profile

import (
	"fmt"
	"maps"
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
	ModbusTCP    = "modbus-tcp"
	ModbusRTU    = "modbus-rtu"     // over a serial line
	ModbusRTUTCP = "modbus-rtu-tcp" // RTU frames through a serial server
	NMEATCP      = "nmea-tcp"
	NMEASerial   = "nmea-serial"
	HJ212        = "hj212"     // HJ 212 environmental monitoring, the device dials in
	SL651        = "sl651"     // SL 651-2014 hydrology, the device dials in
	SNMP         = "snmp"      // get
	HTTPPush     = "http-push" // the device posts JSON
	MQTTIn       = "mqtt-in"   // the device publishes JSON to a broker near the terminal
)

// section is the part of a profile that belongs to a protocol.
type section interface {
	// check says what is wrong, and otherwise which properties it fills.
	check(p *Profile) (filled map[string]bool, err error)
}

// keys name the section that each protocol needs.
var keys = map[string]string{
	ModbusTCP: "modbus", ModbusRTU: "modbus", ModbusRTUTCP: "modbus",
	NMEATCP: "nmea", NMEASerial: "nmea",
}

// sections are those of the profile that are there, by key.
func (p *Profile) sections() map[string]section {
	out := map[string]section{}
	if p.Modbus != nil {
		out["modbus"] = p.Modbus
	}
	if p.NMEA != nil {
		out["nmea"] = p.NMEA
	}
	return out
}

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
	return p.checkSections()
}

// checkSections wants the one section of the protocol, and that it fills every series.
func (p *Profile) checkSections() error {
	key := keys[p.Protocol]
	if key == "" {
		return at("protocol", "%q is none of %s", p.Protocol, strings.Join(slices.Sorted(maps.Keys(keys)), ", "))
	}
	have := p.sections()
	if have[key] == nil || len(have) != 1 {
		return at("protocol", "%s needs the key %s and no other", p.Protocol, key)
	}
	filled, err := have[key].check(p)
	if err != nil {
		return err
	}
	for i, s := range p.Series {
		if !filled[s.Property] {
			return in("series", i, "property", "%s is read from nowhere", s.Property)
		}
	}
	return nil
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
