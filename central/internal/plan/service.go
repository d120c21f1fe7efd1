package plan

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Roster knows who there is to take roles, and which days are worked (duty.Service).
type Roster interface {
	Posts(ctx context.Context, org string) ([]duty.PostView, error)
	People(ctx context.Context, org string) ([]duty.Person, error)
	Year(ctx context.Context, year int) (duty.YearView, error)
}

// Accounts know organisations (account.Service).
type Accounts interface {
	Orgs(ctx context.Context) ([]account.Org, error)
	User(ctx context.Context, id string) (account.User, error)
}

// Clocks keep what is due (deadline.Service).
type Clocks interface {
	Set(ctx context.Context, c deadline.Clock) (deadline.Clock, error)
	End(ctx context.Context, o deadline.Owner, kind string, to deadline.State) error
}

// Options of the service.
type Options struct {
	Store    Store
	Tx       Tx
	Accounts Accounts
	Roster   Roster
	Clocks   Clocks
	Events   event.Publisher
	Pack     Pack
	Printer  Printer
	Log      *slog.Logger
}

// Service is the use cases.
type Service struct{ Options }

// New makes a service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{o}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func stamp() time.Time { return event.Stamp(time.Now()) }

// Rules are the pack by which plans are kept.
func (s *Service) Rules(ctx context.Context) (Pack, error) {
	_, err := actor.Require(ctx, actor.PlanRead)
	return s.Pack, err
}

func (s *Service) orgs(ctx context.Context) ([]account.Org, error) {
	return s.Accounts.Orgs(actor.WithSystem(ctx, "plan"))
}

// sees reports whether somebody may read a plan: those of their own division and below, and what was published
// above, which theirs have to follow.
func sees(a actor.Actor, p Plan) bool {
	return a.Sees(p.Division) || (p.Version > 0 && a.Meets(p.Division))
}

// load finds a plan that the actor may read.
func (s *Service) load(ctx context.Context, a actor.Actor, id string) (Plan, error) {
	p, err := s.Store.Plan(ctx, id)
	if err != nil {
		return p, err
	}
	if !sees(a, p) {
		return Plan{}, errs.E(errs.NotFound, "plan.not_found", "there is no such plan among those that you see")
	}
	return p, nil
}

// change runs fn under the lock of a plan that the actor may change, saves it, and tells of it.
func (s *Service) change(ctx context.Context, id string, need actor.Permission, fn func(ctx context.Context, a actor.Actor, p *Plan) (kind string, t trace, err error)) (Plan, error) {
	a, err := actor.Require(ctx, need)
	if err != nil {
		return Plan{}, err
	}
	var out Plan
	var e event.Event
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.Lock(ctx, id); err != nil {
			return err
		}
		p, err := s.load(ctx, a, id)
		if err != nil {
			return err
		}
		if !a.Covers(p.Division) {
			return errs.E(errs.Denied, "plan.above", "the plan belongs to a division above yours; it can only be read")
		}
		kind, t, err := fn(ctx, a, &p)
		if err != nil {
			return err
		}
		p.Edit++
		p.ChangedAt = stamp()
		if err := s.Store.SavePlan(ctx, p); err != nil {
			return err
		}
		t.Name = p.Name
		e = event.New(ctx, kind, p.ID, p.Division, t)
		out = p
		return s.Events.Record(ctx, &e)
	})
	if err != nil {
		return Plan{}, err
	}
	s.Events.Publish(ctx, e)
	return out, nil
}

// Head is what somebody says of a plan.
type Head struct {
	Name, NameEN   string
	Kind           Kind
	Category       string
	OrgID, UpperID string
	Demo           bool
}

// put writes a head into a plan after looking at it.
func (s *Service) put(ctx context.Context, a actor.Actor, p *Plan, h Head) error {
	list, err := s.orgs(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(o account.Org) bool { return o.ID == h.OrgID })
	if i < 0 || !a.Covers(list[i].Division) {
		return errs.Field("plan.org", "org_id", "there is no such organisation among those that you see")
	}
	p.Name, p.NameEN, p.Kind, p.Category = strings.TrimSpace(h.Name), strings.TrimSpace(h.NameEN), h.Kind, h.Category
	p.OrgID, p.OrgName, p.Division, p.UpperID, p.Demo = list[i].ID, list[i].Name, list[i].Division, h.UpperID, h.Demo
	if err := p.validate(); err != nil {
		return err
	}
	if p.Category != "" && !s.Pack.category(p.Category) {
		return errs.Field("plan.category", "category", "is no category of "+s.Pack.ID)
	}
	// The line upward must end.
	for at, n := p.UpperID, 0; at != ""; n++ {
		if at == p.ID || n > 8 {
			return errs.Field("plan.upper", "upper_id", "a plan cannot follow itself")
		}
		upper, err := s.load(ctx, a, at)
		if errs.KindOf(err) == errs.NotFound {
			return errs.Field("plan.upper", "upper_id", "there is no such plan among those that you see")
		}
		if err != nil {
			return err
		}
		at = upper.UpperID
	}
	return nil
}

