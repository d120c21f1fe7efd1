package telemetry

import (
	"math"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// Quality says which readings are asked for.
type Quality string

// The choices. Values that are no finite number are never part of a chart.
const (
	GoodOnly   Quality = "good"   // good ones only
	Usable     Quality = "usable" // good and uncertain ones; what is asked for when nothing is said
	AnyQuality Quality = "all"    // bad ones as well
)

// Query asks for one series. Points is the most buckets wanted (0: 500). With a Step (ms) the answer always
// has buckets of that width.
type Query struct {
	Device   string
	Property string
	From, To time.Time
	Points   int
	Step     int64
	Quality  Quality // empty: Usable
}

// Buckets of an answer.
const (
	defaultPoints = 500
	maxPoints     = 5000
)

// Wanted is how many buckets the answer may have.
func (q *Query) Wanted() int {
	if q.Points <= 0 {
		return defaultPoints
	}
	return max(2, min(q.Points, maxPoints))
}

// Chart is the answer to a Query. Step is zero when every reading is shown by itself.
type Chart struct {
	Device   string    `json:"device"`
	Property string    `json:"property"`
	Unit     string    `json:"unit"`
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Step     int64     `json:"step_ms"`
	Quality  Quality   `json:"quality" enum:"good,usable,all"`
	Buckets  []Bucket  `json:"buckets"`
	Flags    []Flag    `json:"flags"` // where readings are uncertain or bad, whatever quality was asked for
}

// NewChart is the empty answer to a query.
func NewChart(q Query) Chart {
	c := Chart{Device: q.Device, Property: q.Property, From: q.From, To: q.To, Quality: q.Quality, Buckets: []Bucket{}, Flags: []Flag{}}
	if c.Quality == "" {
		c.Quality = Usable
	}
	return c
}

// Bucket is one step of a chart that holds readings of the quality asked for; a single reading has Count 1
// and equal Min, Max, Mean. Values that are no finite number are left out.
type Bucket struct {
	At    time.Time `json:"at"`
	Min   float64   `json:"min"`
	Max   float64   `json:"max"`
	Mean  float64   `json:"mean"`
	Last  float64   `json:"last"`
	Count int64     `json:"count"`
}

// Flag counts the doubtful readings of one step, which begins at At; without a step it is one reading. A
// value that is no finite number is bad.
type Flag struct {
	At        time.Time `json:"at"`
	Uncertain int64     `json:"uncertain"`
	Bad       int64     `json:"bad"`
}

// Read asks for the readings of one series in order of their time, at most Limit of them. To and the times
// of arrival may be zero: no limit. Readings whose arrival was not kept have none and match no limit of it.
type Read struct {
	Device                   string
	Property                 string
	From, To                 time.Time // of the device: From ≤ t < To
	ReceivedFrom, ReceivedTo time.Time // of the arrival at the centre
	Quality                  Quality   // empty: Usable
	Limit                    int
}

// Arrivals are the limits of the arrival in Unix milliseconds: since ≤ t < before.
func (q *Read) Arrivals() (since, before int64) {
	before = math.MaxInt64
	if !q.ReceivedFrom.IsZero() {
		since = max(q.ReceivedFrom.UnixMilli(), 1)
	}
	if !q.ReceivedTo.IsZero() {
		before = q.ReceivedTo.UnixMilli()
		since = max(since, 1)
	}
	return since, before
}

// Arrived reports whether an arrival (Unix milliseconds, 0: unknown) is within the limits.
func (q *Read) Arrived(received int64) bool {
	since, before := q.Arrivals()
	return received >= since && received < before
}

// Sample is one stored reading. ReceivedAt is zero when it was not kept.
type Sample struct {
	Device     string
	Property   string
	At         time.Time
	ReceivedAt time.Time
	Value      float64 // may be no finite number when bad readings were asked for
	Quality    wire.Quality
	Count      uint32 // the value is the mean of so many readings; 0: it is one itself
}

// steps are the widths of buckets that people read easily; above them whole weeks.
func steps() []time.Duration {
	return []time.Duration{
		time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond,
		50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, week,
	}
}

const week = 7 * 24 * time.Hour

// StepFor is the smallest easily read width (ms) that covers from ≤ t < to (Unix milliseconds) with at most
// n buckets. Buckets begin at whole multiples of it.
func StepFor(from, to int64, n int) int64 {
	fits := func(step int64) bool { return floorDiv(to-1, step)-floorDiv(from, step)+1 <= int64(n) }
	for _, s := range steps() {
		if fits(s.Milliseconds()) {
			return s.Milliseconds()
		}
	}
	step := ((to-from)/int64(n)/week.Milliseconds() + 1) * week.Milliseconds()
	for !fits(step) {
		step += week.Milliseconds()
	}
	return step
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
