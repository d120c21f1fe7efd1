// Package alarm watches readings by the rules at the terminal, so that an alarm is raised without the
// centre and reaches it before everything else. The agent hands it each round of readings and lets time
// pass for it. Rule that must never break: after a restart an alarm that was raised before is ended or
// goes on, it is not raised twice; and what is old news makes no alarm here.
package alarm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// Outbox keeps events durably together with a value of ours.
type Outbox interface {
	Event(ctx context.Context, events []wire.Event, keep map[string][]byte) error
}

// Outputs switches sirens and relays (actuator). Neither waits for a device.
type Outputs interface {
	// Hold switches an output while the alarm of that name holds.
	Hold(alarm string, do rule.Action)
	// Release says that the alarm has ended.
	Release(alarm string)
}

// stateKey names our value in the outbox.
const stateKey = "alarms"

const (
	tickEvery = time.Second
	keepEvery = time.Minute // how often what the rules remember is kept when no alarm makes it so
	// unkeptLimit bounds what waits for a full disk.
	unkeptLimit = 1000
)

// Watch evaluates rules on the devices of this terminal.
type Watch struct {
	Rules   []rule.Rule
	Devices []wire.SensorDeclared
	Outbox  Outbox
	Outputs Outputs                  // nil: there are none
	Now     func() (time.Time, bool) // the agent's clock, and whether it is set
	Log     *slog.Logger
	// Uptime is the boot of the machine and the time since (clock.Uptime); nil: not known.
	Uptime func() (boot string, up time.Duration)

	mu     sync.Mutex
	began  time.Time // silence is counted from here by the monotonic clock: no step of the clock makes any
	kept   time.Time
	bound  time.Time              // when an exception of a rule ends, so that it must be bound anew; zero: never
	states map[string]*rule.State // by rule, device and property
	looks  map[series][]look
	quiet  []subject    // of the rule silent
	unkept []wire.Event // that the disk did not take; tried again with the next readings

	works works // what is being worked on
}

type series struct{ device, property string }

// subject is a rule on a device.
type subject struct {
	rule   *rule.Rule
	device string
}

func (s subject) key() string { return s.rule.ID + " " + s.device + " " + s.rule.Property }

// look is what a reading means to a rule.
type look struct {
	subject
	input string
}

// Load takes over the states of the last run. Those of rules and devices that are gone are ended: nothing
// else would.
func (w *Watch) Load(ctx context.Context, get func(ctx context.Context, key string) ([]byte, error)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, _ := w.Now()
	w.began, w.kept = time.Now(), time.Now()
	w.states = map[string]*rule.State{}
	if err := w.loadWorks(ctx, get); err != nil {
		return err
	}
	subjects := w.bind(now)
	old := map[string]*rule.State{}
	text, err := get(ctx, stateKey)
	if err != nil {
		return err
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &old); err != nil {
			return fmt.Errorf("read states of alarms: %w", err)
		}
	}
	for key, s := range old {
		switch x, known := subjects[key]; {
		case s == nil:
		case known:
			s.Resume(now.UnixMilli())
			w.states[x.key()] = s
		case s.Active:
			w.orphan(key, now)
		}
	}
	return nil
}

// orphan ends the alarm of a rule or a device that is gone.
func (w *Watch) orphan(key string, now time.Time) {
	names := strings.Fields(key)
	if len(names) != 3 {
		return
	}
	gone := rule.Rule{ID: names[0], Property: names[2], Level: 4}
	w.unkept = w.told(w.unkept, subject{&gone, names[1]}, wire.AlarmEvent{Gone: true}, rule.Ended, now.UnixMilli())
}

// bind finds which rule looks at which series, as it is on the device now.
func (w *Watch) bind(now time.Time) map[string]subject {
	w.looks, w.quiet, w.bound = map[series][]look{}, nil, time.Time{}
	subjects := map[string]subject{}
	for i := range w.Rules {
		r := &w.Rules[i]
		if next := r.Changes(now); !next.IsZero() && (w.bound.IsZero() || next.Before(w.bound)) {
			w.bound = next
		}
		for _, d := range w.Devices {
			for _, p := range d.Series {
				for _, one := range r.Subjects(d.ID, d.Class, p.Property) {
					here := r.Of(one.Device, now)
					if here == nil {
						continue
					}
					l := look{subject{here, one.Device}, one.Input}
					subjects[l.key()] = l.subject
					k := series{d.ID, p.Property}
					w.looks[k] = append(w.looks[k], l)
					if r.Condition == rule.Silent && p.Property == r.Property {
						w.quiet = append(w.quiet, l.subject)
					}
				}
			}
		}
	}
	return subjects
}

// rebind binds anew when an exception has ended. What was judged by it is judged again.
func (w *Watch) rebind(now time.Time) {
	if w.bound.IsZero() || now.Before(w.bound) {
		return
	}
	before := map[string]*rule.Rule{}
	for _, list := range w.looks {
		for _, l := range list {
			before[l.key()] = l.rule
		}
	}
	for key, x := range w.bind(now) {
		if old := before[key]; w.states[key] != nil && (old == nil || !x.rule.SameVerdict(old)) {
			w.states[key].Rejudge()
		}
	}
}

// Run lets time pass until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	every := time.NewTicker(tickEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			w.Tick(ctx)
		}
	}
}

// Shift moves what was seen of readings whose times were behind by so much.
func (w *Watch) Shift(behind time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.states {
		s.Shift(behind.Milliseconds())
	}
}

