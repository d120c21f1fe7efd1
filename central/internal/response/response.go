// Package response carries plans out: when a level of response is ordered, the plan's version is frozen, its roles
// are filled from tonight's roster and its actions become tasks of people, each with the time by which it is due.
// Commanders raise and lower it, field crews accept tasks and report back. Rule that must never break: a response
// begins whole or not at all, and what was ordered, done or left undone stays written down with the clause that
// asked for it.
package response

import (
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/plan"
)

// Response is one version of a plan that is carried out for one incident.
type Response struct {
	ID         string     `json:"id"`
	IncidentID string     `json:"incident_id"`
	Division   string     `json:"division"` // of the incident
	PlanID     string     `json:"plan_id"`
	PlanName   string     `json:"plan_name"`
	PlanNameEN string     `json:"plan_name_en"`
	Version    int        `json:"version"` // 0: the draft, without approval
	Number     string     `json:"number"`  // 文号
	Hash       string     `json:"hash"`    // of the text that is carried out
	Approved   bool       `json:"approved"`
	Level      int        `json:"level"` // 1 to 4; 0 it has ended
	LevelAt    time.Time  `json:"level_at"`
	StartedAt  time.Time  `json:"started_at"`
	EndedAt    *time.Time `json:"ended_at,omitempty"`
	OwnerID    string     `json:"owner_id"` // whose plan it is; empty of those from before that was kept
	OwnerName  string     `json:"owner_name"`
	Emergency  bool       `json:"emergency"` // started first and told afterwards: without approval, or by a desk below the owner
	Why        string     `json:"why"`       // of an emergency
	OrgID      string     `json:"org_id"`    // of who started it
	OrgName    string     `json:"org_name"`
	Exercise   string     `json:"exercise"` // id of the exercise in which it takes place; empty: it is real
	Edit       int        `json:"edit"`
}

// Change is one order about the level of a response; they are only added.
type Change struct {
	ResponseID string    `json:"response_id"`
	No         int       `json:"no"`
	From       int       `json:"from"`
	To         int       `json:"to"`
	At         time.Time `json:"at"`
	ByName     string    `json:"by_name"`
	OrgName    string    `json:"org_name"`
	Order      string    `json:"order"`    // who ordered it, number of the document
	PaperID    string    `json:"paper_id"` // the document, where it is one of this house
	Added      int       `json:"added"`    // tasks
	Voided     int       `json:"voided"`
}

// Member is somebody who holds a seat.
type Member struct {
	PersonID string `json:"person_id"` // of a duty person; empty: known by name alone
	Name     string `json:"name"`
}

// Seat is a role of the plan in a response, with those who hold it now.
type Seat struct {
	ID         string   `json:"id"`
	ResponseID string   `json:"response_id"`
	RoleID     string   `json:"role_id"` // of the plan
	Name       string   `json:"name"`
	NameEN     string   `json:"name_en"`
	Group      string   `json:"group"`
	Duty       string   `json:"duty"`
	Clause     string   `json:"clause"`
	Wanted     string   `json:"wanted"` // as the plan says it: 如东县应急管理局 带班领导
	OrgID      string   `json:"org_id"`
	OrgName    string   `json:"org_name"`
	OrgArea    string   `json:"org_area"` // division of the organisation
	Members    []Member `json:"members"`
	Open       string   `json:"open"` // why nobody holds it: unset, org, roster, person; empty: it is held
	No         int      `json:"no"`   // its place in the plan
}

// The reasons for which a seat is open.
const (
	OpenUnset  = "unset"  // the plan names nobody
	OpenOrg    = "org"    // there is no such organisation
	OpenRoster = "roster" // nobody is on duty there now
	OpenPerson = "person" // the person is not among the duty people any more
)

// State of a task.
type State string

// The states.
const (
	Given    State = "given"
	Accepted State = "accepted"
	Started  State = "started"
	Done     State = "done"
	Void     State = "void"     // taken back before it was begun
	Needless State = "needless" // its condition did not come about
)

// Over reports whether nothing more is expected.
func (s State) Over() bool { return s == Done || s == Void || s == Needless }

// begun reports whether somebody has set to work.
func (s State) begun() bool { return s == Started || s == Done || s == Needless }

