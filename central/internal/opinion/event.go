package opinion

// What is published. Subject is the id of the incident, Data names it; what people said stays out: the audit trail
// cannot forget it.
const (
	EventKind     = "opinion."
	EventFound    = "opinion.found"
	EventJudged   = "opinion.judged"
	EventAsked    = "opinion.asked"
	EventSettled  = "opinion.settled"
	EventLate     = "opinion.late"
	EventDrafted  = "opinion.statement_drafted"
	EventChanged  = "opinion.statement_changed"
	EventChecked  = "opinion.statement_checked"
	EventReturned = "opinion.statement_returned"
	EventSigned   = "opinion.statement_signed"
	EventReleased = "opinion.statement_released"
	EventDropped  = "opinion.statement_discarded"

	EventConsulted = "opinion.expert_written"
	EventVouched   = "opinion.expert_signed"
	EventUnsaid    = "opinion.expert_discarded"
)

// Trace is the data of an event.
type Trace struct {
	Name string `json:"name"` // title of the incident
	What string `json:"what"` // id of the entry, the task or the statement
	Org  string `json:"org"`  // of who did it
	To   string `json:"to,omitempty"`
	Hash string `json:"hash,omitempty"` // of a text that was signed or released
}
