// Package incident is what has happened and is being dealt with: one record for each, with its place, its figures
// as they grow, who knew of it when, and a timeline that is only added to. The inbox opens incidents, reports and
// plans refer to them. Rule that must never break: what was written of an incident stays; a newer figure, a merge
// or a change stands beside it with its source and its time.
package incident

import (
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/geo"
)

// State of an incident.
type State string

// The states.
const (
	Open   State = "open"
	Closed State = "closed"
	Merged State = "merged" // into another, until that is undone
	Void   State = "void"   // opened by mistake
)

// Incident is one. Level is its gravity (1 特别重大 to 4 一般, 0 not graded yet), Response the level of the response
// (1 to 4, 0 none); they are set apart from each other. OccurredAt is when it happened, KnownAt when this desk
// first knew.
type Incident struct {
	ID         string     `json:"id"`
	No         string     `json:"no"` // of the year and the division of the desk: 2026-320623-0007
	OrgID      string     `json:"org_id"`
	OrgName    string     `json:"org_name"`
	Title      string     `json:"title"`
	Category   string     `json:"category"`
	Level      int        `json:"level"`
	LevelBy    string     `json:"level_by"`  // who confirmed it
	LevelWhy   string     `json:"level_why"` // the rule, or the reason of who chose another
	Response   int        `json:"response"`
	Sensitive  bool       `json:"sensitive"` // time, place or people for which it is reported whatever its level
	Place      string     `json:"place"`
	Division   string     `json:"division"`
	Lon        *float64   `json:"lon,omitempty"` // WGS 84, degrees
	Lat        *float64   `json:"lat,omitempty"`
	Summary    string     `json:"summary"`
	OccurredAt time.Time  `json:"occurred_at"`
	KnownAt    time.Time  `json:"known_at"`
	State      State      `json:"state"`
	Exercise   string     `json:"exercise"` // id of the exercise in which it takes place; empty: it is real
	MergedInto string     `json:"merged_into,omitempty"`
	OpenedAt   time.Time  `json:"opened_at"`
	OpenedBy   string     `json:"opened_by"`
	ClosedAt   *time.Time `json:"closed_at,omitempty"`
	Version    int        `json:"version"`
	UpdatedAt  time.Time  `json:"updated_at"`
}

// Limits of what people write.
const (
	MaxTitle = 120
	MaxPlace = 200
	MaxText  = 4000
	ahead    = 2 * time.Minute // clocks differ; what comes later than that was told after the event
	longAgo  = 366 * 24 * time.Hour
)

// LevelName is how documents call how grave an incident is, 0 before it is graded.
func LevelName(n int) string {
	return []string{"尚未定级", "特别重大（Ⅰ级）", "重大（Ⅱ级）", "较大（Ⅲ级）", "一般（Ⅳ级）"}[n]
}

// ResponseName is how documents call the response to an incident, 0 without one.
func ResponseName(n int) string {
	return []string{"未启动", "一级响应", "二级响应", "三级响应", "四级响应"}[n]
}

func (i Incident) validate(c *Categories, now time.Time) error {
	switch {
	case !errs.Name(i.Title, MaxTitle):
		return errs.Field("incident.title", "title", "1 to 120 characters on one line")
	case !errs.Name(i.Place, MaxPlace):
		return errs.Field("incident.place", "place", "1 to 200 characters on one line")
	case !c.Has(i.Category):
		return errs.Field("incident.category", "category", "is none of the categories")
	case i.Level < 0 || i.Level > 4:
		return errs.Field("incident.level", "level", "must be 0 to 4")
	case i.Response < 0 || i.Response > 4:
		return errs.Field("incident.response", "response", "must be 0 to 4")
	case !geo.Division(i.Division).Valid():
		return errs.Field("incident.division", "division", "is no division code (GB/T 2260)")
	case !errs.Text(i.Summary, MaxText):
		return errs.Field("incident.summary", "summary", "at most 4000 characters")
	case i.OccurredAt.After(now.Add(ahead)):
		return errs.Field("incident.future", "occurred_at", "lies in the future")
	case i.OccurredAt.Before(now.Add(-longAgo)):
		return errs.Field("incident.past", "occurred_at", "lies more than a year back")
	}
	return Place(i.Lon, i.Lat)
}

