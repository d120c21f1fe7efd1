package response

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
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/shared/geo"
)

// Start is an order to carry out a plan at a level. Version 0 is its draft, which needs Emergency.
type Start struct {
	PlanID    string
	Version   int
	Level     int
	Order     string // who ordered it, number of the document
	PaperID   string
	Emergency bool   // 先启动后报告: nobody has approved the plan, or it is that of a desk above
	Why       string // of an emergency
}

func (st Start) validate() error {
	switch {
	case st.Level < 1 || st.Level > 4:
		return errs.Field("response.level", "level", "must be 1 to 4")
	case !errs.Name(st.Order, incident.MaxPlace):
		return errs.Field("response.order", "order", "say who ordered it or by which document, in 1 to 200 characters on one line")
	case st.Emergency && !errs.Reason(st.Why, incident.MaxPlace):
		return errs.Field("response.reason", "why", "say why it cannot wait, in 6 to 200 characters on one line")
	case st.Version == 0 && !st.Emergency:
		return errs.E(errs.Conflict, "response.unapproved", "nobody has approved this plan; carry it out only in an emergency, which is told to the desk above")
	}
	return nil
}

// Outcome is a response with what the order made. Nothing is new when it was ordered before.
type Outcome struct {
	Response Response `json:"response"`
	Added    int      `json:"added"` // tasks
	Voided   int      `json:"voided"`
	Open     int      `json:"open"`    // seats that nobody holds
	Reports  int      `json:"reports"` // that are owed from now on
	New      bool     `json:"new"`
}

// Activate carries a plan out: in one transaction it freezes the version, fills the roles, gives the tasks with their
// times and clocks, and tells the people. The same incident, version and level again changes nothing.
func (s *Service) Activate(ctx context.Context, id string, st Start) (Outcome, error) {
	a, reach, err := s.Desks.Reach(ctx, actor.ResponseOrder)
	if err != nil {
		return Outcome{}, err
	}
	o := reach.Desk
	st.Order, st.Why = strings.TrimSpace(st.Order), strings.TrimSpace(st.Why)
	if err := st.validate(); err != nil {
		return Outcome{}, err
	}
	var out Outcome
	err = s.change(ctx, a, id, func(ctx context.Context, i incident.Incident, note noter) error {
		out = Outcome{}
		if err := open(i); err != nil {
			return err
		}
		if err := s.commands(ctx, a, i.ID); err != nil {
			return err
		}
		f, err := s.Plans.Freeze(ctx, st.PlanID, st.Version)
		if err != nil {
			return err
		}
		first, err := s.starts(ctx, reach, f.Plan, st)
		if err != nil {
			return err
		}
		all, err := s.Store.Responses(ctx, id)
		if err != nil {
			return err
		}
		r, found := Response{}, false
		for _, old := range all {
			if old.PlanID == st.PlanID && old.Version == st.Version {
				r, found = old, true
			}
			if old.PlanID == st.PlanID && old.Version != st.Version && old.Level > 0 {
				return errs.E(errs.Conflict, "response.other_version", "another version of this plan is carried out here; end it first")
			}
		}
		if found && r.Level == st.Level { // the answer to the first order may have been lost, and the plan superseded since
			out.Response = r
			return nil
		}
		if err := st.fits(f, i); err != nil {
			return err
		}
		now := stamp()
		switch {
		case found && r.Level > 0:
			return errs.E(errs.Conflict, "response.other_level", "the plan is carried out at level %d already; raise or lower it", r.Level)
		case found:
			if f, err = s.frozen(ctx, r); err != nil { // the draft may have been written on meanwhile
				return err
			}
			r.EndedAt = nil
		default:
			r = Response{
				ID: newID(), IncidentID: id, Division: i.Division, PlanID: f.Plan.ID, PlanName: f.Plan.Name, PlanNameEN: f.Plan.NameEN, Version: f.Version, Number: f.Plan.Number,
				Hash: f.Hash, Approved: f.Version > 0, StartedAt: now, OwnerID: f.Plan.OrgID, OwnerName: f.Plan.OrgName, Exercise: i.Exercise,
			}
			if err := s.Store.KeepText(ctx, f.Hash, f.Text); err != nil {
				return err
			}
		}
		out.New = true
		r.OrgID, r.OrgName, r.Emergency, r.Why = o.ID, o.Name, first, ""
		if first {
			r.Why = st.Why
		}
		return s.shift(ctx, a, o, i, r, f, order{st.Level, st.Order, st.PaperID}, now, &out, note)
	})
	return out, err
}

func (st Start) fits(f plan.Frozen, i incident.Incident) error {
	if f.Plan.State == plan.Abolished {
		return errs.E(errs.Conflict, "response.abolished", "the plan was abolished; choose another")
	}
	if st.Version > 0 && st.Version != f.Plan.Version {
		return errs.E(errs.Conflict, "response.not_in_force", "version %d is not in force any more; look at the plan again", st.Version)
	}
	if st.Version == 0 && f.Plan.Version > 0 {
		return errs.E(errs.Conflict, "response.approved_one", "the plan has an approved version; carry that out")
	}
	if !geo.Division(f.Plan.Division).Covers(geo.Division(i.Division)) {
		return errs.Field("response.area", "plan_id", "the plan does not hold where this happened")
	}
	if !slices.ContainsFunc(f.Body.Levels, func(l plan.Level) bool { return l.Level == st.Level }) {
		return errs.Field("response.level", "level", "the plan has no such level")
	}
	return nil
}

