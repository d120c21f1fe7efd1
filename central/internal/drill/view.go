package drill

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/world"
)

// List lists the exercises of a year (2026; empty: all) that the actor may know of, without their scripts.
func (s *Service) List(ctx context.Context, year string) ([]Drill, error) {
	a, o, err := s.Desks.Own(ctx, actor.DrillRead)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.Year(ctx, actor.Everything, a.ID, year)
	out := []Drill{}
	for _, d := range all {
		if _, hides := s.part(d, a, o); hides != nil {
			continue
		}
		d.Injects, d.Scenario, d.Left = []Inject{}, "", nil
		out = append(out, d)
	}
	return out, err
}

// View is an exercise as the actor sees it.
type View struct {
	Drill
	Part  Part   `json:"part" enum:"controller,participant,evaluator,observer,viewer"`
	Clock int64  `json:"clock"` // seconds that it has run
	Log   []Step `json:"log"`   // of the controllers
	Enter bool   `json:"enter"` // the actor may be in its world now
}

// Get is an exercise: whole for its controllers, for others what they may know.
func (s *Service) Get(ctx context.Context, id string) (View, error) {
	a, o, err := s.Desks.Own(ctx, actor.DrillRead)
	if err != nil {
		return View{}, err
	}
	d, err := s.Store.Drill(ctx, id)
	if err != nil {
		return View{}, err
	}
	part, err := s.part(d, a, o)
	if err != nil {
		return View{}, err
	}
	now, err := s.moment(ctx)
	if err != nil {
		return View{}, err
	}
	v := View{Drill: d, Part: part, Clock: int64(d.clock(now.steady).Seconds()), Log: []Step{}, Enter: part.enters(false) && d.State.live() && a.Can(actor.IncidentRead)}
	if part != Controls {
		v.Drill = d.shown(part, a.ID, o.ID)
		return v, nil
	}
	steps, err := s.Store.Steps(ctx, id)
	v.Log = append(v.Log, steps...)
	return v, err
}

// Letter is one thing in the inbox of an exercise: what the script gave, or a message that in reality would have gone
// to a phone.
type Letter struct {
	At    time.Time `json:"at"`
	Kind  string    `json:"kind"` // inject or notice
	From  string    `json:"from"`
	To    string    `json:"to"`
	Title string    `json:"title"`
	Text  string    `json:"text"`
	Stays bool      `json:"stays"` // whom it is for takes no part: it reached nobody
}

// Roster knows whose account a duty person has (duty.Service).
type Roster interface {
	Person(ctx context.Context, id string) (duty.Person, error)
}

// Inbox is what has reached those who take part, the newest first. Who plays reads what is for them, or for their
// organisation where nobody of it is named; what was written to somebody who takes no part reaches nobody, and only
// controllers see it.
func (s *Service) Inbox(ctx context.Context, id string) ([]Letter, error) {
	v, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	out := []Letter{}
	if v.Part == Watches {
		return out, nil
	}
	for _, i := range v.Injects {
		if i.State == Given {
			out = append(out, Letter{At: *i.At, Kind: "inject", From: i.From, Title: world.Mark + i.Title, Text: i.Text})
		}
	}
	a, o, err := s.Desks.Own(ctx, actor.DrillRead)
	if err != nil {
		return nil, err
	}
	in := world.Into(actor.WithSystem(ctx, "drill"), world.World(id))
	list, err := s.Notices.List(in, notice.Inside, page.Request{Limit: page.MaxLimit})
	if err != nil {
		return nil, err
	}
	known := map[string]duty.Person{}
	for _, n := range list.Items {
		to, ok := known[n.PersonID]
		if !ok {
			if to, err = s.Roster.Person(in, n.PersonID); err != nil && errs.KindOf(err) != errs.NotFound {
				return nil, err
			}
			if to.OrgID == "" { // no duty person, such as the leader of a crew
				to.OrgID = n.OrgID
			}
			known[n.PersonID] = to
		}
		plays := v.controls(to.UserID) || v.plays(to.UserID, to.OrgID)
		if v.Part == Plays && (!plays || (to.UserID != a.ID && to.OrgID != o.ID) || (v.named(a.ID) && to.UserID != a.ID)) {
			continue
		}
		if !plays && v.Part != Controls {
			continue
		}
		out = append(out, Letter{At: n.CreatedAt, Kind: "notice", To: n.Name, Title: n.Title, Text: n.Text, Stays: !plays})
	}
	slices.SortStableFunc(out, func(a, b Letter) int { return b.At.Compare(a.At) })
	return out, nil
}

// facts are what took place in the world of an exercise.
type facts struct {
	rooms []incident.Room
	tasks []response.Task
	began []response.Response
}

