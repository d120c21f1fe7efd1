package incident

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/world"
)

// Options of the service.
type Options struct {
	Store      Store
	Tx         Tx
	Desks      Desks
	Categories *Categories
	Events     event.Publisher
	// Follow is told, in the transaction, of an incident that was opened, graded, merged, closed or opened again: its
	// clocks begin and end with it. It may be nil.
	Follow func(ctx context.Context, i Incident) error
	// Parts are what has something under way for incidents.
	Parts []Part
	// Media are pictures and films; they may be nil.
	Media Media
}

// Service is the use cases.
type Service struct{ Options }

// New makes a service.
func New(o Options) *Service {
	if o.Categories == nil {
		o.Categories = &Categories{}
	}
	return &Service{o}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func stamp() time.Time { return event.Stamp(time.Now()) }

// Draft is what an incident is opened from. A zero KnownAt means now, an empty division that of the desk.
type Draft struct {
	Title, Category, Place, Division, Summary string
	Lon, Lat                                  *float64
	Level                                     int
	Sensitive                                 bool
	OccurredAt, KnownAt                       time.Time
	From                                      Known // where the desk knows it from; an empty kind means "desk"
}

// Open opens an incident at the actor's own desk. Call it in a transaction to join it.
func (s *Service) Open(ctx context.Context, d Draft) (Incident, error) {
	a, o, err := s.Desks.Own(ctx, actor.IncidentWrite)
	if err != nil {
		return Incident{}, err
	}
	now := stamp()
	i := Incident{
		ID: newID(), OrgID: o.ID, OrgName: o.Name, Title: strings.TrimSpace(d.Title), Category: d.Category, Level: d.Level, Sensitive: d.Sensitive,
		Place: strings.TrimSpace(d.Place), Division: d.Division, Lon: d.Lon, Lat: d.Lat, Summary: strings.TrimSpace(d.Summary),
		OccurredAt: event.Stamp(d.OccurredAt), KnownAt: event.Stamp(d.KnownAt), State: Open, Exercise: string(world.Of(ctx)), OpenedAt: now, OpenedBy: a.Name, Version: 1, UpdatedAt: now,
	}
	if i.Division == "" {
		i.Division = o.Division
	}
	if d.KnownAt.IsZero() {
		i.KnownAt = now
	}
	if d.OccurredAt.IsZero() {
		i.OccurredAt = i.KnownAt
	}
	if i.Level > 0 {
		i.LevelBy = a.Name
	}
	if err := i.validate(s.Categories, now); err != nil {
		return Incident{}, err
	}
	if !a.Covers(i.Division) {
		return Incident{}, errs.Field("incident.division_outside", "division", "must be "+a.DivisionCode+" or below it")
	}
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		if i.No, err = s.number(ctx, o.Division, i.Exercise, now); err != nil {
			return err
		}
		if err := s.Store.Save(ctx, i, 0); err != nil {
			return err
		}
		k := d.From
		if k.Kind == "" {
			k.Kind, k.Ref = "desk", i.ID
		}
		if err := s.knew(ctx, i, o, k); err != nil {
			return err
		}
		if err := note(ctx, i, o, Step{Kind: Opened, Text: i.Title, Ref: k.Ref}, EventOpened); err != nil {
			return err
		}
		return s.followed(ctx, i)
	})
	return i, err
}

func (s *Service) followed(ctx context.Context, i Incident) error {
	if s.Follow == nil {
		return nil
	}
	return s.Follow(ctx, i)
}

func (s *Service) knew(ctx context.Context, i Incident, o account.Org, k Known) error {
	k.ID, k.IncidentID, k.OrgID, k.OrgName = newID(), i.ID, o.ID, o.Name
	if k.At.IsZero() {
		k.At = i.KnownAt
	}
	return s.Store.AddKnown(ctx, k)
}

type noter func(ctx context.Context, i Incident, o account.Org, st Step, kind string) error

// change runs fn under the lock, records the events that it notes, and publishes them after the commit.
func (s *Service) change(ctx context.Context, fn func(ctx context.Context, note noter) error) error {
	return event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, record func(event.Event)) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		note := func(ctx context.Context, i Incident, o account.Org, st Step, kind string) error {
			a, _ := actor.From(ctx)
			now := stamp()
			if st.At.IsZero() {
				st.At = now
			}
			if now.Sub(st.At) > ahead {
				st.ReceivedAt = now
			}
			st.IncidentID, st.ByName, st.OrgID, st.OrgName = i.ID, a.Name, o.ID, o.Name
			record(event.New(ctx, kind, i.ID, i.Division, Trace{No: i.No, Name: i.Title, Org: o.Name, To: st.Act}))
			return s.Store.Add(ctx, st)
		}
		return fn(ctx, note)
	})
}

