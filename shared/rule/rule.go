// Package rule is the alarm rule: what must be true of one or several observed properties, for how long,
// and when it is over. Edge and centre run the same rules, so that the siren on the spot and the desk
// agree. Rule that must never break: a bad, a repeated or a late reading never changes the state of an
// alarm.
package rule

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/wire"
)

// Condition says what is dangerous.
type Condition string

// The conditions.
const (
	Above      Condition = "above"      // the value reaches the limit from below
	Below      Condition = "below"      // the value reaches the limit from above
	Rise       Condition = "rise"       // within the window the value has risen by the limit
	Fall       Condition = "fall"       // within the window the value has fallen by the limit
	Stuck      Condition = "stuck"      // for the duration the value has moved by no more than the limit
	Silent     Condition = "silent"     // for the duration nothing was heard
	Expression Condition = "expression" // a Boolean expression over several properties holds
)

var conditions = []Condition{Above, Below, Rise, Fall, Stuck, Silent, Expression}

// Duration is written "10s" in YAML and JSON.
type Duration = strict.Duration

// Rule applies to a property of every device of a class, or of the listed devices only.
type Rule struct {
	ID         string           `yaml:"id" json:"id"`
	Name       string           `yaml:"name" json:"name"`
	NameEN     string           `yaml:"name_en" json:"name_en"`
	Class      string           `yaml:"class" json:"class"`
	Property   string           `yaml:"property" json:"property"` // whose alarm it is
	Devices    []string         `yaml:"devices,omitempty" json:"devices,omitempty"`
	Condition  Condition        `yaml:"condition" json:"condition"`
	Limit      float64          `yaml:"limit" json:"limit"`
	Clear      float64          `yaml:"clear" json:"clear"`                       // the alarm ends only here, on the safe side of the limit
	Window     Duration         `yaml:"window,omitempty" json:"window,omitempty"` // of rise and fall
	For        Duration         `yaml:"for,omitempty" json:"for"`                 // the condition must hold this long, in device time
	Expression string           `yaml:"expression,omitempty" json:"expression,omitempty"`
	Inputs     map[string]Input `yaml:"inputs,omitempty" json:"inputs,omitempty"`   // names in the expression beside the properties of the device itself
	MaxAge     Duration         `yaml:"max_age,omitempty" json:"max_age,omitempty"` // of the values of an expression against each other; 0: 10m
	Level      int              `yaml:"level" json:"level"`                         // 1 red, 2 orange, 3 yellow, 4 blue
	Actions    []Action         `yaml:"actions,omitempty" json:"actions,omitempty"` // at the terminal, while the alarm holds
	Source     string           `yaml:"source" json:"source"`                       // where the limit comes from
	Effective  string           `yaml:"effective,omitempty" json:"effective"`       // date of that source, 2006-01-02 or 2006
	Unverified bool             `yaml:"unverified,omitempty" json:"unverified"`     // nobody has checked the limit against the source yet
	// Exceptions are by device: where the rule is off, or judges by another limit.
	Exceptions map[string]Exception `yaml:"exceptions,omitempty" json:"exceptions,omitempty"`

	compiled *program // of the expression, made by Validate
}

// Input is a property of another device in an expression.
type Input struct {
	Device   string `yaml:"device" json:"device"`
	Property string `yaml:"property" json:"property"`
}

// Action switches an output of a device, a siren or a relay, while the alarm holds. The output's own
// max_on ends it earlier.
type Action struct {
	Device string   `yaml:"device" json:"device"`
	Output string   `yaml:"output" json:"output"`
	For    Duration `yaml:"for,omitempty" json:"for,omitempty"` // 0: as long as the output allows
}

const (
	// MaxFor is the longest duration and the longest window of a rule.
	MaxFor = 24 * time.Hour
	// MaxAge is how old a reading may be to ring: what is older makes history only, and no siren.
	MaxAge = 10 * time.Minute
	// maxActions is how many outputs one rule may switch.
	maxActions = 16
	// maxInputs is how many properties an expression may join.
	maxInputs = 8
	// defaultMaxAge is how old a value of an expression may be beside the others.
	defaultMaxAge = 10 * time.Minute
)

