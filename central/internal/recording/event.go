package recording

import "time"

// The kinds of events. The subject is the stream.
const (
	EventPolicy    = "recording.policy_changed" // Data is Policy
	EventStarted   = "recording.started"        // Data is Policy
	EventStopped   = "recording.stopped"        // Data is Policy
	EventPlayed    = "recording.played"         // Data is Played
	EventHeld      = "recording.hold_placed"    // Data is Hold
	EventLetGo     = "recording.hold_ended"     // Data is Hold
	EventFull      = "recording.full"           // Data is Usage; the subject is empty
	EventRoom      = "recording.room"           // Data is Usage: there is room again
	EventAsked     = "recording.asked"          // Data is Wish
	EventFilled    = "recording.filled"         // Data is Wish, settled
	EventShelfDown = "recording.bucket_down"    // Data is Bucket; the subject is empty
	EventShelfUp   = "recording.bucket_up"      // Data is Bucket
	EventDeleted   = "recording.deleted"        // Data is Deleted: for room, before its time

	EventReferred = "recording.referred" // Data is Referred: kept for another incident
)

// The kinds of events about scenes of incidents. Data is Scene.
const (
	EventSceneAdded = "recording.scene_added"
	EventSceneBegun = "recording.scene_begun" // the response has begun
	EventSceneEnded = "recording.scene_ended"
)

// The kinds of events about clips.
const (
	EventClipOrdered = "recording.clip_ordered" // Data is Clip
	EventClipMade    = "recording.clip_made"    // Data is Clip, with hashes, or why it is not
	EventClipTaken   = "recording.clip_taken"   // Data is ClipTaken
	EventClipRemoved = "recording.clip_removed" // Data is Clip; before it expired
)

// The kinds of events about snapshots. Data is Snapshot.
const (
	EventSnapshot      = "recording.snapshot_kept"
	EventSnapshotTaken = "recording.snapshot_taken" // somebody saved it elsewhere
	EventSnapshotHeld  = "recording.snapshot_changed"
	EventSnapshotGone  = "recording.snapshot_removed" // by somebody
)

// ClipTaken tells what somebody took away.
type ClipTaken struct {
	ID        string    `json:"id"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Reference string    `json:"reference"`
	Name      string    `json:"name"`
	SHA256    string    `json:"sha256,omitempty"` // empty: the note
}

// Referred tells what is kept for another incident since that was split off.
type Referred struct {
	Kind string `json:"kind"` // snapshot, clip or hold
	ID   string `json:"id"`
	From string `json:"from"`
	To   string `json:"to"`
}

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
