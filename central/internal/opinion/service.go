package opinion

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/paper"
)

// Incidents are what is spoken of (incident.Service).
type Incidents interface {
	Get(ctx context.Context, id string) (incident.Incident, error)
	Figures(ctx context.Context, id string) ([]incident.Figure, error)
	Group(ctx context.Context, id string) ([]incident.Incident, error)
	Record(ctx context.Context, id string, o account.Org, st incident.Step, known *incident.Known) error
}

// Clocks keep what is due (deadline.Service).
type Clocks interface {
	Set(ctx context.Context, c deadline.Clock) (deadline.Clock, error)
	End(ctx context.Context, o deadline.Owner, kind string, to deadline.State) error
	Stood(ctx context.Context, since time.Time) (time.Duration, error)
}

// Accounts ask for the password of whoever signs (account.Service).
type Accounts interface {
	Confirm(ctx context.Context, password string) error
}

// Printer makes files (document.Printer).
type Printer interface {
	Files(p paper.Print) (paper.Files, error)
}

// Options of the service.
type Options struct {
	Store      Store
	Tx         Tx
	Desks      incident.Desks
	Incidents  Incidents
	Accounts   Accounts
	Clocks     Clocks
	Book       *deadline.Book
	Templates  *Templates
	Categories *incident.Categories
	Printer    Printer
	Events     event.Publisher
}

// Service is the use cases.
type Service struct{ Options }

// New makes a service.
func New(o Options) *Service {
	if o.Book == nil {
		o.Book = &deadline.Book{}
	}
	if o.Templates == nil {
		o.Templates = &Templates{}
	}
	if o.Categories == nil {
		o.Categories = &incident.Categories{}
	}
	return &Service{o}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func stamp() time.Time { return event.Stamp(time.Now()) }

// View is all that is said of an incident, as far as it is within the reach of the actor's desk.
type View struct {
	Entries    []Entry     `json:"entries"`
	Tasks      []Task      `json:"tasks"`
	Statements []Statement `json:"statements"`
	Experts    []Expert    `json:"experts"`
	Leads      bool        `json:"leads"` // the incident is within reach: the actor may ask for answers
	Of         Subject     `json:"of"`
}

// Subject names the incident, for a desk that has to speak about one that it does not see.
type Subject struct {
	ID    string         `json:"id"`
	No    string         `json:"no"`
	Title string         `json:"title"`
	Place string         `json:"place"`
	State incident.State `json:"state"`
	Into  string         `json:"into"` // id of the incident into which it was merged
	Seen  bool           `json:"seen"` // the desk sees the incident itself
}

// View shows what is said of an incident.
func (s *Service) View(ctx context.Context, id string) (View, error) {
	_, reach, err := s.Desks.Reach(ctx, actor.IncidentRead)
	if err != nil {
		return View{}, err
	}
	i, asked, err := s.subject(ctx, id, reach)
	if err != nil {
		return View{}, err
	}
	v := View{
		Entries: []Entry{}, Tasks: []Task{}, Statements: []Statement{}, Experts: []Expert{}, Leads: reach.Has(i.OrgID),
		Of: Subject{ID: i.ID, No: i.No, Title: i.Title, Place: i.Place, State: i.State, Into: i.MergedInto, Seen: asked == nil},
	}
	entries, err := s.Store.Entries(ctx, id)
	if err != nil {
		return v, err
	}
	lines, err := s.Store.Lines(ctx, id)
	if err != nil {
		return v, err
	}
	of := map[string][]Line{}
	for _, l := range lines {
		of[l.EntryID] = append(of[l.EntryID], l)
	}
	for _, e := range entries {
		if asked == nil || reach.Has(e.OrgID) || slices.ContainsFunc(asked, func(t Task) bool { return slices.Contains(t.Entries, e.ID) }) {
			v.Entries = append(v.Entries, e.with(of[e.ID]))
		}
	}
	if v.Tasks = append(v.Tasks, asked...); asked == nil {
		tasks, err := s.Store.Tasks(ctx, id)
		if err != nil {
			return v, err
		}
		v.Tasks = append(v.Tasks, tasks...)
	}
	statements, err := s.Store.Statements(ctx, id)
	if err != nil {
		return v, err
	}
	for _, st := range statements {
		if st.shown(reach) {
			v.Statements = append(v.Statements, st)
		}
	}
	experts, err := s.Store.Experts(ctx, id)
	for _, e := range experts {
		if (asked == nil && e.shown(reach)) || reach.Has(e.OrgID) {
			v.Experts = append(v.Experts, e)
		}
	}
	return v, err
}

// subject is an incident that the actor sees, or about which the desk has to speak: then asked are those tasks, and
// the desk reads what they are about and no more.
func (s *Service) subject(ctx context.Context, id string, reach incident.Reach) (i incident.Incident, asked []Task, err error) {
	if i, err = s.Incidents.Get(ctx, id); errs.KindOf(err) != errs.NotFound {
		return i, nil, err
	}
	tasks, failed := s.Store.Tasks(ctx, id)
	if failed != nil {
		return i, nil, failed
	}
	asked = slices.DeleteFunc(tasks, func(t Task) bool { return !reach.Has(t.OrgID) })
	if len(asked) == 0 {
		return i, nil, err
	}
	i, err = s.Incidents.Get(actor.WithSystem(ctx, "opinion"), id)
	return i, asked, err
}

// shown reports whether a statement is read by a desk: what was released by all who see the incident, what is being
// written by who writes it and those above.
func (s Statement) shown(r incident.Reach) bool {
	return s.State == Released || s.State == Superseded || r.Has(s.OrgID)
}

// change is what somebody does about an incident, under its lock.
type change struct {
	a     actor.Actor
	reach incident.Reach
	i     incident.Incident
	group []string // ids of the incident and of all that stand merged into it
	// note writes the line of the timeline and records the event.
	note func(ctx context.Context, kind string, st incident.Step, t Trace) error
}

// change runs fn under the lock of an incident that the actor sees, or about which the desk has to speak. One that
// stands for nothing any more takes nothing new; a closed one does, for people go on talking.
func (s *Service) change(ctx context.Context, p actor.Permission, id string, fn func(ctx context.Context, c *change) error) error {
	a, reach, err := s.Desks.Reach(ctx, p)
	if err != nil {
		return err
	}
	return event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, record func(event.Event)) error {
		if err := s.Store.Lock(ctx, id); err != nil {
			return err
		}
		i, _, err := s.subject(ctx, id, reach)
		if err != nil {
			return err
		}
		if i.State == incident.Merged || i.State == incident.Void {
			return errs.E(errs.Conflict, "opinion.not_counted", "the incident was merged or withdrawn; go on in the one that stands")
		}
		group, err := s.group(ctx, id)
		if err != nil {
			return err
		}
		return fn(ctx, &change{a, reach, i, group, func(ctx context.Context, kind string, st incident.Step, t Trace) error {
			t.Name, t.Org = i.Title, reach.Desk.Name
			record(event.New(ctx, kind, i.ID, i.Division, t))
			st.Text = incident.Cut(st.Text, incident.MaxText)
			return s.Incidents.Record(ctx, i.ID, reach.Desk, st, nil)
		}})
	})
}

