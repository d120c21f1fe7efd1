// Package report is how an incident is told upward: first, follow-up and final reports as versions of one chain, each
// hop from desk to desk with its receipt, and the instructions that come back down. Duty officers write, leaders
// sign, the desk above opens, accepts or returns. Rule that must never break: a report that was sent stays as it was;
// what changes is told in the next version, and what looks wrong is asked and answered, not swallowed.
package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// Kind of a version.
type Kind string

// The kinds: 初报, 续报, 终报, and 补报 of figures after the final one.
const (
	First      Kind = "first"
	Follow     Kind = "follow"
	Final      Kind = "final"
	Correction Kind = "correction"
)

// State of a version.
type State string

// The states. What became of a sent one stands in its hops.
const (
	Drafted State = "draft"
	Sent    State = "sent"
)

// figurePrefix begins the fields of figures: figure.dead.
const figurePrefix = "figure."

// Report is one version. Values are its elements by the ids of the template, times as RFC 3339, and figures under
// "figure.dead" as whole numbers. Level is what the signer confirms, Proposed what the figures give by Rule.
type Report struct {
	ID            string            `json:"id"`
	IncidentID    string            `json:"incident_id"`
	IncidentNo    string            `json:"incident_no"`
	IncidentTitle string            `json:"incident_title"`
	Category      string            `json:"category"`
	OrgID         string            `json:"org_id"`
	OrgName       string            `json:"org_name"`
	Division      string            `json:"division"` // of the desk
	Kind          Kind              `json:"kind"`
	No            int               `json:"no"` // of follow-ups and corrections, from 1
	Title         string            `json:"title"`
	State         State             `json:"state"`
	Template      string            `json:"template"`
	Values        map[string]string `json:"values"`
	Changed       []string          `json:"changed"`  // fields that differ from the version before
	PrevID        string            `json:"prev_id"`  // the version before
	Replaces      string            `json:"replaces"` // a version that was returned
	FromHop       string            `json:"from_hop"` // the hop that this passes on
	Level         int               `json:"level"`
	Proposed      int               `json:"proposed"`
	Rule          string            `json:"rule"`
	LevelWhy      string            `json:"level_why"`
	Signer        string            `json:"signer"`
	SignedHow     string            `json:"signed_how"` // self: with the own account; oral: said so, written down by the officer
	Answers       map[string]string `json:"answers"`    // to questions
	Waived        map[string]string `json:"waived"`     // elements that are missing, and why
	Missing       []string          `json:"missing"`    // elements that were missing when it was sent
	Pictures      []Picture         `json:"pictures"`
	WrittenBy     string            `json:"written_by"`
	UpdatedBy     string            `json:"updated_by"`
	UpdatedAt     time.Time         `json:"updated_at"`
	CreatedAt     time.Time         `json:"created_at"`
	SentAt        *time.Time        `json:"sent_at,omitempty"`
	Version       int               `json:"version"`
}

// HopKind is along which way a report goes.
type HopKind string

// The ways.
const (
	Up    HopKind = "up"    // to the desk above
	Copy  HopKind = "copy"  // to departments and neighbours
	Out   HopKind = "out"   // to somebody whom this centre does not know, by other means
	Phone HopKind = "phone" // said on the phone, before anything is written
)

// Decision is what the receiver has made of it.
type Decision string

// The decisions; an empty one is still to come.
const (
	Accepted Decision = "accepted"
	Returned Decision = "returned"
)

// Hop is one report on its way from one desk to another. Each time is written once. Delivered means that it lies at
// the receiving desk; between desks of one centre that is the moment of sending.
type Hop struct {
	ID            string     `json:"id"`
	ReportID      string     `json:"report_id"` // empty of a phone call
	IncidentID    string     `json:"incident_id"`
	IncidentNo    string     `json:"incident_no"`
	IncidentTitle string     `json:"incident_title"`
	Title         string     `json:"title"`
	Level         int        `json:"level"`
	Kind          HopKind    `json:"kind"`
	FromOrg       string     `json:"from_org"`
	FromName      string     `json:"from_name"`
	FromDivision  string     `json:"from_division"`
	ToOrg         string     `json:"to_org"` // empty when it left this centre
	ToName        string     `json:"to_name"`
	ToDivision    string     `json:"to_division"`
	Text          string     `json:"text"`         // of a phone call: who told whom what
	SubmittedAt   time.Time  `json:"submitted_at"` // of a phone call: when it was made, as the caller says
	WrittenAt     time.Time  `json:"written_at"`   // when it was written down; zero in records of before
	SubmittedBy   string     `json:"submitted_by"`
	DeliveredAt   *time.Time `json:"delivered_at,omitempty"`
	OpenedAt      *time.Time `json:"opened_at,omitempty"`
	OpenedBy      string     `json:"opened_by"`
	DecidedAt     *time.Time `json:"decided_at,omitempty"`
	DecidedBy     string     `json:"decided_by"`
	Decision      Decision   `json:"decision"`
	Reason        string     `json:"reason"`
	ForwardedBy   string     `json:"forwarded_by"` // the report of the receiver that passes it on
	// Due is until when it was asked for, by what it met (phone, written, follow_up), as the clocks stood then.
	Due map[string]time.Time `json:"due,omitempty"`
}

