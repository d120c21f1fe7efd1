package intake

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/page"
)

// Options of the service.
type Options struct {
	Store      Store
	Tx         Tx
	Desks      incident.Desks
	Incidents  Incidents
	Alarms     Alarms
	Devices    device.Finder
	Categories *incident.Categories
	Events     event.Publisher
}

// Service is the use cases.
type Service struct{ Options }

// New makes a service.
func New(o Options) *Service {
	if o.Categories == nil {
		o.Categories = &incident.Categories{}
	}
	return &Service{o}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func stamp() time.Time { return event.Stamp(time.Now()) }

// Receive writes down what came in at the actor's own desk. Zero times mean now, an empty division that of the desk.
func (s *Service) Receive(ctx context.Context, i Item) (Item, error) {
	a, o, err := s.Desks.Own(ctx, actor.IncidentWrite)
	if err != nil {
		return Item{}, err
	}
	if !slices.Contains(Kinds(), i.Kind) {
		return Item{}, errs.Field("intake.kind", "kind", "must be call, field, department or media")
	}
	if i.Division != "" && !a.Covers(i.Division) {
		return Item{}, errs.Field("intake.division_outside", "division", "must be "+a.DivisionCode+" or below it")
	}
	i.Unchecked = false
	return s.add(ctx, o, a.Name, i)
}

// FromPublic takes what somebody wrote into the public form: nobody is signed in, so it only waits. The desk is that
// which answers for the division. What comes while the form is overloaded is Unchecked.
func (s *Service) FromPublic(ctx context.Context, i Item) error {
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return err
	}
	o, ok := incident.Of(tree, i.Division)
	if !ok {
		return errs.Field("intake.division", "division", "is none of the divisions of this centre")
	}
	i.Kind, i.Source, i.Figures, i.Level, i.Category, i.ReceivedAt = Public, "", nil, 0, "", time.Time{}
	_, err = s.add(actor.WithSystem(ctx, "public form"), o, "", i)
	return err
}

func (s *Service) add(ctx context.Context, o account.Org, by string, i Item) (Item, error) {
	now := stamp()
	i.ID, i.OrgID, i.OrgName, i.State, i.ByName, i.Version = newID(), o.ID, o.Name, Waiting, by, 1
	i.IncidentID, i.Opened, i.Reason, i.DoneBy, i.DoneAt = "", false, "", "", nil
	for _, text := range []*string{&i.Place, &i.Text, &i.Cause, &i.Measures, &i.Trend, &i.Informed, &i.Unit, &i.Caller, &i.Post, &i.Phone, &i.Source} {
		*text = strings.TrimSpace(*text)
	}
	if i.ReceivedAt.IsZero() {
		i.ReceivedAt = now
	}
	i.ReceivedAt = event.Stamp(i.ReceivedAt)
	if i.Division == "" {
		i.Division = o.Division
	}
	if i.Figures == nil {
		i.Figures = map[string]int{}
	}
	if err := i.validate(s.Categories, now); err != nil {
		return Item{}, err
	}
	err := s.change(ctx, func(ctx context.Context, note noter) error {
		var err error
		if i, err = s.Store.Add(ctx, i); err != nil {
			return err
		}
		note(ctx, i, o, EventReceived, "")
		return nil
	})
	return i, err
}

type noter func(ctx context.Context, i Item, o account.Org, kind, to string)

func (s *Service) change(ctx context.Context, fn func(ctx context.Context, note noter) error) error {
	return event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, record func(event.Event)) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		note := func(ctx context.Context, i Item, o account.Org, kind, to string) { // heard at the desk and above
			record(event.New(ctx, kind, i.ID, o.Division, trace{No: i.No, Kind: i.Kind, Org: i.OrgName, To: to}))
		}
		return fn(ctx, note)
	})
}

// List lists what came in at the actor's desk and those below it, the newest first.
func (s *Service) List(ctx context.Context, f Filter, r page.Request) (page.List[Item], error) {
	_, reach, err := s.Desks.Reach(ctx, actor.IncidentRead)
	if err != nil {
		return page.List[Item]{}, err
	}
	r.Search = strings.TrimSpace(r.Search)
	return s.Store.List(ctx, reach.Orgs(), f, r)
}

// Detail is an item with the incidents that may be the same.
type Detail struct {
	Item
	Similar []incident.Similar `json:"similar"`
}

// Get reads an item.
func (s *Service) Get(ctx context.Context, id string) (Detail, error) {
	_, reach, err := s.Desks.Reach(ctx, actor.IncidentRead)
	if err != nil {
		return Detail{}, err
	}
	i, err := s.seen(ctx, reach, id)
	if err != nil {
		return Detail{}, err
	}
	similar, err := s.Incidents.Similar(ctx, i.Sketch(), i.IncidentID)
	return Detail{i, append([]incident.Similar{}, similar...)}, err
}

// Like lists the incidents that may be the same as something that is still being written down.
func (s *Service) Like(ctx context.Context, i Item) ([]incident.Similar, error) {
	if i.ReceivedAt.IsZero() {
		i.ReceivedAt = stamp()
	}
	return s.Incidents.Similar(ctx, i.Sketch(), "")
}

func (s *Service) seen(ctx context.Context, reach incident.Reach, id string) (Item, error) {
	i, err := s.Store.Item(ctx, id)
	if err != nil {
		return i, err
	}
	if !reach.Has(i.OrgID) {
		return Item{}, errs.E(errs.NotFound, "intake.not_found", "there is no such item among those that you see")
	}
	return i, nil
}

