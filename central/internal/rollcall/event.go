package rollcall

// What is published. Subject is the id of the call, post or plan. Data names things and people, never a place.
const (
	EventKind     = "rollcall."
	EventCalled   = "rollcall.called"
	EventAnswered = "rollcall.answered"
	EventMissed   = "rollcall.missed"
	EventVoice    = "rollcall.voice"
	EventPlan     = "rollcall.plan_changed"
	EventSkipped  = "rollcall.skipped" // a drawn call that did not take place
	// EventSeen is ephemeral: a console has shown a call.
	EventSeen = "rollcall.seen"
)

// trace is the data of an event.
type trace struct {
	Name string `json:"name"` // of the call or plan
	Org  string `json:"org,omitempty"`
	By   string `json:"by,omitempty"`
	Why  string `json:"why,omitempty"`
}
