package response

// What is published. Subject is the id of the response or the task, Division that of the incident. Data names things
// and never holds what people wrote: the audit trail cannot forget it.
const (
	EventKind       = "response."
	EventStarted    = "response.started"
	EventEmergency  = "response.started_unapproved" // a plan that nobody has approved is carried out
	EventLevel      = "response.level"
	EventEnded      = "response.ended"
	EventSeat       = "response.seat"
	EventLink       = "response.link_shown" // somebody who orders was shown the address of another's tasks
	EventOrdered    = "response.task_given"
	EventTask       = "response.task"
	EventLate       = "response.task_late"
	EventReportLate = "response.report_late" // one that the plan asks for was due and not sent
	EventCommand    = "response.command"
	EventGroup      = "response.group"
	EventProposed   = "response.proposed" // to the owner of a plan, by a desk that may not start it
	EventDeclined   = "response.declined"
)

// Trace is the data of an event.
type Trace struct {
	IncidentID string `json:"incident_id"`
	Name       string `json:"name"` // plan, task or seat
	From       string `json:"from,omitempty"`
	To         string `json:"to,omitempty"`
	Version    int    `json:"version,omitempty"`
	Tasks      int    `json:"tasks,omitempty"`
}
