package actuator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// serve looks after one device: a device that hangs delays no other.
func (a *Actuator) serve(ctx context.Context, d Device) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-a.wake[d.ID]:
		case <-timer.C:
		}
		if ctx.Err() != nil {
			break
		}
		next := time.Now().Add(restEvery)
		for _, p := range d.Outputs {
			next = earlier(a.look(ctx, d, a.outputs[name{d.ID, p.ID}]), next)
		}
		timer.Reset(max(time.Until(next), time.Millisecond))
	}
	a.end(ctx, d)
}

// end puts a device into its safe state, as well as that can be done in a few seconds.
func (a *Actuator) end(ctx context.Context, d Device) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	a.mu.Lock()
	a.running = false
	a.mu.Unlock()
	for _, p := range d.Outputs {
		o := a.outputs[name{d.ID, p.ID}]
		err := a.switchTo(ctx, d, o, o.SafeOn())
		a.mu.Lock()
		waiting := o.waiting
		o.waiting = nil
		a.mu.Unlock()
		for _, w := range waiting {
			w <- errors.New("the agent is ending")
		}
		if err != nil {
			a.Log.Error("output is not in its safe state", "device", d.ID, "output", o.ID, "error", err)
		}
	}
	if d.Own {
		if err := d.Switch.Close(); err != nil {
			a.Log.Warn("device not closed", "device", d.ID, "error", err)
		}
	}
}

// look does what one output needs and returns when to look again.
func (a *Actuator) look(ctx context.Context, d Device, o *output) time.Time {
	now := time.Now()
	a.mu.Lock()
	expired, active := o.holds.expire(now)
	a.dirty = a.dirty || expired
	waiting := o.waiting
	o.waiting = nil
	due := expired || len(waiting) > 0 || !now.Before(o.next) || !o.rested
	want := o.value(active)
	first := !o.rested && active
	known := o.on != nil && *o.on == want
	changes := o.changes
	a.mu.Unlock()
	if !due {
		return a.again(o)
	}
	// What is held must be on disk before a siren sounds: a restart must not begin its time anew.
	a.keep(ctx)
	var err error
	switch {
	case first: // even if an alarm goes on: at the start an output is put into its safe state
		if err = a.switchTo(ctx, d, o, o.SafeOn()); err == nil {
			err = a.switchTo(ctx, d, o, want)
		}
	case known && o.Readback && len(waiting) == 0:
		err = a.verify(ctx, d, o, want)
	default: // without readback it is said again, which also tells a module that somebody is there
		err = a.switchTo(ctx, d, o, want)
	}
	a.done(d, o, want, active, changes, err)
	for _, w := range waiting {
		w <- err
	}
	return a.again(o)
}

func (a *Actuator) switchTo(ctx context.Context, d Device, o *output, on bool) error {
	err := a.guard(d.ID, func() error {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		if err := d.Switch.Set(ctx, o.ID, on); err != nil || !o.Readback {
			return err
		}
		got, err := d.Switch.Get(ctx, o.ID)
		if err == nil && got != on {
			err = errors.New("output does not follow: it reads back the contrary")
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("switch %s of %s: %w", o.ID, d.ID, err)
	}
	return nil
}

// verify asks how the output stands and sets it right when something else has moved it.
func (a *Actuator) verify(ctx context.Context, d Device, o *output, want bool) error {
	got := want
	err := a.guard(d.ID, func() (err error) {
		ctx, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		got, err = d.Switch.Get(ctx, o.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("read back %s of %s: %w", o.ID, d.ID, err)
	}
	if got != want {
		a.Log.Warn("output was moved by something else", "device", d.ID, "output", o.ID)
		return a.switchTo(ctx, d, o, want)
	}
	return nil
}

// done takes note of how a look went. A device that was lost while its output was away from the safe state
// gets that state when it is back: nobody knows what happened meanwhile.
func (a *Actuator) done(d Device, o *output, want, active bool, changes int, err error) {
	now := time.Now()
	a.mu.Lock()
	was, fault := o.on, o.fault
	if err == nil {
		o.rested, o.failures, o.fault, o.at = true, 0, "", now
		o.on = &want
		o.next = now.Add(restEvery)
		if active {
			o.next = now.Add(verifyEvery)
		}
	} else {
		o.failures++
		o.fault = err.Error()
		wait := slowest
		if active {
			wait = slowestActive
		}
		o.next = now.Add(min(time.Second<<min(o.failures-1, 10), wait))
		if o.failures >= lostAfter {
			if o.on != nil && *o.on != o.SafeOn() && len(o.holds.until) > 0 {
				clear(o.holds.until)
				a.dirty, o.rested = true, false
				a.Log.Error("device was lost while its output was away from the safe state", "device", d.ID, "output", o.ID, "error", err)
			}
			o.on = nil
		}
	}
	if o.changes != changes {
		o.next = time.Time{}
	}
	changed := (was == nil) != (o.on == nil) || (was != nil && o.on != nil && *was != *o.on) || fault != o.fault
	a.mu.Unlock()
	if !changed {
		return
	}
	if err == nil {
		a.Log.Info("output", "device", d.ID, "output", o.ID, "on", want)
	} else {
		a.Log.Warn("output not switched", "device", d.ID, "output", o.ID, "error", err)
	}
	if a.Changed != nil {
		a.Changed()
	}
}

// again is when an output wants to be looked at next.
func (a *Actuator) again(o *output) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	next := o.next
	for _, until := range o.holds.until {
		next = earlier(until, next)
	}
	return next
}

// keep makes what is held durable. A full disk does not keep a siren from sounding.
func (a *Actuator) keep(ctx context.Context) {
	a.keeping.Lock() // another device's siren waits for this write as well
	defer a.keeping.Unlock()
	now, at := time.Now(), a.moment()
	a.mu.Lock()
	if !a.dirty {
		a.mu.Unlock()
		return
	}
	a.dirty = false
	all := map[string]map[string]kept{}
	for n, o := range a.outputs {
		if len(o.holds.until) > 0 {
			if all[n.device] == nil {
				all[n.device] = map[string]kept{}
			}
			all[n.device][n.output] = o.holds.keep(now, at)
		}
	}
	a.mu.Unlock()
	text, err := json.Marshal(all)
	if err == nil {
		err = a.Keep(ctx, map[string][]byte{StateKey: text})
	}
	if err != nil {
		a.mu.Lock()
		a.dirty = true
		a.mu.Unlock()
		a.Log.Error("what outputs are held for is not kept", "error", err)
	}
}

// guard turns a panic of a driver into an error of that device.
func (a *Actuator) guard(device string, do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			a.Log.Error("driver failed", "device", device, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = fmt.Errorf("driver failed: %v", r)
		}
	}()
	return do()
}
