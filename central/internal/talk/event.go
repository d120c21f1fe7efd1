package talk

import "github.com/fengsui/fengsui/shared/wire"

// EventKind begins the kind of every event here.
const EventKind = "talk."

// Events. The subject is the listener.
const (
	EventBegan   = EventKind + "began"   // audited before anything is heard; Data is Spoken
	EventEnded   = EventKind + "ended"   // audited; Data is Spoken
	EventChanged = EventKind + "changed" // passing; Data is Spoken: whether a listener hears
	EventSet     = EventKind + "set"     // audited before it is sent; Data is Loudness
)

// Spoken is that somebody speaks to a listener.
type Spoken struct {
	Listener string   `json:"listener"`
	Cameras  []string `json:"cameras,omitempty"` // whose viewers see it
	Call     string   `json:"call"`
	Incident string   `json:"incident,omitempty"`
	Seconds  int64    `json:"seconds,omitempty"` // in which sound came, when it ended
	Lapsed   bool     `json:"lapsed,omitempty"`  // it ended because its page was not heard of any more
}

// Loudness is how a speaker was set.
type Loudness struct {
	Listener string          `json:"listener"`
	Set      wire.SpeakerSet `json:"set"`
}