// Place complains of coordinates that are not on earth or come without each other.
func Place(lon, lat *float64) error {
	if (lon == nil) != (lat == nil) || (lon != nil && !(*lon >= -180 && *lon <= 180 && *lat >= -90 && *lat <= 90)) {
		return errs.Field("incident.place_at", "lon", "longitude and latitude come together, in degrees")
	}
	return nil
}

// Kind of a line of the timeline.
type Kind string

// The kinds. What reports and instructions add begins with their own word.
const (
	Opened   Kind = "opened"
	Changed  Kind = "changed"
	Graded   Kind = "graded"
	Answered Kind = "response" // the level of the response
	Counted  Kind = "figure"
	Learned  Kind = "known" // from another source
	Noted    Kind = "note"
	Joined   Kind = "merged"
	Parted   Kind = "unmerged"
	Halved   Kind = "split"
	Ended    Kind = "closed"
	Reopened Kind = "reopened"
	Voided   Kind = "void"
	Reported Kind = "report"
	Ordered  Kind = "instruction"
	Spoken   Kind = "talk" // to scenes
	Filmed   Kind = "film" // a scene is recorded with it, or not any more
	Messaged Kind = "crew" // to the people there
)

// Consulted is what went on in a consultation room.
const Consulted Kind = "consult"

// Step is one line of the timeline. Act names what of the kind it was, where that needs saying ("submitted").
type Step struct {
	IncidentID string    `json:"incident_id"`
	No         int       `json:"no"`
	At         time.Time `json:"at"`
	ReceivedAt time.Time `json:"received_at,omitzero"` // of what was told after the event: when it came
	ByName     string    `json:"by_name"`
	OrgName    string    `json:"org_name"`
	Kind       Kind      `json:"kind"`
	Act        string    `json:"act"`
	Text       string    `json:"text"`
	Ref        string    `json:"ref"` // id of the thing that it is about
	OrgID      string    `json:"-"`
	To         []string  `json:"-"` // organisations that it was addressed to
}

// FigureKinds are what is counted: people, and the direct loss in 10,000 yuan.
func FigureKinds() []string {
	return []string{"dead", "missing", "trapped", "serious", "injured", "evacuated", "affected", "loss"}
}

// Figure is one count at one time by one source. They are only added: the course of a figure is the list.
type Figure struct {
	ID         string    `json:"id"`
	IncidentID string    `json:"incident_id"`
	Kind       string    `json:"kind"`
	Value      int       `json:"value"`
	At         time.Time `json:"at"` // of the count
	Source     string    `json:"source"`
	Ref        string    `json:"ref"` // report or item of the inbox, empty when somebody entered it
	ByName     string    `json:"by_name"`
	OrgName    string    `json:"org_name"`
	WrittenAt  time.Time `json:"written_at"`
}

const maxFigure = 100_000_000

// ValidFigure complains of what cannot be counted.
func ValidFigure(kind string, value int) error {
	if !slices.Contains(FigureKinds(), kind) {
		return errs.Field("incident.figure_kind", "kind", "must be "+strings.Join(FigureKinds(), ", "))
	}
	if value < 0 || value > maxFigure {
		return errs.Field("incident.figure", "value", "must be 0 to 100000000")
	}
	return nil
}

// Newest is the last count of each kind.
func Newest(list []Figure) map[string]Figure {
	out := map[string]Figure{}
	for _, f := range list {
		if old, ok := out[f.Kind]; !ok || f.At.After(old.At) || (f.At.Equal(old.At) && f.WrittenAt.After(old.WrittenAt)) {
			out[f.Kind] = f
		}
	}
	return out
}

// Known says that an organisation knew of the incident at a time, and from where. What the desk above knew before
// it was reported is a reversed flow.
type Known struct {
	ID         string    `json:"id"`
	IncidentID string    `json:"incident_id"`
	OrgID      string    `json:"org_id"`
	OrgName    string    `json:"org_name"`
	At         time.Time `json:"at"`
	Kind       string    `json:"kind"` // kinds of the inbox, "report", or "desk" for what somebody opened without one
	Ref        string    `json:"ref"`
	Text       string    `json:"text"`
}
