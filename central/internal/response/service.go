package response

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/plan"
)

// Roster knows who is on duty and how they are reached (duty.Service).
type Roster interface {
	Posts(ctx context.Context, org string) ([]duty.PostView, error)
	OnDutyAt(ctx context.Context, org string, at time.Time) ([]duty.Holding, error)
	Person(ctx context.Context, id string) (duty.Person, error)
	PersonOf(ctx context.Context, user string) (duty.Person, error)
}

// Plans give the texts that are carried out (plan.Service).
type Plans interface {
	Alive(ctx context.Context) ([]plan.Plan, error)
	Freeze(ctx context.Context, id string, version int) (plan.Frozen, error)
}

// Incidents are what is responded to (incident.Service).
type Incidents interface {
	Get(ctx context.Context, id string) (incident.Incident, error)
	Figures(ctx context.Context, id string) ([]incident.Figure, error)
	Steps(ctx context.Context, id string) ([]incident.Step, error)
	Responded(ctx context.Context, id string, o account.Org, level int, why string) error
	Record(ctx context.Context, id string, o account.Org, st incident.Step, known *incident.Known) error
}

// People are the accounts (account.Service).
type People interface {
	Users(ctx context.Context, r page.Request) (page.List[account.User], error)
}

// Clocks keep what is due (deadline.Service).
type Clocks interface {
	Set(ctx context.Context, c deadline.Clock) (deadline.Clock, error)
	SetAll(ctx context.Context, list []deadline.Clock) error
	End(ctx context.Context, o deadline.Owner, kind string, to deadline.State) error
}

// Notices tell people (notice.Service).
type Notices interface {
	Queue(ctx context.Context, o notice.Order) error
	Ways(numbers, mails []string) []notice.Way
	Reached(ctx context.Context, key, person string, to notice.State) error
}

// Options of the service.
type Options struct {
	Store     Store
	Tx        Tx
	Desks     incident.Desks
	People    People
	Incidents Incidents
	Plans     Plans
	Roster    Roster
	Clocks    Clocks
	Notices   Notices
	Book      *deadline.Book
	Events    event.Publisher
	// Live is how an exercise stands; addresses inside it end with it. It may be
	// nil where there are none.
	Live func(ctx context.Context, exercise string) (Standing, error)
	// URL is under what address phones reach the centre; empty: messages have no link.
	URL string
	Log *slog.Logger
}

// Service is the use cases.
type Service struct{ Options }

// New makes a service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Book == nil {
		o.Book = &deadline.Book{}
	}
	return &Service{o}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func stamp() time.Time { return event.Stamp(time.Now()) }

func system(ctx context.Context) context.Context { return actor.WithSystem(ctx, "response") }

// incident is one that the actor may see.
func (s *Service) incident(ctx context.Context, a actor.Actor, id string) (incident.Incident, error) {
	i, err := s.Incidents.Get(system(ctx), id)
	if err == nil && !a.Covers(i.Division) {
		err = errs.E(errs.NotFound, "incident.not_found", "there is no such incident among those that you see")
	}
	return i, err
}

// noter notes an event of the transaction.
type noter func(kind, subject string, t Trace)

// change runs fn over an incident under its lock, records what it notes, and publishes that after the commit.
func (s *Service) change(ctx context.Context, a actor.Actor, id string, fn func(ctx context.Context, i incident.Incident, note noter) error) error {
	return event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, record func(event.Event)) error {
		if err := s.Store.Lock(ctx, id); err != nil {
			return err
		}
		i, err := s.incident(ctx, a, id)
		if err != nil {
			return err
		}
		return fn(ctx, i, func(kind, subject string, t Trace) {
			t.IncidentID = id
			record(event.New(ctx, kind, subject, i.Division, t))
		})
	})
}

// rule is the limit by which clocks of tasks go.
func (s *Service) rule(division string, at time.Time) deadline.Found {
	if f, ok := s.Book.Find(deadline.Query{Division: division, Do: "task", At: at}); ok {
		return f
	}
	return deadline.Found{Limit: deadline.Limit{Then: []deadline.Next{{To: deadline.Leader}}}}
}

// View is what is done about an incident: the plans that are carried out, who holds their seats, the tasks, and who
// commands.
type View struct {
	Responses []Running `json:"responses"`
	Tasks     []Task    `json:"tasks"`
	Command   *Command  `json:"command,omitempty"`
	Motions   []Motion  `json:"motions"`
	Reports   []Owed    `json:"reports"` // that the plans ask for
	Open      bool      `json:"open"`    // plans may be started and proposed
	Takes     bool      `json:"takes"`   // the actor may take a command that nobody holds
	Seizes    bool      `json:"seizes"`  // the actor may take it from who holds it
}

// Running is a response with its seats and orders.
type Running struct {
	Response
	Seats   []Seat   `json:"seats"`
	Groups  []Group  `json:"groups"`
	Changes []Change `json:"changes"`
	Orders  bool     `json:"orders"` // the actor may give orders in it now
}

// Text is what is carried out of a plan, as it was frozen: also of one that nobody has approved.
func (s *Service) Text(ctx context.Context, id string) (plan.Body, error) {
	a, err := actor.Require(ctx, actor.IncidentRead)
	if err != nil {
		return plan.Body{}, err
	}
	r, err := s.response(ctx, a, id)
	if err != nil {
		return plan.Body{}, err
	}
	f, err := s.frozen(ctx, r)
	return f.Body, err
}

// View shows what is done about an incident.
func (s *Service) View(ctx context.Context, id string) (View, error) {
	a, reach, err := s.Desks.Reach(ctx, actor.IncidentRead)
	if err != nil {
		return View{}, err
	}
	i, err := s.incident(ctx, a, id)
	if err != nil {
		return View{}, err
	}
	list, err := s.Store.Responses(ctx, id)
	if err != nil {
		return View{}, err
	}
	c, err := s.command(ctx, id)
	if err != nil {
		return View{}, err
	}
	v := View{Responses: []Running{}}
	for _, r := range list {
		one := Running{Response: r, Orders: r.Level > 0 && a.Can(actor.ResponseOrder) && c.directs(a, reach, r) == nil}
		if one.Seats, err = s.Store.Seats(ctx, r.ID); err != nil {
			return v, err
		}
		if one.Groups, err = s.Store.Groups(ctx, r.ID); err != nil {
			return v, err
		}
		if one.Changes, err = s.Store.Changes(ctx, r.ID); err != nil {
			return v, err
		}
		one.Groups = append([]Group{}, one.Groups...)
		one.Seats, one.Changes = append([]Seat{}, one.Seats...), append([]Change{}, one.Changes...)
		v.Responses = append(v.Responses, one)
	}
	tasks, err := s.Store.TasksOf(ctx, id)
	if err != nil {
		return v, err
	}
	handed, err := s.Store.Handed(ctx, id)
	if err != nil {
		return v, err
	}
	v.Tasks = append(append([]Task{}, tasks...), handed...)
	if v.Motions, err = s.motions(ctx, a, reach, c, list, id); err != nil {
		return v, err
	}
	owed, err := s.Store.Owed(ctx, id)
	if err != nil {
		return v, err
	}
	v.Reports = append([]Owed{}, owed...)
	if c.Edit > 0 { // also one that was given up: whoever takes it next names the edit that was seen
		v.Command = &c
	}
	v.Open = i.State == incident.Open
	if err := s.takeable(ctx, a, reach, i, c, &v); err != nil {
		return v, err
	}
	return v, nil
}
