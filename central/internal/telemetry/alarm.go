package telemetry

import (
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/page"
)

// AlarmState is where an alarm stands (the states of ISA-18.2). It leaves the list when the condition
// has ended and a person has acknowledged it, in whichever order.
type AlarmState string

// The states.
const (
	Open         AlarmState = "open"         // condition holds, nobody acknowledged
	Acknowledged AlarmState = "acknowledged" // condition holds, acknowledged
	Returned     AlarmState = "returned"     // condition ended, nobody acknowledged
	Cleared      AlarmState = "cleared"      // condition ended and acknowledged
)

// Centre is the Origin of an alarm that a rule at the centre has raised.
const Centre = "centre"

// Alarm is one passing of a limit. Level: 1 red, 2 orange, 3 yellow, 4 blue.
type Alarm struct {
	ID            string      `json:"id"`
	Rule          string      `json:"rule"`
	RuleName      string      `json:"rule_name"`
	RuleNameEN    string      `json:"rule_name_en"`
	Source        string      `json:"source"` // where the limit comes from: standard, document, date
	Device        string      `json:"device"`
	DeviceName    string      `json:"device_name"`
	Property      string      `json:"property"`
	Unit          string      `json:"unit"`
	Division      string      `json:"division"`
	Level         int         `json:"level"`
	State         AlarmState  `json:"state"`
	Value         float64     `json:"value"` // at the opening
	Peak          float64     `json:"peak"`  // furthest past the limit since
	Limit         float64     `json:"limit"`
	Openings      int         `json:"openings"`      // how often the limit was passed before anybody acknowledged
	Origin        string      `json:"origin"`        // Centre or the id of the edge that raised it
	Retrospective bool        `json:"retrospective"` // learned of too late to ring
	Demo          bool        `json:"demo"`
	OpenedAt      time.Time   `json:"opened_at"` // device time
	ReceivedAt    time.Time   `json:"received_at"`
	AckedAt       *time.Time  `json:"acked_at,omitempty"`
	AckedBy       string      `json:"acked_by,omitempty"`
	AckedByName   string      `json:"acked_by_name,omitempty"`
	AckNote       string      `json:"ack_note,omitempty"`
	Shelf         *Shelf      `json:"shelf,omitempty"`
	Maintenance   *Maintained `json:"maintenance,omitempty"`
	LateAt        *time.Time  `json:"late_at,omitempty"`     // when it has waited too long for somebody
	EscalateAt    *time.Time  `json:"escalate_at,omitempty"` // when it is passed on, should nobody take it
	Escalation    *Escalation `json:"escalation,omitempty"`
	BelowFirst    bool        `json:"below_first,omitempty"` // by the policy silent above until it is passed on, while a desk below hears it
	ReturnedAt    *time.Time  `json:"returned_at,omitempty"` // also when it is not judged any more: RuleGone
	RuleGone      bool        `json:"rule_gone,omitempty"`   // it has not returned: its rule was withdrawn, switched off here or made another
	ClearedAt     *time.Time  `json:"cleared_at,omitempty"`
	UpdatedAt     time.Time   `json:"updated_at"`

	since time.Time // device time of the last opening; its step has it
}

// Key is what an alarm is about. At most one alarm of a key is active.
type Key struct {
	Rule, Device, Property string
}

// Key of the alarm.
func (a *Alarm) Key() Key { return Key{a.Rule, a.Device, a.Property} }

// Active reports whether the alarm is still on the list.
func (a *Alarm) Active() bool { return a.State != Cleared }

// Holds reports whether the condition still holds, as far as the centre knows.
func (a *Alarm) Holds() bool { return a.State == Open || a.State == Acknowledged }

// Filter selects alarms. Division is the root of what is shown; a thing without a division is
// shown to everybody.
type Filter struct {
	page.Request
	Active     bool // only alarms that are not cleared
	Shelved    bool // only those that are kept from ringing
	Maintained bool // only those under a maintenance window
	Escalated  bool // only those that were passed on
	Level      int  // 0: all
	Scope      actor.Scope
}

// ack takes the alarm as acknowledged by a person.
func (a *Alarm) ack(by, name, note string, at time.Time) {
	a.AckedAt, a.AckedBy, a.AckedByName, a.AckNote, a.UpdatedAt = &at, by, name, note, at
	if a.State == Returned {
		a.State, a.ClearedAt = Cleared, &at
		return
	}
	a.State = Acknowledged
}

// end takes the condition as ended. An alarm that was learned of too late needs nobody's name, nor one that
// began and ended while somebody worked on what it is about.
func (a *Alarm) end(ended, at time.Time) {
	a.ReturnedAt, a.UpdatedAt = &ended, at
	if a.AckedAt == nil && !a.Retrospective && (a.Maintenance == nil || !a.Maintenance.Within) {
		a.State = Returned
		return
	}
	a.State, a.ClearedAt = Cleared, &at
}

// reopen takes the condition as holding again before anybody acknowledged the first time.
func (a *Alarm) reopen(since, at time.Time) {
	a.State, a.ReturnedAt, a.RuleGone, a.UpdatedAt, a.since = Open, nil, false, at, since
	a.Openings++
}
