// Package actuator switches sirens, lamps and relays: while an alarm of this terminal holds, or when the
// centre asks for it. Each output has a safe state and a longest time away from it (max_on). Rule that must
// never break: an output is away from its safe state for no longer than max_on at a stretch, whatever the
// link, the centre or the alarm do; and when nothing is known it goes to its safe state: at the start, at
// the end, and when its device was lost.
//
// What the agent cannot do: end a siren whose relay it does not reach any more, or when it is dead itself.
// There the hardware must: a relay module that drops out when nobody talks to it, or a timer relay set to
// max_on. docs/operations.md says how.
package actuator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// StateKey names our value in the outbox.
const StateKey = "outputs"

// byCommand is the reason of an output that a person at the centre has switched.
const byCommand = "command"

const (
	// verifyEvery is how often an output that is away from its safe state is looked at; restEvery the same
	// for one at rest.
	verifyEvery, restEvery = 10 * time.Second, time.Minute
	// lostAfter is how many looks in a row must fail until a device counts as lost.
	lostAfter = 3
	// slowest is how long a device that does not answer is left alone at most; a siren that sounds, less.
	slowest, slowestActive = 30 * time.Second, 5 * time.Second
	requestTimeout         = 5 * time.Second
	stopTimeout            = 5 * time.Second
)

// Device is one with outputs.
type Device struct {
	ID      string
	Switch  driver.Switch
	Outputs []profile.Output
	Own     bool // nobody reads it: it is closed here
}

// Actuator switches the outputs of this terminal. Fill the exported fields, then Load, then Run.
type Actuator struct {
	Devices []Device
	Keep    func(ctx context.Context, values map[string][]byte) error // makes values durable (outbox)
	Now     func() (time.Time, bool)                                  // the agent's clock, and whether it is set
	Uptime  func() (boot string, since time.Duration)                 // of the machine (clock.Uptime)
	Changed func()                                                    // the state of an output changed; may be nil
	Log     *slog.Logger

	mu      sync.Mutex
	outputs map[name]*output
	wake    map[string]chan struct{} // by device
	running bool
	dirty   bool // what is held is not kept yet
	keeping sync.Mutex
}

type name struct{ device, output string }

// output is one output with what is known of it.
type output struct {
	profile.Output
	holds    holds
	rested   bool      // it was in its safe state since the start, or since its device was lost
	changes  int       // of what is wanted; a look that began before the last one is made again
	on       *bool     // as last confirmed; nil: not known
	at       time.Time // when it was confirmed
	next     time.Time // when to look again
	failures int
	fault    string
	waiting  []chan error // who wants to know how the next look went
}

// value is what the output should be.
func (o *output) value(active bool) bool { return active != o.SafeOn() }

// Load takes over what was held when the agent ended, as far as allowed still wants it. A command does not
// outlive the agent.
func (a *Actuator) Load(ctx context.Context, get func(ctx context.Context, key string) ([]byte, error), allowed func(alarm, device, output string) bool) error {
	a.outputs, a.wake = map[name]*output{}, map[string]chan struct{}{}
	for _, d := range a.Devices {
		a.wake[d.ID] = make(chan struct{}, 1)
		for _, o := range d.Outputs {
			a.outputs[name{d.ID, o.ID}] = &output{Output: o}
		}
	}
	text, err := get(ctx, StateKey)
	if err != nil || len(text) == 0 {
		return err
	}
	old := map[string]map[string]kept{}
	if err := json.Unmarshal(text, &old); err != nil {
		return fmt.Errorf("read what outputs were held for: %w", err)
	}
	now, at := time.Now(), a.moment()
	for n, o := range a.outputs {
		if k, ok := old[n.device][n.output]; ok {
			o.holds = k.restore(now, at, func(reason string) bool {
				return reason != byCommand && allowed(reason, n.device, n.output)
			})
		}
	}
	return nil
}

func (a *Actuator) moment() moment {
	wall, set := a.Now()
	boot, up := a.Uptime()
	return moment{Wall: wall.UnixMilli(), Set: set, Boot: boot, Up: up.Milliseconds()}
}

