package steer

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/floor"
	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	// orderLife is how long an order may be on its way: one that moves a camera later is not wanted any more.
	orderLife = 2 * time.Second
	// answerWithin is how long the caller waits for what became of it.
	answerWithin = 6 * time.Second
	idle         = time.Hour
)

// Devices is the register (device.Service).
type Devices interface {
	// Visible finds a device that the actor of the context may see.
	Visible(ctx context.Context, id string) (device.Device, bool)
	// All lists every device that the actor of the context may see.
	All(ctx context.Context) ([]device.Device, error)
	// Reported is what an edge last said of itself: errs.NotFound when it has not.
	Reported(ctx context.Context, edge string) (device.Reported, error)
}

// Sender sends a command to an edge and waits for its result (device.Orders).
type Sender interface {
	Send(ctx context.Context, edge string, cmd wire.Command, within time.Duration) (wire.CommandResult, error)
}

// Options of the service.
type Options struct {
	Devices Devices
	Orders  Sender
	Events  event.Publisher
	Log     *slog.Logger
}

// Service turns cameras. Start ends what nobody renews.
type Service struct {
	Options
	floors *floor.Book
	loop   *run.Loop
}

// New makes a service.
func New(o Options) *Service {
	return &Service{Options: o, floors: floor.New(floorLength), loop: run.NewLoop()}
}

// Start looks after floors that lapse.
func (s *Service) Start(ctx context.Context) {
	s.loop.Start(actor.WithSystem(ctx, "steering"), idle, func(ctx context.Context, _ bool) time.Duration {
		now := time.Now()
		gone, next := s.floors.Lapsed(now)
		for _, h := range gone {
			s.ended(ctx, h, now, true)
		}
		if next.IsZero() {
			return idle
		}
		return max(time.Until(next), time.Millisecond)
	})
}

// Stop ends that.
func (s *Service) Stop(ctx context.Context) error { return s.loop.Stop(ctx) }

// List is every camera that can be turned and that the actor may watch.
func (s *Service) List(ctx context.Context) ([]Head, error) {
	if _, err := actor.Require(ctx, actor.VideoWatch); err != nil {
		return nil, err
	}
	system := actor.WithSystem(ctx, "steering")
	all, err := s.Devices.All(system)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	out := []Head{}
	for _, edge := range all {
		if edge.Kind != device.Edge {
			continue
		}
		reported, err := s.Devices.Reported(system, edge.ID)
		if errs.KindOf(err) == errs.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, c := range reported.Status.Cameras {
			if c.Steer == nil {
				continue
			}
			if d, ok := s.Devices.Visible(ctx, c.ID); ok && d.Parent == edge.ID {
				held, is := s.floors.Of(c.ID, now)
				out = append(out, of(c.ID, *c.Steer, edge, held, is))
			}
		}
	}
	slices.SortFunc(out, func(a, b Head) int { return cmp.Compare(a.Camera, b.Camera) })
	return out, nil
}

// Steer sends an order and waits for what becomes of it; an order takes the floor of the camera, or renews it.
// errs.Conflict: somebody else turns it. errs.Unavailable: its terminal is not connected, or has not answered, so that
// nobody knows; what moves then ends by itself.
func (s *Service) Steer(ctx context.Context, o Order) (Taken, error) {
	a, err := actor.Require(ctx, actor.VideoSteer)
	if err != nil {
		return Taken{}, err
	}
	m, err := o.wire()
	if err != nil {
		return Taken{}, err
	}
	camera, edge, err := s.target(ctx, o.Camera)
	if err != nil {
		return Taken{}, err
	}
	if err := s.take(ctx, camera, floor.Holder{ID: a.ID, Name: a.Name}); err != nil {
		return Taken{}, err
	}
	if kind := map[string]string{wire.SteerSave: EventSaved, wire.SteerRemove: EventRemoved}[o.Act]; kind != "" {
		if o.Act == wire.SteerRemove {
			o.Name = s.presetName(ctx, edge.ID, o)
		}
		changed := event.New(ctx, kind, camera.ID, camera.Division, o)
		if err := s.Events.Record(ctx, &changed); err != nil {
			return Taken{}, err
		}
		s.Events.Publish(ctx, changed)
	}
	body, err := json.Marshal(m)
	if err != nil {
		return Taken{}, fmt.Errorf("encode order: %w", err)
	}
	result, err := s.Orders.Send(ctx, edge.ID, device.NewCommand(wire.CommandSteer, body, orderLife), answerWithin)
	if err != nil {
		return Taken{}, err
	}
	return Taken{OK: result.OK, Error: result.Error}, nil
}

