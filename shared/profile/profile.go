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

	"github.com/fengsui/fengsui/shared/strict"
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
	GPIO         = "gpio"      // lines of the terminal itself
	Recording    = "recording" // no device: a recorded file, always labelled as demonstration
)

// section is the part of a profile that belongs to a protocol.
type section interface {
	// check says what is wrong, by keys below that of the section, and otherwise which properties it fills.
	check(p *Profile) (filled map[string]bool, err error)
}

// keys name the section that each protocol needs.
var keys = map[string]string{
	ModbusTCP: "modbus", ModbusRTU: "modbus", ModbusRTUTCP: "modbus",
	NMEATCP: "nmea", NMEASerial: "nmea",
	HJ212: "hj212", SL651: "sl651",
	SNMP: "snmp", HTTPPush: "json", MQTTIn: "json", GPIO: "gpio", Recording: "recording",
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
	if p.HJ212 != nil {
		out["hj212"] = p.HJ212
	}
	if p.SL651 != nil {
		out["sl651"] = p.SL651
	}
	if p.SNMP != nil {
		out["snmp"] = p.SNMP
	}
	if p.JSON != nil {
		out["json"] = p.JSON
	}
	if p.GPIO != nil {
		out["gpio"] = p.GPIO
	}
	if p.Recording != nil {
		out["recording"] = p.Recording
	}
	return out
}

// Profile is one kind of device.
type Profile struct {
	APIVersion string            `yaml:"api_version" json:"api_version"`
	ID         string            `yaml:"id" json:"id"`
	Revision   string            `yaml:"revision" json:"revision"` // of this file, 1.0.0
	Vendor     string            `yaml:"vendor,omitempty" json:"vendor,omitempty"`
	Model      string            `yaml:"model,omitempty" json:"model,omitempty"`
	Name       string            `yaml:"name" json:"name"`
	NameEN     string            `yaml:"name_en" json:"name_en"`
	Class      string            `yaml:"class" json:"class"`
	Protocol   string            `yaml:"protocol" json:"protocol"`
	Source     string            `yaml:"source" json:"source"`     // manual and page, or standard and clause
	Verified   bool              `yaml:"verified" json:"verified"` // somebody has read a real device with it
	Every      strict.Duration   `yaml:"every" json:"every"`
	Timeout    strict.Duration   `yaml:"timeout" json:"timeout"` // without an answer for so long the device is silent
	Modbus     *Modbus           `yaml:"modbus,omitempty" json:"modbus,omitempty"`
	NMEA       *NMEA             `yaml:"nmea,omitempty" json:"nmea,omitempty"`
	HJ212      *HJ212Section     `yaml:"hj212,omitempty" json:"hj212,omitempty"`
	SL651      *SL651Section     `yaml:"sl651,omitempty" json:"sl651,omitempty"`
	SNMP       *SNMPSection      `yaml:"snmp,omitempty" json:"snmp,omitempty"`
	JSON       *JSON             `yaml:"json,omitempty" json:"json,omitempty"`
	GPIO       *GPIOSection      `yaml:"gpio,omitempty" json:"gpio,omitempty"`
	Recording  *RecordingSection `yaml:"recording,omitempty" json:"recording,omitempty"`
	Series     []Series          `yaml:"series" json:"series"`
	Outputs    []Output          `yaml:"outputs,omitempty" json:"outputs,omitempty"`
}

// Series is one observed property with its labels.
type Series struct {
	Property string `yaml:"property" json:"property"`
	Name     string `yaml:"name" json:"name"`
	NameEN   string `yaml:"name_en" json:"name_en"`
	Unit     string `yaml:"unit" json:"unit"`     // UCUM
	Digits   int    `yaml:"digits" json:"digits"` // decimals to show

	// A reading that differs from the last one kept by less than the deadband, in the series' own unit, is not
	// sent by itself but as part of a mean; after MaxInterval one is kept all the same. 0: every one is kept.
	Deadband    float64         `yaml:"deadband,omitempty" json:"deadband,omitempty"`
	MaxInterval strict.Duration `yaml:"max_interval,omitempty" json:"max_interval,omitempty"`
}

// item is the dotted key of one thing in a list, counted from 0.
func item(list string, i int, key string) string { return index(list, i) + "." + key }

func index(list string, i int) string { return fmt.Sprintf("%s.%d", list, i) }

