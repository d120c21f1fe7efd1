package report

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// TaskKind is the owner of the clocks of tasks.
const TaskKind = "report.task"

// Instruction is what a leader has said about an incident (批示), written down by whoever took it.
type Instruction struct {
	ID         string    `json:"id"`
	IncidentID string    `json:"incident_id"`
	OrgID      string    `json:"org_id"`
	OrgName    string    `json:"org_name"`
	Leader     string    `json:"leader"`
	At         time.Time `json:"at"`
	Text       string    `json:"text"`
	ByName     string    `json:"by_name"`
}

// TaskState is where a task stands.
type TaskState string

// The states: given, taken by those who do it, answered, closed by who gave it (办结), or sent back to be done better.
const (
	Given    TaskState = "given"
	Taken    TaskState = "taken"
	Answered TaskState = "answered"
	SentBack TaskState = "sent_back"
	Done     TaskState = "done"
)

// Task is one part of an instruction for one organisation, with its clock.
type Task struct {
	ID            string     `json:"id"`
	InstructionID string     `json:"instruction_id"`
	IncidentID    string     `json:"incident_id"`
	IncidentNo    string     `json:"incident_no"`
	IncidentTitle string     `json:"incident_title"`
	Leader        string     `json:"leader"`
	FromOrg       string     `json:"from_org"`
	FromName      string     `json:"from_name"`
	FromDivision  string     `json:"from_division"`
	ToOrg         string     `json:"to_org"`
	ToName        string     `json:"to_name"`
	ToDivision    string     `json:"to_division"`
	Text          string     `json:"text"`
	DueAt         time.Time  `json:"due_at"`
	State         TaskState  `json:"state"`
	GivenAt       time.Time  `json:"given_at"`
	TakenAt       *time.Time `json:"taken_at,omitempty"`
	TakenBy       string     `json:"taken_by"`
	AnsweredAt    *time.Time `json:"answered_at,omitempty"`
	AnsweredBy    string     `json:"answered_by"`
	Answer        string     `json:"answer"`
	ClosedAt      *time.Time `json:"closed_at,omitempty"`
	ClosedBy      string     `json:"closed_by"`
	Reason        string     `json:"reason"` // why it was sent back
	Urged         int        `json:"urged"`  // how often it was asked for
	LateAt        *time.Time `json:"late_at,omitempty"`
	Version       int        `json:"version"`
}

// NewInstruction is what somebody writes down. Each of Orgs gets the task; the due time is one for all.
type NewInstruction struct {
	Leader string
	At     time.Time
	Text   string
	Orgs   []string
	DueAt  time.Time
}

const longestTask = 366 * 24 * time.Hour

// Order writes down an instruction and gives its tasks.
func (s *Service) Order(ctx context.Context, incidentID string, n NewInstruction) (Instruction, error) {
	a, o, err := s.Desks.Own(ctx, actor.ReportOrder)
	if err != nil {
		return Instruction{}, err
	}
	i, err := s.Incidents.Get(ctx, incidentID)
	if err != nil {
		return Instruction{}, err
	}
	now := stamp()
	if n.At.IsZero() {
		n.At = now
	}
	n.Leader, n.Text = strings.TrimSpace(n.Leader), strings.TrimSpace(n.Text)
	switch {
	case !errs.Name(n.Leader, 64):
		return Instruction{}, errs.Field("report.leader", "leader", "say whose instruction it is")
	case n.Text == "" || !errs.Text(n.Text, incident.MaxText):
		return Instruction{}, errs.Field("report.text", "text", "1 to 4000 characters")
	case n.At.After(now.Add(ahead)):
		return Instruction{}, errs.Field("report.future", "at", "lies in the future")
	case len(n.Orgs) == 0:
		return Instruction{}, errs.Field("report.orgs", "orgs", "choose who has to do it")
	case n.DueAt.Before(now) || n.DueAt.After(now.Add(longestTask)):
		return Instruction{}, errs.Field("report.due", "due_at", "must lie within a year from now")
	}
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return Instruction{}, err
	}
	slices.Sort(n.Orgs)
	n.Orgs = slices.Compact(n.Orgs)
	in := Instruction{ID: newID(), IncidentID: i.ID, OrgID: o.ID, OrgName: o.Name, Leader: n.Leader, At: event.Stamp(n.At), Text: n.Text, ByName: a.Name}
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		if err := s.Store.AddInstruction(ctx, in); err != nil {
			return err
		}
		if err := s.Incidents.Record(ctx, i.ID, o, incident.Step{Kind: incident.Ordered, Act: "ordered", Text: n.Leader + "：" + n.Text, Ref: in.ID, To: n.Orgs}, nil); err != nil {
			return err
		}
		for _, id := range n.Orgs {
			to, ok := incident.Find(tree, id)
			if !ok || !a.Covers(to.Division) {
				return errs.Field("report.orgs", "orgs", "is no organisation that you may give tasks")
			}
			t := Task{
				ID: newID(), InstructionID: in.ID, IncidentID: i.ID, IncidentNo: i.No, IncidentTitle: i.Title, Leader: n.Leader, FromOrg: o.ID, FromName: o.Name,
				FromDivision: o.Division, ToOrg: to.ID, ToName: to.Name, ToDivision: to.Division, Text: n.Text, DueAt: event.Stamp(n.DueAt), State: Given, GivenAt: now, Version: 1,
			}
			if err := s.Store.SaveTask(ctx, t, 0); err != nil {
				return err
			}
			if err := s.watchTask(ctx, t); err != nil {
				return err
			}
			note(ctx, EventTask, t.ID, t.ToDivision, Trace{Name: i.Title, From: o.Name, To: to.Name, Act: ActGive, Version: t.Version})
		}
		note(ctx, EventOrdered, in.ID, o.Division, Trace{Name: i.Title, From: n.Leader})
		return nil
	})
	return in, err
}