func (s *Service) frozen(ctx context.Context, r Response) (plan.Frozen, error) {
	text, err := s.Store.Text(ctx, r.Hash)
	if err != nil {
		return plan.Frozen{}, err
	}
	return plan.Thaw(plan.Plan{ID: r.PlanID, Name: r.PlanName, Number: r.Number}, r.Version, r.Hash, text)
}

// order is the level that somebody wants, and by whose word.
type order struct {
	level       int
	word, paper string
}

// Shift raises or lowers a response, or ends it with level 0. Raising gives the tasks that are missing, lowering takes
// back what nobody has begun. The level at which it stands already changes nothing.
func (s *Service) Shift(ctx context.Context, id string, level int, word, paper string) (Outcome, error) {
	a, reach, err := s.Desks.Reach(ctx, actor.ResponseOrder)
	if err != nil {
		return Outcome{}, err
	}
	o := reach.Desk
	word = strings.TrimSpace(word)
	if level < 0 || level > 4 {
		return Outcome{}, errs.Field("response.level", "level", "must be 0 to 4")
	}
	if !errs.Name(word, incident.MaxPlace) {
		return Outcome{}, errs.Field("response.order", "order", "say who ordered it or by which document, in 1 to 200 characters on one line")
	}
	was, err := s.response(ctx, a, id)
	if err != nil {
		return Outcome{}, err
	}
	var out Outcome
	err = s.change(ctx, a, was.IncidentID, func(ctx context.Context, i incident.Incident, note noter) error {
		out = Outcome{}
		r, err := s.Store.Response(ctx, id)
		if err != nil {
			return err
		}
		if level > 0 { // what runs on past the end of its incident can be ended
			err = open(i)
		}
		if err == nil {
			err = s.directs(ctx, a, reach, r)
		}
		if err != nil {
			return err
		}
		if r.Level == level {
			out.Response = r
			return nil
		}
		if r.Level == 0 {
			return errs.E(errs.Conflict, "response.ended", "the response has ended; start the plan again")
		}
		f, err := s.frozen(ctx, r)
		if err != nil {
			return err
		}
		if level > 0 && !slices.ContainsFunc(f.Body.Levels, func(l plan.Level) bool { return l.Level == level }) {
			return errs.Field("response.level", "level", "the plan has no such level")
		}
		out.New = true
		return s.shift(ctx, a, o, i, r, f, order{level, word, paper}, stamp(), &out, note)
	})
	return out, err
}

// response is one that the actor may see.
func (s *Service) response(ctx context.Context, a actor.Actor, id string) (Response, error) {
	r, err := s.Store.Response(ctx, id)
	if err == nil && !a.Covers(r.Division) {
		err = errs.E(errs.NotFound, "response.not_found", "there is no such response among those that you see")
	}
	return r, err
}

