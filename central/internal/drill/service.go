package drill

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/world"
	"github.com/fengsui/fengsui/shared/run"
)

// People are the accounts (account.Service).
type People interface {
	Users(ctx context.Context, r page.Request) (page.List[account.User], error)
}

// Plans are what is drilled (plan.Service).
type Plans interface {
	Alive(ctx context.Context) ([]plan.Plan, error)
	Drilled(ctx context.Context, id, day, note string) (plan.Plan, error)
}

// Incidents are what is played (incident.Service).
type Incidents interface {
	List(ctx context.Context, f incident.Filter, r page.Request) (page.List[incident.Incident], error)
	Room(ctx context.Context, id string) (incident.Room, error)
}

// Responses are what is done about them (response.Service).
type Responses interface {
	View(ctx context.Context, incident string) (response.View, error)
	// Finish takes back what is open in an incident.
	Finish(ctx context.Context, incident, word string) ([]response.Task, error)
}

// Notices are the messages of an exercise (notice.Service).
type Notices interface {
	List(ctx context.Context, state notice.State, r page.Request) (page.List[notice.Notice], error)
}

// Printer makes files (document.Printer).
type Printer interface {
	Files(p paper.Print) (paper.Files, error)
}

// Options of the service.
type Options struct {
	Store     Store
	Tx        Tx
	Desks     incident.Desks
	People    People
	Plans     Plans
	Incidents Incidents
	Responses Responses
	Notices   Notices
	Roster    Roster
	Clocks    Clocks
	Printer   Printer
	Events    event.Publisher
	Pack      Pack
	// URL is under what address phones reach the centre; empty: sheets have no address.
	URL string
	Log *slog.Logger
	// Now is the wall clock; nil: the machine's.
	Now func() time.Time
}

// Service is the use cases, and the loop that gives injects.
type Service struct {
	Options
	loop *run.Loop
}

// New makes a service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{Options: o, loop: run.NewLoop()}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (s *Service) stamp() time.Time { return event.Stamp(s.Now()) }

// moment is one look at both clocks.
func (s *Service) moment(ctx context.Context) (moment, error) {
	steady, err := s.Clocks.Steady(ctx)
	return moment{s.stamp(), event.Stamp(steady)}, err
}

func hidden() error {
	return errs.E(errs.NotFound, "drill.not_found", "there is no such exercise among those that you see")
}

// change runs fn over an exercise that the actor controls, keeps it, and publishes what was done after the commit.
func (s *Service) change(ctx context.Context, id, kind string, fn func(ctx context.Context, a actor.Actor, d *Drill, log func(kind, text string)) error) (Drill, error) {
	a, o, err := s.Desks.Own(ctx, actor.DrillWrite)
	if err != nil {
		return Drill{}, err
	}
	if err := world.Outside(ctx, "the control of an exercise"); err != nil {
		return Drill{}, err
	}
	var out Drill
	err = event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		d, err := s.Store.Drill(ctx, id)
		if err != nil {
			return err
		}
		part, err := s.part(d, a, o)
		if err != nil {
			return err
		}
		if part != Controls {
			return errs.E(errs.Denied, "drill.not_yours", "only its controllers may do that")
		}
		was := d.Version
		var steps []Step
		if err := fn(ctx, a, &d, func(kind, text string) {
			steps = append(steps, Step{DrillID: d.ID, At: s.stamp(), ByName: a.Name, Kind: kind, Text: text})
		}); err != nil {
			return err
		}
		d.Version = was + 1
		if err := s.Store.Save(ctx, d, was); err != nil {
			return err
		}
		for _, st := range steps {
			if err := s.Store.AddStep(ctx, st); err != nil {
				return err
			}
			note(event.New(ctx, kind, d.ID, d.Division, Trace{Name: d.Name, To: st.Kind}))
		}
		out = d
		return nil
	})
	if err == nil {
		s.loop.Wake()
	}
	return out, err
}

// Draft is what is written of an exercise before it starts.
type Draft struct {
	Version     int // that was seen
	Name        string
	Form        Form
	Combined    bool
	PlanID      string
	PlannedOn   string
	Goals       string
	Scenario    string
	Parties     []string // organisations
	People      []Named
	Controllers []string // users; whoever writes it is one always
	Injects     []Inject
	Demo        bool
}

