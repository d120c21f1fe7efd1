package recording

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/wire"
)

// Scene is a camera that is recorded with an incident, from the moment at which the rule begins until the incident is
// closed or somebody ends it with a reason. What was recorded is held from the beginning of the incident on, and stays
// held afterwards until somebody lets go of that.
type Scene struct {
	ID          string     `json:"id"` // UUIDv7
	Incident    string     `json:"incident"`
	No          string     `json:"no"` // of the incident: what it is held for
	Stream      string     `json:"stream"`
	ByRule      bool       `json:"by_rule"`   // it stands so near that nobody had to name it
	HoldFrom    time.Time  `json:"hold_from"` // what there is since then is held
	AddedAt     time.Time  `json:"added_at"`
	OrgID       string     `json:"-"` // of the incident: whose hold it leaves
	OrgName     string     `json:"-"`
	AuthorName  string     `json:"author_name"`
	Began       *time.Time `json:"began,omitempty"` // of the recording; missing while the rule waits for the response
	Ended       *time.Time `json:"ended,omitempty"`
	Why         SceneEnd   `json:"why,omitempty" enum:"closed,stopped"`
	Reason      string     `json:"reason,omitempty"`
	EndedByName string     `json:"ended_by_name,omitempty"`
	Recording   bool       `json:"recording"` // pictures are being written
	Yours       bool       `json:"yours"`     // its incident is within reach of who asks: they may end it
}

// SceneEnd says why a scene ended.
type SceneEnd string

// The ends.
const (
	WithIncident SceneEnd = "closed"  // it goes on when the incident is opened again
	ByHand       SceneEnd = "stopped" // Reason says why
)

// Beginning says when the scenes of an incident are recorded.
type Beginning string

// The beginnings.
const (
	AtOpening  Beginning = "opening"
	AtResponse Beginning = "response" // with the first level of a response
)

// SceneRule is how incidents are recorded (recording.incidents in central.yml).
type SceneRule struct {
	Begin Beginning `json:"begin" enum:"opening,response"`
	Near  float64   `json:"near_km"`   // cameras so near are recorded by themselves; 0: none
	Most  int       `json:"near_most"` // the nearest so many
}

const (
	maxScenesOfOne = 16
	maxScenesAll   = 64
	holdBefore     = 24 * time.Hour // of the hold before a scene was added
	maxReason      = 200
)

// Case is what a recording needs to know of an incident.
type Case struct {
	ID       string
	No       string
	OrgID    string // that keeps it
	OrgName  string
	Title    string
	Open     bool // or merged into one that is
	Response int
	Occurred time.Time
	Lon, Lat *float64
	Version  int
}

// Cases are the incidents of reality.
type Cases interface {
	// Running lists those that are open.
	Running(ctx context.Context) ([]Case, error)
	// Case finds one, for the centre itself: errs.NotFound.
	Case(ctx context.Context, id string) (Case, error)
	// May finds one that the actor of the context sees.
	May(ctx context.Context, id string) (Case, error)
	// Note writes a line into its timeline, in the transaction of the context.
	Note(ctx context.Context, id, act, text string) error
}

// due reports whether a scene of a case is to be recorded.
func (r SceneRule) due(c Case) bool {
	return c.Open && (r.Begin != AtResponse || c.Response > 0)
}

// holdFrom is the beginning of what is held: that of the incident, a day before the scene was added at most.
func (c Case) holdFrom(now time.Time) time.Time {
	from := now
	if !c.Occurred.IsZero() {
		from = earlier(from, c.Occurred)
	}
	return later(from, now.Add(-holdBefore)).UTC().Truncate(time.Millisecond)
}

// near picks the cameras that the rule adds to a case, the nearest first.
func (r SceneRule) near(c Case, all []device.Device) []device.Device {
	if r.Near <= 0 || c.Lon == nil || c.Lat == nil {
		return nil
	}
	far := func(d device.Device) float64 { return kilometres(*c.Lon, *c.Lat, d.Place.Lon, d.Place.Lat) }
	out := slices.DeleteFunc(slices.Clone(all), func(d device.Device) bool {
		return d.Kind != device.Camera || d.State == device.Revoked || d.Place == nil || far(d) > r.Near
	})
	slices.SortFunc(out, func(a, b device.Device) int { return cmp.Or(cmp.Compare(far(a), far(b)), cmp.Compare(a.ID, b.ID)) })
	return out[:min(len(out), r.Most)]
}

// kilometres between two places on a sphere.
func kilometres(lon1, lat1, lon2, lat2 float64) float64 {
	const radius, degree = 6371.0, math.Pi / 180
	a := math.Pow(math.Sin((lat2-lat1)*degree/2), 2) + math.Cos(lat1*degree)*math.Cos(lat2*degree)*math.Pow(math.Sin((lon2-lon1)*degree/2), 2)
	return 2 * radius * math.Asin(min(1, math.Sqrt(a)))
}

// hold is what a scene keeps from being deleted until a moment.
func (s Scene) hold(until time.Time) Hold {
	return Hold{ID: s.ID, Stream: s.Stream, From: s.HoldFrom, To: until, Reference: s.No, OrgID: s.OrgID, OrgName: s.OrgName, AuthorName: s.AuthorName, CreatedAt: s.AddedAt, Scene: true}
}

func checkReason(reason string) error {
	if reason == "" || !errs.Line(reason, maxReason) {
		return errs.Field("recording.reason", "reason", "say why in 1 to 200 characters on one line")
	}
	return nil
}

// Cost is what recording a camera takes of the data of its terminal.
type Cost struct {
	Stream   string           `json:"stream"`
	PerHour  int64            `json:"bytes_per_hour"`
	Measured bool             `json:"measured"` // of what was recorded of it; otherwise assumed
	Already  bool             `json:"already"`  // it is recorded anyway: nothing more is sent
	Edge     string           `json:"edge,omitempty"`
	Level    wire.BudgetLevel `json:"level,omitempty" enum:"normal,eco,alarms"` // how sparing its terminal is now
	Left     *int64           `json:"left,omitempty"`                           // bytes of its month; missing: no limit is set, or it did not say
}

const (
	assumedRate = 2_000_000 / 8 // bytes a second of a camera that was never recorded
	costWithin  = 7 * 24 * time.Hour
)

// perHour is what a camera sent while it was recorded; ok is false when that was less than a minute.
func perHour(list []Segment) (n int64, ok bool) {
	var bytes int64
	var shown time.Duration
	for _, g := range list {
		if !g.Open && g.From.Equal(g.Film) { // what was filled holds more than it shows
			bytes, shown = bytes+g.Bytes, shown+g.To.Sub(g.From)
		}
	}
	if shown < time.Minute {
		return assumedRate * 3600, false
	}
	return int64(float64(bytes) / shown.Seconds() * 3600), true
}

// left is what a terminal may still send this month.
func left(b *wire.BudgetState) *int64 {
	if b == nil || b.Limit == 0 {
		return nil
	}
	used := b.Messages + b.Video + b.Upgrade
	n := int64(0)
	if used < b.Limit {
		n = int64(b.Limit - used) //nolint:gosec // far below
	}
	return &n
}