// Task is something that a seat does by a time. ActionID is empty for one that was ordered on the spot.
type Task struct {
	ID         string        `json:"id"`
	ResponseID string        `json:"response_id"`
	IncidentID string        `json:"incident_id"`
	Division   string        `json:"division"` // of the incident
	SeatID     string        `json:"seat_id"`
	SeatName   string        `json:"seat_name"`
	GroupID    string        `json:"group_id"` // to which it was given: its leader does it
	GroupName  string        `json:"group_name"`
	OrgID      string        `json:"org_id"` // whose desk looks after it
	OrgArea    string        `json:"org_area"`
	ActionID   string        `json:"action_id"`
	Title      string        `json:"title"`
	TitleEN    string        `json:"title_en"`
	Text       string        `json:"text"`
	Condition  string        `json:"condition"`
	Evidence   []string      `json:"evidence"`
	Output     string        `json:"output"`
	Channel    string        `json:"channel"`
	Demands    []plan.Demand `json:"demands"`
	After      []string      `json:"after"`     // ids of actions
	ClauseID   string        `json:"clause_id"` // chapter of the plan's version
	Clause     string        `json:"clause"`    // 5.2 响应措施
	PlanName   string        `json:"plan_name"`
	Version    int           `json:"version"`
	Level      int           `json:"level"` // at which it was given
	State      State         `json:"state"`
	GivenAt    time.Time     `json:"given_at"`
	GivenBy    string        `json:"given_by"`
	DueAt      time.Time     `json:"due_at"`
	LateAt     *time.Time    `json:"late_at,omitempty"` // it was due and not done
	AcceptedAt *time.Time    `json:"accepted_at,omitempty"`
	StartedAt  *time.Time    `json:"started_at,omitempty"`
	EndedAt    *time.Time    `json:"ended_at,omitempty"`
	EndedBy    string        `json:"ended_by"`
	Steps      int           `json:"steps"` // lines that were written of it
	No         int           `json:"no"`    // its place in the plan
	Exercise   string        `json:"exercise"`
	Edit       int           `json:"edit"`
}

// Kinds of lines in the timeline of an incident that come from here.
const (
	Tasked    incident.Kind = "task"
	Commanded incident.Kind = "command"
)

// OwnerKind is the owner of the clocks of tasks.
const OwnerKind = "response-task"

// clockKind is what of a task is due.
const clockKind = "task"

// dueOf is when an action is due: Minutes after the response began, or after what it follows was due.
func dueOf(f plan.Frozen, a plan.Action, began time.Time) time.Time {
	minutes, ok := f.Due[a.ID]
	if !ok {
		minutes = a.Minutes // it follows itself: counted from the beginning
	}
	return began.Add(time.Duration(minutes) * time.Minute)
}

// tasks are those that a level asks for and that nobody has yet.
func (r Response) tasks(f plan.Frozen, level int, has []Task, seats []Seat, by string, now time.Time) []Task {
	out := []Task{}
	for n, a := range f.Body.Actions {
		if !slices.Contains(a.Levels, level) || slices.ContainsFunc(has, func(t Task) bool { return t.ActionID == a.ID && t.State != Void }) {
			continue
		}
		t := Task{
			ID: newID(), ResponseID: r.ID, IncidentID: r.IncidentID, Division: r.Division, ActionID: a.ID, Title: a.Title, TitleEN: a.TitleEN, Text: a.Text,
			Condition: a.Condition, Evidence: append([]string{}, a.Evidence...), Output: a.Output, Channel: a.Channel, Demands: append([]plan.Demand{}, a.Demands...),
			After: append([]string{}, a.After...), ClauseID: a.Clause, Clause: f.Clauses[a.Clause], PlanName: r.PlanName, Version: r.Version, Level: level,
			State: Given, GivenAt: now, GivenBy: by, DueAt: dueOf(f, a, now), No: n + 1, Exercise: r.Exercise, Edit: 1,
		}
		if t.Title == "" {
			t.Title = a.ID // a draft may have one
		}
		t.seated(seats, a.RoleID)
		out = append(out, t)
	}
	return out
}

func (t *Task) seated(seats []Seat, role string) {
	i := slices.IndexFunc(seats, func(s Seat) bool { return s.RoleID == role })
	if i >= 0 {
		t.SeatID, t.SeatName, t.OrgID, t.OrgArea = seats[i].ID, seats[i].Name, seats[i].OrgID, seats[i].OrgArea
	}
}

// idle lists the tasks that a lower level does not ask for and that nobody has begun.
func idle(f plan.Frozen, level int, has []Task) []Task {
	wanted := map[string]bool{}
	for _, a := range f.Body.At(level) {
		wanted[a.ID] = level > 0
	}
	out := []Task{}
	for _, t := range has {
		if t.State.begun() || t.State == Void || wanted[t.ActionID] || (t.ActionID == "" && level > 0) {
			continue
		}
		out = append(out, t)
	}
	return out
}

// clock is the clock of a task: the time of the plan, but never less than the rules give to act at all.
func (t Task) clock(seat Seat, incidentName string, l deadline.Found) deadline.Clock {
	due := t.DueAt
	if least := t.GivenAt.Add(time.Duration(l.Limit.Within)); due.Before(least) {
		due = least
	}
	return deadline.Clock{
		Owner: deadline.Owner{Kind: OwnerKind, ID: t.ID}, Kind: clockKind, OrgID: seat.OrgID, Division: seat.OrgArea, Name: incident.Cut(t.Title+" · "+incidentName, 200),
		Rule: l.Name(), Scale: deadline.Counted, BaseAt: t.GivenAt, DueAt: due, Stages: l.Limit.Stages(),
	}
}
