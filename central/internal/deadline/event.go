package deadline

// What is published. Subject is the id of the clock, Data the clock as the API shows it.
const (
	EventKind      = "deadline."
	EventPassed    = "deadline.passed"
	EventEscalated = "deadline.escalated"
	// EventStepped says that the clock of the machine was set.
	EventStepped = "deadline.clock_set"
	// EventChanged is ephemeral: some clocks have begun, ended or come nearer.
	EventChanged = "deadline.changed"
)
