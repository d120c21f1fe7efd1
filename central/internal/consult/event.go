package consult

// What is published. Subject is the id of the room, Data a Trace: names of experts stay out, for the audit trail cannot
// forget one. EventChanged is ephemeral: who looks at the list of rooms asks again.
const (
	EventKind     = "consult."
	EventOpened   = "consult.opened"
	EventInvited  = "consult.invited"
	EventRevoked  = "consult.revoked"
	EventDeclined = "consult.declined"
	EventCame     = "consult.came"
	EventLeft     = "consult.left"
	EventRemoved  = "consult.removed"
	EventMuted    = "consult.muted"
	EventShared   = "consult.shared"
	EventChaired  = "consult.chaired"
	EventRecorded = "consult.recorded"
	EventEnded    = "consult.ended"
)

// Trace is the data of an event.
type Trace struct {
	Room     string `json:"room"` // title
	Incident string `json:"incident,omitempty"`
	Person   string `json:"person,omitempty"` // id of the user, or of the invitation by which somebody came
	Stream   string `json:"stream,omitempty"`
	On       bool   `json:"on,omitempty"`
}
