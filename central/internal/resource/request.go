package resource

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/world"
)

// The kinds of what is asked, as plans name them.
const (
	OfTeam     = "team"
	OfMaterial = "material"
)

// Request is what an incident needs: so many teams or people with a capability, or so much of an item.
type Request struct {
	ID         string    `json:"id"`
	IncidentID string    `json:"incident_id"`
	Division   string    `json:"division"` // of the incident
	TaskID     string    `json:"task_id"`
	No         int       `json:"no"` // of the demand in the plan's action, from 1; 0: asked by hand
	TaskTitle  string    `json:"task_title"`
	Clause     string    `json:"clause"` // of the plan that asks for it
	Kind       string    `json:"kind"`   // team or material
	What       string    `json:"what"`
	Amount     float64   `json:"amount"`
	Unit       string    `json:"unit"`
	Place      string    `json:"place"`
	Lon        *float64  `json:"lon,omitempty"` // WGS 84, degrees
	Lat        *float64  `json:"lat,omitempty"`
	Note       string    `json:"note"`
	Closed     bool      `json:"closed"` // nothing more is expected
	ClosedWhy  string    `json:"closed_why"`
	At         time.Time `json:"at"`
	ByName     string    `json:"by_name"`
	OrgName    string    `json:"org_name"`
	Edit       int       `json:"edit"`
	Got        float64   `json:"got"` // of what was sent and not taken back
}

// Short is what is still missing.
func (r Request) Short() float64 { return max(0, exact(r.Amount-r.Got)) }

// people reports whether people are counted and not teams.
func (r Request) people() bool {
	return r.Kind == OfTeam && slices.Contains([]string{"人", "名", "人员", "person", "persons", "people"}, strings.ToLower(r.Unit))
}

// Board is what was asked and sent for an incident.
type Board struct {
	Requests   []Request  `json:"requests"`
	Dispatches []Dispatch `json:"dispatches"`
	Orders     bool       `json:"orders"`   // the actor may send here now
	Releases   bool       `json:"releases"` // the actor may release and take back, also when the incident is over
	Minutes    int        `json:"minutes"`  // within which crews report unless told otherwise
}

// Board shows what was asked and sent for an incident.
func (s *Service) Board(ctx context.Context, id string) (Board, error) {
	a, err := actor.Require(ctx, actor.ResourceRead)
	if err != nil {
		return Board{}, err
	}
	i, err := s.Responses.Incident(ctx, id)
	if err != nil {
		return Board{}, err
	}
	b, err := s.board(ctx, id)
	for k := range b.Dispatches {
		b.Dispatches[k].Phone = masked(a, b.Dispatches[k].Phone)
	}
	b.Releases = err == nil && world.Of(ctx) == world.Real && a.Can(actor.ResponseOrder) && s.Responses.Directs(ctx, i) == nil
	b.Orders = b.Releases && i.State == incident.Open
	b.Minutes = int(time.Duration(s.rule(i.Division, stamp()).Limit.Within).Minutes())
	return b, err
}

func (s *Service) board(ctx context.Context, id string) (Board, error) {
	asked, err := s.Store.Requests(ctx, id)
	if err != nil {
		return Board{}, err
	}
	sent, err := s.Store.Dispatched(ctx, id)
	if err != nil {
		return Board{}, err
	}
	for k := range asked {
		for _, d := range sent {
			if d.RequestID == asked[k].ID && d.counts() {
				asked[k].Got = exact(asked[k].Got + d.Counted)
			}
		}
	}
	return Board{Requests: append([]Request{}, asked...), Dispatches: append([]Dispatch{}, sent...)}, nil
}

// Ask is what somebody asks for by hand, for a task where one is named.
type Ask struct {
	TaskID, Kind, What, Unit, Place, Note string
	Amount                                float64
	Lon, Lat                              *float64
}

