package telemetry

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/shared/wire"
)

// Store keeps readings and the ranges that were committed.
type Store interface {
	// Commit stores all or nothing; it is durable when it returns without an error. A reading whose
	// series and time are stored already is not stored again. errs.Unavailable when the disk is full; then
	// messages that are Urgent are still taken when they come by themselves.
	Commit(ctx context.Context, in []Incoming) ([]Outcome, error)
	// Have lists what is committed of one epoch of an edge.
	Have(ctx context.Context, edge string, epoch uint64) ([]wire.LaneRanges, error)
	// Holds reports whether a range is committed.
	Holds(edge string, epoch uint64, lane wire.Lane, r wire.Range) bool
	// Latest is the newest reading of every series.
	Latest(ctx context.Context) ([]Latest, error)
	// Query reads one series for a chart.
	Query(ctx context.Context, q Query) (Chart, error)
	// Read lists the readings of one series.
	Read(ctx context.Context, q Read) ([]Sample, error)
	// Health says whether readings can be stored; it must be cheap. Since is left to the caller.
	Health() Health
	// Stats counts what is stored.
	Stats(ctx context.Context) (Stats, error)
	// Replay hands over, in order, everything committed since the last Evaluated.
	Replay(ctx context.Context, fn func(Incoming) error) error
	// Evaluated says that what was received before the time needs no replay any more.
	Evaluated(ctx context.Context, before time.Time) error
}

// AlarmStore keeps alarms. At most one alarm per rule, device and property is active (not cleared).
type AlarmStore interface {
	// Active lists the alarms that are not cleared.
	Active(ctx context.Context) ([]Alarm, error)
	// Shelved lists the alarms, also those that are cleared, whose shelf ends after the time.
	Shelved(ctx context.Context, after time.Time) ([]Alarm, error)
	// List is one page, newest first.
	List(ctx context.Context, f Filter) (page.List[Alarm], error)
	// Get finds one alarm: errs.NotFound.
	Get(ctx context.Context, id string) (Alarm, error)
	// Add stores a new alarm with its first steps, all or nothing: errs.Conflict when one is active for the
	// same key.
	Add(ctx context.Context, a Alarm, steps ...Step) error
	// Save writes the alarm and its new steps, all or nothing, when it still stands as it was last updated:
	// errs.Conflict otherwise.
	Save(ctx context.Context, a Alarm, was time.Time, steps ...Step) error
	// Steps lists the steps of one alarm, in order.
	Steps(ctx context.Context, id string) ([]Step, error)
	// ListSteps is one page of the steps of all alarms, newest first.
	ListSteps(ctx context.Context, f StepFilter) (page.List[Line], error)
	// AddLoss stores a record of loss. One that is stored already is brought up to date when it has grown; known
	// says so.
	AddLoss(ctx context.Context, l Loss) (known bool, err error)
	// Losses are the newest records of loss of an edge, newest first, at most limit.
	Losses(ctx context.Context, edge string, limit int) ([]Loss, error)
	// Overlaps finds the newest alarm of a key that held at some time between from and to.
	Overlaps(ctx context.Context, k Key, from, to time.Time) (a Alarm, ok bool, err error)
}

// Tx runs a function in one transaction that travels in the context.
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// QuarantineStore keeps readings of the future apart.
type QuarantineStore interface {
	// Keep stores entries whose Origin is not there yet, all or none, and says which those are.
	Keep(ctx context.Context, list []Suspect) (added []bool, err error)
	// List sums up by device.
	List(ctx context.Context) ([]Apart, error)
	// Entries are the oldest of a device up to one.
	Entries(ctx context.Context, device, through string, limit int) ([]Suspect, error)
	// Remove deletes entries and counts the readings of their device that are left up to one.
	Remove(ctx context.Context, list []Suspect, through string) (remaining int64, err error)
}

// HoldStore keeps legal holds.
type HoldStore interface {
	// List is all holds, the newest first.
	List(ctx context.Context) ([]Hold, error)
	// Add stores a new hold.
	Add(ctx context.Context, h Hold) error
	// End ends a hold: errs.NotFound; errs.Conflict when it has ended already.
	End(ctx context.Context, id string, e Ending) (Hold, error)
}

// Devices is what telemetry needs of the device register.
type Devices interface {
	// Visible finds a device that the actor of the context may see.
	Visible(ctx context.Context, id string) (device.Device, bool)
	// All lists every device that the actor of the context may see.
	All(ctx context.Context) ([]device.Device, error)
	// Refused counts what a device sent and the centre did not take; what names it.
	Refused(ctx context.Context, id, reason, what string, n uint64)
}
