package review

import (
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/response"
)

// State of a review.
type State string

// The states. A concluded review is a case of the library.
const (
	Open      State = "open"
	Concluded State = "concluded"
)

// Review is the after-action review of one incident. What the incident was stands in it as it was when the review
// was last written.
type Review struct {
	IncidentID  string     `json:"incident_id"`
	No          string     `json:"no"` // of the incident
	Title       string     `json:"title"`
	Category    string     `json:"category"`
	Level       int        `json:"level"`
	Division    string     `json:"division"`
	Place       string     `json:"place"`
	OccurredAt  time.Time  `json:"occurred_at"`
	OrgID       string     `json:"org_id"` // of who reviews
	OrgName     string     `json:"org_name"`
	State       State      `json:"state"`  // empty: not begun
	Course      string     `json:"course"` // what happened, in short
	Good        string     `json:"good"`   // what proved itself
	Causes      string     `json:"causes"` // what went wrong and why
	ByName      string     `json:"by_name"`
	StartedAt   time.Time  `json:"started_at"`
	ConcludedAt *time.Time `json:"concluded_at,omitempty"`
	ConcludedBy string     `json:"concluded_by"`
	Edit        int        `json:"edit"`
}

func (r Review) validate() error {
	for field, text := range map[string]string{"course": r.Course, "good": r.Good, "causes": r.Causes} {
		if !errs.Text(text, incident.MaxText) {
			return errs.Field("review.text", field, "at most 4000 characters")
		}
	}
	return nil
}

// Reason says why a task was late. Reasons are only added; the newest counts.
type Reason struct {
	IncidentID string    `json:"incident_id"`
	TaskID     string    `json:"task_id"`
	No         int       `json:"no"`
	Text       string    `json:"text"`
	ByName     string    `json:"by_name"`
	OrgName    string    `json:"org_name"`
	At         time.Time `json:"at"`
}

// LessonState is whether a lesson was learned.
type LessonState string

// The states of a lesson.
const (
	Owed   LessonState = "owed"
	Closed LessonState = "closed"
)

// Lesson is something that has to become better, by whom and until when.
type Lesson struct {
	ID           string      `json:"id"`
	IncidentID   string      `json:"incident_id"`
	No           int         `json:"no"`
	Text         string      `json:"text"`
	OrgID        string      `json:"org_id"` // whose desk looks after it
	OrgName      string      `json:"org_name"`
	Division     string      `json:"division"` // of that organisation
	Owner        string      `json:"owner"`    // name of the person
	DueAt        time.Time   `json:"due_at"`
	LateAt       *time.Time  `json:"late_at,omitempty"`
	State        LessonState `json:"state"`
	Evidence     string      `json:"evidence"` // of its closure
	ClosedAt     *time.Time  `json:"closed_at,omitempty"`
	ClosedBy     string      `json:"closed_by"`
	PlanID       string      `json:"plan_id"` // where it became a suggestion
	PlanName     string      `json:"plan_name"`
	Clause       string      `json:"clause"`
	SuggestionID string      `json:"suggestion_id"`
	ByName       string      `json:"by_name"`
	At           time.Time   `json:"at"`
	Edit         int         `json:"edit"`
}

// OwnerKind is the owner of the clocks of lessons.
const OwnerKind = "lesson"

// Reviewed is the kind of lines in the timeline of an incident that come from here.
const Reviewed incident.Kind = "review"

func (l Lesson) clock(title string) deadline.Clock {
	return deadline.Clock{
		Owner: deadline.Owner{Kind: OwnerKind, ID: l.ID}, Kind: "lesson", OrgID: l.OrgID, Division: l.Division, Name: incident.Cut(l.Text+" · "+title, 200),
		Scale: deadline.Fixed, BaseAt: l.At, DueAt: l.DueAt, Stages: deadline.Limit{Then: []deadline.Next{{To: deadline.Leader}}}.Stages(),
	}
}

// Measure is one of the times by which a response is judged. At is nil where the record has none.
type Measure struct {
	What  string     `json:"what"` // occurred, known, reported, started, accepted, arrived, done, ended
	At    *time.Time `json:"at,omitempty"`
	Since *int       `json:"since,omitempty"` // minutes after the desk knew
	From  string     `json:"from"`            // what of the record says so
}

// Compared is a task against its plan. Minutes count from when it was given.
type Compared struct {
	TaskID   string         `json:"task_id"`
	Title    string         `json:"title"`
	TitleEN  string         `json:"title_en"`
	SeatName string         `json:"seat_name"`
	OrgID    string         `json:"org_id"` // whose task it is
	Clause   string         `json:"clause"`
	State    response.State `json:"state"`
	Planned  int            `json:"planned"`
	Accepted *int           `json:"accepted,omitempty"`
	Ended    *int           `json:"ended,omitempty"`
	Late     bool           `json:"late"`
	Reason   *Reason        `json:"reason,omitempty"`
}