// Ask asks for teams or material.
func (s *Service) Ask(ctx context.Context, id string, q Ask) (Request, error) {
	a, o, err := s.Desks.Own(ctx, actor.IncidentWrite)
	if err != nil {
		return Request{}, err
	}
	q.What, q.Unit, q.Place, q.Note = strings.TrimSpace(q.What), strings.TrimSpace(q.Unit), strings.TrimSpace(q.Place), strings.TrimSpace(q.Note)
	switch {
	case q.Kind != OfTeam && q.Kind != OfMaterial:
		return Request{}, errs.Field("resource.kind", "kind", "must be team or material")
	case !errs.Name(q.What, maxName) || Key(q.What) == "":
		return Request{}, errs.Field("resource.what", "what", "say what is needed, in 1 to 80 characters on one line")
	case !amount(q.Amount):
		return Request{}, errs.Field("resource.amount", "amount", "must be above 0, at most 1,000,000,000, with at most three decimals")
	case !errs.Line(q.Unit, 16):
		return Request{}, errs.Field("resource.unit", "unit", "at most 16 characters on one line")
	case !errs.Line(q.Place, incident.MaxPlace) || !errs.Text(q.Note, maxText):
		return Request{}, errs.Field("resource.place", "place", "at most 200 characters on one line")
	}
	if err := incident.Place(q.Lon, q.Lat); err != nil {
		return Request{}, err
	}
	var out Request
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		i, err := s.Responses.Incident(ctx, id)
		if err != nil {
			return err
		}
		if i.State != incident.Open {
			return errs.E(errs.Conflict, "incident.not_open", "the incident was merged, withdrawn or closed; open it again first")
		}
		out = Request{
			ID: newID(), IncidentID: id, Division: i.Division, Kind: q.Kind, What: q.What, Amount: q.Amount, Unit: q.Unit, Place: q.Place, Lon: q.Lon, Lat: q.Lat,
			Note: q.Note, At: stamp(), ByName: a.Name, OrgName: o.Name, Edit: 1,
		}
		if err := s.forTask(ctx, &out, q.TaskID); err != nil {
			return err
		}
		out.at(i)
		if err := s.Store.AddRequest(ctx, out); err != nil {
			return err
		}
		if err := s.tellLine(ctx, o, out.IncidentID, "asked", out.text(), out.ID); err != nil {
			return err
		}
		note(EventRequest, out.ID, out.Division, Trace{IncidentID: id, Name: out.What, Amount: out.Amount, Unit: out.Unit})
		return nil
	})
	return out, err
}

// forTask puts a request to a task where one is named.
func (s *Service) forTask(ctx context.Context, r *Request, task string) error {
	if task == "" {
		return nil
	}
	tasks, err := s.Responses.Tasks(ctx, r.IncidentID)
	if err != nil {
		return err
	}
	k := slices.IndexFunc(tasks, func(t response.Task) bool { return t.ID == task })
	if k < 0 {
		return errs.Field("resource.task", "task_id", "the incident has no such task")
	}
	r.TaskID, r.TaskTitle, r.Clause = task, tasks[k].Title, tasks[k].Clause
	return nil
}

// at puts a request to the place of the incident unless it has one of its own.
func (r *Request) at(i incident.Incident) {
	if r.Place == "" {
		r.Place = i.Place
	}
	if r.Lon == nil {
		r.Lon, r.Lat = i.Lon, i.Lat
	}
}

func (r Request) text() string {
	return strings.TrimSpace(fmt.Sprintf("%s %g %s → %s", r.What, r.Amount, r.Unit, r.Place))
}

// tellLine writes a line into the incident's timeline.
func (s *Service) tellLine(ctx context.Context, o account.Org, id, act, text, ref string) error {
	switch act { // words that mean something else in the timeline of an incident
	case string(Sent):
		act = "dispatched"
	case string(Returned):
		act = "restored"
	}
	return s.Incidents.Record(ctx, id, o, incident.Step{Kind: Timeline, Act: act, Text: text, Ref: ref}, nil)
}

// Timeline is the kind of lines in the timeline of an incident that come from here.
const Timeline incident.Kind = "resource"

