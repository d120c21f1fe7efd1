package incident

// What is published. Subject is the id of the incident, Data names it; what people said and their numbers stay out:
// the audit trail cannot forget one.
const (
	EventKind     = "incident."
	EventOpened   = "incident.opened"
	EventChanged  = "incident.changed"
	EventGraded   = "incident.graded"
	EventCounted  = "incident.counted"
	EventNoted    = "incident.noted"
	EventMerged   = "incident.merged"
	EventUnmerged = "incident.unmerged"
	EventSplit    = "incident.split"
	EventClosed   = "incident.closed"
	EventReopened = "incident.reopened"
	EventVoid     = "incident.voided"
)

// Trace is the data of an event.
type Trace struct {
	No   string `json:"no"`
	Name string `json:"name"` // title of the incident
	Org  string `json:"org"`  // of who did it
	To   string `json:"to,omitempty"`
}
