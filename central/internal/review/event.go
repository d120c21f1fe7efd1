package review

// What is published. Subject is the id of the incident; what people wrote stays out: the audit trail cannot forget it.
const (
	EventBegun     = "review.begun"
	EventReason    = "review.reason"
	EventLesson    = "review.lesson"
	EventSettled   = "review.lesson_closed"
	EventLate      = "review.lesson_late"
	EventConcluded = "review.concluded"
	EventReopened  = "review.reopened"
)

// Trace is the data of an event.
type Trace struct {
	No   string `json:"no,omitempty"`
	Name string `json:"name"` // of the incident, or of the clock
	Org  string `json:"org"`  // of who did it
}