// Get is an incident that the actor may see.
func (s *Service) Get(ctx context.Context, id string) (Incident, error) {
	a, err := actor.Require(ctx, actor.IncidentRead)
	if err != nil {
		return Incident{}, err
	}
	return s.seen(ctx, a, id)
}

func (s *Service) seen(ctx context.Context, a actor.Actor, id string) (Incident, error) {
	i, err := s.Store.Incident(ctx, id)
	if err != nil {
		return i, err
	}
	if !a.Covers(i.Division) {
		return Incident{}, errs.E(errs.NotFound, "incident.not_found", "there is no such incident among those that you see")
	}
	return i, nil
}

// Room is an incident with everything that belongs to it.
type Room struct {
	Incident
	Steps   []Step    `json:"steps"`
	Figures []Figure  `json:"figures"`
	Known   []Known   `json:"known"`
	Running []Running `json:"running"` // what is under way and must end before the incident
	Mine    bool      `json:"mine"`    // the actor's desk changes it, and does not only add to it
}

// Room reads an incident whole, as far as it is within the reach of the actor's desk.
func (s *Service) Room(ctx context.Context, id string) (Room, error) {
	i, err := s.Get(ctx, id)
	if err != nil {
		return Room{}, err
	}
	_, reach, err := s.Desks.Reach(ctx, actor.IncidentRead)
	if err != nil {
		return Room{}, err
	}
	r := Room{Incident: i, Mine: reach.Has(i.OrgID)}
	if r.Running, err = s.running(ctx, i); err != nil {
		return r, err
	}
	if r.Steps, err = s.Store.Steps(ctx, id); err != nil {
		return r, err
	}
	if r.Figures, err = s.Store.Figures(ctx, id); err != nil {
		return r, err
	}
	r.Known, err = s.Store.Known(ctx, id)
	r.Steps = slices.DeleteFunc(r.Steps, func(st Step) bool { return !reach.reads(st) })
	r.Known = slices.DeleteFunc(r.Known, func(k Known) bool { return !reach.learns(k) })
	r.Steps, r.Figures, r.Known = append([]Step{}, r.Steps...), append([]Figure{}, r.Figures...), append([]Known{}, r.Known...)
	return r, err
}

// List lists the incidents that the actor may see, the newest first.
func (s *Service) List(ctx context.Context, f Filter, r page.Request) (page.List[Incident], error) {
	a, err := actor.Require(ctx, actor.IncidentRead)
	if err != nil {
		return page.List[Incident]{}, err
	}
	r.Search = strings.TrimSpace(r.Search)
	return s.Store.List(ctx, a.Scope(), f, r)
}

// Similar is an incident that may be the same as something.
type Similar struct {
	Incident Incident `json:"incident"`
	Score    float64  `json:"score"` // 0 to 1
	Why      []string `json:"why"`   // place, time, category, words
}

// lately is how far back incidents are compared.
const lately = 7 * 24 * time.Hour

// Similar lists open incidents that may be the same as a sketch, the likeliest first, at most five.
func (s *Service) Similar(ctx context.Context, sk Sketch, except string) ([]Similar, error) {
	list, err := s.List(ctx, Filter{State: Open, From: stamp().Add(-lately)}, page.Request{Limit: page.MaxLimit})
	if err != nil {
		return nil, err
	}
	var out []Similar
	for _, i := range list.Items {
		if score, why := Alike(sk, i.Sketch()); i.ID != except && score >= Likely {
			out = append(out, Similar{i, score, why})
		}
	}
	return likeliest(out), nil
}

// Learn writes down that the actor's desk knew of an incident from another source. Call it in the transaction of
// that source.
func (s *Service) Learn(ctx context.Context, id string, k Known) (Incident, error) {
	a, o, err := s.Desks.Own(ctx, actor.IncidentWrite)
	if err != nil {
		return Incident{}, err
	}
	var out Incident
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		if out, err = s.seen(ctx, a, id); err != nil {
			return err
		}
		if out.State == Merged || out.State == Void {
			return errs.E(errs.Conflict, "incident.not_open", "the incident was merged or withdrawn; choose another")
		}
		if err := s.knew(ctx, out, o, k); err != nil {
			return err
		}
		return note(ctx, out, o, Step{Kind: Learned, Act: k.Kind, Text: k.Text, Ref: k.Ref}, EventNoted)
	})
	return out, err
}
