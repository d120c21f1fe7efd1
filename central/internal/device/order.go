package device

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/world"
	"github.com/fengsui/fengsui/shared/wire"
)

// Commander sends a command to an edge; an error means that it was not sent.
type Commander interface {
	Command(ctx context.Context, edge string, cmd wire.Command) error
}

// Orders sends commands and waits for what becomes of them. Result may be called from the beginning.
type Orders struct {
	Commander Commander

	mu      sync.Mutex
	waiting map[string]waiter // by id of the command
}

type waiter struct {
	edge string
	done chan wire.CommandResult
}

// NewCommand makes a command that may be on its way for so long.
func NewCommand(kind string, body []byte, life time.Duration) wire.Command {
	return wire.Command{ID: uuid.Must(uuid.NewV7()).String(), Kind: kind, Expires: wire.Millis(time.Now().Add(life)), Body: body}
}

// Send sends a command and waits for its result. errs.Unavailable: the edge is not connected, or has not
// answered in time, so that nobody knows what it did.
func (o *Orders) Send(ctx context.Context, edge string, cmd wire.Command, within time.Duration) (wire.CommandResult, error) {
	if err := world.Outside(ctx, "an order to a terminal"); err != nil {
		return wire.CommandResult{}, err
	}
	w := waiter{edge, make(chan wire.CommandResult, 1)}
	o.mu.Lock()
	if o.waiting == nil {
		o.waiting = map[string]waiter{}
	}
	o.waiting[cmd.ID] = w
	o.mu.Unlock()
	defer func() {
		o.mu.Lock()
		delete(o.waiting, cmd.ID)
		o.mu.Unlock()
	}()
	if err := o.Commander.Command(ctx, edge, cmd); err != nil {
		return wire.CommandResult{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	select {
	case r := <-w.done:
		return r, nil
	case <-ctx.Done():
		return wire.CommandResult{}, errs.Wrap(ctx.Err(), errs.Unavailable, "device.no_answer",
			"terminal "+edge+" has not answered; whether it did what it was told is not known")
	}
}

// Result takes the outcome of a command to an edge (EventResult). It returns at once.
func (o *Orders) Result(edge string, r wire.CommandResult) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if w, ok := o.waiting[r.Command]; ok && w.edge == edge {
		select {
		case w.done <- r:
		default: // it was answered already
		}
	}
}

// How long an edge may take for a new certificate: it asks for it over HTTP and then answers over MQTT.
const (
	renewLife   = 30 * time.Second
	renewWithin = time.Minute
)

// RenewNow makes an edge renew its certificate now and returns it with the new one.
func (s *Service) RenewNow(ctx context.Context, id string) (Device, error) {
	if _, err := actor.Require(ctx, actor.DeviceWrite); err != nil {
		return Device{}, err
	}
	d, ok := s.Visible(ctx, id)
	switch {
	case !ok:
		return Device{}, notFound(id)
	case d.Kind != Edge:
		return Device{}, errs.E(errs.Invalid, "device.no_certificate", "%s has no certificate of its own", id)
	case s.Orders == nil || !s.Connected(ctx, id):
		return Device{}, errs.E(errs.Unavailable, "device.offline", "terminal %s is not connected; ask again when it is", id)
	}
	asked := news(ctx, EventRenewAsked, d)
	if err := s.Events.Record(ctx, &asked); err != nil {
		return Device{}, err
	}
	s.Events.Publish(ctx, asked)
	r, err := s.Orders.Send(ctx, id, NewCommand(wire.CommandRenew, nil, renewLife), renewWithin)
	if err != nil {
		return Device{}, err
	}
	switch {
	case !r.OK && r.Error == wire.RefusedNotEnrolled:
		return Device{}, errs.E(errs.Conflict, "device.not_enrolled",
			"terminal %s has a certificate that somebody gave it (centre.cert in its edge.yml), so that the centre cannot renew it: put the new one there, or enrol the terminal", id)
	case !r.OK:
		return Device{}, errs.E(errs.Conflict, "device.renew_refused", "terminal %s has not renewed its certificate: %s", id, r.Error)
	}
	return s.Get(ctx, id)
}

// Answers is a handler of events that hands results to who waits for them.
func (o *Orders) Answers(_ context.Context, e event.Event) {
	if r, ok := e.Data.(wire.CommandResult); ok && e.Kind == EventResult {
		o.Result(e.Subject, r)
	}
}
