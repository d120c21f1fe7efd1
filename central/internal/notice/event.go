package notice

// What is published. Subject is the id of the message or the name of the channel. Data never holds an address, nor
// what was said: the audit trail cannot forget one.
const (
	EventKind    = "notice."
	EventDown    = "notice.channel_down"
	EventUp      = "notice.channel_up"
	EventFailed  = "notice.failed"
	EventSettled = "notice.settled"
	EventTested  = "notice.tested"
	// EventChanged is ephemeral: messages have moved.
	EventChanged = "notice.changed"
)

// ChannelKind and LostKind are the owners of the clocks that tell the desk of a dead channel and of a message that
// reached nobody.
const (
	ChannelKind = "notice-channel"
	LostKind    = "notice-lost"
)

// trace is the data of an event.
type trace struct {
	Name   string `json:"name"` // of the person or the channel
	Kind   string `json:"kind,omitempty"`
	Reason string `json:"reason,omitempty"`
}
