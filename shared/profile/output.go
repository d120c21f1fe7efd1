package profile

import (
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/wire"
)

// Output is something that a device switches: a siren, a relay, a lamp. Which of the keys at the end are
// needed depends on the protocol.
type Output struct {
	ID       string          `yaml:"id" json:"id"`
	Name     string          `yaml:"name" json:"name"`
	NameEN   string          `yaml:"name_en" json:"name_en"`
	MaxOn    strict.Duration `yaml:"max_on" json:"max_on"`                         // longest time away from its safe state at a stretch
	Safe     string          `yaml:"safe_state" json:"safe_state"`                 // on or off: where it goes when nothing else is known
	Readback bool            `yaml:"readback,omitempty" json:"readback,omitempty"` // the device can be asked how the output stands

	Coil      *uint16 `yaml:"coil,omitempty" json:"coil,omitempty"`           // Modbus coil (functions 1 and 5)
	Holding   *uint16 `yaml:"holding,omitempty" json:"holding,omitempty"`     // Modbus holding register (functions 3 and 6)
	OnValue   uint16  `yaml:"on_value,omitempty" json:"on_value,omitempty"`   // of the holding register
	OffValue  uint16  `yaml:"off_value,omitempty" json:"off_value,omitempty"` // of the holding register
	Line      *uint16 `yaml:"line,omitempty" json:"line,omitempty"`           // GPIO number
	ActiveLow bool    `yaml:"active_low,omitempty" json:"active_low,omitempty"`
	Topics    *Topics `yaml:"topics,omitempty" json:"topics,omitempty"` // MQTT
}

// What an output may be.
const (
	On  = "on"
	Off = "off"
)

const (
	maxOutputs = 32
	// longestOn bounds max_on: what may stay on for longer is no alarm.
	longestOn = 24 * time.Hour
)

// SafeOn reports whether the safe state is on.
func (o *Output) SafeOn() bool { return o.Safe == On }

// Output finds an output of the profile; nil when it has none of that name.
func (p *Profile) Output(id string) *Output {
	if i := slices.IndexFunc(p.Outputs, func(o Output) bool { return o.ID == id }); i >= 0 {
		return &p.Outputs[i]
	}
	return nil
}

func (p *Profile) checkOutputs() error {
	if len(p.Outputs) > maxOutputs {
		return strict.Bad("outputs", "more than %d", maxOutputs)
	}
	for i := range p.Outputs {
		o := &p.Outputs[i]
		switch {
		case !wire.ValidID(o.ID):
			return strict.Bad(item("outputs", i, "id"), "%q is not a name of an output", o.ID)
		case p.Output(o.ID) != o:
			return strict.Bad(item("outputs", i, "id"), "%s stands here twice", o.ID)
		case strings.TrimSpace(o.Name) == "":
			return strict.Bad(item("outputs", i, "name"), "a Chinese name is missing")
		case strings.TrimSpace(o.NameEN) == "":
			return strict.Bad(item("outputs", i, "name_en"), "an English name is missing")
		case o.MaxOn < strict.Duration(time.Second) || o.MaxOn > strict.Duration(longestOn):
			return strict.Bad(item("outputs", i, "max_on"), "must be between 1s and %s", longestOn)
		case o.Safe != On && o.Safe != Off:
			return strict.Bad(item("outputs", i, "safe_state"), "%q is neither on nor off", o.Safe)
		}
		if err := p.checkPlace(i, o); err != nil {
			return err
		}
	}
	return nil
}

// checkPlace wants the keys of the protocol and no others.
func (p *Profile) checkPlace(i int, o *Output) error {
	given := map[string]bool{"coil": o.Coil != nil, "holding": o.Holding != nil, "line": o.Line != nil, "topics": o.Topics != nil}
	var want []string
	switch p.Protocol {
	case ModbusTCP, ModbusRTU, ModbusRTUTCP:
		want = []string{"coil", "holding"}
	case GPIO:
		want = []string{"line"}
	case MQTTIn:
		want = []string{"topics"}
	default:
		return strict.Bad(item("outputs", i, "id"), "%s has no outputs", p.Protocol)
	}
	n := 0
	for key, there := range given {
		if there && !slices.Contains(want, key) {
			return strict.Bad(item("outputs", i, key), "does not belong to %s", p.Protocol)
		}
		if there {
			n++
		}
	}
	switch {
	case n != 1:
		return strict.Bad(item("outputs", i, want[0]), "give one of %s", strings.Join(want, ", "))
	case o.Holding != nil && o.OnValue == o.OffValue:
		return strict.Bad(item("outputs", i, "on_value"), "on_value and off_value are the same")
	case o.Holding == nil && (o.OnValue != 0 || o.OffValue != 0):
		return strict.Bad(item("outputs", i, "on_value"), "on_value and off_value belong to holding")
	case o.Line == nil && o.ActiveLow:
		return strict.Bad(item("outputs", i, "active_low"), "belongs to line")
	case o.Topics != nil:
		return strict.Below(item("outputs", i, "topics"), o.Topics.check(o.Readback))
	}
	return nil
}