// shift brings a response to another level and tells everybody of it.
func (s *Service) shift(ctx context.Context, a actor.Actor, o account.Org, i incident.Incident, r Response, f plan.Frozen, w order, now time.Time, out *Outcome, note noter) error {
	from := r.Level
	r.Level, r.LevelAt = w.level, now
	r.Edit++
	kind := EventLevel
	switch {
	case w.level == 0:
		r.EndedAt, kind = &now, EventEnded
	case from == 0 && !r.Emergency:
		kind = EventStarted
	case from == 0:
		kind = EventEmergency
	}
	if err := s.Store.SaveResponse(ctx, r); err != nil {
		return err
	}
	if from == 0 {
		if err := s.reseat(ctx, i, o, r, f, now); err != nil {
			return err
		}
	} else if w.level == 0 || w.level > from { // lower, or ended
		if err := s.retract(ctx, a, o, i, r, f, w, now, out); err != nil {
			return err
		}
	}
	if w.level > 0 { // what belongs to a lower level alone is given as well
		added, vacant, err := s.give(ctx, a, o, i, r, f, now)
		if err != nil {
			return err
		}
		out.Added, out.Open = added, vacant
	}
	began, err := s.owe(ctx, i, r, f, from, now)
	if err != nil {
		return err
	}
	out.Reports = began
	out.Response = r
	if _, err := s.Store.AddChange(ctx, Change{
		ResponseID: r.ID, From: from, To: w.level, At: now, ByName: a.Name, OrgName: o.Name, Order: w.word, PaperID: w.paper, Added: out.Added, Voided: out.Voided,
	}); err != nil {
		return err
	}
	if from == 0 && r.Emergency {
		if err := s.above(ctx, o, i, r, now); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("%s（%s）：新增任务 %d 项，收回 %d 项", r.PlanName, w.word, out.Added, out.Voided)
	if began > 0 {
		text += fmt.Sprintf("，报告时限 %d 项开始计时", began)
	}
	switch {
	case !r.Approved:
		text = "【未经批准的预案】" + text
	case r.Emergency && from == 0:
		text = "【先启动后报告】" + text
	}
	if err := s.Incidents.Record(ctx, i.ID, o, incident.Step{Kind: incident.Answered, Act: "plan", Text: incident.Cut(text, incident.MaxText), Ref: r.ID}, nil); err != nil {
		return err
	}
	if err := s.granted(ctx, r, a, now); err != nil {
		return err
	}
	if err := s.incidentLevel(ctx, i, o, w.word); err != nil {
		return err
	}
	note(kind, r.ID, Trace{Name: r.PlanName, From: fmt.Sprint(from), To: fmt.Sprint(w.level), Version: r.Version, Tasks: out.Added})
	return nil
}

// retract takes back what a lower level does not ask for and nobody has begun, and tells those who had it.
func (s *Service) retract(ctx context.Context, a actor.Actor, o account.Org, i incident.Incident, r Response, f plan.Frozen, w order, now time.Time, out *Outcome) error {
	tasks, err := s.Store.TasksOf(ctx, r.IncidentID)
	if err != nil {
		return err
	}
	tasks = slices.DeleteFunc(tasks, func(t Task) bool { return t.ResponseID != r.ID })
	void := idle(f, w.level, tasks)
	for _, t := range void {
		if err := s.end(ctx, t, Void, w.word, a.Name, o.Name, now); err != nil {
			return err
		}
	}
	out.Voided = len(void)
	return s.recall(ctx, i, r, tasks, void, now)
}

// incidentLevel brings the incident's level of response to the highest of its responses.
func (s *Service) incidentLevel(ctx context.Context, i incident.Incident, o account.Org, word string) error {
	all, err := s.Store.Responses(ctx, i.ID)
	if err != nil {
		return err
	}
	level := 0
	for _, r := range all {
		if r.Level > 0 && (level == 0 || r.Level < level) {
			level = r.Level
		}
	}
	if level == i.Response {
		return nil
	}
	return s.Incidents.Responded(ctx, i.ID, o, level, word)
}

// give fills the seats and gives the tasks that a level asks for, each with its clock, and tells the people.
func (s *Service) give(ctx context.Context, a actor.Actor, o account.Org, i incident.Incident, r Response, f plan.Frozen, now time.Time) (added, open int, err error) {
	seats, err := s.Store.Seats(ctx, r.ID)
	if err != nil {
		return 0, 0, err
	}
	fresh, err := s.seats(ctx, r, f, r.Level, seats, o, now)
	if err != nil {
		return 0, 0, err
	}
	for _, seat := range fresh {
		if err := s.Store.SaveSeat(ctx, seat); err != nil {
			return 0, 0, err
		}
	}
	seats = append(seats, fresh...)
	has, err := s.Store.TasksOf(ctx, r.IncidentID)
	if err != nil {
		return 0, 0, err
	}
	has = slices.DeleteFunc(has, func(t Task) bool { return t.ResponseID != r.ID })
	groups, err := s.form(ctx, r, f, seats, a.Name)
	if err != nil {
		return 0, 0, err
	}
	tasks := r.tasks(f, r.Level, has, seats, a.Name, now)
	for n := range tasks {
		tasks[n].grouped(groups)
	}
	if err := s.keep(ctx, i, r, seats, tasks); err != nil {
		return 0, 0, err
	}
	for _, seat := range seats {
		if seat.Open != "" {
			open++
		}
	}
	return len(tasks), open, nil
}

// keep keeps tasks with their clocks, and tells those who hold the seats.
func (s *Service) keep(ctx context.Context, i incident.Incident, r Response, seats []Seat, tasks []Task) error {
	var clocks []deadline.Clock
	for _, t := range tasks {
		if err := s.Store.SaveTask(ctx, t); err != nil {
			return err
		}
		seat := seats[slices.IndexFunc(seats, func(o Seat) bool { return o.ID == t.SeatID })]
		clocks = append(clocks, t.clock(seat, i.Title, s.rule(seat.OrgArea, t.GivenAt)))
	}
	if err := s.Clocks.SetAll(ctx, clocks); err != nil {
		return err
	}
	return s.tell(ctx, i, r, seats, tasks)
}

// end ends a task that nobody has begun, or that is not needed.
func (s *Service) end(ctx context.Context, t Task, to State, text, by, org string, now time.Time) error {
	t.State, t.EndedAt, t.EndedBy = to, &now, by
	t.Edit++
	t.Steps++
	if err := s.Store.AddLine(ctx, Line{TaskID: t.ID, No: t.Steps, At: now, ByName: by, OrgName: org, Kind: string(to), Text: text, Photos: []string{}}); err != nil {
		return err
	}
	if err := s.Store.SaveTask(ctx, t); err != nil {
		return err
	}
	return s.Clocks.End(ctx, deadline.Owner{Kind: OwnerKind, ID: t.ID}, clockKind, map[bool]deadline.State{true: deadline.Dropped, false: deadline.Met}[to == Void])
}
