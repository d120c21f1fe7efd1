// Package rollcall asks duty posts whether somebody is there (查岗, 抽查): at will, by plan, or at times that nobody can
// foresee, and keeps who answered when, from where and how. Rule that must never break: what was found stays as it was
// found; marks are given once and never reckoned again.
package rollcall

import (
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// OwnerKind is the owner of the clocks of this package.
const OwnerKind = "rollcall"

// Kind is how a call came about.
type Kind string

// The kinds.
const (
	AtWill Kind = "will"
	Fixed  Kind = "fixed"  // by a plan, at its times
	Random Kind = "random" // by a plan, at drawn times
)

// Marks are the points of one post in one call. They go with the call, so that a change of them changes nothing that
// was.
type Marks struct {
	InTime int `json:"in_time"`
	Voice  int `json:"voice"` // found by telephone in time
	Late   int `json:"late"`
	Missed int `json:"missed"`
}

// DefaultMarks are this project's own; no document gives figures.
func DefaultMarks() Marks { return Marks{100, 80, 50, 0} }

// Call is one roll-call.
type Call struct {
	ID       string    `json:"id"`
	OrgID    string    `json:"org_id"` // which calls
	OrgName  string    `json:"org_name"`
	Division string    `json:"division"`
	Name     string    `json:"name"`
	Kind     Kind      `json:"kind"`
	PlanID   string    `json:"plan_id"`
	ByName   string    `json:"by_name"`
	At       time.Time `json:"at"`
	DueAt    time.Time `json:"due_at"`
	Marks    Marks     `json:"marks"`
	Posts    []Post    `json:"posts"`
}

// State of a post in a call.
type State string

// The states.
const (
	Waiting  State = "waiting"
	Answered State = "answered"
	Missed   State = "missed"
	Late     State = "late" // answered after it was due
)

// How a post answered.
type How string

// The ways.
const (
	Console How = "console"
	Phone   How = "phone" // by the link on a phone
	Voice   How = "voice" // somebody rang up and wrote it down
	Text    How = "text"  // by a text message from the person's own number
)

// Who is somebody whom the roster expects.
type Who struct {
	PersonID string `json:"person_id"`
	Name     string `json:"name"`
}

// Place is where an answer came from: degrees of WGS 84, and metres of uncertainty.
type Place struct {
	Lat      float64 `json:"lat"`
	Lon      float64 `json:"lon"`
	Accuracy float64 `json:"accuracy"`
}

func (p Place) validate() error {
	if !(p.Lat >= -90 && p.Lat <= 90 && p.Lon >= -180 && p.Lon <= 180 && p.Accuracy >= 0 && p.Accuracy < 1e7) {
		return errs.Field("rollcall.place", "place", "lies nowhere on earth")
	}
	return nil
}

// Post is one post of one organisation in a call.
type Post struct {
	ID         string      `json:"id"`
	CallID     string      `json:"call_id"`
	OrgID      string      `json:"org_id"`
	OrgName    string      `json:"org_name"`
	Division   string      `json:"division"`
	Tier       deadline.To `json:"tier"` // officer or leader
	Expected   []Who       `json:"expected"`
	At         time.Time   `json:"at"`
	DueAt      time.Time   `json:"due_at"`
	State      State       `json:"state"`
	SeenAt     *time.Time  `json:"seen_at,omitempty"` // a console has shown it, or its link was opened
	AnsweredAt *time.Time  `json:"answered_at,omitempty"`
	ByID       string      `json:"by_id"`
	ByName     string      `json:"by_name"`
	Rostered   bool        `json:"rostered"` // it is one whom the roster names
	How        How         `json:"how"`
	Place      *Place      `json:"place,omitempty"`
	NoPlace    string      `json:"no_place"` // why there is none: denied, unavailable
	Device     string      `json:"device"`
	Note       string      `json:"note"`
	Points     *int        `json:"points,omitempty"`
}

// answer is the post after somebody has answered. The points of a missed one are given once more, for late; then
// never again.
func (p Post) answer(how How, by Who, marks Marks, now time.Time) (Post, error) {
	if p.State == Answered || p.State == Late {
		return p, errs.E(errs.Conflict, "rollcall.answered", "%s has answered already", p.ByName)
	}
	if now.Sub(p.DueAt) > lateUntil {
		return p, errs.E(errs.Conflict, "rollcall.over", "the roll-call is over; it stays recorded as not answered")
	}
	points := marks.InTime
	p.State = Answered
	switch {
	case now.After(p.DueAt):
		p.State, points = Late, marks.Late
	case how == Voice:
		points = marks.Voice
	}
	p.AnsweredAt, p.ByID, p.ByName, p.How, p.Points = &now, by.PersonID, by.Name, how, &points
	p.Rostered = by.PersonID != "" && slices.ContainsFunc(p.Expected, func(w Who) bool { return w.PersonID == by.PersonID })
	return p, nil
}

// miss is the post when it was due and nobody had answered.
func (p Post) miss(marks Marks) Post {
	if p.State == Waiting {
		points := marks.Missed
		p.State, p.Points = Missed, &points
	}
	return p
}

// lateUntil is how long after it was due a post may still answer, and be late.
const lateUntil = 2 * time.Hour

// device is what a browser says of itself, kept short.
func device(agent string) string {
	agent = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(agent, ""))
	r := []rune(agent)
	return string(r[:min(len(r), 200)])
}

// Score is a unit in a month, from points that were given then.
type Score struct {
	OrgID   string  `json:"org_id"`
	OrgName string  `json:"org_name"`
	Month   string  `json:"month"` // 2026-11
	Asked   int     `json:"asked"`
	InTime  int     `json:"in_time"`
	Voice   int     `json:"voice"`
	Late    int     `json:"late"`
	Missed  int     `json:"missed"`
	Points  float64 `json:"points"`  // mean
	Seconds float64 `json:"seconds"` // to the answer, mean of those in time
	Others  int     `json:"others"`  // answers of somebody whom the roster does not name
}

// scores adds up posts that are decided, by unit and month of the zone; the best unit of a month first.
func scores(list []Post, zone *time.Location) []Score {
	type key struct{ org, month string }
	sums := map[key]*Score{}
	var order []key
	for _, p := range list {
		if p.Points == nil {
			continue
		}
		k := key{p.OrgID, p.At.In(zone).Format("2006-01")}
		s := sums[k]
		if s == nil {
			s = &Score{OrgID: p.OrgID, OrgName: p.OrgName, Month: k.month}
			sums[k] = s
			order = append(order, k)
		}
		s.Asked++
		s.Points += float64(*p.Points)
		switch {
		case p.State == Missed:
			s.Missed++
		case p.State == Late:
			s.Late++
		case p.How == Voice:
			s.Voice++
		default:
			s.InTime++
			s.Seconds += p.AnsweredAt.Sub(p.At).Seconds()
		}
		if p.AnsweredAt != nil && !p.Rostered {
			s.Others++
		}
	}
	out := make([]Score, 0, len(order))
	for _, k := range order {
		s := *sums[k]
		s.Points /= float64(s.Asked)
		if s.InTime > 0 {
			s.Seconds /= float64(s.InTime)
		}
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b Score) int {
		if a.Month != b.Month {
			return strings.Compare(b.Month, a.Month)
		}
		switch {
		case a.Points > b.Points:
			return -1
		case a.Points < b.Points:
			return 1
		}
		return strings.Compare(a.OrgID, b.OrgID)
	})
	return out
}
