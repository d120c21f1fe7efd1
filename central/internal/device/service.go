package device

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/wire"
)

// Disconnector ends the MQTT sessions of a device at once (broker.Broker).
type Disconnector interface{ Disconnect(id string) }

// Service is the use cases. Run keeps it current; without Run (command line) everything else works too.
type Service struct {
	Store        Store
	Tx           Tx
	Events       event.Publisher
	Log          *slog.Logger
	CA           *Authority
	Areas        *geo.Areas   // of the base map, for lists of devices; nil knows none
	Orders       *Orders      // nil on the command line
	ReleaseKey   string       // of programs, for edges that enrol; empty: none
	Disconnector Disconnector // nil on the command line: the running centre notices within seconds

	reg         register
	refused     *tally
	refusedOnce sync.Once
	due         chan struct{} // contacts wait to be written
	dueOnce     sync.Once
	write       sync.Mutex // one change of records at a time
	port        atomic.Int64
}

// Filter narrows a list.
type Filter struct {
	Kind  Kind
	State State
}

// List is the devices that the actor may see, by id.
func (s *Service) List(ctx context.Context, f Filter, p page.Request) (page.List[Device], error) {
	a, err := actor.Require(ctx, actor.DeviceRead)
	if err != nil {
		return page.List[Device]{}, err
	}
	all, err := s.snapshot(ctx, a)
	if err != nil {
		return page.List[Device]{}, err
	}
	search := strings.ToLower(strings.TrimSpace(p.Search))
	out := page.List[Device]{Items: []Device{}}
	for _, d := range all {
		match := d.ID > p.After && (f.Kind == "" || d.Kind == f.Kind) && (f.State == "" || d.State == f.State) &&
			(search == "" || strings.Contains(d.ID, search) || strings.Contains(strings.ToLower(d.Name), search))
		if !match {
			continue
		}
		if len(out.Items) == p.Size() {
			out.Next = out.Items[len(out.Items)-1].ID
			break
		}
		out.Items = append(out.Items, d)
	}
	return out, nil
}

// All is every device that the actor may see, by id: for the live view.
func (s *Service) All(ctx context.Context) ([]Device, error) {
	a, err := actor.Require(ctx, actor.DeviceRead)
	if err != nil {
		return nil, err
	}
	return s.snapshot(ctx, a)
}