// Validate says in one sentence what is wrong with the rule: a *strict.Problem with the key. It also makes
// the expression ready, so call it once after reading a rule from anywhere.
func (r *Rule) Validate() error {
	switch {
	case !wire.ValidID(r.ID):
		return strict.Bad("id", "%q must be lower-case letters, digits, - and _, at most %d", r.ID, wire.MaxIDLength)
	case strings.TrimSpace(r.Name) == "":
		return strict.Bad("name", "a Chinese name is missing")
	case strings.TrimSpace(r.NameEN) == "":
		return strict.Bad("name_en", "an English name is missing")
	case r.Class == "" && len(r.Devices) == 0:
		return strict.Bad("class", "name a class or list devices, otherwise the rule applies to nothing")
	case r.Class != "" && !wire.ValidID(r.Class):
		return strict.Bad("class", "%q is not a class", r.Class)
	case !wire.ValidID(r.Property):
		return strict.Bad("property", "%q is not a property", r.Property)
	case !slices.Contains(conditions, r.Condition):
		return strict.Bad("condition", "%q is none of %v", r.Condition, conditions)
	case r.For < 0 || time.Duration(r.For) > MaxFor:
		return strict.Bad("for", "must lie between 0s and %s", MaxFor)
	case r.Level < 1 || r.Level > 4:
		return strict.Bad("level", "%d must be 1 (red), 2 (orange), 3 (yellow) or 4 (blue)", r.Level)
	case strings.TrimSpace(r.Source) == "":
		return strict.Bad("source", "say where the limit comes from")
	case r.Effective != "" && !isDate(r.Effective):
		return strict.Bad("effective", "%q must be a date such as 2024-05-01 or a year", r.Effective)
	}
	for _, d := range r.Devices {
		if !wire.ValidID(d) {
			return strict.Bad("devices", "%q is not a device id", d)
		}
	}
	for _, check := range []func() error{r.checkActions, r.checkForeign, r.checkCondition, r.checkExceptions} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rule) checkActions() error {
	if len(r.Actions) > maxActions {
		return strict.Bad("actions", "are more than %d", maxActions)
	}
	for i, a := range r.Actions {
		if !wire.ValidID(a.Device) || !wire.ValidID(a.Output) || a.For < 0 || time.Duration(a.For) > MaxFor {
			return strict.Bad(fmt.Sprintf("actions.%d", i), "needs a device and an output, and a duration of at most %s", MaxFor)
		}
		for _, before := range r.Actions[:i] {
			if before.Device == a.Device && before.Output == a.Output {
				return strict.Bad(fmt.Sprintf("actions.%d", i), "switches %s of %s a second time", a.Output, a.Device)
			}
		}
	}
	return nil
}

// checkForeign refuses keys that the condition does not look at: whoever wrote them expects something.
func (r *Rule) checkForeign() error {
	switch {
	case r.Window != 0 && r.Condition != Rise && r.Condition != Fall:
		return strict.Bad("window", "belongs to rise and fall only")
	case r.Condition != Expression && r.Expression != "":
		return strict.Bad("expression", "belongs to the condition expression only")
	case r.Condition != Expression && len(r.Inputs) > 0:
		return strict.Bad("inputs", "belong to the condition expression only")
	case r.Condition != Expression && r.MaxAge != 0:
		return strict.Bad("max_age", "belongs to the condition expression only")
	case (r.Condition == Silent || r.Condition == Expression) && r.Limit != 0:
		return strict.Bad("limit", "does not belong to the condition %s", r.Condition)
	case (r.Condition == Stuck || r.Condition == Silent || r.Condition == Expression) && r.Clear != 0:
		return strict.Bad("clear", "does not belong to the condition %s", r.Condition)
	}
	return nil
}

func (r *Rule) checkCondition() error {
	if !finite(r.Limit) {
		return strict.Bad("limit", "must be a finite number")
	}
	if !finite(r.Clear) {
		return strict.Bad("clear", "must be a finite number")
	}
	switch r.Condition {
	case Above:
		if r.Clear > r.Limit {
			return strict.Bad("clear", "%v lies above the limit %v; an alarm above the limit ends at or below it", r.Clear, r.Limit)
		}
	case Below:
		if r.Clear < r.Limit {
			return strict.Bad("clear", "%v lies below the limit %v; an alarm below the limit ends at or above it", r.Clear, r.Limit)
		}
	case Rise, Fall:
		switch {
		case r.Window <= 0 || time.Duration(r.Window) > MaxFor:
			return strict.Bad("window", "must be more than 0s and at most %s", MaxFor)
		case r.Limit <= 0:
			return strict.Bad("limit", "is the change within the window and must be more than 0")
		case r.Clear < 0 || r.Clear > r.Limit:
			return strict.Bad("clear", "%v must lie between 0 and the limit %v", r.Clear, r.Limit)
		}
	case Stuck:
		if r.Limit < 0 {
			return strict.Bad("limit", "is the movement that counts as none and must not be negative")
		}
		fallthrough
	case Silent:
		if r.For <= 0 {
			return strict.Bad("for", "is needed: how long it may last")
		}
	case Expression:
		return r.checkExpression()
	}
	return nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func isDate(s string) bool {
	if _, err := time.Parse("2006", s); err == nil {
		return true
	}
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// Subject is what a reading means to a rule: the device whose alarm it is about, and the name of the
// value in the expression.
type Subject struct {
	Device string
	Input  string
}

// Subjects says what a reading of this property means to the rule; none when the rule does not look. To
// the rule silent any word of the device counts. Listed devices need no class.
func (r *Rule) Subjects(device, class, property string) []Subject {
	var out []Subject
	if r.On(device, class) && (property == r.Property || r.Condition == Silent || r.uses(property)) {
		out = append(out, Subject{device, property})
	}
	for name, in := range r.Inputs {
		if in.Device == device && in.Property == property {
			for _, d := range r.Devices { // an expression with inputs lists its devices
				out = append(out, Subject{d, name})
			}
		}
	}
	return out
}

// On reports whether the rule is about this device.
func (r *Rule) On(device, class string) bool {
	if len(r.Devices) > 0 {
		return slices.Contains(r.Devices, device)
	}
	return class == r.Class
}

// Timed reports whether the value of the rule is seconds: how long the device was stuck or silent.
func (r *Rule) Timed() bool { return r.Condition == Stuck || r.Condition == Silent }

// Bound is what State.Value is compared with: the limit, or the duration in seconds. An expression has none.
func (r *Rule) Bound() float64 {
	if r.Timed() {
		return time.Duration(r.For).Seconds()
	}
	return r.Limit
}

// Memory is how far back the rule looks.
func (r *Rule) Memory() time.Duration { return time.Duration(max(r.For, r.Window)) }
