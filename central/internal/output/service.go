package output

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/world"
	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	// orderLife is how long an order may be on its way: a siren that sounds minutes later frightens people
	// for nothing.
	orderLife = 5 * time.Second
	// answerWithin is how long the caller waits for what became of it.
	answerWithin = 15 * time.Second
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
	Journal Journal
	Log     *slog.Logger
}

// Service shows outputs and sends orders. Start writes down what is answered late.
type Service struct {
	Options
	late late
}

// New makes a service.
func New(o Options) *Service {
	return &Service{Options: o, late: late{Loop: run.NewLoop(), flying: map[string]*wire.CommandResult{}}}
}

// List is every output that the actor may see, by device.
func (s *Service) List(ctx context.Context) ([]Output, error) {
	if _, err := actor.Require(ctx, actor.DeviceRead); err != nil {
		return nil, err
	}
	system := actor.WithSystem(ctx, "outputs")
	all, err := s.Devices.All(system)
	if err != nil {
		return nil, err
	}
	out := []Output{}
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
		for _, state := range reported.Status.Outputs {
			if d, ok := s.Devices.Visible(ctx, state.Device); ok && d.Parent == edge.ID {
				out = append(out, of(d, state, edge, reported.At))
			}
		}
	}
	slices.SortFunc(out, func(a, b Output) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.Output, b.Output))
	})
	return out, nil
}

// Switch orders an output and waits for what becomes of it. An Outcome without an error but not OK means
// that the terminal has answered and the device has not followed. errs.Unavailable: the terminal is not
// connected, or has not answered, so that nobody knows.
func (s *Service) Switch(ctx context.Context, o Order) (Outcome, error) {
	if _, err := actor.Require(ctx, actor.OutputSwitch); err != nil {
		return Outcome{}, err
	}
	if err := world.Outside(ctx, "a siren or relay"); err != nil {
		return Outcome{}, err
	}
	if err := o.check(); err != nil {
		return Outcome{}, err
	}
	list, err := s.List(ctx)
	if err != nil {
		return Outcome{}, err
	}
	at := slices.IndexFunc(list, func(x Output) bool { return x.Device == o.Device && x.Output == o.Output })
	if at < 0 {
		return Outcome{}, errs.E(errs.NotFound, "output.not_found", "there is no output %s of %s", o.Output, o.Device)
	}
	target := list[at]
	if !target.Online {
		return Outcome{}, errs.E(errs.Unavailable, "output.offline", "terminal %s is not connected", target.Edge)
	}
	body, err := json.Marshal(wire.OutputSet{Device: o.Device, Output: o.Output, On: o.On, Seconds: o.Seconds})
	if err != nil {
		return Outcome{}, fmt.Errorf("encode order: %w", err)
	}
	cmd := device.NewCommand(wire.CommandOutputSet, body, orderLife)
	outcome := Outcome{Order: o, Command: cmd.ID}
	ordered := news(ctx, EventOrdered, o, target.Division, Ordered{o, cmd.ID})
	if err := s.Events.Record(ctx, &ordered); err != nil {
		return Outcome{}, err
	}
	s.Events.Publish(ctx, ordered)
	s.sent(cmd.ID)
	result, err := s.Orders.Send(ctx, target.Edge, cmd, answerWithin)
	if err != nil {
		outcome.Error, outcome.Unanswered = err.Error(), errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
	} else {
		outcome.OK, outcome.Error = result.OK, result.Error
	}
	s.Events.Publish(context.WithoutCancel(ctx), news(ctx, EventAnswered, o, target.Division, outcome))
	s.told(target.Edge, outcome)
	return outcome, err
}