func (s *Service) snapshot(ctx context.Context, a actor.Actor) ([]Device, error) {
	if err := s.Load(ctx); err != nil {
		return nil, err
	}
	s.reg.mu.RLock()
	out := make([]Device, 0, len(s.reg.all))
	for _, e := range s.reg.all {
		if !e.removed() && a.Sees(e.rec.Division) {
			out = append(out, e.view())
		}
	}
	s.reg.mu.RUnlock()
	slices.SortFunc(out, func(a, b Device) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// Get finds one device that the actor may see.
func (s *Service) Get(ctx context.Context, id string) (Device, error) {
	if _, err := actor.Require(ctx, actor.DeviceRead); err != nil {
		return Device{}, err
	}
	if d, ok := s.Visible(ctx, id); ok {
		return d, nil
	}
	return Device{}, notFound(id)
}

// Finder looks up a device that the actor may see (Service).
type Finder interface {
	Visible(ctx context.Context, id string) (Device, bool)
}

// Terminal finds a terminal for an actor who needs a permission: errs.Denied without it, errs.NotFound for what
// is not there or not his, errs.Invalid for what is no terminal.
func Terminal(ctx context.Context, find Finder, id string, p actor.Permission) (actor.Actor, Device, error) {
	a, err := actor.Require(ctx, p)
	if err != nil {
		return a, Device{}, err
	}
	d, ok := find.Visible(ctx, id)
	if !ok {
		return a, d, errs.E(errs.NotFound, "device.not_found", "device %s does not exist", id)
	}
	if d.Kind != Edge {
		return a, d, errs.E(errs.Invalid, "device.not_edge", "device %s is no terminal; ask for the terminal that it is behind", id)
	}
	return a, d, nil
}

// Visible finds a device in what the actor of the context may see. It asks for no permission of its own:
// other capabilities use it for the things they show.
func (s *Service) Visible(ctx context.Context, id string) (Device, bool) {
	a, ok := actor.From(ctx)
	if !ok {
		return Device{}, false
	}
	e, ok := s.find(ctx, id)
	if !ok {
		return Device{}, false
	}
	s.reg.mu.RLock()
	defer s.reg.mu.RUnlock()
	if e.removed() || !a.Sees(e.rec.Division) {
		return Device{}, false
	}
	return e.view(), true
}

func notFound(id string) error {
	return errs.E(errs.NotFound, "device.not_found", "device %s does not exist", id)
}

// New is what a person gives to register an edge or a simple sensor.
type New struct {
	ID       string
	Kind     Kind
	Name     string
	NameEN   string // shown in English; empty: Name
	Class    string
	Division string
	Place    *wire.Place
	Demo     bool
	Life     time.Duration // of the one-time token of an edge; 0: a day
}

// Added is a registered device and the secret that lets it in, shown once: Enrol for an edge, Token for
// a simple sensor.
type Added struct {
	Device Device
	Enrol  *Enrolment
	Token  string
}

// Create registers an edge or a simple sensor. What is behind an edge is declared by the edge.
func (s *Service) Create(ctx context.Context, n New) (Added, error) {
	a, err := actor.Require(ctx, actor.DeviceWrite)
	if err != nil {
		return Added{}, err
	}
	if err := checkLife(n.Life); err != nil {
		return Added{}, err
	}
	if n.Kind != Edge && n.Kind != Sensor {
		return Added{}, errs.Field("device.kind", "kind", "an edge or a simple sensor; sensors and cameras behind an edge are declared by it")
	}
	return s.create(ctx, a, n)
}

// create registers what the actor may register.
func (s *Service) create(ctx context.Context, a actor.Actor, n New) (Added, error) {
	if n.Division == "" {
		n.Division = a.DivisionCode
	}
	if err := n.check(); err != nil {
		return Added{}, err
	}
	if !a.Sees(n.Division) {
		return Added{}, errs.E(errs.Denied, "device.division", "division %s is not yours", n.Division)
	}
	now := time.Now()
	r, out := n.record(now)
	s.write.Lock()
	defer s.write.Unlock()
	var done event.Event
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.insert(ctx, r, &out, n.Life, now); err != nil {
			return err
		}
		return s.record(ctx, &done, EventCreated, r)
	})
	if errs.KindOf(err) == errs.Conflict {
		return Added{}, errs.Wrap(err, errs.Conflict, "device.exists", "device "+n.ID+" exists already or was removed; a removed one can be restored")
	}
	if err != nil {
		return Added{}, err
	}
	out.Device = s.put(r)
	s.Events.Publish(ctx, done)
	return out, nil
}

// record makes what is stored, and the token of a simple sensor.
func (n *New) record(now time.Time) (Record, Added) {
	r := Record{Edited: true, Device: Device{
		ID: n.ID, Kind: n.Kind, Name: cmp.Or(n.Name, n.ID), NameEN: n.NameEN, Class: n.Class, Division: n.Division, Place: n.Place, Demo: n.Demo,
		CreatedAt: event.Stamp(now), UpdatedAt: event.Stamp(now),
	}}
	if r.Kind == Edge && r.Class == "" {
		r.Class = "terminal"
	}
	out := Added{}
	if r.Kind == Sensor {
		out.Token = newSecret()
		r.TokenHash = hash(out.Token)
	}
	return r, out
}

// insert stores a new record in the transaction of the context, an edge with its one-time token.
func (s *Service) insert(ctx context.Context, r Record, out *Added, life time.Duration, now time.Time) error {
	if err := s.Store.Add(ctx, r); err != nil {
		return err
	}
	if r.Kind != Edge {
		return nil
	}
	var err error
	out.Enrol, err = s.enrolment(ctx, r.ID, life, now)
	return err
}

// Change is what a person may change; nil leaves a field as it is.
type Change struct {
	Name     *string
	NameEN   *string // empty: none
	Class    *string
	Division *string
	Place    *wire.Place
}

