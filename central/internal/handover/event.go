package handover

// What is published. Subject is the id of the shift, entry or item. Data names things and people of the desk,
// never what was said or a number: the audit trail cannot forget one.
const (
	EventKind      = "handover."
	EventOpened    = "handover.opened"
	EventLeft      = "handover.left"
	EventTaken     = "handover.taken"
	EventLate      = "handover.late"
	EventWritten   = "handover.written"
	EventCorrected = "handover.corrected"
	EventItem      = "handover.item_changed"
	EventItemDone  = "handover.item_done"
	EventItemLate  = "handover.item_late"
	// EventTold is ephemeral: the log has a line of what another room has recorded.
	EventTold = "handover.told"
)

// trace is the data of an event.
type trace struct {
	Name string    `json:"name"` // of the organisation
	No   int       `json:"no,omitempty"`
	Kind EntryKind `json:"kind,omitempty"`
	From string    `json:"from,omitempty"`
	To   string    `json:"to,omitempty"`
}