// fill puts a draft into an exercise, with the names of everybody.
func (s *Service) fill(ctx context.Context, a actor.Actor, d *Drill, n Draft) error {
	d.Name, d.Form, d.Combined, d.PlannedOn = strings.TrimSpace(n.Name), n.Form, n.Combined, n.PlannedOn
	d.Goals, d.Scenario, d.Demo = strings.TrimSpace(n.Goals), strings.TrimSpace(n.Scenario), n.Demo
	d.Sealed = d.Form == Blind
	kept := d.PlanID
	d.PlanID, d.PlanName = "", ""
	if n.PlanID != "" {
		list, err := s.Plans.Alive(ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(p plan.Plan) bool { return p.ID == n.PlanID && (a.Covers(p.Division) || n.PlanID == kept) })
		if i < 0 {
			return errs.Field("drill.plan", "plan_id", "there is no such plan of your division or one below")
		}
		d.PlanID, d.PlanName = list[i].ID, list[i].Name
	}
	if err := s.name(ctx, a, d, n); err != nil {
		return err
	}
	d.Injects = []Inject{}
	for _, i := range n.Injects {
		i.ID, i.State, i.At, i.ByName, i.Reason = newID(), Waiting, nil, "", ""
		i.Title, i.Text, i.From, i.Expect = strings.TrimSpace(i.Title), strings.TrimSpace(i.Text), strings.TrimSpace(i.From), strings.TrimSpace(i.Expect)
		i.To = append([]string{}, i.To...)
		d.Injects = append(d.Injects, i)
	}
	return d.validate()
}

// Make plans an exercise in the name of the own organisation.
func (s *Service) Make(ctx context.Context, n Draft) (Drill, error) {
	a, o, err := s.Desks.Own(ctx, actor.DrillWrite)
	if err != nil {
		return Drill{}, err
	}
	if err := world.Outside(ctx, "the control of an exercise"); err != nil {
		return Drill{}, err
	}
	d := Drill{ID: newID(), OrgID: o.ID, OrgName: o.Name, Division: o.Division, State: Planned, CreatedAt: s.stamp(), CreatedBy: a.Name, Version: 1}
	if err := s.fill(ctx, a, &d, n); err != nil {
		return Drill{}, err
	}
	return d, event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		if err := s.Store.Save(ctx, d, 0); err != nil {
			return err
		}
		note(event.New(ctx, EventMade, d.ID, d.Division, Trace{Name: d.Name}))
		return s.Store.AddStep(ctx, Step{DrillID: d.ID, At: d.CreatedAt, ByName: a.Name, Kind: "made"})
	})
}

// Change writes an exercise anew before it starts.
func (s *Service) Change(ctx context.Context, id string, n Draft) (Drill, error) {
	return s.change(ctx, id, EventChanged, func(ctx context.Context, a actor.Actor, d *Drill, log func(kind, text string)) error {
		if d.State != Planned {
			return errs.E(errs.Conflict, "drill.started", "the exercise has started; what is written of it stays")
		}
		if n.Version != d.Version {
			return errs.E(errs.Conflict, "drill.changed", "somebody has changed it meanwhile; look at it again")
		}
		log("changed", "")
		return s.fill(ctx, a, d, n)
	})
}

// Act does something with an exercise as one of its controllers. Closing it pays what its plan owes.
func (s *Service) Act(ctx context.Context, id string, act Act) (Drill, error) {
	return s.change(ctx, id, EventActed, func(ctx context.Context, a actor.Actor, d *Drill, log func(kind, text string)) error {
		act.Reason = strings.TrimSpace(act.Reason)
		now, err := s.moment(ctx)
		if err != nil {
			return err
		}
		next, err := d.do(act, a.Name, now)
		if err != nil {
			return err
		}
		if err := s.move(ctx, *d, &next, a.Name); err != nil {
			return err
		}
		text := act.Reason
		if n := slices.IndexFunc(next.Injects, func(i Inject) bool { return act.Inject != "" && i.ID == act.Inject }); n >= 0 {
			text = strings.TrimSuffix(next.Injects[n].Title+"："+act.Reason, "：")
		}
		log(act.Kind, text)
		*d = next
		if act.Kind != "close" || d.PlanID == "" {
			return nil
		}
		if d.Unpaid, err = s.unpaid(ctx, a, *d); err != nil {
			return err
		}
		if d.Unpaid != "" {
			log("unpaid", d.Unpaid)
			return nil
		}
		by := actor.With(ctx, actor.Actor{Kind: actor.System, ID: a.ID, Name: a.Name}) // was authorised; the step of the plan names who closed
		_, err = s.Plans.Drilled(by, d.PlanID, d.StartedAt.In(event.China()).Format(time.DateOnly), d.Name)
		return err
	})
}

