package steer

import "github.com/fengsui/fengsui/central/internal/floor"

// EventKind begins the kind of every event here.
const EventKind = "steer."

// Events. The subject is the camera.
const (
	EventTaken   = EventKind + "taken"   // audited before the first order is sent; Data is Turn
	EventEnded   = EventKind + "ended"   // audited; Data is Turn
	EventSaved   = EventKind + "saved"   // audited; Data is Order: a place was saved under a name
	EventRemoved = EventKind + "removed" // audited; Data is Order: a saved place was removed, with its name
)

// Turn is that somebody turns a camera.
type Turn struct {
	Camera  string       `json:"camera"`
	By      floor.Holder `json:"by"`
	Seconds int64        `json:"seconds,omitempty"` // when it ended
	Lapsed  bool         `json:"lapsed,omitempty"`  // it ended because no order came any more
}
