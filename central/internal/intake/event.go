package intake

// What is published. Subject is the id of the item; Data names it, never who called or what they said.
const (
	EventKind     = "intake."
	EventReceived = "intake.received"
	EventLinked   = "intake.linked"
	EventAside    = "intake.aside"
	EventUndone   = "intake.undone"
)

// trace is the data of an event.
type trace struct {
	No   int    `json:"no"`
	Kind Kind   `json:"kind"`
	Org  string `json:"org"`
	To   string `json:"to,omitempty"` // number of the incident
}