// Update changes what a person may change. From then on the edge's own words about it count no more.
func (s *Service) Update(ctx context.Context, id string, c Change) (Device, error) {
	return s.modify(ctx, id, EventChanged, present, func(_ context.Context, a actor.Actor, r *Record) error {
		if c.Division != nil && *c.Division != r.Division {
			if !a.Sees(*c.Division) || (*c.Division == "" && a.Kind != actor.System) {
				return errs.E(errs.Denied, "device.division", "division %s is not yours", *c.Division)
			}
			r.Division = *c.Division
		}
		if c.Name != nil {
			r.Name = strings.TrimSpace(*c.Name)
		}
		if c.NameEN != nil {
			r.NameEN = strings.TrimSpace(*c.NameEN)
		}
		if c.Class != nil {
			r.Class = *c.Class
		}
		if c.Place != nil {
			r.Place = c.Place
		}
		r.Edited = true
		return r.check()
	})
}

// standing says which devices a change is for.
type standing bool

const (
	present standing = false
	removed standing = true
)

// modify is the shape of every change: permission, load, decide, save and record in one transaction, publish. A
// removed device is changed by nothing but what asks for removed ones, to which the others are a conflict.
func (s *Service) modify(ctx context.Context, id, kind string, of standing, decide func(context.Context, actor.Actor, *Record) error) (Device, error) {
	a, err := actor.Require(ctx, actor.DeviceWrite)
	if err != nil {
		return Device{}, err
	}
	s.write.Lock()
	defer s.write.Unlock()
	var r Record
	var done event.Event
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if r, err = s.Store.Device(ctx, id); err != nil {
			if errs.KindOf(err) == errs.NotFound {
				return notFound(id)
			}
			return err
		}
		if !a.Sees(r.Division) || (r.RemovedAt != nil && of == present) {
			return notFound(id)
		}
		if r.RemovedAt == nil && of == removed {
			return errs.E(errs.Conflict, "device.not_removed", "device %s is not removed", id)
		}
		if err := decide(ctx, a, &r); err != nil {
			return err
		}
		r.UpdatedAt = event.Stamp(time.Now())
		if err := s.Store.Save(ctx, r); err != nil {
			return err
		}
		return s.record(ctx, &done, kind, r)
	})
	if err != nil {
		return Device{}, err
	}
	d := s.put(r)
	s.Events.Publish(ctx, done)
	return d, nil
}

func (s *Service) disconnect(id string) {
	if s.Disconnector != nil {
		s.Disconnector.Disconnect(id)
	}
}

// Remove takes a device out of every list, an edge with what is behind it, and bars it. Its readings
// stay.
func (s *Service) Remove(ctx context.Context, id string) error {
	now := event.Stamp(time.Now())
	_, err := s.modify(ctx, id, EventRemoved, present, func(ctx context.Context, _ actor.Actor, r *Record) error {
		r.RemovedAt, r.TokenHash = &now, ""
		return s.Store.RevokeCertificates(ctx, id, now)
	})
	if err != nil {
		return err
	}
	s.disconnect(id)
	for _, child := range s.children(id) {
		_, err := s.modify(ctx, child, EventRemoved, present, func(_ context.Context, _ actor.Actor, r *Record) error {
			r.RemovedAt = &now
			return nil
		})
		if err != nil && errs.KindOf(err) != errs.NotFound {
			return err
		}
	}
	return nil
}

// Restore brings a removed device back, an edge with what was removed with it. It needs a new enrolment
// or token to connect.
func (s *Service) Restore(ctx context.Context, id string) (Device, error) {
	var with *time.Time
	d, err := s.modify(ctx, id, EventRestored, removed, func(_ context.Context, _ actor.Actor, r *Record) error {
		with, r.RemovedAt = r.RemovedAt, nil
		return nil
	})
	if err != nil {
		return Device{}, err
	}
	for _, child := range s.children(id) {
		_, err := s.modify(ctx, child, EventRestored, removed, func(_ context.Context, _ actor.Actor, r *Record) error {
			if !r.RemovedAt.Equal(*with) {
				return errs.E(errs.Conflict, "device.not_removed", "not removed together")
			}
			r.RemovedAt = nil
			return nil
		})
		if err != nil && errs.KindOf(err) != errs.Conflict {
			return Device{}, err
		}
	}
	return d, nil
}

func (s *Service) children(edge string) []string {
	s.reg.mu.RLock()
	defer s.reg.mu.RUnlock()
	var out []string
	for id := range s.reg.behind[edge] {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}