func (s *Service) facts(ctx context.Context, d Drill) (facts, error) {
	var f facts
	inside := world.Into(actor.WithSystem(ctx, "drill"), world.World(d.ID))
	list, err := s.Incidents.List(inside, incident.Filter{}, page.Request{Limit: page.MaxLimit})
	if err != nil {
		return f, err
	}
	for _, i := range list.Items {
		room, err := s.Incidents.Room(inside, i.ID)
		if err != nil {
			return f, err
		}
		f.rooms = append(f.rooms, room)
		v, err := s.Responses.View(inside, i.ID)
		if err != nil {
			return f, err
		}
		f.tasks = append(f.tasks, v.Tasks...)
		for _, r := range v.Responses {
			f.began = append(f.began, r.Response)
		}
	}
	return f, nil
}

// marks says when each mark was first reached.
func (f facts) marks() map[string]time.Time {
	out := map[string]time.Time{}
	first := func(mark string, at *time.Time) {
		if old, ok := out[mark]; at != nil && (!ok || at.Before(old)) {
			out[mark] = *at
		}
	}
	for _, r := range f.rooms {
		first(MarkOpened, &r.OpenedAt)
		for _, st := range r.Steps {
			if st.Kind == incident.Reported {
				first(MarkReported, &st.At)
			}
		}
	}
	for _, r := range f.began {
		first(MarkActivated, &r.StartedAt)
	}
	for _, t := range f.tasks {
		first(MarkAccepted, t.AcceptedAt)
		if t.State == response.Done {
			first(MarkDone, t.EndedAt)
		}
	}
	return out
}

// Measures are what was measured by itself. Seconds count from the start of the exercise; -1 did not come.
type Measures struct {
	Opened    int64  `json:"opened"`
	Reported  int64  `json:"reported"`
	Activated int64  `json:"activated"`
	Accepted  int64  `json:"accepted"` // the first task
	Tasks     int    `json:"tasks"`
	Taken     int    `json:"taken"`     // accepted
	InTime    int    `json:"in_time"`   // done by the time of the plan
	Late      int    `json:"late"`      // done after it, or due and not done
	Open      int    `json:"open"`      // neither done nor due yet
	TakeTime  int64  `json:"take_time"` // median seconds from given to accepted; -1: none
	LateList  []Lost `json:"late_list"` // at most twenty
}

// Lost is a task that was not done in time.
type Lost struct {
	Title  string    `json:"title"`
	Who    string    `json:"who"`
	Clause string    `json:"clause"`
	DueAt  time.Time `json:"due_at"`
	Done   bool      `json:"done"`
}

const lateShown = 20

func (f facts) measure(d Drill, now time.Time) Measures {
	at := f.marks()
	since := func(mark string) int64 {
		t, ok := at[mark]
		if !ok || d.StartedAt == nil {
			return -1
		}
		return int64(d.after(t).Seconds())
	}
	m := Measures{Opened: since(MarkOpened), Reported: since(MarkReported), Activated: since(MarkActivated), Accepted: since(MarkAccepted), TakeTime: -1, LateList: []Lost{}}
	switch {
	case d.EndedAt != nil:
		now = *d.EndedAt
	case d.PausedAt != nil: // what is due moves along when it goes on
		now = *d.PausedAt
	}
	var took []int64
	for _, t := range f.tasks {
		if t.State == response.Void || t.State == response.Needless {
			continue
		}
		m.Tasks++
		if t.AcceptedAt != nil {
			m.Taken++
			took = append(took, int64((d.after(*t.AcceptedAt) - d.after(t.GivenAt)).Seconds()))
		}
		done := t.State == response.Done && t.EndedAt != nil
		switch {
		case done && !t.EndedAt.After(t.DueAt):
			m.InTime++
		case done || t.DueAt.Before(now):
			m.Late++
			if len(m.LateList) < lateShown {
				m.LateList = append(m.LateList, Lost{t.Title, t.SeatName, t.Clause, t.DueAt, done})
			}
		default:
			m.Open++
		}
	}
	if len(took) > 0 {
		slices.Sort(took)
		m.TakeTime = took[len(took)/2]
	}
	return m
}

// Measures measures an exercise against its plan, for those who control it or take part.
func (s *Service) Measures(ctx context.Context, id string) (Measures, error) {
	v, err := s.Get(ctx, id)
	if err != nil {
		return Measures{}, err
	}
	if v.Part == Watches && v.State != Closed {
		return Measures{}, hidden()
	}
	if v.Measured != nil {
		return *v.Measured, nil
	}
	f, err := s.facts(ctx, v.Drill)
	return f.measure(v.Drill, s.stamp()), err
}
