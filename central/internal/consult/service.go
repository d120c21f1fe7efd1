package consult

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/central/internal/world"
	"github.com/fengsui/fengsui/shared/run"
)

// Incidents are what is consulted about (incident.Service).
type Incidents interface {
	Get(ctx context.Context, id string) (incident.Incident, error)
	Record(ctx context.Context, id string, o account.Org, st incident.Step, known *incident.Known) error
}

// People know who may do what now (account.Service).
type People interface {
	Present(ctx context.Context, user string) (actor.Actor, error)
	User(ctx context.Context, id string) (account.User, error)
}

// Router carries pictures and sound (sfu.SFU).
type Router interface {
	Sit(ctx context.Context, streams []string, own int, user, offer string) (video.Answer, error)
	Show(session string, at int, stream string, wish video.Wish) (video.Shown, error)
	Mute(session string, on bool) error
	Loudness(stream string, now time.Time) (below int, ok bool)
	Hang(session string) error
}

// Pictures are the scenes (video.Service).
type Pictures interface {
	// Lend asks for a scene that the actor may watch, so that a room sees it; it returns its name.
	Lend(ctx context.Context, stream string) (string, error)
	// Sees is errs.Denied, NotFound or Unauthenticated when a user may not watch a scene any more.
	Sees(ctx context.Context, user, stream string) error
	// RelaysFor are the relays for somebody who does not reach the port of pictures.
	RelaysFor(user, host string) ([]video.ICEServer, error)
}

// Recorder keeps streams; the service has authorised that.
type Recorder interface {
	Begin(ctx context.Context, stream string) error
	End(ctx context.Context, stream string) error
	// Borrow records a camera that is not recorded yet; ordered is nil when it is. GiveBack ends what it ordered.
	Borrow(ctx context.Context, stream string) (ordered *time.Time, err error)
	GiveBack(ctx context.Context, stream string, ordered time.Time) error
	// Hold keeps what was recorded of a stream of a room, since that was last recorded, for an incident or file.
	Hold(ctx context.Context, r Room, stream string, to time.Time, reference string) error
}

// Options of the service.
type Options struct {
	Store     Store
	Tx        Tx
	Desks     incident.Desks
	Incidents Incidents
	People    People
	Router    Router
	Pictures  Pictures
	Recorder  Recorder // nil: nothing can be recorded
	Crowd     int      // people in a room; 0: as the rules say
	Events    event.Publisher
	Log       *slog.Logger
}

// Service is the use cases. Start looks after who is in the rooms.
type Service struct {
	Options
	loop *run.Loop

	asked     atomic.Bool // rights have changed
	full      atomic.Bool // the disk of recordings is
	recalling sync.Mutex  // taken before mu
	mu        sync.Mutex
	meetings  map[string]*meeting // by room
}

// New makes a service.
func New(o Options) *Service {
	o.Crowd = cmp.Or(o.Crowd, Crowd)
	return &Service{Options: o, loop: run.NewLoop(), meetings: map[string]*meeting{}}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func stamp() time.Time { return event.Stamp(time.Now()) }

// system is the centre itself in the world of a room.
func system(ctx context.Context, r Room) context.Context {
	return world.Into(actor.WithSystem(ctx, "consult"), world.World(r.Exercise))
}

// Open opens a room; who opens it is its chair.
func (s *Service) Open(ctx context.Context, d Draft) (Room, error) {
	a, o, err := s.Desks.Own(ctx, actor.ConsultHold)
	if err != nil {
		return Room{}, err
	}
	now := stamp()
	r := Room{
		ID: newID(), OrgID: o.ID, OrgName: o.Name, State: Open, Chair: a.ID, ChairName: a.Name, Exercise: string(world.Of(ctx)), CreatedBy: a.Name, CreatedAt: now, UsedAt: now, Version: 1,
	}
	if d.IncidentID != "" {
		i, err := s.Incidents.Get(ctx, d.IncidentID)
		if err != nil {
			return Room{}, err
		}
		if i.State != incident.Open {
			return Room{}, errs.E(errs.Conflict, "incident.not_open", "the incident was merged, withdrawn or closed; open it again first")
		}
		r.IncidentID, r.Incident = i.ID, i.No+" "+i.Title
		d.Division = cmp.Or(d.Division, i.Division)
	}
	d.Division = cmp.Or(d.Division, o.Division)
	if err := d.check(); err != nil {
		return Room{}, err
	}
	if !a.Covers(d.Division) {
		return Room{}, errs.E(errs.Denied, "consult.division_denied", "division %s is not yours", d.Division)
	}
	r.Title, r.Division = d.Title, d.Division
	err = event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		open, err := s.Store.OpenRooms(ctx)
		if err != nil {
			return err
		}
		if len(open) >= maxRooms {
			return errs.E(errs.Conflict, "consult.rooms_full", "%d rooms are open; end those that nobody needs", maxRooms)
		}
		if err := s.Store.Save(ctx, r, 0); err != nil {
			return err
		}
		return s.write(ctx, r, note, EventOpened, "opened", "", Trace{})
	})
	return r, err
}

// write keeps a line of a room, in the timeline of its incident as well, and notes the event.
func (s *Service) write(ctx context.Context, r Room, note func(event.Event), kind, act, text string, t Trace) error {
	a, _ := actor.From(ctx)
	if err := s.Store.AddLine(ctx, Line{RoomID: r.ID, At: stamp(), Act: act, ByName: a.Name, Text: text}); err != nil {
		return err
	}
	if r.IncidentID != "" {
		words := r.Title
		if text != "" {
			words += "：" + text
		}
		st := incident.Step{Kind: incident.Consulted, Act: act, Text: words, Ref: r.ID}
		if err := s.Incidents.Record(ctx, r.IncidentID, account.Org{ID: r.OrgID, Name: r.OrgName, Division: r.Division}, st, nil); err != nil {
			return err
		}
	}
	t.Room, t.Incident = r.Title, r.IncidentID
	note(event.New(ctx, kind, r.ID, r.Division, t))
	return nil
}

// change saves a room over its newest version and writes a line.
func (s *Service) change(ctx context.Context, id, kind, act, text string, t Trace, fn func(*Room) error) (Room, error) {
	var r Room
	err := event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, note func(event.Event)) error {
		if err := s.Store.Lock(ctx); err != nil {
			return err
		}
		var err error
		if r, err = s.Store.Room(ctx, id); err != nil {
			return err
		}
		if err := fn(&r); err != nil {
			return err
		}
		r.Version++
		if err := s.Store.Save(ctx, r, r.Version-1); err != nil || act == "" {
			return err
		}
		return s.write(ctx, r, note, kind, act, text, t)
	})
	if err == nil {
		s.changed(r)
	}
	return r, err
}
