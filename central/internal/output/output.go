// Package output is the sirens, lamps and relays in the field: how they stand, and orders to switch them.
// Commanders and the duty desk use it; rules at the terminals switch the same outputs without it. Rule that
// must never break: an order is written down with the name of who gave it before it is sent, and so is
// what became of it; what no terminal has confirmed is never shown as done.
package output

import (
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	maxSeconds = 24 * 60 * 60
	maxNote    = 200 // characters
)

// Output is one siren, lamp or relay as its terminal last reported it.
type Output struct {
	Device     string     `json:"device"`
	DeviceName string     `json:"device_name"`
	Edge       string     `json:"edge"`
	Division   string     `json:"division"`
	Demo       bool       `json:"demo"`
	Output     string     `json:"output"`
	Name       string     `json:"name"`
	NameEN     string     `json:"name_en"`
	MaxOn      int        `json:"max_on"`       // seconds away from its safe state at a stretch, at most
	Safe       bool       `json:"safe"`         // whether its safe state is on
	On         *bool      `json:"on,omitempty"` // as the device confirmed; left out: not known
	At         *time.Time `json:"at,omitempty"`
	Until      *time.Time `json:"until,omitempty"` // when it goes back to its safe state
	Why        []string   `json:"why"`             // "command", or "rule device property" of an alarm
	Error      string     `json:"error,omitempty"`
	Online     bool       `json:"online"`      // the terminal is connected; otherwise this is how it was
	ReportedAt time.Time  `json:"reported_at"` // by the terminal, in the centre's clock
}

// Order is what somebody wants an output to do.
type Order struct {
	Device  string `json:"device"`
	Output  string `json:"output"`
	On      bool   `json:"on"`
	Seconds int    `json:"seconds,omitempty"` // away from the safe state; 0: as long as it may
	Note    string `json:"note,omitempty"`
}

// check says what is wrong with an order.
func (o *Order) check() error {
	o.Note = strings.TrimSpace(o.Note)
	switch {
	case !wire.ValidID(o.Device) || !wire.ValidID(o.Output):
		return errs.E(errs.NotFound, "output.not_found", "there is no output %q of %q", o.Output, o.Device)
	case o.Seconds < 0 || o.Seconds > maxSeconds:
		return errs.Field("output.order", "seconds", "must be 0 to 86400")
	case !errs.Text(o.Note, maxNote):
		return errs.Field("output.order", "note", "must be at most 200 characters")
	}
	return nil
}

// Outcome is what became of an order.
type Outcome struct {
	Order
	Command string `json:"command"`
	OK      bool   `json:"ok"` // the device has confirmed it
	Error   string `json:"error,omitempty"`
	// Unanswered: the terminal had not answered in time, so that nobody knew whether it was carried out.
	Unanswered bool `json:"unanswered,omitempty"`
}

// of makes the output of a device from what its terminal reported.
func of(d device.Device, s wire.OutputState, edge device.Device, reported time.Time) Output {
	o := Output{
		Device: d.ID, DeviceName: d.Name, Edge: d.Parent, Division: d.Division, Demo: d.Demo,
		Output: s.Output, Name: s.Name, NameEN: s.NameEN, MaxOn: s.MaxOn, Safe: s.Safe, On: s.On, Why: s.Why, Error: s.Error,
		At: moment(s.At), Until: moment(s.Until), Online: edge.State == device.Online, ReportedAt: reported,
	}
	if o.Why == nil {
		o.Why = []string{}
	}
	return o
}

func moment(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	at := wire.Time(ms)
	return &at
}
