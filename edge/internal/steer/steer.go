// Package steer turns cameras for somebody at the centre. The agent hands it the orders. Rule that must never break:
// a camera moves only while orders come; when they stop coming – a lost link, a dead browser – it is stopped here,
// and the stop is tried until the camera has taken it.
package steer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/fengsui/fengsui/edge/internal/onvif"
	"github.com/fengsui/fengsui/shared/wire"
)

// ErrCamera says that a camera cannot be turned from here.
var ErrCamera = errors.New("no such camera, or edge.yml has no onvif address for it")

const (
	askEvery     = 10 * time.Minute // for presets
	retryFirst   = 250 * time.Millisecond
	retryLast    = 5 * time.Second
	lastStopping = 3 * time.Second // for the stop at the end of the agent
	arriveEvery  = 500 * time.Millisecond
	arriveWithin = 20 * time.Second // a camera that has not reached its preset by then is not asked any more
)

// Options is what steering needs.
type Options struct {
	Log     *slog.Logger
	Cameras []onvif.Options
	Changed func() // what States tells has changed; may be nil
}

// Desk is the cameras that can be turned.
type Desk struct {
	o     Options
	heads map[string]*head // does not change
}

// head is one camera.
type head struct {
	desk   *Desk
	id     string
	camera *onvif.Camera
	wake   chan struct{}

	mu      sync.Mutex
	next    *order // not yet sent; a newer one replaces it
	until   time.Time
	moving  bool // it may be moving: a move was sent and no stop was taken since
	presets []wire.Preset
	to      string    // the preset that it is on the way to
	sent    time.Time // when it was sent there
	at      string    // and the one that it stands at
	fault   string
	ended   bool
}

// order is what is wanted, and who waits for what becomes of it.
type order struct {
	wire.Steer
	waiting []chan error
}

// New makes the desk. Nothing is opened before Run.
func New(o Options) *Desk {
	d := &Desk{o: o, heads: map[string]*head{}}
	d.o.Log = o.Log.With("component", "steer")
	for _, c := range o.Cameras {
		d.heads[c.ID] = &head{desk: d, id: c.ID, camera: onvif.New(c), wake: make(chan struct{}, 1)}
	}
	return d
}

// Take takes an order; what it returns waits for what becomes of it. A newer order stands in the place of one that has
// not been sent, and answers for it.
func (d *Desk) Take(m wire.Steer) (wait func(context.Context) error, err error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	h := d.heads[m.Camera]
	if h == nil {
		return nil, fmt.Errorf("steer %s: %w", m.Camera, ErrCamera)
	}
	done := make(chan error, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return nil, errors.New("the agent is ending")
	}
	o := &order{Steer: m, waiting: []chan error{done}}
	if h.next != nil {
		o.waiting = append(o.waiting, h.next.waiting...)
	}
	h.next, h.until = o, time.Time{}
	if m.Act == wire.SteerMove {
		h.until = time.Now().Add(time.Duration(m.HoldMS) * time.Millisecond)
	}
	h.poke()
	return func(ctx context.Context) error {
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
			return fmt.Errorf("camera %s has not answered: %w", m.Camera, ctx.Err())
		}
	}, nil
}

func (h *head) poke() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// States tells of the cameras that can be turned.
func (d *Desk) States() map[string]*wire.SteerState {
	out := make(map[string]*wire.SteerState, len(d.heads))
	for id, h := range d.heads {
		h.mu.Lock()
		out[id] = &wire.SteerState{Presets: h.presets, At: h.at, Error: h.fault}
		h.mu.Unlock()
	}
	return out
}

// Run turns cameras until ctx ends, and stops what moves then.
func (d *Desk) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, h := range d.heads {
		wg.Go(func() { h.run(ctx) })
	}
	wg.Wait()
}

func (h *head) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var asked time.Time
	wait := retryFirst
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			continue
		case <-h.wake:
		case <-timer.C:
		}
		now := time.Now()
		h.mu.Lock()
		o := h.next
		h.next = nil
		lapsed := o == nil && h.moving && !now.Before(h.until)
		onWay := h.to != ""
		h.mu.Unlock()
		switch {
		case o != nil:
			h.carryOut(ctx, o)
			if o.Act == wire.SteerSave || o.Act == wire.SteerRemove {
				asked = time.Time{}
			}
			wait = retryFirst
		case lapsed:
			if err := h.stop(ctx); err != nil {
				timer.Reset(wait)
				wait = min(2*wait, retryLast)
				continue
			}
			h.told(nil)
			wait = retryFirst
		case onWay:
			h.arrive(ctx, now)
		case now.Sub(asked) >= askEvery:
			asked = now
			h.ask(ctx)
		}
		timer.Reset(h.rest(asked))
	}
	h.end(ctx)
}

