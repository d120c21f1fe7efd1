package report

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/shared/run"
)

// Incidents are what reports are about (incident.Service).
type Incidents interface {
	Get(ctx context.Context, id string) (incident.Incident, error)
	List(ctx context.Context, f incident.Filter, r page.Request) (page.List[incident.Incident], error)
	Count(ctx context.Context, id string, f incident.Figure) (incident.Figure, error)
	Grade(ctx context.Context, id string, level int, why string) (incident.Incident, error)
	Record(ctx context.Context, id string, o account.Org, st incident.Step, known *incident.Known) error
	Figures(ctx context.Context, id string) ([]incident.Figure, error)
	WhoKnew(ctx context.Context, id string) ([]incident.Known, error)
	Group(ctx context.Context, id string) ([]incident.Incident, error)
}

// Clocks keep what is due (deadline.Service).
type Clocks interface {
	Set(ctx context.Context, c deadline.Clock) (deadline.Clock, error)
	End(ctx context.Context, o deadline.Owner, kind string, to deadline.State) error
	Of(ctx context.Context, o deadline.Owner, kind string) (deadline.Detail, error)
	Stood(ctx context.Context, since time.Time) (time.Duration, error)
}

// Options of the service.
type Options struct {
	Store      Store
	Tx         Tx
	Desks      incident.Desks
	Incidents  Incidents
	Clocks     Clocks
	Book       *deadline.Book
	Templates  *Templates
	Grading    *Grading
	Categories *incident.Categories
	Periods    Periods  // nil: nobody owes daily reports
	Pictures   Pictures // nil: none are kept
	Events     event.Publisher
	Log        *slog.Logger
	// Sent is told of each report to the desk above, or beyond this centre, in the transaction of the report; it may be nil.
	Sent func(ctx context.Context, r Report, org string) error
}

// Service is the use cases. Start lays the daily reports.
type Service struct {
	Options
	loop *run.Loop
	laid duty.Day // the last one whose daily reports were laid; of the loop alone
}

// New makes a service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Templates == nil {
		o.Templates = &Templates{}
	}
	if o.Grading == nil {
		o.Grading = &Grading{}
	}
	return &Service{Options: o, loop: run.NewLoop()}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func stamp() time.Time { return event.Stamp(time.Now()) }

type noter func(ctx context.Context, kind, subject, division string, data Trace)

// change runs fn under the lock, records the events that it notes, and publishes them after the commit.
func (s *Service) change(ctx context.Context, fn func(ctx context.Context, note noter) error) error {
	return event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, record func(event.Event)) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		note := func(ctx context.Context, kind, subject, division string, data Trace) {
			record(event.New(ctx, kind, subject, division, data))
		}
		return fn(ctx, note)
	})
}

func errUnseen(what string) error {
	return errs.E(errs.NotFound, "report.not_found", "there is no such %s among those that you see", what)
}

// View is a report with its hops and what a draft still lacks.
type View struct {
	Report
	Own   bool    `json:"own"` // the actor's desk writes it
	Check Check   `json:"check"`
	Prev  *Report `json:"prev,omitempty"` // the version before, when it is the own desk's or was sent to it
	Hops  []Hop   `json:"hops"`
}

// Get reads a report: one of the own desk, or one that was sent to it.
func (s *Service) Get(ctx context.Context, id string) (View, error) {
	_, o, err := s.Desks.Own(ctx, actor.IncidentRead)
	if err != nil {
		return View{}, err
	}
	r, err := s.Store.Report(ctx, id)
	if err != nil {
		return View{}, err
	}
	return s.view(ctx, o, r)
}

func (s *Service) view(ctx context.Context, o account.Org, r Report) (View, error) {
	all, err := s.Store.HopsOf(ctx, []string{r.IncidentID})
	if err != nil {
		return View{}, err
	}
	v := View{Report: r, Own: r.OrgID == o.ID, Hops: []Hop{}}
	for _, h := range all {
		if h.ReportID == r.ID && (v.Own || h.ToOrg == o.ID) {
			v.Hops = append(v.Hops, h)
		}
	}
	if !v.Own && (len(v.Hops) == 0 || r.State != Sent) {
		return View{}, errUnseen("report")
	}
	prev, a, err := s.against(ctx, r)
	if err != nil {
		return View{}, err
	}
	if !v.Own && (prev == nil || !slices.ContainsFunc(all, func(h Hop) bool { return h.ReportID == prev.ID && h.ToOrg == o.ID })) {
		prev, a.Prev, a.Figures = nil, nil, nil // a copy tells what it tells, and nothing of what was said to others
	}
	v.Prev = prev
	v.Check = r.check(s.Templates.Of(r), s.Grading, a)
	return v, nil
}

