package drill

// What is published. Subject is the id of the exercise. Of a sealed one the audit trail is shown to its controllers
// alone until it starts.
const (
	EventKind    = "drill."
	EventMade    = "drill.made"
	EventChanged = "drill.changed"
	EventActed   = "drill.acted"
	EventItem    = "drill.item"
	EventSheet   = "drill.sheet"
)

// Trace is the data of an event.
type Trace struct {
	Name string `json:"name"`
	To   string `json:"to,omitempty"`
}
