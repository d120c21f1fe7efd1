package resource

// What is published. Subject is the id of the thing, Division that of the team, the warehouse or the incident. Data
// names things and holds nothing that people wrote: the audit trail cannot forget it.
const (
	EventKind       = "resource."
	EventTeam       = "resource.team"
	EventStatus     = "resource.team_status"
	EventWarehouse  = "resource.warehouse"
	EventMove       = "resource.move"
	EventRequest    = "resource.request"
	EventWithdrawn  = "resource.request_closed"
	EventDispatched = "resource.dispatched"
	EventStep       = "resource.step"
	EventMissed     = "resource.missed"
	EventLink       = "resource.link"
)

// Trace is the data of an event.
type Trace struct {
	IncidentID string  `json:"incident_id,omitempty"`
	Name       string  `json:"name"` // team, item, warehouse
	From       string  `json:"from,omitempty"`
	To         string  `json:"to,omitempty"`
	Amount     float64 `json:"amount,omitempty"`
	Unit       string  `json:"unit,omitempty"`
	Count      int     `json:"count,omitempty"`
}
