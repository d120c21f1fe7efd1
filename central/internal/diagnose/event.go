package diagnose

// Events. The subject is the terminal, Data the Question without its answer.
const (
	EventAsked    = "diagnose.asked"    // recorded before it is sent
	EventAnswered = "diagnose.answered" // also when no answer came
)
