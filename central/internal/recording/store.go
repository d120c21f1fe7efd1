package recording

import (
	"context"
	"time"
)

// SceneStore keeps which cameras are recorded with which incident.
type SceneStore interface {
	// AddScene adds one.
	AddScene(ctx context.Context, one Scene) error
	// ChangeScene writes its beginning and its end.
	ChangeScene(ctx context.Context, one Scene) error
	// Scenes lists those of an incident, the oldest first.
	Scenes(ctx context.Context, incident string) ([]Scene, error)
	// ScenesSince lists those that have not ended, or not before a moment.
	ScenesSince(ctx context.Context, t time.Time) ([]Scene, error)
}

// Store keeps what is known of recordings.
type Store interface {
	SceneStore
	// Policies lists those that were ever set.
	Policies(ctx context.Context) ([]Policy, error)
	// RemovePolicy forgets that one was ever set.
	RemovePolicy(ctx context.Context, stream string) error
	// SavePolicy sets one.
	SavePolicy(ctx context.Context, p Policy) error
	// Segments lists those of a stream that touch from ≤ t < to, by time.
	Segments(ctx context.Context, stream string, from, to time.Time) ([]Segment, error)
	// Segment finds one: errs.NotFound.
	Segment(ctx context.Context, id string) (Segment, error)
	// OpenSegments lists those that are being recorded, or were when the centre was killed.
	OpenSegments(ctx context.Context) ([]Segment, error)
	// OldestSegments lists those of a stream that lie whole within from ≤ t ≤ to and are not open, the oldest first.
	OldestSegments(ctx context.Context, stream string, away bool, from, to time.Time, most int) ([]Segment, error)
	// AddSegment adds one: errs.Conflict when its file belongs to another.
	AddSegment(ctx context.Context, s Segment) error
	// ChangeSegment writes span, size and whether it is open.
	ChangeSegment(ctx context.Context, s Segment) error
	// RemoveSegments deletes those that lie where the caller thinks: one that was moved meanwhile stays.
	RemoveSegments(ctx context.Context, ids []string, away bool) error
	// NearSegments lists those on the disk that ended before a moment, the oldest first.
	NearSegments(ctx context.Context, before time.Time, most int) ([]Segment, error)
	// Near counts them.
	Near(ctx context.Context, before time.Time) (n int, bytes int64, err error)
	// MoveSegment notes that one lies on the shelf and leaves the disk: errs.NotFound when it was removed.
	MoveSegment(ctx context.Context, id string) error
	// LeavingSegments lists those of which files may be left on the disk.
	LeavingSegments(ctx context.Context) ([]Segment, error)
	// LeftDisk notes that nothing of one is left there.
	LeftDisk(ctx context.Context, id string) error
	// Totals are bytes, first and last moment of every stream that has segments. They are kept, not added up.
	Totals(ctx context.Context) ([]Total, error)
	// Holds lists them, the newest first.
	Holds(ctx context.Context) ([]Hold, error)
	// Hold finds one: errs.NotFound.
	Hold(ctx context.Context, id string) (Hold, error)
	// AddHold adds one.
	AddHold(ctx context.Context, h Hold) error
	// EndHold notes that one ended: errs.NotFound, errs.Conflict when it had.
	EndHold(ctx context.Context, h Hold) error
	// AddMark adds a mark; one of the same stream, kind and reference is left as it is.
	AddMark(ctx context.Context, m Mark) error
	// Marks lists those of a stream within from ≤ t < to.
	Marks(ctx context.Context, stream string, from, to time.Time) ([]Mark, error)
	// AddWish adds one.
	AddWish(ctx context.Context, w Wish) error
	// ChangeWish writes state, error and what came of one.
	ChangeWish(ctx context.Context, w Wish) error
	// Wish finds one: errs.NotFound.
	Wish(ctx context.Context, id string) (Wish, error)
	// Wishes lists those of a stream that touch from ≤ t < to, by time.
	Wishes(ctx context.Context, stream string, from, to time.Time) ([]Wish, error)
	// OpenWishes lists those that are wanted, the oldest first.
	OpenWishes(ctx context.Context) ([]Wish, error)
	// Clips lists them, the newest first.
	Clips(ctx context.Context) ([]Clip, error)
	// Clip finds one: errs.NotFound.
	Clip(ctx context.Context, id string) (Clip, error)
	// AddClip adds one.
	AddClip(ctx context.Context, c Clip) error
	// ChangeClip writes what came of one: errs.NotFound when it was removed.
	ChangeClip(ctx context.Context, c Clip) error
	// Refer writes what a snapshot, a clip or a hold is kept for: errs.NotFound.
	Refer(ctx context.Context, kind, id, reference string) error
	// RemoveClip deletes one.
	RemoveClip(ctx context.Context, id string) error
	// Snapshots lists those that a filter lets through, the newest first.
	Snapshots(ctx context.Context, f SnapshotFilter) ([]Snapshot, error)
	// Snapshot finds one: errs.NotFound.
	Snapshot(ctx context.Context, id string) (Snapshot, error)
	// SnapshotBytes is what all of them take.
	SnapshotBytes(ctx context.Context) (int64, error)
	// AddSnapshot adds one.
	AddSnapshot(ctx context.Context, p Snapshot) error
	// ChangeSnapshot writes reference, note and whose it is: errs.NotFound.
	ChangeSnapshot(ctx context.Context, p Snapshot) error
	// RemoveSnapshot deletes one.
	RemoveSnapshot(ctx context.Context, id string) error
	// AddMissed notes that an alarm left no picture of a camera; what was noted of the two before stands.
	AddMissed(ctx context.Context, m Missed) error
	// Missed lists those since a moment, of one alarm when it is named, the newest first, at most 1,000.
	Missed(ctx context.Context, alarm string, since time.Time) ([]Missed, error)
	// RemoveMarks deletes those before a moment, and what is missed.
	RemoveMarks(ctx context.Context, before time.Time) error
}

// Total is what is kept of a stream.
type Total struct {
	Stream string    `json:"stream"`
	Bytes  int64     `json:"bytes"`
	Away   int64     `json:"-"` // of Bytes, on the shelf
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
}

// Tx runs a function in one transaction.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}
