// Package intake is the one inbox of a desk (接报): calls, alarms, reports from the field and from the public,
// messages of departments and findings in the media. Each item becomes part of an incident, opens one, or is set
// aside with a reason. Rule that must never break: what somebody said is kept as it was said; only what is done
// with it changes, and that can be undone.
package intake

import (
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/shared/geo"
)

// Kind is how something came in.
type Kind string

// The kinds.
const (
	Call       Kind = "call"
	Alarm      Kind = "alarm"
	Field      Kind = "field"
	Public     Kind = "public"
	Department Kind = "department"
	Media      Kind = "media"
)

// Word is the kind in Chinese, as documents and sources name it.
func (k Kind) Word() string {
	return map[Kind]string{Call: "电话", Alarm: "告警", Field: "现场", Public: "公众", Department: "部门", Media: "媒体"}[k]
}

// Kinds are those that people enter.
func Kinds() []Kind { return []Kind{Call, Field, Department, Media} }

// State of an item.
type State string

// The states.
const (
	Waiting State = "waiting"
	Linked  State = "linked" // part of an incident
	Aside   State = "aside"  // nothing to be done, for a reason
)

// Item is one thing that came in. Unit, Caller, Post and Phone are of who said it.
type Item struct {
	ID         string         `json:"id"`
	No         int            `json:"no"` // of the desk
	OrgID      string         `json:"org_id"`
	OrgName    string         `json:"org_name"`
	Division   string         `json:"division"` // where it happened
	Kind       Kind           `json:"kind"`
	State      State          `json:"state"`
	ReceivedAt time.Time      `json:"received_at"`
	OccurredAt *time.Time     `json:"occurred_at,omitempty"`
	Place      string         `json:"place"`
	Lon        *float64       `json:"lon,omitempty"`
	Lat        *float64       `json:"lat,omitempty"`
	Category   string         `json:"category"`
	Level      int            `json:"level"` // of the alarm, 0 without one
	Text       string         `json:"text"`  // what happened
	Cause      string         `json:"cause"`
	Measures   string         `json:"measures"`
	Trend      string         `json:"trend"`
	Informed   string         `json:"informed"` // who else was told by the caller
	Unit       string         `json:"unit"`
	Caller     string         `json:"caller"`
	Post       string         `json:"post"`
	Phone      string         `json:"phone"`
	Source     string         `json:"source"` // address of what was found, "alarm <id>"
	Figures    map[string]int `json:"figures"`
	Unchecked  bool           `json:"unchecked"` // of the public form while more came in than anybody reads: look whether it is one at all
	IncidentID string         `json:"incident_id,omitempty"`
	Opened     bool           `json:"opened"` // the incident was opened from this item
	Reason     string         `json:"reason"` // of setting it aside
	ByName     string         `json:"by_name"`
	DoneBy     string         `json:"done_by"`
	DoneAt     *time.Time     `json:"done_at,omitempty"`
	Version    int            `json:"version"`
}

const (
	maxWho   = 64
	maxUnit  = 120
	ahead    = 2 * time.Minute
	longAgo  = 31 * 24 * time.Hour
	maxPhone = 32
)

// validate asks for what the rules of the phone log want at least: what, where, and who says so.
func (i Item) validate(c *incident.Categories, now time.Time) error {
	switch {
	case strings.TrimSpace(i.Text) == "" || !errs.Text(i.Text, incident.MaxText):
		return errs.Field("intake.text", "text", "say what happened, in 1 to 4000 characters")
	case !errs.Name(i.Place, incident.MaxPlace):
		return errs.Field("intake.place", "place", "say where, in 1 to 200 characters on one line")
	case i.Kind != Alarm && i.Kind != Public && strings.TrimSpace(i.Unit+i.Caller) == "" && i.Source == "":
		return errs.Field("intake.caller", "caller", "say who reports it: unit, name, or where it was found")
	case i.Kind == Call && strings.TrimSpace(i.Phone) == "":
		return errs.Field("intake.phone", "phone", "write down the number, or that it was refused")
	case i.Kind == Media && i.Source == "":
		return errs.Field("intake.source", "source", "say where it was found")
	case !errs.Line(i.Unit, maxUnit) || !errs.Line(i.Caller, maxWho) || !errs.Line(i.Post, maxWho) || !errs.Line(i.Phone, maxPhone) || !errs.Line(i.Source, 500):
		return errs.Field("intake.line", "caller", "is too long, or has more than one line")
	case !errs.Text(i.Cause, incident.MaxText) || !errs.Text(i.Measures, incident.MaxText) || !errs.Text(i.Trend, incident.MaxText) || !errs.Text(i.Informed, incident.MaxText):
		return errs.Field("intake.long", "measures", "at most 4000 characters")
	case i.Category != "" && !c.Has(i.Category):
		return errs.Field("intake.category", "category", "is none of the categories")
	case !geo.Division(i.Division).Valid():
		return errs.Field("intake.division", "division", "is no division code (GB/T 2260)")
	case i.OccurredAt != nil && i.OccurredAt.After(now.Add(ahead)):
		return errs.Field("intake.future", "occurred_at", "lies in the future")
	case i.ReceivedAt.After(now.Add(ahead)) || i.ReceivedAt.Before(now.Add(-longAgo)):
		return errs.Field("intake.received", "received_at", "must lie within the last 31 days")
	case !slices.Contains([]Kind{Call, Alarm, Field, Public, Department, Media}, i.Kind):
		return errs.Field("intake.kind", "kind", "must be call, field, department or media")
	}
	for kind, n := range i.Figures {
		if err := incident.ValidFigure(kind, n); err != nil {
			return err
		}
	}
	return incident.Place(i.Lon, i.Lat)
}

// Sketch is what is known of it.
func (i Item) Sketch() incident.Sketch {
	s := incident.Sketch{At: i.ReceivedAt, Division: i.Division, Place: i.Place, Lon: i.Lon, Lat: i.Lat, Category: i.Category, Text: i.Text}
	if i.OccurredAt != nil {
		s.At = *i.OccurredAt
	}
	return s
}

// title is the first line of what was said, for an incident that is opened from it.
func (i Item) title() string {
	line, _, _ := strings.Cut(strings.TrimSpace(i.Text), "\n")
	if r := []rune(line); len(r) > 60 {
		line = string(r[:59]) + "…"
	}
	return strings.TrimSpace(line)
}

// said is who says it, for the record of who knew from where.
func (i Item) said() string {
	if s := strings.TrimSpace(strings.Join([]string{i.Unit, i.Post, i.Caller}, " ")); s != "" {
		return s
	}
	return i.Source
}
