package talk

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/floor"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/central/internal/world"
	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/wire"
)

// Devices is the register (device.Service).
type Devices interface {
	Visible(ctx context.Context, id string) (device.Device, bool)
	All(ctx context.Context) ([]device.Device, error)
	// Reported is what an edge last said of itself: errs.NotFound when it has not.
	Reported(ctx context.Context, edge string) (device.Reported, error)
}

// Sender sends a command to an edge and waits for its result (device.Orders).
type Sender interface {
	Send(ctx context.Context, edge string, cmd wire.Command, within time.Duration) (wire.CommandResult, error)
}

// Router forwards sound (sfu.SFU).
type Router interface {
	// Speak also gives for how long sound has come, which holds after the end of the session.
	Speak(ctx context.Context, streams []string, plain bool, offer string) (a video.Answer, length func() time.Duration, err error)
	Hang(session string) error
}

// Pictures knows the streams (video.Service).
type Pictures interface {
	HearTicket(edge string) video.Ticket
	Sends(stream string) bool
	RelaysFor(user, host string) ([]video.ICEServer, error)
}

// Journal writes into the timeline of an incident that the actor of the context may see.
type Journal interface {
	// May reports whether the actor may write there.
	May(ctx context.Context, incident string) error
	// Spoke writes down that somebody spoke to those listeners, and for how long sound came; 0: none did.
	Spoke(ctx context.Context, incident string, listeners []string, length time.Duration) error
}

// Options of the service.
type Options struct {
	Devices  Devices
	Orders   Sender
	Router   Router
	Pictures Pictures
	Journal  Journal
	Events   event.Publisher
	Log      *slog.Logger
}

// Service lets people speak. Start ends what nobody renews.
type Service struct {
	Options
	floors *floor.Book // holders are calls
	loop   *run.Loop
	wg     sync.WaitGroup

	mu    sync.Mutex
	calls map[string]*call
}

// call is one person who speaks. places and asked are guarded by the service's lock.
type call struct {
	id        string
	by        actor.Actor
	session   string               // of the router
	length    func() time.Duration // for which its sound has come; nil: it has no session
	incident  string
	since     time.Time
	listeners []listener // that have given it the floor
	places    map[string]*Heard
	asked     time.Time // the terminals, to hear
}

// listener is where somebody is heard.
type listener struct {
	device  device.Device
	kind    Kind
	cameras []string
}

// New makes a service.
func New(o Options) *Service {
	return &Service{Options: o, floors: floor.New(floorLength), loop: run.NewLoop(), calls: map[string]*call{}}
}

// Start looks after calls that lapse.
func (s *Service) Start(ctx context.Context) {
	const idle = time.Hour
	s.loop.Start(actor.WithSystem(ctx, "talk"), idle, func(ctx context.Context, _ bool) time.Duration {
		gone, next := s.floors.Lapsed(time.Now())
		for _, h := range gone {
			s.end(ctx, h.By.ID, true)
		}
		if next.IsZero() {
			return idle
		}
		return max(time.Until(next), time.Millisecond)
	})
}

// Stop ends that, and waits for what terminals were asked.
func (s *Service) Stop(ctx context.Context) error {
	err := s.loop.Stop(ctx)
	s.wg.Wait()
	return err
}

// Begin takes the floor of the scenes and answers the offer of who speaks. A scene that cannot be had is told in its
// place; errs.Conflict or errs.Unavailable when none can. Terminals are asked at once and together: whether they hear is
// in the places of Renew.
func (s *Service) Begin(ctx context.Context, w Wish) (Call, error) {
	a, err := actor.Require(ctx, actor.VideoTalk)
	if err != nil {
		return Call{}, err
	}
	if err := world.Outside(ctx, "the loudspeaker of a scene"); err != nil {
		return Call{}, err
	}
	if err := w.check(); err != nil {
		return Call{}, err
	}
	if w.Incident != "" {
		if err := s.Journal.May(ctx, w.Incident); err != nil {
			return Call{}, err
		}
	}
	now := time.Now()
	c := &call{id: uuid.Must(uuid.NewV7()).String(), by: a, incident: w.Incident, since: now, places: map[string]*Heard{}, asked: now}
	var refused error
	for _, id := range w.Listeners {
		l, err := s.find(ctx, id)
		if err == nil {
			err = s.reachable(ctx, l)
		}
		if err == nil {
			err = s.take(ctx, c, l, now)
		}
		if err != nil {
			refused = cmp.Or(refused, err)
			c.places[id] = placed(id, err)
		}
	}
	if len(c.listeners) == 0 {
		return Call{}, refused
	}
	answer, err := s.speak(ctx, c, w.SDP)
	if err != nil {
		return Call{}, err
	}
	s.loop.Wake()
	relays, err := s.Pictures.RelaysFor(a.ID, w.Host)
	if err != nil {
		s.Log.Warn("who speaks is told no relay", "error", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return Call{ID: c.id, SDP: answer, Relays: relays, Places: c.told()}, nil
}