// measures reads the times from the record.
func (r Record) measures() []Measure {
	list := []Measure{{What: "occurred", At: &r.OccurredAt}, {What: "known", At: &r.KnownAt}}
	add := func(what string, at *time.Time, from string) {
		list = append(list, Measure{What: what, At: at, From: from})
	}
	reported := Measure{What: "reported"}
	for _, st := range r.Steps {
		if st.Kind == incident.Reported && (st.Act == "sent" || st.Act == "phoned") {
			reported.At, reported.From = &st.At, st.Text
			break
		}
	}
	list = append(list, reported)
	var began, ended *time.Time
	beganBy, endedBy, running := "", "", false
	for _, v := range r.Responses {
		if began == nil || v.StartedAt.Before(*began) {
			began, beganBy = &v.StartedAt, v.PlanName
		}
		running = running || v.Level > 0
		if v.EndedAt != nil && (ended == nil || v.EndedAt.After(*ended)) {
			ended, endedBy = v.EndedAt, v.PlanName
		}
	}
	if running {
		ended, endedBy = nil, ""
	}
	add("started", began, beganBy)
	var accepted, done *time.Time
	acceptedBy, doneBy := "", ""
	for _, t := range r.Tasks {
		if t.AcceptedAt != nil && (accepted == nil || t.AcceptedAt.Before(*accepted)) {
			accepted, acceptedBy = t.AcceptedAt, t.Title
		}
		if t.State == response.Done && t.EndedAt != nil && (done == nil || t.EndedAt.After(*done)) {
			done, doneBy = t.EndedAt, t.Title
		}
	}
	add("accepted", accepted, acceptedBy)
	list = append(list, r.arrived())
	add("done", done, doneBy)
	add("ended", ended, endedBy)
	for i, m := range list {
		if m.At != nil {
			list[i].Since = minutes(r.KnownAt, *m.At)
		}
	}
	return list
}

// crewLine is the kind of the timeline's lines about teams and stock (resource.Timeline).
const crewLine incident.Kind = "resource"

// arrived is when somebody was first at the scene: a crew that was sent and says so, or who told of a task from there
// with a position, whichever came first.
func (r Record) arrived() Measure {
	m := Measure{What: "arrived"}
	for _, st := range r.Steps {
		if st.Kind == crewLine && st.Act == "on_site" {
			m.At, m.From = &st.At, st.Text
			break
		}
	}
	for _, l := range r.Lines {
		if l.Lon != nil {
			if m.At == nil || l.At.Before(*m.At) {
				m.At, m.From = &l.At, r.task(l.TaskID).Title
			}
			break
		}
	}
	return m
}

// compared are the tasks against their plans, as the plan has them; what was taken back is counted and never late.
func (r Record) compared(reasons []Reason) []Compared {
	why := map[string]Reason{}
	for _, w := range reasons {
		why[w.TaskID] = w
	}
	out := []Compared{}
	for _, t := range r.Tasks {
		from := t.GivenAt // a level that was raised later gives later
		c := Compared{TaskID: t.ID, Title: t.Title, TitleEN: t.TitleEN, SeatName: t.SeatName, OrgID: t.OrgID, Clause: t.Clause, State: t.State, Planned: *minutes(from, t.DueAt), Late: late(t)}
		if t.AcceptedAt != nil {
			c.Accepted = minutes(from, *t.AcceptedAt)
		}
		if t.EndedAt != nil {
			c.Ended = minutes(from, *t.EndedAt)
		}
		if w, ok := why[t.ID]; ok {
			c.Reason = &w
		}
		out = append(out, c)
	}
	return out
}

// late reports whether a task was done after its time, or stands as late.
func late(t response.Task) bool {
	return t.State != response.Needless && t.State != response.Void && (t.LateAt != nil || (t.EndedAt != nil && t.EndedAt.After(t.DueAt)))
}

func minutes(from, to time.Time) *int {
	n := int(to.Sub(from).Round(time.Minute) / time.Minute)
	return &n
}

// unexplained are the tasks that were late and of which nobody has said why.
func unexplained(list []Compared) int {
	n := 0
	for _, c := range list {
		if c.Late && c.Reason == nil {
			n++
		}
	}
	return n
}

// words is what a search of the library looks through.
func (r Review) words(lessons []Lesson) string {
	parts := []string{r.No, r.Title, r.Place, r.OrgName, r.Course, r.Good, r.Causes}
	for _, l := range lessons {
		parts = append(parts, l.Text, l.Clause, l.PlanName)
	}
	return strings.ToLower(strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "\n"))
}
