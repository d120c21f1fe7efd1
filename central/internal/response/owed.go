package response

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/plan"
)

// Owed is a report that a response owes by its plan: by the desk that ordered the response. One of the next reports goes
// on from each that is sent, as long as the level stands.
type Owed struct {
	ID         string     `json:"id"`
	IncidentID string     `json:"incident_id"`
	ResponseID string     `json:"response_id"`
	PartID     string     `json:"part_id"` // of the plan
	Kind       string     `json:"kind" enum:"first,follow_up,final"`
	Level      int        `json:"level"` // at which it began
	To         string     `json:"to"`
	What       string     `json:"what"`
	Clause     string     `json:"clause"`
	OrgID      string     `json:"org_id"`
	OrgName    string     `json:"org_name"`
	OrgArea    string     `json:"org_area"`
	Minutes    int        `json:"minutes"`
	State      string     `json:"state" enum:"due,met,dropped"`
	BaseAt     time.Time  `json:"base_at"`
	DueAt      time.Time  `json:"due_at"`
	LateAt     *time.Time `json:"late_at,omitempty"` // it was due and not sent
	Times      int        `json:"times"`             // how often one was sent
	ReportID   string     `json:"report_id"`         // the newest that was
	Report     string     `json:"report"`            // its title
	EndedAt    *time.Time `json:"ended_at,omitempty"`
}

// The states of what is owed.
const (
	OwedDue     = "due"
	OwedMet     = "met"
	OwedDropped = "dropped"
)

// ReportKind is the owner of the clocks of reports that a response owes; its id is that of the incident and of the report.
const ReportKind = "response-report"

// Sent is a written report that a desk has sent to the one above, or beyond this centre.
type Sent struct {
	IncidentID, OrgID string
	ReportID, Title   string
	Final             bool
	At                time.Time
}

func (o Owed) owner() deadline.Owner {
	return deadline.Owner{Kind: ReportKind, ID: o.IncidentID + " " + o.ID}
}

func (o Owed) clockKind() string { return "report." + o.Kind }

// lasts reports whether it is still asked for after the level has changed: what the new level asks for as well, and
// after raising also the report about the level before. The last one is not when the response begins again.
func (o Owed) lasts(asked plan.Reporting, from, to int) bool {
	return to > 0 && o.Kind != plan.ReportFinal && (asked.At(to) || (o.Kind == plan.ReportFirst && to < from))
}

// begins reports whether a change of the level begins a report.
func begins(r plan.Reporting, from, to int) bool {
	if to == 0 {
		return r.Kind == plan.ReportFinal && r.At(from)
	}
	return r.Kind != plan.ReportFinal && r.At(to) && (from == 0 || !r.At(from))
}

// owe begins and ends the clocks of reports with a change of the level, and answers how many began.
func (s *Service) owe(ctx context.Context, i incident.Incident, r Response, f plan.Frozen, from int, now time.Time) (int, error) {
	if len(f.Body.Reports) == 0 {
		return 0, nil
	}
	has, err := s.Store.Owed(ctx, i.ID)
	if err != nil {
		return 0, err
	}
	for _, o := range has {
		k := slices.IndexFunc(f.Body.Reports, func(p plan.Reporting) bool { return p.ID == o.PartID })
		if o.ResponseID != r.ID || o.State != OwedDue || (k >= 0 && o.lasts(f.Body.Reports[k], from, r.Level)) {
			continue
		}
		if err := s.drop(ctx, o, now); err != nil {
			return 0, err
		}
	}
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return 0, err
	}
	desk, ok := incident.Find(tree, r.OrgID)
	if !ok {
		return 0, nil // nobody is there any more to send it
	}
	level, began := r.Level, 0
	if level == 0 {
		level = from
	}
	for _, p := range f.Body.Reports {
		if !begins(p, from, r.Level) || p.Minutes < 1 { // a draft may have one without a time
			continue
		}
		o := Owed{
			ID: newID(), IncidentID: i.ID, ResponseID: r.ID, PartID: p.ID, Kind: p.Kind, Level: level, To: p.To, What: p.What, Clause: f.Clauses[p.Clause],
			OrgID: desk.ID, OrgName: desk.Name, OrgArea: desk.Division, Minutes: p.Minutes,
		}
		if err := s.begin(ctx, i, o, now); err != nil {
			return began, err
		}
		began++
	}
	return began, nil
}

// begin starts the clock of a report at a moment.
func (s *Service) begin(ctx context.Context, i incident.Incident, o Owed, now time.Time) error {
	o.State, o.BaseAt, o.DueAt, o.LateAt, o.EndedAt = OwedDue, now, now.Add(time.Duration(o.Minutes)*time.Minute), nil, nil
	if err := s.Store.SaveOwed(ctx, o); err != nil {
		return err
	}
	l, ok := s.Book.Find(deadline.Query{Division: o.OrgArea, Do: "activation", At: now})
	if !ok {
		l = deadline.Found{Limit: deadline.Limit{Then: []deadline.Next{{To: deadline.Leader}}}}
	}
	name := i.Title
	if o.To != "" {
		name = incident.Cut(i.Title, 120) + " → " + incident.Cut(o.To, 60)
	}
	_, err := s.Clocks.Set(ctx, deadline.Clock{
		Owner: o.owner(), Kind: o.clockKind(), OrgID: o.OrgID, Division: o.OrgArea, Name: incident.Cut(name, 200), Rule: l.Name(), Scale: deadline.Counted,
		BaseAt: o.BaseAt, DueAt: o.DueAt, Stages: l.Limit.Stages(),
	})
	return err
}