// Hold switches an output for an alarm. An action on an output that is not here is for another terminal.
func (a *Actuator) Hold(alarm string, do rule.Action) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if o := a.outputs[name{do.Device, do.Output}]; o != nil {
		a.add(do.Device, o, alarm, time.Duration(do.For))
	}
}

// Release says that an alarm has ended.
func (a *Actuator) Release(alarm string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for n, o := range a.outputs {
		if _, held := o.holds.until[alarm]; held {
			delete(o.holds.until, alarm)
			a.touch(n.device, o)
		}
	}
}

// Set does what the centre asks for and returns when the device has confirmed it. Switching to the safe
// state ends whatever holds the output, alarms too: that is how a siren is silenced. What could not be
// done is not tried again later, when nobody expects it.
func (a *Actuator) Set(ctx context.Context, m wire.OutputSet) error {
	a.mu.Lock()
	o := a.outputs[name{m.Device, m.Output}]
	if o == nil {
		a.mu.Unlock()
		return fmt.Errorf("%w: %s of %s", driver.ErrNoOutput, m.Output, m.Device)
	}
	if !a.running {
		a.mu.Unlock()
		return errors.New("the agent is ending")
	}
	if m.On == o.SafeOn() {
		clear(o.holds.until)
		a.touch(m.Device, o)
	} else {
		a.add(m.Device, o, byCommand, time.Duration(m.Seconds)*time.Second)
	}
	done := make(chan error, 1)
	o.waiting = append(o.waiting, done)
	a.mu.Unlock()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		err = fmt.Errorf("output not confirmed: %w", ctx.Err())
	}
	if err != nil {
		a.Release(byCommand)
	}
	return err
}

func (a *Actuator) add(device string, o *output, reason string, wanted time.Duration) {
	if away := o.on != nil && *o.on != o.SafeOn(); len(o.holds.until) == 0 && !away {
		o.holds = holds{} // a new stretch
	}
	o.holds.add(reason, &o.Output, wanted, time.Now())
	a.touch(device, o)
}

// touch makes the device's loop look at an output now.
func (a *Actuator) touch(device string, o *output) {
	o.next, a.dirty = time.Time{}, true
	o.changes++
	select {
	case a.wake[device] <- struct{}{}:
	default:
	}
}

// Run switches until ctx ends, then puts everything into its safe state.
func (a *Actuator) Run(ctx context.Context) {
	a.mu.Lock()
	a.running = true
	a.mu.Unlock()
	var wg sync.WaitGroup
	for _, d := range a.Devices {
		wg.Go(func() { a.serve(ctx, d) })
	}
	wg.Wait()
}

// States says how every output stands.
func (a *Actuator) States() []wire.OutputState {
	wall, _ := a.Now()
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []wire.OutputState
	for _, d := range a.Devices {
		for _, p := range d.Outputs {
			o := a.outputs[name{d.ID, p.ID}]
			s := wire.OutputState{
				Device: d.ID, Output: o.ID, Name: o.Name, NameEN: o.NameEN, MaxOn: int(time.Duration(o.MaxOn).Seconds()), Safe: o.SafeOn(),
				On: o.on, Error: o.fault, Why: o.holds.reasons(),
			}
			if !o.at.IsZero() {
				s.At = wall.Add(o.at.Sub(now)).UnixMilli()
			}
			if last := o.holds.last(); !last.IsZero() {
				s.Until = wall.Add(last.Sub(now)).UnixMilli()
			}
			out = append(out, s)
		}
	}
	return out
}

// Sensors says of the devices that nobody reads whether they answer.
func (a *Actuator) Sensors() []wire.SensorState {
	wall, _ := a.Now()
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []wire.SensorState
	for _, d := range a.Devices {
		if !d.Own {
			continue
		}
		s := wire.SensorState{ID: d.ID, OK: true}
		for _, p := range d.Outputs {
			o := a.outputs[name{d.ID, p.ID}]
			if o.fault != "" || o.on == nil {
				s.OK, s.Error = false, o.fault
			}
			if !o.at.IsZero() {
				s.At = max(s.At, wall.Add(o.at.Sub(now)).UnixMilli())
			}
		}
		out = append(out, s)
	}
	return out
}