// Make begins a plan with an empty text.
func (s *Service) Make(ctx context.Context, h Head) (Plan, error) {
	a, err := actor.Require(ctx, actor.PlanWrite)
	if err != nil {
		return Plan{}, err
	}
	now := stamp()
	p := Plan{ID: newID(), State: Drafting, Since: now, CreatedAt: now, ChangedAt: now, Writer: a.ID, Writers: []string{a.ID}, Revision: 1, Edit: 1}
	if err := s.put(ctx, a, &p, h); err != nil {
		return Plan{}, err
	}
	_, text, err := Body{}.Hash()
	if err != nil {
		return Plan{}, err
	}
	e := event.New(ctx, EventMade, p.ID, p.Division, trace{Name: p.Name, To: p.State})
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.SavePlan(ctx, p); err != nil {
			return err
		}
		if err := s.Store.SaveDraft(ctx, p.ID, text); err != nil {
			return err
		}
		if err := s.Store.AddStep(ctx, Step{PlanID: p.ID, At: now, By: a.ID, ByName: a.Name, To: Drafting}); err != nil {
			return err
		}
		return s.Events.Record(ctx, &e)
	})
	if err != nil {
		return Plan{}, err
	}
	s.Events.Publish(ctx, e)
	return p, nil
}

// Change says something else of a plan, from its next version on where one is in force; edit is the one that was seen.
func (s *Service) Change(ctx context.Context, id string, edit int, h Head) (Plan, error) {
	return s.change(ctx, id, actor.PlanWrite, func(ctx context.Context, a actor.Actor, p *Plan) (string, trace, error) {
		switch {
		case p.Edit != edit:
			return "", trace{}, errs.E(errs.Conflict, "plan.changed", "somebody has changed the plan meanwhile; look at it again")
		case !p.State.written():
			return "", trace{}, errs.E(errs.Conflict, "plan.closed", "the plan is not being written now")
		}
		h.Demo = p.Demo
		was := *p
		if err := s.put(ctx, a, p, h); err != nil {
			return "", trace{}, err
		}
		next := p.head()
		if p.Version > 0 { // what was published stays as it is until somebody approves the next one
			*p = was
			if p.Coming = &next; next == p.head() {
				p.Coming = nil
			}
		}
		p.writtenBy(a.ID)
		return EventChanged, trace{}, nil
	})
}

// Query limits the list of plans.
type Query struct {
	page.Request
	Kind, State, Category, OrgID string
	Overdue, InForce             bool
}

func (q Query) wants(p Plan, now time.Time) bool {
	word := strings.ToLower(q.Search)
	return (q.Kind == "" || q.Kind == string(p.Kind)) && (q.State == "" || q.State == string(p.State)) &&
		(q.Category == "" || p.Category == q.Category || strings.HasPrefix(p.Category, q.Category+".")) &&
		(q.OrgID == "" || q.OrgID == p.OrgID) && (!q.Overdue || p.Overdue(now)) && (!q.InForce || (p.Version > 0 && p.State != Abolished)) &&
		(word == "" || strings.Contains(strings.ToLower(p.Name+" "+p.NameEN+" "+p.OrgName+" "+p.Number), word))
}

// List lists plans that the actor may read, newest first.
func (s *Service) List(ctx context.Context, q Query) (page.List[Plan], error) {
	a, err := actor.Require(ctx, actor.PlanRead)
	if err != nil {
		return page.List[Plan]{}, err
	}
	all, err := s.Store.Plans(ctx)
	if err != nil {
		return page.List[Plan]{}, err
	}
	now := time.Now()
	out := page.List[Plan]{Items: []Plan{}}
	for _, p := range all {
		if (q.After != "" && p.ID >= q.After) || !sees(a, p) || !q.wants(p, now) {
			continue
		}
		if len(out.Items) == q.Size() {
			out.Next = out.Items[len(out.Items)-1].ID
			break
		}
		out.Items = append(out.Items, p)
	}
	return out, nil
}

// Detail is a plan with its life and its neighbours.
type Detail struct {
	Plan
	Own      bool      `json:"own"`  // the actor's division may change it
	Next     []State   `json:"next"` // states that may follow
	Steps    []Step    `json:"steps"`
	Versions []Version `json:"versions"`
	Files    []File    `json:"files"`
	Upper    *Plan     `json:"upper,omitempty"`
	Lower    []Plan    `json:"lower"`
}

// Detail shows a plan.
func (s *Service) Detail(ctx context.Context, id string) (Detail, error) {
	a, err := actor.Require(ctx, actor.PlanRead)
	if err != nil {
		return Detail{}, err
	}
	p, err := s.load(ctx, a, id)
	if err != nil {
		return Detail{}, err
	}
	d := Detail{Plan: p, Own: a.Covers(p.Division), Next: p.Next(), Lower: []Plan{}}
	if d.Steps, err = s.Store.Steps(ctx, id); err != nil {
		return d, err
	}
	if d.Versions, err = s.Store.Versions(ctx, id); err != nil {
		return d, err
	}
	if d.Files, err = s.Store.FilesOf(ctx, id); err != nil {
		return d, err
	}
	inside, err := s.inside(ctx, a, p)
	if err != nil {
		return d, err
	}
	if !inside {
		d.Files = slices.DeleteFunc(d.Files, File.confidential)
	}
	all, err := s.Store.Plans(ctx)
	if err != nil {
		return d, err
	}
	for _, o := range all {
		switch {
		case o.ID == p.UpperID && sees(a, o):
			d.Upper = &o
		case o.UpperID == p.ID && sees(a, o):
			d.Lower = append(d.Lower, o)
		}
	}
	d.Steps, d.Versions, d.Files = append([]Step{}, d.Steps...), append([]Version{}, d.Versions...), append([]File{}, d.Files...)
	return d, nil
}

// Compare lists what differs between two versions; 0 is the draft.
func (s *Service) Compare(ctx context.Context, id string, from, to int) ([]Change, error) {
	a, err := s.Body(ctx, id, from)
	if err != nil {
		return nil, err
	}
	b, err := s.Body(ctx, id, to)
	if err != nil {
		return nil, err
	}
	return Compare(a.Body, b.Body), nil
}
