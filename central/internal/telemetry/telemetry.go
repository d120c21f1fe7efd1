// Package telemetry is what the sensors measured and the alarms that rules raise from it. Ingest brings
// batches, the desk and the map read values and alarms. Rule that must never break: what was
// acknowledged to a device is stored, once.
package telemetry

import (
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// Incoming is one message as ingest hands it over: checked against the device register, decoded.
type Incoming struct {
	Edge       string // the publisher: an edge, or the device itself for a simple sensor
	Ranged     bool   // has epoch, lane and sequence; a simple sensor's message has none
	Batch      *wire.Batch
	ReceivedAt time.Time
	Apart      []Suspect // taken out of Batch to be kept apart
	Mended     bool      // was kept apart; a person has put the times right
}

// Outcome says what became of one Incoming.
type Outcome struct {
	Duplicate bool // the range was committed before
	Readings  int  // newly stored
}

// Latest is the newest value of a series.
type Latest struct {
	Device     string       `json:"device"`
	Property   string       `json:"property"`
	At         time.Time    `json:"at"`
	ReceivedAt time.Time    `json:"received_at"`
	Value      float64      `json:"value"`
	Quality    wire.Quality `json:"quality"`
	// ClockOff is by how many seconds the clock of the device is wrong (ahead: positive) when that is so far
	// that the reading is stored apart; At is the time of arrival then. Beyond 100 years it says 100 years.
	ClockOff int64 `json:"clock_off_s,omitempty"`
}

// Urgent reports whether all messages are of the lanes that are never refused for want of room: alarms and
// states of edges.
func Urgent(in []Incoming) bool {
	for i := range in {
		if !in[i].Urgent() {
			return false
		}
	}
	return true
}

// Urgent reports whether the message is of a lane that is never refused for want of room.
func (in *Incoming) Urgent() bool { return in.Ranged && in.Batch.Lane <= wire.LaneState }

// Stats counts what is stored.
type Stats struct {
	Readings         int64        `json:"readings"` // distinct (series, time)
	Series           int64        `json:"series"`
	Bytes            int64        `json:"bytes"`
	Inbox            int64        `json:"inbox"`              // batches not sealed yet
	Dirty            int64        `json:"rollups_due"`        // days of series that wait for their roll-ups
	KeepReadingsDays int          `json:"keep_readings_days"` // 0: for ever
	KeepRollupsDays  int          `json:"keep_rollups_days"`
	Months           []MonthStats `json:"months"`
	Forward          Forwarding   `json:"forward"`
}

// MonthStats is one month ("2026-11", UTC) of the embedded store.
type MonthStats struct {
	Month       string `json:"month"`
	Readings    int64  `json:"readings"` // sealed
	Bytes       int64  `json:"bytes"`
	RollupBytes int64  `json:"rollup_bytes"`
	Dirty       int64  `json:"rollups_due"`
	Retired     bool   `json:"retired"` // readings are deleted as configured, roll-ups are left
	Held        bool   `json:"held"`    // under a legal hold: nothing of it is deleted
}