// Close says that nothing more is expected of a request, with the reason.
func (s *Service) Close(ctx context.Context, id, why string) (Request, error) {
	_, o, err := s.Desks.Own(ctx, actor.ResponseOrder)
	if err != nil {
		return Request{}, err
	}
	if why = strings.TrimSpace(why); !errs.Name(why, 200) {
		return Request{}, errs.Field("resource.why", "why", "say why, in 1 to 200 characters on one line")
	}
	var out Request
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		r, i, err := s.request(ctx, id)
		if err != nil {
			return err
		}
		if err := s.Responses.Orders(ctx, i); err != nil {
			return err
		}
		if r.Closed {
			return errs.E(errs.Conflict, "resource.closed", "the request is closed already; look at it again")
		}
		r.Closed, r.ClosedWhy, r.Edit = true, why, r.Edit+1
		out = r
		if err := s.Store.SaveRequest(ctx, r); err != nil {
			return err
		}
		if err := s.tellLine(ctx, o, r.IncidentID, "closed", r.text()+"："+why, r.ID); err != nil {
			return err
		}
		note(EventWithdrawn, r.ID, r.Division, Trace{IncidentID: r.IncidentID, Name: r.What})
		return nil
	})
	return out, err
}

// request is one that the actor may see, with its incident and what was sent for it.
func (s *Service) request(ctx context.Context, id string) (Request, incident.Incident, error) {
	r, err := s.Store.Request(ctx, id)
	if err != nil {
		return r, incident.Incident{}, err
	}
	i, err := s.Responses.Incident(ctx, r.IncidentID)
	if err != nil {
		return Request{}, i, denied("request")
	}
	b, err := s.board(ctx, r.IncidentID)
	if err != nil {
		return r, i, err
	}
	if k := slices.IndexFunc(b.Requests, func(o Request) bool { return o.ID == id }); k >= 0 {
		r = b.Requests[k]
	}
	r.at(i) // what was asked before the incident was put on the map follows it
	return r, i, nil
}

// OnRecord turns the demands of a plan into requests, in the transaction that carries it out or raises it, and closes
// those of tasks that were taken back and for which nothing was sent.
func (s *Service) OnRecord(ctx context.Context, list []event.Event) error {
	for _, e := range list {
		t, ok := e.Data.(response.Trace)
		if !ok || !slices.Contains([]string{response.EventStarted, response.EventEmergency, response.EventLevel, response.EventEnded}, e.Kind) {
			continue
		}
		if err := s.demanded(system(ctx), t.IncidentID); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) demanded(ctx context.Context, id string) error {
	tasks, err := s.Responses.Tasks(ctx, id)
	if err != nil {
		return err
	}
	i, err := s.Incidents.Get(ctx, id)
	if err != nil {
		return err
	}
	b, err := s.board(ctx, id)
	if err != nil {
		return err
	}
	added := 0
	for _, t := range tasks {
		for n, d := range t.Demands {
			k := slices.IndexFunc(b.Requests, func(r Request) bool { return r.TaskID == t.ID && r.No == n+1 })
			switch {
			case k < 0 && !t.State.Over() && d.Amount > 0:
				r := Request{
					ID: newID(), IncidentID: id, Division: i.Division, TaskID: t.ID, No: n + 1, TaskTitle: t.Title, Clause: t.Clause, Kind: d.Kind, What: d.What,
					Amount: exact(d.Amount), Unit: d.Unit, At: stamp(), ByName: t.GivenBy, OrgName: t.PlanName, Edit: 1,
				}
				r.at(i)
				if err := s.Store.AddRequest(ctx, r); err != nil {
					return err
				}
				added++
			case k >= 0 && t.State == response.Void && !b.Requests[k].Closed && b.Requests[k].Got == 0:
				r := b.Requests[k]
				r.Closed, r.ClosedWhy, r.Edit = true, "任务已收回", r.Edit+1
				if err := s.Store.SaveRequest(ctx, r); err != nil {
					return err
				}
			}
		}
	}
	if added == 0 {
		return nil
	}
	return s.tellLine(ctx, account.Org{}, id, "demanded", fmt.Sprintf("预案要求力量物资 %d 项", added), "")
}