func (s *Service) drop(ctx context.Context, o Owed, now time.Time) error {
	o.State, o.EndedAt = OwedDropped, &now
	if err := s.Store.SaveOwed(ctx, o); err != nil {
		return err
	}
	return s.Clocks.End(ctx, o.owner(), o.clockKind(), deadline.Dropped)
}

// Reported meets what a desk owed about an incident by a report that it has sent, in the transaction of the report. The
// next one is due from then; after the last report of the chain none is.
func (s *Service) Reported(ctx context.Context, r Sent) error {
	if err := s.Store.Lock(ctx, r.IncidentID); err != nil {
		return err
	}
	has, err := s.Store.Owed(ctx, r.IncidentID)
	if err != nil {
		return err
	}
	for _, o := range has {
		if o.State != OwedDue || o.OrgID != r.OrgID || (o.Kind == plan.ReportFinal && !r.Final) {
			continue
		}
		o.Times, o.ReportID, o.Report = o.Times+1, r.ReportID, r.Title
		if err := s.Clocks.End(ctx, o.owner(), o.clockKind(), deadline.Met); err != nil {
			return err
		}
		if o.Kind == plan.ReportFollow && !r.Final {
			i, err := s.Incidents.Get(system(ctx), r.IncidentID)
			if err != nil {
				return err
			}
			if err := s.begin(ctx, i, o, r.At); err != nil {
				return err
			}
			continue
		}
		o.State, o.EndedAt = OwedMet, &r.At
		if err := s.Store.SaveOwed(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// owedAs drops what an incident that is not open owes no more, and begins anew what its responses owe once it is opened
// again. A last report that was never sent stays due after the closing.
func (s *Service) owedAs(ctx context.Context, was, now incident.Incident) error {
	if was.State == now.State {
		return nil
	}
	has, err := s.Store.Owed(ctx, now.ID)
	if err != nil {
		return err
	}
	at := stamp()
	if now.State != incident.Open {
		for _, o := range has {
			if o.State != OwedDue || (o.Kind == plan.ReportFinal && now.State == incident.Closed) {
				continue
			}
			if err := s.drop(ctx, o, at); err != nil {
				return err
			}
		}
		return nil
	}
	all, err := s.Store.Responses(ctx, now.ID)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Level == 0 {
			continue
		}
		f, err := s.frozen(ctx, r)
		if err != nil {
			return err
		}
		for _, o := range has {
			k := slices.IndexFunc(f.Body.Reports, func(p plan.Reporting) bool { return p.ID == o.PartID })
			if o.ResponseID != r.ID || o.State != OwedDropped || k < 0 || !f.Body.Reports[k].At(r.Level) || o.Kind == plan.ReportFinal || o.EndedAt == nil || !o.EndedAt.After(r.LevelAt) {
				continue
			}
			if err := s.begin(ctx, now, o, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// OnReportClock is told of the marks of the clock of a report: when it has passed, the report is late.
func (s *Service) OnReportClock(ctx context.Context, f deadline.Firing) ([]*event.Event, error) {
	if f.Mark != deadline.Passed || f.Round != f.Clock.Round {
		return nil, nil
	}
	id, _, _ := strings.Cut(f.Clock.Owner.ID, " ")
	if err := s.Store.Lock(ctx, id); err != nil {
		return nil, err
	}
	o, err := s.owedOf(ctx, f.Clock.Owner.ID)
	if errs.KindOf(err) == errs.NotFound || (err == nil && (o.State != OwedDue || o.LateAt != nil)) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	now := stamp()
	o.LateAt = &now
	if err := s.Store.SaveOwed(ctx, o); err != nil {
		return nil, err
	}
	desk := account.Org{ID: o.OrgID, Division: o.OrgArea, Name: o.OrgName}
	text := plan.ReportWord(o.Kind) + " → " + o.To + "　" + o.DueAt.In(event.China()).Format("2006-01-02 15:04") + "　" + o.Clause
	if err := s.Incidents.Record(ctx, o.IncidentID, desk, incident.Step{Kind: incident.Reported, Act: "late", Text: incident.Cut(strings.TrimSpace(text), incident.MaxText), Ref: f.Clock.ID}, nil); err != nil {
		return nil, err
	}
	e := event.New(ctx, EventReportLate, o.ID, o.OrgArea, Trace{IncidentID: o.IncidentID, Name: f.Clock.Name})
	return []*event.Event{&e}, nil
}

// OnReportMove lets a report be due later by as long as its exercise was paused.
func (s *Service) OnReportMove(ctx context.Context, c deadline.Clock, by time.Duration) error {
	o, err := s.owedOf(ctx, c.Owner.ID)
	if errs.KindOf(err) == errs.NotFound || (err == nil && o.State != OwedDue) {
		return nil
	}
	if err != nil {
		return err
	}
	o.DueAt = o.DueAt.Add(by)
	return s.Store.SaveOwed(ctx, o)
}

// owedOf is the report of a clock.
func (s *Service) owedOf(ctx context.Context, owner string) (Owed, error) {
	id, report, _ := strings.Cut(owner, " ")
	has, err := s.Store.Owed(ctx, id)
	if err != nil {
		return Owed{}, err
	}
	k := slices.IndexFunc(has, func(o Owed) bool { return o.ID == report })
	if k < 0 {
		return Owed{}, errs.E(errs.NotFound, "response.no_report", "there is no such report")
	}
	return has[k], nil
}