// Take looks at readings in order. What begins or ends is durable when Take returns. Readings that are too
// old to ring are left to the centre, which makes history of them.
func (w *Watch) Take(ctx context.Context, readings []wire.Reading) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, set := w.Now()
	w.rebind(now)
	joint, order := map[string][]rule.Value{}, []look(nil) // of expressions
	var events []wire.Event
	for i := range readings {
		r := &readings[i]
		p := wire.Point{At: r.At, Value: r.Value, Quality: r.Quality}
		for _, l := range w.looks[series{r.Device, r.Property}] {
			s := w.state(l.subject)
			change := rule.None
			at := r.At
			switch {
			case l.rule.Condition == rule.Silent: // whatever it said, it has spoken
				change, at = l.rule.Hear(s, w.passed()), now.UnixMilli()
			case set && r.At < now.Add(-rule.MaxAge).UnixMilli():
			case l.rule.Condition == rule.Expression:
				if len(joint[l.key()]) == 0 {
					order = append(order, l)
				}
				joint[l.key()] = append(joint[l.key()], rule.Value{Input: l.input, Point: p})
			default:
				change = l.rule.Step(s, p)
			}
			events = w.tell(events, l.subject, s, change, at)
		}
	}
	for _, l := range order {
		s := w.state(l.subject)
		l.rule.Join(s, joint[l.key()], func(change rule.Change, at int64) { events = w.tell(events, l.subject, s, change, at) })
	}
	w.keep(ctx, events, false)
}

// Tick lets time pass: silence is noticed, and what the clock has put into the future comes back.
func (w *Watch) Tick(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, set := w.Now()
	w.rebind(now)
	var events []wire.Event
	for _, q := range w.quiet {
		s := w.state(q)
		events = w.tell(events, q, s, q.rule.Tick(s, w.passed()), now.UnixMilli())
	}
	for _, s := range w.states {
		if set && s.Last > now.Add(rule.MaxAge).UnixMilli() {
			s.Clamp(now.UnixMilli())
		}
	}
	turned := w.hush()
	w.keep(ctx, events, turned || time.Since(w.kept) > keepEvery)
}

// passed is the time since the start in milliseconds.
func (w *Watch) passed() int64 { return time.Since(w.began).Milliseconds() + 1 }

func (w *Watch) state(x subject) *rule.State {
	s := w.states[x.key()]
	if s == nil {
		s = &rule.State{}
		w.states[x.key()] = s
	}
	return s
}

// keep makes events and states durable; without an event, when it is due.
func (w *Watch) keep(ctx context.Context, events []wire.Event, due bool) {
	events = append(w.unkept, events...)
	w.unkept = nil
	if len(events) == 0 && !due {
		return
	}
	w.kept = time.Now()
	text, err := json.Marshal(w.states)
	work, bad := json.Marshal(w.works)
	if err = errors.Join(err, bad); err == nil {
		err = w.Outbox.Event(ctx, events, map[string][]byte{stateKey: text, worksKey: work})
	}
	if err != nil {
		w.Log.Error("alarm is not kept yet", "events", len(events), "error", err)
		w.unkept = events[max(0, len(events)-unkeptLimit):]
	}
}

// tell appends the event of a change.
func (w *Watch) tell(events []wire.Event, x subject, s *rule.State, change rule.Change, at int64) []wire.Event {
	if change == rule.None {
		return events
	}
	return w.told(events, x, wire.AlarmEvent{Value: s.Value, Limit: x.rule.Bound()}, change, at)
}

// told appends an event and does what follows from it.
func (w *Watch) told(events []wire.Event, x subject, e wire.AlarmEvent, change rule.Change, at int64) []wire.Event {
	e.Rule, e.Property, e.Active, e.Level = x.rule.ID, x.rule.Property, change == rule.Raised, x.rule.Level
	data, err := json.Marshal(e)
	if err != nil {
		w.Log.Error("alarm is not written", "rule", x.rule.ID, "error", err)
		return events
	}
	w.act(x, change, at)
	w.Log.Warn("alarm", "rule", x.rule.ID, "sensor", x.device, "active", e.Active, "value", e.Value)
	return append(events, wire.Event{ID: uuid.Must(uuid.NewV7()).String(), At: at, Kind: wire.EventAlarm, Device: x.device, Data: data})
}

// act switches what the rule says. An alarm whose time is not about now makes no noise: it is over, or
// nobody knows when it was.
func (w *Watch) act(x subject, change rule.Change, at int64) {
	if w.Outputs == nil || len(x.rule.Actions) == 0 {
		return
	}
	if change == rule.Ended {
		delete(w.works.Hushed, x.key())
		w.Outputs.Release(x.key())
		return
	}
	now, _ := w.Now()
	if wire.Time(at).Sub(now).Abs() > rule.MaxAge {
		return
	}
	if now, known := w.time(); known && w.works.over(x, now) {
		w.works.Hushed[x.key()] = true
		return
	}
	for _, do := range x.rule.Actions {
		w.Outputs.Hold(x.key(), do)
	}
}

// Wants reports whether an alarm holds whose rule switches this output.
func (w *Watch) Wants(alarm, device, output string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.states[alarm]
	if s == nil || !s.Active || w.works.Hushed[alarm] {
		return false
	}
	for i := range w.Rules {
		if r := &w.Rules[i]; strings.HasPrefix(alarm, r.ID+" ") {
			return slices.ContainsFunc(r.Actions, func(a rule.Action) bool { return a.Device == device && a.Output == output })
		}
	}
	return false
}