// watchTask keeps the clock of a task: it runs until the task is answered, and again when it is sent back.
func (s *Service) watchTask(ctx context.Context, t Task) error {
	own := deadline.Owner{Kind: TaskKind, ID: t.ID}
	if t.State == Answered || t.State == Done {
		return s.Clocks.End(ctx, own, TaskKind, deadline.Met)
	}
	if s.Book == nil {
		return nil
	}
	found, ok := s.Book.Find(deadline.Query{Division: t.ToDivision, Do: "item", At: t.GivenAt})
	if !ok {
		return nil
	}
	_, err := s.Clocks.Set(ctx, deadline.Clock{
		Owner: own, Kind: TaskKind, OrgID: t.ToOrg, Division: t.ToDivision, Name: t.Leader + "：" + clip(t.Text, 100), Rule: found.Name(), Scale: deadline.Fixed,
		BaseAt: t.GivenAt, DueAt: t.DueAt.Add(time.Duration(found.Limit.Within)), Stages: found.Limit.Stages(),
	})
	return err
}

func clip(s string, limit int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return s
}

// TaskAct is what is done with a task.
type TaskAct string

// The acts. A task begins by being given with its instruction.
const (
	ActGive   TaskAct = "give"
	ActTake   TaskAct = "take"   // by who has to do it
	ActAnswer TaskAct = "answer" // by who has to do it, with what came of it
	ActClose  TaskAct = "close"  // by who gave it
	ActBack   TaskAct = "back"   // by who gave it, with the reason
	ActUrge   TaskAct = "urge"   // by who gave it
)

// MoveTask does something with a task. Version is the one that was seen.
func (s *Service) MoveTask(ctx context.Context, id string, act TaskAct, text string, version int) (Task, error) {
	perm := actor.ReportOrder
	if act == ActTake || act == ActAnswer {
		perm = actor.ReportWrite
	}
	a, o, err := s.Desks.Own(ctx, perm)
	if err != nil {
		return Task{}, err
	}
	text = strings.TrimSpace(text)
	if !errs.Text(text, incident.MaxText) || ((act == ActAnswer || act == ActBack) && text == "") {
		return Task{}, errs.Field("report.text", "text", "say what came of it, or what is missing")
	}
	var t Task
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		if t, err = s.Store.Task(ctx, id); err != nil {
			return err
		}
		if t.FromOrg != o.ID && t.ToOrg != o.ID {
			return errUnseen("task")
		}
		was := t.Version
		if version != was {
			return errs.E(errs.Conflict, "report.changed", "somebody has moved it meanwhile; look at it again")
		}
		if err := t.move(act, text, a.Name, o, stamp()); err != nil {
			return err
		}
		t.Version = was + 1
		if err := s.Store.SaveTask(ctx, t, was); err != nil {
			return err
		}
		step := incident.Step{Kind: incident.Ordered, Act: string(act), Text: fmt.Sprintf("%s：%s", t.ToName, clip(t.Text, 60)), Ref: t.ID, To: []string{t.ToOrg, t.FromOrg}}
		if text != "" {
			step.Text += " — " + clip(text, 200)
		}
		if err := s.Incidents.Record(ctx, t.IncidentID, o, step, nil); err != nil {
			return err
		}
		for _, d := range []string{t.ToDivision, t.FromDivision} {
			note(ctx, EventTask, t.ID, d, Trace{Name: t.IncidentTitle, From: t.FromName, To: t.ToName, Act: act, Version: t.Version})
		}
		return s.watchTask(ctx, t)
	})
	return t, err
}

