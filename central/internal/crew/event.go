package crew

// EventKind begins the kind of every event here.
const EventKind = "crew."

// Events. The subject is the message, Data is the Message after it.
const (
	EventSent      = EventKind + "sent"
	EventReceipt   = EventKind + "receipt" // its state is what became of it
	EventExpired   = EventKind + "expired"
	EventWithdrawn = EventKind + "withdrawn"
)
