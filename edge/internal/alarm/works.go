package alarm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// worksKey names in the outbox what is being worked on.
const worksKey = "maintenance"

// works is what the centre has said is worked on, with the alarms whose outputs it keeps still. Both outlive
// the agent: a time that ends while nobody runs must not leave a siren silent.
type works struct {
	wire.MaintenanceSet
	Hushed map[string]bool `json:"hushed,omitempty"`
	Known  mark            `json:"known"`
}

// mark is a moment at which the time was known.
type mark struct {
	Wall int64  `json:"wall"` // Unix milliseconds
	Boot string `json:"boot"` // of the machine
	Up   int64  `json:"up"`   // milliseconds since that boot
}

// time is what time it is, and whether somebody knows: the clock is set, or it was within this boot of the
// machine, which counts on while the agent is down.
func (w *Watch) time() (now time.Time, known bool) {
	now, set := w.Now()
	boot, up := "", time.Duration(0)
	if w.Uptime != nil {
		boot, up = w.Uptime()
	}
	switch k := w.works.Known; {
	case set:
		w.works.Known = mark{Wall: now.UnixMilli(), Boot: boot, Up: up.Milliseconds()}
		return now, true
	case boot != "" && boot == k.Boot:
		return wire.Time(k.Wall + up.Milliseconds() - k.Up), true
	}
	return now, false
}

// over reports whether a rule on a device is under maintenance.
func (w *works) over(x subject, now time.Time) bool {
	at := now.UnixMilli()
	return slices.ContainsFunc(w.Spans, func(s wire.MaintenanceSpan) bool {
		return s.From <= at && at < s.To && (s.Rule == "" || s.Rule == x.rule.ID) && slices.Contains(s.Devices, x.device)
	})
}

// loadWorks takes over what the last run was told. It is called with mu held.
func (w *Watch) loadWorks(ctx context.Context, get func(ctx context.Context, key string) ([]byte, error)) error {
	w.works = works{}
	text, err := get(ctx, worksKey)
	if err != nil {
		return err
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &w.works); err != nil {
			return fmt.Errorf("read what is under maintenance: %w", err)
		}
	}
	if w.works.Hushed == nil {
		w.works.Hushed = map[string]bool{}
	}
	return nil
}

// Maintain takes what is worked on in place of what was said before. It is durable when Maintain returns; one
// that the disk does not take does not hold.
func (w *Watch) Maintain(ctx context.Context, m wire.MaintenanceSet) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.time()
	next := w.works
	next.MaintenanceSet = m
	text, err := json.Marshal(next)
	if err == nil {
		err = w.Outbox.Event(ctx, nil, map[string][]byte{worksKey: text})
	}
	if err != nil {
		return fmt.Errorf("keep what is under maintenance: %w", err)
	}
	w.works = next
	if w.hush() {
		w.keep(ctx, nil, true)
	}
	return nil
}

// Maintenance is the hash of what is worked on, for the centre.
func (w *Watch) Maintenance() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.works.Hash()
}

// hush switches back what an alarm under maintenance holds, and on again what still holds when the time is
// over. Where nobody knows the time, no window holds. It reports whether something changed.
func (w *Watch) hush() (changed bool) {
	if w.Outputs == nil || (len(w.works.Spans) == 0 && len(w.works.Hushed) == 0) {
		return false
	}
	now, known := w.time()
	seen := map[string]bool{}
	for _, list := range w.looks {
		for _, l := range list {
			key := l.key()
			if s := w.states[key]; seen[key] || s == nil || !s.Active || len(l.rule.Actions) == 0 {
				continue
			}
			seen[key] = true
			switch over := known && w.works.over(l.subject, now); {
			case over && !w.works.Hushed[key]:
				w.works.Hushed[key], changed = true, true
				w.Outputs.Release(key)
			case !over && w.works.Hushed[key]:
				delete(w.works.Hushed, key)
				changed = true
				w.resume(l.subject, now, known)
			}
		}
	}
	for key := range w.works.Hushed {
		if !seen[key] { // the alarm has ended, or its rule is gone
			delete(w.works.Hushed, key)
			changed = true
		}
	}
	return changed
}

// resume lets an alarm act that goes on when the work is over. What was last measured too long ago makes no
// noise: nobody knows whether it still holds.
func (w *Watch) resume(x subject, now time.Time, known bool) {
	if last := wire.Time(w.states[x.key()].Last); x.rule.Condition != rule.Silent && known && now.Sub(last).Abs() > rule.MaxAge {
		return
	}
	for _, do := range x.rule.Actions {
		w.Outputs.Hold(x.key(), do)
	}
}