// Validate says what is wrong with the profile. The key it names stands first.
func (p *Profile) Validate() error {
	switch {
	case p.APIVersion != APIVersion:
		return strict.Bad("api_version", "%q must be %s", p.APIVersion, APIVersion)
	case !wire.ValidID(p.ID):
		return strict.Bad("id", "%q must be lower-case letters, digits, - and _, at most %d", p.ID, wire.MaxIDLength)
	case !isRevision(p.Revision):
		return strict.Bad("revision", "%q must be three numbers such as 1.0.0", p.Revision)
	case strings.TrimSpace(p.Name) == "":
		return strict.Bad("name", "a Chinese name is missing")
	case strings.TrimSpace(p.NameEN) == "":
		return strict.Bad("name_en", "an English name is missing")
	case !wire.ValidID(p.Class):
		return strict.Bad("class", "%q is not a class", p.Class)
	case strings.TrimSpace(p.Source) == "":
		return strict.Bad("source", "say from which manual or standard this comes")
	case p.Every < strict.Duration(100*time.Millisecond) || p.Every > strict.Duration(24*time.Hour):
		return strict.Bad("every", "must be between 100ms and 24h")
	case p.Timeout < strict.Duration(50*time.Millisecond) || p.Timeout > strict.Duration(time.Minute):
		return strict.Bad("timeout", "must be between 50ms and 1m")
	case len(p.Series)+len(p.Outputs) == 0:
		return strict.Bad("series", "at least one is needed, or an output")
	case len(p.Series) > wire.MaxValues:
		return strict.Bad("series", "more than %d", wire.MaxValues)
	}
	for _, check := range []func() error{p.checkSeries, p.checkOutputs, p.checkSections} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkSections wants the one section of the protocol, and that it fills every series.
func (p *Profile) checkSections() error {
	key := keys[p.Protocol]
	if key == "" {
		return strict.Bad("protocol", "%q is none of %s", p.Protocol, strings.Join(slices.Sorted(maps.Keys(keys)), ", "))
	}
	have := p.sections()
	if (p.Protocol == GPIO || p.Protocol == MQTTIn) && len(have) == 0 && len(p.Series) == 0 {
		return nil // nothing is read
	}
	if have[key] == nil || len(have) != 1 {
		return strict.Bad("protocol", "%s needs the key %s and no other", p.Protocol, key)
	}
	filled, err := have[key].check(p)
	if err != nil {
		return strict.Below(key, err)
	}
	for i, s := range p.Series {
		if !filled[s.Property] {
			return strict.Bad(item("series", i, "property"), "%s is read from nowhere", s.Property)
		}
	}
	return nil
}

func (p *Profile) checkSeries() error {
	seen := map[string]bool{}
	for i, s := range p.Series {
		switch {
		case !wire.ValidID(s.Property):
			return strict.Bad(item("series", i, "property"), "%q is not a property", s.Property)
		case seen[s.Property]:
			return strict.Bad(item("series", i, "property"), "%s stands here twice", s.Property)
		case strings.TrimSpace(s.Name) == "":
			return strict.Bad(item("series", i, "name"), "a Chinese name is missing")
		case strings.TrimSpace(s.NameEN) == "":
			return strict.Bad(item("series", i, "name_en"), "an English name is missing")
		case s.Unit == "":
			return strict.Bad(item("series", i, "unit"), "a UCUM unit is missing; 1 for none")
		case s.Digits < 0 || s.Digits > 9:
			return strict.Bad(item("series", i, "digits"), "must be 0 to 9")
		}
		if err := p.checkDeadband(i, s); err != nil {
			return err
		}
		seen[s.Property] = true
	}
	return nil
}

// maxInterval bounds how long a value that does not change may go unsaid: rules of silence wait for an hour
// at most.
const (
	minInterval = time.Second
	maxInterval = 30 * time.Minute
)

func (p *Profile) checkDeadband(i int, s Series) error {
	switch key := keys[p.Protocol]; {
	case s.Deadband == 0 && s.MaxInterval == 0:
		return nil
	case s.Deadband <= 0 || !finite(s.Deadband):
		return strict.Bad(item("series", i, "deadband"), "must be a number above 0, in %s", s.Unit)
	case key == "hj212" || key == "sl651" || key == "json":
		return strict.Bad(item("series", i, "deadband"), "a device that speaks by itself is told that its readings are kept; with %s every one is", p.Protocol)
	case time.Duration(s.MaxInterval) < minInterval || time.Duration(s.MaxInterval) > maxInterval:
		return strict.Bad(item("series", i, "max_interval"), "must be between %s and %s when there is a deadband", minInterval, maxInterval)
	case s.MaxInterval <= p.Every:
		return strict.Bad(item("series", i, "max_interval"), "must be longer than every (%s)", time.Duration(p.Every))
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