// against gathers what a version is checked against.
func (s *Service) against(ctx context.Context, r Report) (*Report, against, error) {
	a := against{Now: stamp()}
	if r.PrevID != "" {
		prev, err := s.Store.Report(ctx, r.PrevID)
		if err != nil {
			return nil, a, err
		}
		a.Prev = &prev
	}
	var err error
	if a.Figures, err = s.Incidents.Figures(ctx, r.IncidentID); err != nil {
		return nil, a, err
	}
	own, err := s.Store.Chain(ctx, r.IncidentID, r.OrgID)
	a.Own = idsOf(own)
	return a.Prev, a, err
}

func idsOf(list []Report) []string {
	out := make([]string, 0, len(list))
	for _, r := range list {
		out = append(out, r.ID)
	}
	return out
}

// Chain is what an actor sees of the reports of an incident: those of the own desk and those sent to it, with all
// hops of these, and the phone calls.
type Chain struct {
	Reports []Report `json:"reports"`
	Hops    []Hop    `json:"hops"`
}

// Chain lists the reports of an incident.
func (s *Service) Chain(ctx context.Context, id string) (Chain, error) {
	_, o, err := s.Desks.Own(ctx, actor.IncidentRead)
	if err != nil {
		return Chain{}, err
	}
	out := Chain{Reports: []Report{}, Hops: []Hop{}}
	hops, err := s.Store.HopsOf(ctx, []string{id})
	if err != nil {
		return out, err
	}
	for _, h := range hops {
		if h.FromOrg == o.ID || h.ToOrg == o.ID {
			out.Hops = append(out.Hops, h)
		}
	}
	sent, err := s.Store.Of(ctx, []string{id})
	if err != nil {
		return out, err
	}
	for _, r := range sent {
		if r.OrgID == o.ID || slices.ContainsFunc(out.Hops, func(h Hop) bool { return h.ReportID == r.ID }) {
			out.Reports = append(out.Reports, r)
		}
	}
	own, err := s.Store.Chain(ctx, id, o.ID)
	for _, r := range own {
		if r.State == Drafted {
			out.Reports = append(out.Reports, r)
		}
	}
	return out, err
}

// Desk is what lies at the actor's desk: what waits to be opened or decided, what is being written, what was sent and
// has come lately.
type Desk struct {
	OrgID    string   `json:"org_id"`
	OrgName  string   `json:"org_name"`
	Above    string   `json:"above"` // name of the desk above; empty at the top
	Waiting  []Hop    `json:"waiting"`
	Received []Hop    `json:"received"`
	Sent     []Hop    `json:"sent"`
	Drafts   []Report `json:"drafts"`
}

// lately is how far back a desk looks.
const (
	lately  = 31 * 24 * time.Hour
	mostAge = 366 * 24 * time.Hour
	most    = 200
)

// Desk reads the reports of the actor's desk.
func (s *Service) Desk(ctx context.Context) (Desk, error) {
	_, o, err := s.Desks.Own(ctx, actor.IncidentRead)
	if err != nil {
		return Desk{}, err
	}
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return Desk{}, err
	}
	d := Desk{OrgID: o.ID, OrgName: o.Name}
	if above, ok := incident.Find(tree, o.ParentID); ok {
		d.Above = above.Name
	}
	now := stamp()
	if d.Waiting, err = s.Store.HopsTo(ctx, o.ID, true, now.Add(-mostAge), 0); err != nil {
		return d, err
	}
	if d.Received, err = s.Store.HopsTo(ctx, o.ID, false, now.Add(-lately), most); err != nil {
		return d, err
	}
	if d.Sent, err = s.Store.HopsFrom(ctx, o.ID, now.Add(-lately), most); err != nil {
		return d, err
	}
	d.Drafts, err = s.Store.Drafts(ctx, o.ID)
	d.Waiting, d.Received, d.Sent, d.Drafts = append([]Hop{}, d.Waiting...), append([]Hop{}, d.Received...), append([]Hop{}, d.Sent...), append([]Report{}, d.Drafts...)
	return d, err
}

// Others lists the organisations to which a copy may go: all but the own; below leaves those that may be given tasks
// and are judged.
func (s *Service) Others(ctx context.Context, below bool) ([]account.Org, error) {
	a, o, err := s.Desks.Own(ctx, actor.ReportWrite)
	if err != nil {
		return nil, err
	}
	tree, err := s.Desks.Tree(ctx)
	return slices.DeleteFunc(tree, func(one account.Org) bool { return one.ID == o.ID || below && !a.Covers(one.Division) }), err
}