// unpaid is why an exercise pays nothing of what its plan owes; empty when it does.
func (s *Service) unpaid(ctx context.Context, a actor.Actor, d Drill) (string, error) {
	list, err := s.Plans.Alive(ctx)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(list, func(p plan.Plan) bool { return p.ID == d.PlanID })
	switch {
	case i < 0 || list[i].Version == 0:
		return UnpaidDraft, nil
	case !a.Covers(list[i].Division):
		return UnpaidAbove, nil
	case slices.ContainsFunc(d.Injects, func(i Inject) bool { return i.State == Given }):
		return "", nil
	}
	sheets, err := s.Store.Sheets(ctx, d.ID)
	if err != nil || slices.ContainsFunc(sheets, func(v Sheet) bool { return v.At != nil }) {
		return "", err
	}
	f, err := s.facts(ctx, d)
	if err != nil || len(f.rooms) > 0 {
		return "", err
	}
	return UnpaidIdle, nil
}

// Enter lets the actor into the world of an exercise, to look or to act: errs.NotFound for one that has not started, has
// been closed, or is none of the actor's, errs.Denied for who only looks on. It is asked at every request.
func (s *Service) Enter(ctx context.Context, id string, act bool) error {
	a, o, err := s.Desks.Own(ctx, actor.IncidentRead)
	if err != nil {
		return err
	}
	d, err := s.Store.Drill(ctx, id)
	if err != nil {
		return err
	}
	part, err := s.part(d, a, o)
	if err != nil {
		return err
	}
	switch {
	case !part.enters(false) || !d.State.live():
		return hidden()
	case !part.enters(act):
		return errs.E(errs.Denied, "drill.looks_on", "who evaluates or observes looks on; only those who take part act")
	}
	return nil
}

// Live is how an exercise stands, for a capability below.
func (s *Service) Live(ctx context.Context, id string) (response.Standing, error) {
	d, err := s.Store.Drill(ctx, id)
	if errs.KindOf(err) == errs.NotFound {
		return response.Standing{}, nil
	}
	return response.Standing{Live: d.State.live(), RestsAt: d.PausedAt, Over: d.EndedAt != nil}, err
}

// Turn gives the injects whose time or condition has come. The answer is when to turn again.
func (s *Service) Turn(ctx context.Context) (time.Duration, error) {
	list, err := s.Store.Running(ctx)
	if err != nil {
		return time.Second, err
	}
	var failed []error
	for _, d := range list { // one that cannot be followed stops no other
		if err := s.follow(ctx, d); err != nil {
			failed = append(failed, fmt.Errorf("follow %s: %w", d.ID, err))
		}
	}
	return time.Second, errors.Join(failed...)
}

func (s *Service) follow(ctx context.Context, d Drill) error {
	now, err := s.moment(ctx)
	if err != nil {
		return err
	}
	reached := map[string]time.Time{}
	if slices.ContainsFunc(d.Injects, func(i Inject) bool { return i.State == Waiting && i.Way == When }) {
		f, err := s.facts(ctx, d)
		if err != nil {
			return err
		}
		reached = f.marks()
	}
	if !d.reach(now, reached) && len(d.due(now.steady)) == 0 {
		return nil
	}
	_, err = s.change(ctx, d.ID, EventActed, func(_ context.Context, _ actor.Actor, d *Drill, log func(kind, text string)) error {
		d.reach(now, reached)
		d.Injects = slices.Clone(d.Injects)
		for _, n := range d.due(now.steady) {
			d.Injects[n].State, d.Injects[n].At = Given, &now.wall
			log("script", d.Injects[n].Title)
		}
		return nil
	})
	return err
}

// Start gives injects by the script until Stop.
func (s *Service) Start(ctx context.Context) {
	failed := false
	s.loop.Start(actor.WithSystem(ctx, "drill"), 0, func(ctx context.Context, _ bool) time.Duration {
		wait, err := s.Turn(ctx)
		if err != nil && ctx.Err() == nil && !failed {
			s.Log.ErrorContext(ctx, "the script of an exercise cannot be followed; trying again every second", "error", err)
		}
		failed = err != nil
		return wait
	})
}

// Stop ends what Start began.
func (s *Service) Stop(ctx context.Context) error { return s.loop.Stop(ctx) }
