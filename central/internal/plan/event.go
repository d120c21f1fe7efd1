package plan

// What is published. Subject is the id of the plan; Data names it and never holds its text.
const (
	EventKind    = "plan."
	EventMade    = "plan.made"
	EventChanged = "plan.changed"
	EventWritten = "plan.written"
	EventMoved   = "plan.moved"
	EventIssued  = "plan.published"
	EventFile    = "plan.file_added"
	EventUnfile  = "plan.file_removed"
	EventDrilled = "plan.drilled"
	EventFiling  = "plan.filing"
	EventLate    = "plan.late"

	EventSuggested = "plan.suggested" // by what an incident taught
	EventAnswered  = "plan.suggestion_answered"
)

// trace is the data of an event.
type trace struct {
	Name     string `json:"name"`
	From     State  `json:"from,omitempty"`
	To       State  `json:"to,omitempty"`
	Version  int    `json:"version,omitempty"`
	Revision int    `json:"revision,omitempty"`
	What     string `json:"what,omitempty"`
}