// move is a task after an act. Pure.
func (t *Task) move(act TaskAct, text, by string, o account.Org, now time.Time) error {
	doer, giver := t.ToOrg == o.ID, t.FromOrg == o.ID
	open := t.State == Given || t.State == Taken || t.State == SentBack
	switch {
	case act == ActTake && doer && (t.State == Given || t.State == SentBack):
		t.State, t.TakenAt, t.TakenBy = Taken, &now, by
	case act == ActAnswer && doer && open:
		t.State, t.AnsweredAt, t.AnsweredBy, t.Answer, t.Reason = Answered, &now, by, text, ""
	case act == ActClose && giver && t.State == Answered:
		t.State, t.ClosedAt, t.ClosedBy = Done, &now, by
	case act == ActBack && giver && t.State == Answered:
		t.State, t.Reason = SentBack, text
	case act == ActUrge && giver && open:
		t.Urged++
	default:
		return errs.E(errs.Conflict, "report.task_state", "that cannot be done with the task as it stands, or not by your desk; look at it again")
	}
	return nil
}

// Board lists the tasks that the actor's desk has given or has to do, ordered by the clock.
func (s *Service) Board(ctx context.Context, open bool) ([]Task, error) {
	_, o, err := s.Desks.Own(ctx, actor.IncidentRead)
	if err != nil {
		return nil, err
	}
	return s.Store.TasksFor(ctx, o.ID, open, most)
}

// Ordered is what was instructed about an incident.
type Ordered struct {
	Instructions []Instruction `json:"instructions"`
	Tasks        []Task        `json:"tasks"`
}

// Ordered lists the instructions about an incident and their tasks, as far as they are within the reach of the actor's
// desk: given or to be done by it or by one below.
func (s *Service) Ordered(ctx context.Context, incidentID string) (Ordered, error) {
	if _, err := s.Incidents.Get(ctx, incidentID); err != nil {
		return Ordered{}, err
	}
	_, reach, err := s.Desks.Reach(ctx, actor.IncidentRead)
	if err != nil {
		return Ordered{}, err
	}
	list, err := s.Store.InstructionsOf(ctx, incidentID)
	if err != nil {
		return Ordered{}, err
	}
	tasks, err := s.Store.TasksOf(ctx, incidentID)
	tasks = slices.DeleteFunc(tasks, func(t Task) bool { return !reach.Has(t.FromOrg) && !reach.Has(t.ToOrg) })
	list = slices.DeleteFunc(list, func(n Instruction) bool {
		return !reach.Has(n.OrgID) && !slices.ContainsFunc(tasks, func(t Task) bool { return t.InstructionID == n.ID })
	})
	return Ordered{append([]Instruction{}, list...), append([]Task{}, tasks...)}, err
}

// OnMove lets a task be due later by as long as its exercise was paused.
func (s *Service) OnMove(ctx context.Context, c deadline.Clock, by time.Duration) error {
	t, err := s.Store.Task(ctx, c.Owner.ID)
	if err != nil || t.State == Answered || t.State == Done {
		return err
	}
	was := t.Version
	t.DueAt, t.Version = t.DueAt.Add(by), was+1
	return s.Store.SaveTask(ctx, t, was)
}

// OnTask is told of the marks of a task's clock.
func (s *Service) OnTask(ctx context.Context, f deadline.Firing) ([]*event.Event, error) {
	if f.Mark != deadline.Passed || f.Round != f.Clock.Round {
		return nil, nil
	}
	t, err := s.Store.Task(ctx, f.Clock.Owner.ID)
	if err != nil || t.State == Answered || t.State == Done {
		return nil, err
	}
	was := t.Version
	due := f.Clock.DueAt
	t.LateAt, t.Version = &due, was+1
	if err := s.Store.SaveTask(ctx, t, was); err != nil {
		return nil, err
	}
	e := event.New(ctx, EventTaskLate, t.ID, t.ToDivision, Trace{Name: t.IncidentTitle, To: t.ToName})
	above := event.New(ctx, EventTaskLate, t.ID, t.FromDivision, Trace{Name: t.IncidentTitle, To: t.ToName})
	return []*event.Event{&e, &above}, nil
}
