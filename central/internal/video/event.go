package video

// The kinds of events.
const (
	EventChanged = "stream.changed" // passing; Data is Stream
	EventWatched = "stream.watched" // audited; Data is Watched
	EventForced  = "stream.forced"  // audited; Data is Forced
	EventLayer   = "stream.layer"   // passing; Data is Got
	EventSent    = "stream.sent"    // audited; Data is Watched: somebody sent by a link

	EventShared    = "stream.shared"     // Data is StreamLink
	EventLinkShown = "stream.link_shown" // Data is StreamLink: its token was wanted once more
	EventLinkEnded = "stream.link_ended" // Data is StreamLink

	EventLinkChanged = "stream.link_changed" // Data is StreamLink: it lives longer, or is for another incident or person
)

// Forced tells why a picture was asked for although the data budget of its terminal is used up.
type Forced struct {
	Stream string `json:"stream"`
	Reason string `json:"reason"`
}

// Watched tells that somebody began or ended to watch, or to send by a link.
type Watched struct {
	Stream  string `json:"stream"`
	Session string `json:"session"`
	Link    string `json:"link,omitempty"` // by which
	Ended   bool   `json:"ended"`
	Seconds int64  `json:"seconds,omitempty"` // watched, when it ended
}