// rest is how long nothing is due.
func (h *head) rest(asked time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	due := asked.Add(askEvery)
	if next := time.Now().Add(arriveEvery); h.to != "" && next.Before(due) {
		due = next
	}
	if h.moving && h.until.Before(due) {
		due = h.until
	}
	return max(time.Until(due), time.Millisecond)
}

// carryOut does one order.
func (h *head) carryOut(ctx context.Context, o *order) {
	var err error
	if o.Act != wire.SteerSave && o.Act != wire.SteerRemove {
		h.stands("", "")
	}
	switch o.Act {
	case wire.SteerMove:
		h.mu.Lock()
		h.moving = true // from here on: the camera may take it although its answer is lost
		h.mu.Unlock()
		err = h.camera.Move(ctx, onvif.Velocity{Pan: o.Pan, Tilt: o.Tilt, Zoom: o.Zoom}, time.Duration(o.HoldMS)*time.Millisecond)
	case wire.SteerStop:
		err = h.stop(ctx)
	case wire.SteerGo:
		if err = h.stop(ctx); err == nil {
			err = h.camera.Go(ctx, o.Preset)
		}
		if err == nil {
			h.stands("", o.Preset)
		}
	case wire.SteerSave:
		if err = h.stop(ctx); err == nil {
			err = h.camera.Save(ctx, o.Name)
		}
	case wire.SteerRemove:
		if err = h.stop(ctx); err == nil {
			err = h.camera.Remove(ctx, o.Preset)
		}
	}
	h.told(err)
	for _, w := range o.waiting {
		w <- err
	}
}

// stop ends a movement, when there may be one.
func (h *head) stop(ctx context.Context) error {
	h.mu.Lock()
	moving := h.moving
	h.mu.Unlock()
	if !moving {
		return nil
	}
	err := h.camera.Stop(ctx)
	if err != nil {
		h.desk.o.Log.Warn("camera is not stopped", "camera", h.id, "error", err)
		h.told(err)
		return err
	}
	h.mu.Lock()
	h.moving = false
	h.mu.Unlock()
	return nil
}

// stands notes the preset that the camera stands at and the one that it is on the way to; empty: none.
func (h *head) stands(at, to string) {
	h.mu.Lock()
	changed := h.at != at
	h.at, h.to, h.sent = at, to, time.Now()
	h.mu.Unlock()
	if changed {
		h.desk.changed()
	}
}

// arrive asks whether the camera has reached its preset. One that does not say is not asked again, and nothing is claimed.
func (h *head) arrive(ctx context.Context, now time.Time) {
	moves, told, err := h.camera.Moves(ctx)
	h.mu.Lock()
	to, late := h.to, now.Sub(h.sent) > arriveWithin
	h.mu.Unlock()
	switch {
	case err != nil, !told, late:
		h.stands("", "")
	case !moves:
		h.stands(to, "")
	}
}

// ask asks for the presets.
func (h *head) ask(ctx context.Context) {
	found, err := h.camera.Presets(ctx)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		h.told(err)
		return
	}
	list := make([]wire.Preset, 0, len(found))
	for _, p := range found {
		list = append(list, wire.Preset{Token: p.Token, Name: p.Name})
	}
	h.mu.Lock()
	h.presets = list
	h.mu.Unlock()
	h.desk.changed()
	h.told(nil)
}

// told notes how the camera took the last order.
func (h *head) told(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	h.mu.Lock()
	changed := h.fault != text
	h.fault = text
	h.mu.Unlock()
	if changed {
		h.desk.changed()
	}
}

func (d *Desk) changed() {
	if d.o.Changed != nil {
		d.o.Changed()
	}
}

// end stops what moves; the context is over by now.
func (h *head) end(ctx context.Context) {
	h.mu.Lock()
	h.ended = true
	o := h.next
	h.next = nil
	h.mu.Unlock()
	if o != nil {
		for _, w := range o.waiting {
			w <- errors.New("the agent is ending")
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastStopping)
	defer cancel()
	_ = h.stop(ctx) // said by stop
}
