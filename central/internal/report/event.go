package report

// What is published. Subject is the id of the report, hop, instruction or task; Data names it, never what it says.
const (
	EventKind      = "report."
	EventDrafted   = "report.drafted"
	EventSent      = "report.sent"
	EventPhoned    = "report.phoned"
	EventOpened    = "report.opened"
	EventAccepted  = "report.accepted"
	EventReturned  = "report.returned"
	EventLate      = "report.late"
	EventOrdered   = "report.ordered"
	EventTask      = "report.task_changed"
	EventTaskLate  = "report.task_late"
	EventJudged    = "report.judged"
	EventWeights   = "report.weights_changed"
	EventDiscarded = "report.draft_discarded"

	EventDaily      = "report.daily_sent"
	EventDailySeen  = "report.daily_seen"
	EventDailyUrged = "report.daily_urged"
	EventDailyLate  = "report.daily_late"

	EventDailyExcused = "report.daily_excused"
	EventDailyAsked   = "report.daily_asked_again"
)

// Trace is the data of an event.
type Trace struct {
	Name string `json:"name"` // of the report or task
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Act and Version are of a task: what was done with it, and which version of it that made.
	Act     TaskAct `json:"act,omitempty"`
	Version int     `json:"version,omitempty"`
}