// edit changes an item of the actor's own desk, or of one below.
func (s *Service) edit(ctx context.Context, id string, fn func(ctx context.Context, i *Item, o account.Org, note noter) error) (Item, error) {
	a, reach, err := s.Desks.Reach(ctx, actor.IncidentWrite)
	if err != nil {
		return Item{}, err
	}
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return Item{}, err
	}
	var out Item
	err = s.change(ctx, func(ctx context.Context, note noter) error {
		i, err := s.seen(ctx, reach, id)
		if err != nil {
			return err
		}
		o, _ := incident.Find(tree, i.OrgID)
		was := i.Version
		now := stamp()
		i.Version, i.DoneBy, i.DoneAt = was+1, a.Name, &now
		if err := fn(ctx, &i, o, note); err != nil {
			return err
		}
		out = i
		return s.Store.Save(ctx, i, was)
	})
	return out, err
}

func errDone() error {
	return errs.E(errs.Conflict, "intake.done", "somebody has dealt with it already; undo that first")
}

// NewIncident is what the desk says when it opens an incident from an item; empty parts are taken from the item.
type NewIncident struct {
	Title, Category string
	Level           int
	Sensitive       bool
}

// Open opens an incident from an item.
func (s *Service) Open(ctx context.Context, id string, n NewIncident) (Item, error) {
	return s.edit(ctx, id, func(ctx context.Context, i *Item, o account.Org, note noter) error {
		if i.State != Waiting {
			return errDone()
		}
		d := incident.Draft{
			Title: n.Title, Category: n.Category, Level: n.Level, Sensitive: n.Sensitive, Place: i.Place, Division: i.Division, Lon: i.Lon, Lat: i.Lat,
			Summary: i.Text, KnownAt: i.ReceivedAt, OccurredAt: i.ReceivedAt, From: s.known(*i),
		}
		if d.Title == "" {
			d.Title = i.title()
		}
		if d.Category == "" {
			d.Category = i.Category
		}
		if i.OccurredAt != nil {
			d.OccurredAt = *i.OccurredAt
		}
		opened, err := s.Incidents.Open(ctx, d)
		if err != nil {
			return err
		}
		i.State, i.IncidentID, i.Opened = Linked, opened.ID, true
		note(ctx, *i, o, EventLinked, opened.No)
		return s.count(ctx, *i)
	})
}

func (s *Service) known(i Item) incident.Known {
	return incident.Known{At: i.ReceivedAt, Kind: string(i.Kind), Ref: i.ID, Text: i.said()}
}

// count adds the figures of an item to its incident.
func (s *Service) count(ctx context.Context, i Item) error {
	for _, kind := range slices.Sorted(maps.Keys(i.Figures)) {
		source := i.Unit // never the person: figures are shown below as well
		if source == "" {
			source = i.Kind.Word()
		}
		if _, err := s.Incidents.Count(ctx, i.IncidentID, incident.Figure{Kind: kind, Value: i.Figures[kind], At: i.ReceivedAt, Source: source, Ref: i.ID}); err != nil {
			return err
		}
	}
	return nil
}

// Link makes an item part of an incident that is open already.
func (s *Service) Link(ctx context.Context, id, to string) (Item, error) {
	return s.edit(ctx, id, func(ctx context.Context, i *Item, o account.Org, note noter) error {
		if i.State != Waiting {
			return errDone()
		}
		k := s.known(*i)
		in, err := s.Incidents.Learn(ctx, to, k)
		if err != nil {
			return err
		}
		i.State, i.IncidentID = Linked, in.ID
		note(ctx, *i, o, EventLinked, in.No)
		return s.count(ctx, *i)
	})
}

// SetAside closes an item from which nothing follows, for a reason.
func (s *Service) SetAside(ctx context.Context, id, reason string) (Item, error) {
	return s.edit(ctx, id, func(ctx context.Context, i *Item, o account.Org, note noter) error {
		if !errs.Name(reason, incident.MaxPlace) {
			return errs.Field("intake.reason", "reason", "say why, in 1 to 200 characters on one line")
		}
		if i.State != Waiting {
			return errDone()
		}
		i.State, i.Reason = Aside, strings.TrimSpace(reason)
		note(ctx, *i, o, EventAside, "")
		return nil
	})
}

// Undo lets an item wait again. An incident that was opened from it is withdrawn.
func (s *Service) Undo(ctx context.Context, id string) (Item, error) {
	return s.edit(ctx, id, func(ctx context.Context, i *Item, o account.Org, note noter) error {
		if i.State == Waiting {
			return errs.E(errs.Conflict, "intake.waiting", "it waits already; look at it again")
		}
		if i.IncidentID != "" {
			in, err := s.Incidents.Get(ctx, i.IncidentID)
			if err != nil {
				return err
			}
			if i.Opened && in.State == incident.Open {
				_, err = s.Incidents.Close(ctx, in.ID, incident.Void, "接报撤销 intake undone")
			} else {
				_, err = s.Incidents.Write(ctx, in.ID, incident.Step{Kind: incident.Noted, Act: "unlinked", Text: i.title(), Ref: i.ID})
			}
			if err != nil {
				return err
			}
		}
		i.State, i.IncidentID, i.Opened, i.Reason, i.DoneBy, i.DoneAt = Waiting, "", false, "", "", nil
		note(ctx, *i, o, EventUndone, "")
		return nil
	})
}
