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
}

// Query asks for one series. Points is the most buckets wanted (0: 500).
type Query struct {
	Device   string
	Property string
	From, To time.Time
	Points   int
}

// Chart is the answer to a Query. Step is zero when every reading is shown by itself.
type Chart struct {
	Device   string    `json:"device"`
	Property string    `json:"property"`
	Unit     string    `json:"unit"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Step     int64     `json:"step_ms"`
	Buckets  []Bucket  `json:"buckets"`
}

// Bucket is one step of a chart; a single reading has Count 1 and equal Min, Max, Mean. Bad readings and
// values that are no finite number are left out.
type Bucket struct {
	At    time.Time `json:"at"`
	Min   float64   `json:"min"`
	Max   float64   `json:"max"`
	Mean  float64   `json:"mean"`
	Last  float64   `json:"last"`
	Count int64     `json:"count"`
}

// Stats counts what is stored.
type Stats struct {
	Readings int64 `json:"readings"` // distinct (series, time)
	Series   int64 `json:"series"`
	Bytes    int64 `json:"bytes"`
	Inbox    int64 `json:"inbox"` // batches not sealed yet
}
