package field

// EventEntered is told when something came from the scene. Data is Trace.
const EventEntered = "field.entered"

// Trace is what the record says of an entry.
type Trace struct {
	IncidentID    string `json:"incident_id"`
	Link          string `json:"link"`
	Kind          Kind   `json:"kind"`
	Photos        int    `json:"photos"`
	Retrospective bool   `json:"retrospective"`
	AfterEnd      bool   `json:"after_end,omitempty"`
	Refused       string `json:"refused,omitempty"`
}
