// Package rule is the alarm rule: a limit on one observed property, with hysteresis and a duration. Edge
// and centre run the same rules, so that the siren on the spot and the desk agree. Rule that must never
// break: a bad, a repeated or a late reading never changes the state of an alarm.
package rule

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/fengsui/fengsui/shared/wire"
)

// Condition says on which side of the limit the danger lies.
type Condition string

// The conditions.
const (
	Above Condition = "above"
	Below Condition = "below"
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
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: for: %s", node.Line, err)}}
	}
	return nil
}

// Rule is one limit. It applies to a property of every device of a class, or of the listed devices only.
type Rule struct {
	ID         string    `yaml:"id" json:"id"`
	Name       string    `yaml:"name" json:"name"`
	NameEN     string    `yaml:"name_en" json:"name_en"`
	Class      string    `yaml:"class" json:"class"`
	Property   string    `yaml:"property" json:"property"`
	Devices    []string  `yaml:"devices,omitempty" json:"devices,omitempty"`
	Condition  Condition `yaml:"condition" json:"condition"`
	Limit      float64   `yaml:"limit" json:"limit"`
	Clear      float64   `yaml:"clear" json:"clear"`                     // the alarm ends only here, on the safe side of the limit
	For        Duration  `yaml:"for,omitempty" json:"for"`               // the limit must be passed this long, in device time
	Level      int       `yaml:"level" json:"level"`                     // 1 red, 2 orange, 3 yellow, 4 blue
	Source     string    `yaml:"source" json:"source"`                   // where the limit comes from
	Effective  string    `yaml:"effective,omitempty" json:"effective"`   // date of that source, 2006-01-02 or 2006
	Unverified bool      `yaml:"unverified,omitempty" json:"unverified"` // nobody has checked the limit against the source yet
}

// MaxFor is the longest duration of a rule.
const MaxFor = 24 * time.Hour

// Validate says in one sentence what is wrong with the rule. The field it names stands first.
func (r *Rule) Validate() error {
	switch {
	case !wire.ValidID(r.ID):
		return fmt.Errorf("id: %q must be lower-case letters, digits, - and _, at most %d", r.ID, wire.MaxIDLength)
	case strings.TrimSpace(r.Name) == "":
		return fmt.Errorf("name: a Chinese name is missing")
	case strings.TrimSpace(r.NameEN) == "":
		return fmt.Errorf("name_en: an English name is missing")
	case r.Class == "" && len(r.Devices) == 0:
		return fmt.Errorf("class: name a class or list devices, otherwise the rule applies to nothing")
	case r.Class != "" && !wire.ValidID(r.Class):
		return fmt.Errorf("class: %q is not a class", r.Class)
	case !wire.ValidID(r.Property):
		return fmt.Errorf("property: %q is not a property", r.Property)
	case r.Condition != Above && r.Condition != Below:
		return fmt.Errorf("condition: %q must be above or below", r.Condition)
	case math.IsNaN(r.Limit) || math.IsInf(r.Limit, 0):
		return fmt.Errorf("limit: must be a finite number")
	case math.IsNaN(r.Clear) || math.IsInf(r.Clear, 0):
		return fmt.Errorf("clear: must be a finite number")
	case r.Condition == Above && r.Clear > r.Limit:
		return fmt.Errorf("clear: %v lies above the limit %v; an alarm above the limit ends at or below it", r.Clear, r.Limit)
	case r.Condition == Below && r.Clear < r.Limit:
		return fmt.Errorf("clear: %v lies below the limit %v; an alarm below the limit ends at or above it", r.Clear, r.Limit)
	case r.For < 0 || time.Duration(r.For) > MaxFor:
		return fmt.Errorf("for: must lie between 0s and %s", MaxFor)
	case r.Level < 1 || r.Level > 4:
		return fmt.Errorf("level: %d must be 1 (red), 2 (orange), 3 (yellow) or 4 (blue)", r.Level)
	case strings.TrimSpace(r.Source) == "":
		return fmt.Errorf("source: say where the limit comes from")
	case r.Effective != "" && !isDate(r.Effective):
		return fmt.Errorf("effective: %q must be a date such as 2024-05-01 or a year", r.Effective)
	}
	for _, d := range r.Devices {
		if !wire.ValidID(d) {
			return fmt.Errorf("devices: %q is not a device id", d)
		}
	}
	return nil
}

func isDate(s string) bool {
	if _, err := time.Parse("2006", s); err == nil {
		return true
	}
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// Applies reports whether the rule watches this property of this device. Listed devices need no class.
func (r *Rule) Applies(device, class, property string) bool {
	if property != r.Property {
		return false
	}
	if len(r.Devices) > 0 {
		return slices.Contains(r.Devices, device)
	}
	return class == r.Class
}