// Found is something that was said, as somebody writes it down. Zero times are now.
type Found struct {
	Source, Link, Text, FoundBy string
	SaidAt, FoundAt             time.Time
	Heat                        Heat
	Reach                       int
}

// Add writes down what was said of an incident.
func (s *Service) Add(ctx context.Context, id string, f Found) (Entry, error) {
	a, o, err := s.Desks.Own(ctx, actor.IncidentWrite)
	if err != nil {
		return Entry{}, err
	}
	now := stamp()
	e := Entry{
		ID: newID(), IncidentID: id, OrgID: o.ID, OrgName: o.Name, Source: strings.TrimSpace(f.Source), Link: strings.TrimSpace(f.Link), Text: strings.TrimSpace(f.Text),
		SaidAt: event.Stamp(f.SaidAt), FoundAt: event.Stamp(f.FoundAt), FoundBy: strings.TrimSpace(f.FoundBy), WrittenAt: now, State: Unchecked, Heat: f.Heat, Reach: f.Reach, Lines: []Line{},
	}
	if f.FoundAt.IsZero() {
		e.FoundAt = now
	}
	if f.SaidAt.IsZero() {
		e.SaidAt = e.FoundAt
	}
	if e.FoundBy == "" {
		e.FoundBy = a.Name
	}
	if e.Heat == "" {
		e.Heat = Scattered
	}
	if err := e.validate(now); err != nil {
		return Entry{}, err
	}
	return e, s.change(ctx, actor.IncidentWrite, id, func(ctx context.Context, c *change) error {
		if err := s.Store.AddEntry(ctx, e); err != nil {
			return err
		}
		return c.note(ctx, EventFound, incident.Step{Kind: Public, Act: "found", Text: e.Source + "：" + e.Text, Ref: e.ID}, Trace{What: e.ID})
	})
}

// Judge adds what was found out about an entry: its heat, or a verdict with the evidence.
func (s *Service) Judge(ctx context.Context, id string, l Line) (Entry, error) {
	if _, err := actor.Require(ctx, actor.IncidentWrite); err != nil {
		return Entry{}, err
	}
	e, err := s.Store.Entry(ctx, id)
	if err != nil {
		return Entry{}, err
	}
	l.Text = strings.TrimSpace(l.Text)
	switch l.Kind {
	case "heat":
		if err := hot(l.Heat, l.Reach); err != nil {
			return Entry{}, err
		}
		l.Verdict, l.Text = "", ""
	case "verdict":
		if !slices.Contains([]Verdict{True, False, Unclear}, l.Verdict) {
			return Entry{}, errs.Field("opinion.verdict", "verdict", "must be true, false or unclear")
		}
		if l.Text == "" || !errs.Text(l.Text, maxText) {
			return Entry{}, errs.Field("opinion.evidence", "text", "say by what it was found out, in 1 to 4000 characters")
		}
		l.Heat, l.Reach = "", 0
	default:
		return Entry{}, errs.Field("opinion.line", "kind", "must be heat or verdict")
	}
	return e, s.goOn(ctx, actor.IncidentWrite, e.IncidentID, func(ctx context.Context, c *change) error {
		l.EntryID, l.At, l.ByName, l.OrgName = e.ID, stamp(), c.a.Name, c.reach.Desk.Name
		if err := s.Store.AddLine(ctx, l); err != nil {
			return err
		}
		lines, err := s.Store.Lines(ctx, e.IncidentID)
		if err != nil {
			return err
		}
		e = e.with(slices.DeleteFunc(lines, func(o Line) bool { return o.EntryID != e.ID }))
		act, text := string(l.Verdict), l.Text
		if l.Kind == "heat" {
			act, text = string(l.Heat), e.Source
			if l.Reach > 0 {
				text = fmt.Sprintf("%s（%d）", text, l.Reach)
			}
		}
		return c.note(ctx, EventJudged, incident.Step{Kind: Public, Act: act, Text: text, Ref: e.ID}, Trace{What: e.ID, To: act})
	})
}
