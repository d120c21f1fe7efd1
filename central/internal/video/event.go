package video

// The kinds of events.
const (
	EventChanged = "stream.changed" // passing; Data is Stream
	EventWatched = "stream.watched" // audited; Data is Watched
	EventForced  = "stream.forced"  // audited; Data is Forced
)

// Forced tells why a picture was asked for although the data budget of its terminal is used up.
type Forced struct {
	Stream string `json:"stream"`
	Reason string `json:"reason"`
}

// Watched tells that somebody began or ended to watch.
type Watched struct {
	Stream  string `json:"stream"`
	Session string `json:"session"`
	Ended   bool   `json:"ended"`
	Seconds int64  `json:"seconds,omitempty"` // watched, when it ended
}