// soon is within what time a call is written down. What is written down later is asked of the receiver.
const soon = 10 * time.Minute

// written is when a hop was written down.
func (h Hop) written() time.Time {
	switch {
	case !h.WrittenAt.IsZero():
		return h.WrittenAt
	case h.Kind == Phone && h.DeliveredAt != nil: // records of before
		return *h.DeliveredAt
	}
	return h.SubmittedAt
}

// delayed reports whether a call was written down long after it was made.
func (h Hop) delayed() bool { return h.Kind == Phone && h.written().Sub(h.SubmittedAt) > soon }

// told is when the receiver was told: of a call when it was written down, unless the receiver confirms the earlier time.
func (h Hop) told() time.Time {
	if h.Kind == Phone && h.Decision != Accepted {
		return h.written()
	}
	return h.SubmittedAt
}

// title names a version: 某事故续报二.
func title(what string, k Kind, no int) string {
	switch k {
	case First:
		return what + "（初报）"
	case Final:
		return what + "（终报）"
	case Correction:
		return what + "（补报" + numeral(no) + "）"
	case Follow:
	}
	return what + "（续报" + numeral(no) + "）"
}

// numeral is a number from 1 to 99 in Chinese.
func numeral(n int) string {
	digits := []string{"", "一", "二", "三", "四", "五", "六", "七", "八", "九"}
	switch {
	case n < 1 || n > 99:
		return strconv.Itoa(n)
	case n < 10:
		return digits[n]
	case n < 20:
		return "十" + digits[n-10]
	}
	return digits[n/10] + "十" + digits[n%10]
}

// figures are the counts that a report gives; what is no count is left out.
func (r Report) figures() map[string]int {
	out := map[string]int{}
	for k, v := range r.Values {
		kind, ok := strings.CutPrefix(k, figurePrefix)
		if n, err := strconv.Atoi(v); ok && err == nil && v != "" {
			out[kind] = n
		}
	}
	return out
}

// when is a time of the report; zero when there is none.
func (r Report) when(field string) time.Time {
	t, _ := time.Parse(time.RFC3339, r.Values[field])
	return t
}

// changed lists the fields that differ from the version before, in order.
func changed(prev, now map[string]string) []string {
	out := []string{}
	keys := maps.Clone(now)
	maps.Copy(keys, prev)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		if prev[k] != now[k] {
			out = append(out, k)
		}
	}
	return out
}

const (
	maxLine = 200
	ahead   = 2 * time.Minute
)

// checkValue complains of a value that its field cannot hold.
func (t *Templates) checkValue(field, value string) error {
	if kind, ok := strings.CutPrefix(field, figurePrefix); ok {
		if value == "" {
			return nil
		}
		n, err := strconv.Atoi(value)
		if err != nil {
			return errs.Field("report.figure", field, "is a whole number")
		}
		if incident.ValidFigure(kind, n) != nil {
			return errs.Field("report.figure", field, "is a whole number of something that is counted")
		}
		return nil
	}
	e, ok := t.element(field)
	if !ok {
		return errs.Field("report.field", field, "is no element of a report")
	}
	switch e.Form {
	case "time":
		if _, err := time.Parse(time.RFC3339, value); value != "" && err != nil {
			return errs.Field("report.time", field, "is a time like 2026-11-26T08:05:00+08:00")
		}
	case "text":
		if !errs.Text(value, incident.MaxText) {
			return errs.Field("report.text", field, "at most 4000 characters")
		}
	default:
		if !errs.Line(value, maxLine) {
			return errs.Field("report.line", field, fmt.Sprintf("at most %d characters on one line", maxLine))
		}
	}
	return nil
}