// presetName is what a preset was called when the terminal last told it.
func (s *Service) presetName(ctx context.Context, edge string, o Order) string {
	reported, err := s.Devices.Reported(actor.WithSystem(ctx, "steering"), edge)
	if state := stateOf(reported.Status, o.Camera); err == nil && state != nil {
		for _, p := range state.Presets {
			if p.Token == o.Preset {
				return wire.Text(p.Name, 4*wire.MaxPresetName)
			}
		}
	}
	return ""
}

// Release gives a camera back; one that is not the actor's is no error.
func (s *Service) Release(ctx context.Context, id string) error {
	a, err := actor.Require(ctx, actor.VideoSteer)
	if err != nil {
		return err
	}
	if h, ok := s.floors.Give(id, a.ID); ok {
		s.ended(ctx, h, time.Now(), false)
	}
	return nil
}

// target is a camera that can be turned now, and its terminal.
func (s *Service) target(ctx context.Context, id string) (camera, edge device.Device, err error) {
	camera, ok := s.Devices.Visible(ctx, id)
	if !ok || camera.Kind != device.Camera {
		return camera, edge, errs.E(errs.NotFound, "steer.no_camera", "there is no camera %s", id)
	}
	system := actor.WithSystem(ctx, "steering")
	edge, ok = s.Devices.Visible(system, camera.Parent)
	if !ok || edge.State != device.Online {
		return camera, edge, errs.E(errs.Unavailable, "steer.offline", "terminal %s is not connected", camera.Parent)
	}
	reported, err := s.Devices.Reported(system, edge.ID)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return camera, edge, err
	}
	if stateOf(reported.Status, id) == nil {
		return camera, edge, errs.E(errs.Conflict, "steer.fixed", "camera %s cannot be turned: its terminal has no onvif address for it", id)
	}
	return camera, edge, nil
}

// take takes the floor or renews it; that somebody begins is written down first.
func (s *Service) take(ctx context.Context, camera device.Device, by floor.Holder) error {
	now := time.Now()
	held, fresh, ok, lapsed := s.floors.Take(camera.ID, by, now)
	if !ok {
		return errs.E(errs.Conflict, "steer.taken", "%s turns this camera", held.By.Name)
	}
	if lapsed != nil {
		s.ended(ctx, *lapsed, now, true)
	}
	s.loop.Wake()
	if !fresh {
		return nil
	}
	taken := event.New(ctx, EventTaken, camera.ID, camera.Division, Turn{Camera: camera.ID, By: by})
	if err := s.Events.Record(ctx, &taken); err != nil {
		s.floors.Give(camera.ID, by.ID)
		return err
	}
	s.Events.Publish(ctx, taken)
	return nil
}

// ended tells that somebody does not turn a camera any more, under the name of who did.
func (s *Service) ended(ctx context.Context, h floor.Held, now time.Time, lapsed bool) {
	division := ""
	if d, ok := s.Devices.Visible(actor.WithSystem(ctx, "steering"), h.Key); ok {
		division = d.Division
	}
	ctx = actor.With(ctx, actor.Actor{Kind: actor.User, ID: h.By.ID, Name: h.By.Name})
	s.Events.Publish(ctx, event.New(ctx, EventEnded, h.Key, division, Turn{Camera: h.Key, By: h.By, Seconds: int64(now.Sub(h.Since).Seconds()), Lapsed: lapsed}))
}
