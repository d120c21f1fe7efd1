// Package alarm watches readings by the rules at the terminal, so that an alarm is raised without the
// centre and reaches it before everything else. The agent hands it each round of readings. Rule that must
// never break: after a restart an alarm that was raised before is ended or goes on, it is not raised twice.
package alarm

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
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

// stateKey names our value in the outbox.
const stateKey = "alarms"

// Watch evaluates rules. Classes gives the class of each device.
type Watch struct {
	Rules   []rule.Rule
	Classes map[string]string
	Outbox  Outbox
	Log     *slog.Logger

	mu     sync.Mutex
	states map[string]*rule.State // by rule, device and property
	unkept []wire.Event           // that the disk did not take; tried again with the next readings
}

// unkeptLimit bounds what waits for a full disk.
const unkeptLimit = 1000

// Load takes over the states of the last run. A reading of the future, taken while the clock was wrong,
// would make all readings to come look late: its time is brought back to now.
func (w *Watch) Load(ctx context.Context, now time.Time, get func(ctx context.Context, key string) ([]byte, error)) error {
	w.states = map[string]*rule.State{}
	text, err := get(ctx, stateKey)
	if err != nil || len(text) == 0 {
		return err
	}
	if err := json.Unmarshal(text, &w.states); err != nil {
		return fmt.Errorf("read states of alarms: %w", err)
	}
	for key, s := range w.states {
		if s == nil {
			delete(w.states, key)
			continue
		}
		s.Last, s.Since = min(s.Last, now.UnixMilli()), min(s.Since, now.UnixMilli())
	}
	return nil
}

// Shift moves what was seen of readings whose times were behind by so much.
func (w *Watch) Shift(behind time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.states {
		s.Last += behind.Milliseconds()
		s.Since += behind.Milliseconds()
	}
}

// Take looks at readings in order. What begins or ends is durable when Take returns.
func (w *Watch) Take(ctx context.Context, readings []wire.Reading) {
	w.mu.Lock()
	defer w.mu.Unlock()
	events := w.unkept
	w.unkept = nil
	for i := range readings {
		r := &readings[i]
		for j := range w.Rules {
			one := &w.Rules[j]
			if !one.Applies(r.Device, w.Classes[r.Device], r.Property) {
				continue
			}
			if e, ok := w.step(one, r); ok {
				events = append(events, e)
			}
		}
	}
	if len(events) == 0 {
		return
	}
	text, err := json.Marshal(w.states)
	if err == nil {
		err = w.Outbox.Event(ctx, events, map[string][]byte{stateKey: text})
	}
	if err != nil {
		w.Log.Error("alarm is not kept yet", "events", len(events), "error", err)
		w.unkept = events[max(0, len(events)-unkeptLimit):]
	}
}

func (w *Watch) step(one *rule.Rule, r *wire.Reading) (wire.Event, bool) {
	key := one.ID + " " + r.Device + " " + r.Property
	s := w.states[key]
	if s == nil {
		s = &rule.State{}
		w.states[key] = s
	}
	change := one.Step(s, wire.Point{At: r.At, Value: r.Value, Quality: r.Quality})
	if change == rule.None {
		return wire.Event{}, false
	}
	data, err := json.Marshal(wire.AlarmEvent{
		Rule: one.ID, Property: r.Property, Active: change == rule.Raised, Level: one.Level, Value: r.Value, Limit: one.Limit,
	})
	if err != nil {
		w.Log.Error("alarm is not written", "rule", one.ID, "error", err)
		return wire.Event{}, false
	}
	w.Log.Warn("alarm", "rule", one.ID, "sensor", r.Device, "active", change == rule.Raised, "value", r.Value)
	return wire.Event{ID: uuid.Must(uuid.NewV7()).String(), At: r.At, Kind: wire.EventAlarm, Device: r.Device, Data: data}, true
}
