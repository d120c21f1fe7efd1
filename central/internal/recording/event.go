package recording

import "time"

// The kinds of events. The subject is the stream.
const (
	EventPolicy  = "recording.policy_changed" // Data is Policy
	EventStarted = "recording.started"        // Data is Policy
	EventStopped = "recording.stopped"        // Data is Policy
	EventPlayed  = "recording.played"         // Data is Played
	EventHeld    = "recording.hold_placed"    // Data is Hold
	EventLetGo   = "recording.hold_ended"     // Data is Hold
	EventFull    = "recording.full"           // Data is Usage; the subject is empty
	EventRoom    = "recording.room"           // Data is Usage: there is room again
	EventAsked   = "recording.asked"          // Data is Wish
	EventFilled  = "recording.filled"         // Data is Wish, settled
	EventDeleted = "recording.deleted"        // Data is Deleted: for room, before its time
)

// Played tells who looked at what.
type Played struct {
	Streams []string  `json:"streams"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
}

// Deleted tells what had to go before its time.
type Deleted struct {
	Segments int       `json:"segments"`
	Bytes    int64     `json:"bytes"`
	Oldest   time.Time `json:"oldest"`
	Newest   time.Time `json:"newest"`
}
