// Package opinion is what is said of an incident outside its command, and what this house says in answer: posts and
// press reports (舆情) with what was found out about them, tasks to speak by a time, press statements from the draft to
// the release, and the opinions of experts. Rule that must never break: what was released or signed never changes, and
// nothing is released that one person has written alone.
package opinion

import (
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// Verdict is what was found out about something that was said.
type Verdict string

// The verdicts.
const (
	Unchecked Verdict = "unchecked"
	True      Verdict = "true"
	False     Verdict = "false"
	Unclear   Verdict = "unclear"
)

// Heat is how far something has spread.
type Heat string

// The heats, coolest first.
const (
	Scattered Heat = "scattered" // 零星
	Rising    Heat = "rising"    // 升温
	Hot       Heat = "hot"       // 热点
)

// Entry is something that was said in public about an incident. It never changes; what became of it stands in its
// lines, of which State, Heat and Reach are the newest.
type Entry struct {
	ID         string    `json:"id"`
	IncidentID string    `json:"incident_id"`
	OrgID      string    `json:"org_id"`
	OrgName    string    `json:"org_name"`
	Source     string    `json:"source"` // where it was said: a platform, a newspaper, a caller
	Link       string    `json:"link"`   // http or https; may be empty
	Text       string    `json:"text"`
	SaidAt     time.Time `json:"said_at"`
	FoundAt    time.Time `json:"found_at"`
	FoundBy    string    `json:"found_by"`
	WrittenAt  time.Time `json:"written_at"`
	State      Verdict   `json:"state"`
	Heat       Heat      `json:"heat"`
	Reach      int       `json:"reach"` // views that were counted last, 0 unknown
	Lines      []Line    `json:"lines"`
}

// Line is one thing that was found out about an entry; they are only added. Kind is heat or verdict.
type Line struct {
	EntryID string    `json:"entry_id"`
	No      int       `json:"no"`
	Kind    string    `json:"kind"`
	At      time.Time `json:"at"`
	ByName  string    `json:"by_name"`
	OrgName string    `json:"org_name"`
	Verdict Verdict   `json:"verdict"`
	Heat    Heat      `json:"heat"`
	Reach   int       `json:"reach"`
	Text    string    `json:"text"` // the evidence of a verdict
}

// with is an entry with its lines.
func (e Entry) with(lines []Line) Entry {
	e.Lines = append([]Line{}, lines...)
	for _, l := range lines {
		if l.Kind == "verdict" {
			e.State = l.Verdict
		} else {
			e.Heat, e.Reach = l.Heat, l.Reach
		}
	}
	return e
}

// Limits of what people write.
const (
	maxName  = 120
	maxLine  = 200
	maxText  = 4000
	maxReach = 2_000_000_000
	ahead    = 2 * time.Minute // clocks differ
)

func (e Entry) validate(now time.Time) error {
	switch {
	case !errs.Name(e.Source, maxName):
		return errs.Field("opinion.source", "source", "say where it was said, in 1 to 120 characters on one line")
	case !link(e.Link):
		return errs.Field("opinion.link", "link", "must begin with http:// or https:// and have at most 1000 characters, or be empty")
	case strings.TrimSpace(e.Text) == "" || !errs.Text(e.Text, maxText):
		return errs.Field("opinion.text", "text", "1 to 4000 characters")
	case e.SaidAt.After(now.Add(ahead)):
		return errs.Field("opinion.said", "said_at", "lies in the future")
	case e.FoundAt.After(now.Add(ahead)):
		return errs.Field("opinion.found", "found_at", "lies in the future")
	case e.FoundAt.Before(e.SaidAt):
		return errs.Field("opinion.found", "found_at", "nobody finds it before it is said")
	case !errs.Name(e.FoundBy, maxName):
		return errs.Field("opinion.found_by", "found_by", "say who found it, in 1 to 120 characters on one line")
	}
	return hot(e.Heat, e.Reach)
}

// link reports whether a console may show a text as an address. Anything else, javascript: for instance, is none.
func link(s string) bool {
	return s == "" || (errs.Line(s, 1000) && !strings.ContainsAny(s, " \"<>") && (strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")))
}

func hot(h Heat, reach int) error {
	if !slices.Contains([]Heat{Scattered, Rising, Hot}, h) {
		return errs.Field("opinion.heat", "heat", "must be scattered, rising or hot")
	}
	if reach < 0 || reach > maxReach {
		return errs.Field("opinion.reach", "reach", "must be 0 to 2000000000")
	}
	return nil
}

// TaskState of a task to speak.
type TaskState string

// The states.
const (
	Owed    TaskState = "owed"
	Said    TaskState = "said"    // answered
	Dropped TaskState = "dropped" // needs no answer any more
)

// Task says that an organisation has to speak by a time. Do is statement (a first word with authority, or an answer)
// or briefing (a press conference).
type Task struct {
	ID          string     `json:"id"`
	IncidentID  string     `json:"incident_id"`
	Division    string     `json:"division"`
	OrgID       string     `json:"org_id"`
	OrgName     string     `json:"org_name"`
	OrgArea     string     `json:"org_area"`
	Do          string     `json:"do"`
	Title       string     `json:"title"`
	Entries     []string   `json:"entries"` // ids of what is answered
	GivenAt     time.Time  `json:"given_at"`
	GivenBy     string     `json:"given_by"`
	BaseAt      time.Time  `json:"base_at"`
	DueAt       time.Time  `json:"due_at"`
	Rule        string     `json:"rule"` // pack and rule; empty: somebody set the time
	Source      string     `json:"source"`
	Clause      string     `json:"clause"`
	Unverified  bool       `json:"unverified"` // the text of the rule was not read
	State       TaskState  `json:"state"`
	LateAt      *time.Time `json:"late_at,omitempty"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
	EndedBy     string     `json:"ended_by"`
	How         string     `json:"how"`          // what was said where, or why nothing is
	StatementID string     `json:"statement_id"` // that answered it
	Exercise    string     `json:"exercise"`
	Edit        int        `json:"edit"`
}

// OwnerKind is the owner of the clocks of tasks to speak.
const OwnerKind = "opinion-task"

// Kinds of lines in the timeline of an incident that come from here.
const (
	Public   incident.Kind = "opinion"
	Press    incident.Kind = "statement"
	Expertly incident.Kind = "expert"
)

// base is what a limit counts from.
func base(l deadline.Limit, i incident.Incident, found time.Time) time.Time {
	switch l.Base {
	case "occurred":
		return i.OccurredAt
	case "known":
		return i.KnownAt
	}
	return found
}
