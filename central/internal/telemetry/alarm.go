package telemetry

import "time"

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

// Alarm is one passing of a limit. Level: 1 red, 2 orange, 3 yellow, 4 blue.
type Alarm struct {
	ID            string     `json:"id"`
	Rule          string     `json:"rule"`
	RuleName      string     `json:"rule_name"`
	RuleNameEN    string     `json:"rule_name_en"`
	Source        string     `json:"source"` // where the limit comes from: standard, document, date
	Device        string     `json:"device"`
	DeviceName    string     `json:"device_name"`
	Property      string     `json:"property"`
	Unit          string     `json:"unit"`
	Division      string     `json:"division"`
	Level         int        `json:"level"`
	State         AlarmState `json:"state"`
	Value         float64    `json:"value"` // at the opening
	Peak          float64    `json:"peak"`  // furthest past the limit since
	Limit         float64    `json:"limit"`
	Origin        string     `json:"origin"`        // "centre" or the id of the edge that raised it
	Retrospective bool       `json:"retrospective"` // learned of too late to ring
	Demo          bool       `json:"demo"`
	OpenedAt      time.Time  `json:"opened_at"` // device time
	ReceivedAt    time.Time  `json:"received_at"`
	AckedAt       *time.Time `json:"acked_at,omitempty"`
	AckedBy       string     `json:"acked_by,omitempty"`
	AckedByName   string     `json:"acked_by_name,omitempty"`
	AckNote       string     `json:"ack_note,omitempty"`
	ReturnedAt    *time.Time `json:"returned_at,omitempty"`
	ClearedAt     *time.Time `json:"cleared_at,omitempty"`
	UpdatedAt     time.Time  `json:"updated_at"`
}
