package maintenance

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/rule"
)

// weighEvery is how often it is looked at what came under windows since.
const weighEvery = 10 * time.Second

// Book has the rules that decide (rulebook.Service).
type Book interface {
	Rules() []rule.Rule
}

// withheld reports whether a window does not silence a device that it lies over: one of a critical class or
// with a siren, for which nobody confirmed it, or any while the window itself wants to be confirmed.
func (s *Service) withheld(w *Window, d *device.Device) bool {
	return s.unconfirmed(w, d) || len(w.beyond(s.Limits)) > 0
}

func (s *Service) unconfirmed(w *Window, d *device.Device) bool {
	if w.Critical {
		return false
	}
	if w.Target == Rule {
		return s.grave(d.Class) || s.rule(w) != nil
	}
	return s.grave(d.Class) || loud(s.sirens, d)
}

func (s *Service) grave(class string) bool { return slices.Contains(s.Limits.Critical, class) }

// loud reports whether an alarm of the device switches a siren or a relay, or the device is one.
func loud(sirens []rule.Rule, d *device.Device) bool {
	return slices.ContainsFunc(sirens, func(r rule.Rule) bool {
		return r.On(d.ID, d.Class) || slices.ContainsFunc(r.Actions, func(a rule.Action) bool { return a.Device == d.ID })
	})
}

// sounding are the rules that switch something.
func (s *Service) sounding() []rule.Rule {
	if s.Book == nil {
		return nil
	}
	return slices.DeleteFunc(s.Book.Rules(), func(r rule.Rule) bool { return len(r.Actions) == 0 })
}

// weigh finds what windows do not silence, and tells of those for which that has changed.
func (s *Service) weigh(ctx context.Context) error {
	sirens := s.sounding()
	devices, err := s.Devices.All(seesAll(ctx))
	if err != nil {
		return err
	}
	var events []event.Event
	s.mu.Lock()
	s.sirens = sirens
	for id, w := range s.windows {
		before := w
		if s.judge(&w, devices); slices.Equal(before.Needs, w.Needs) && before.Withheld.same(w.Withheld) {
			continue
		}
		s.windows[id] = w
		e := happened(ctx, EventWithheld, w)
		e.Ephemeral = len(w.Needs) == 0
		events = append(events, e)
	}
	s.mu.Unlock()
	s.Events.Publish(ctx, events...)
	return nil
}

// judge fills in what of a window wants to be confirmed. It is called with mu held.
func (s *Service) judge(w *Window, devices []device.Device) {
	w.Needs, w.Withheld = nil, nil
	if w.State == Past {
		return
	}
	w.Needs = w.beyond(s.Limits)
	out := Withheld{Classes: []string{}}
	for i := range devices {
		d := &devices[i]
		if !w.about(d, s.rule(w)) || !s.unconfirmed(w, d) {
			continue
		}
		out.Devices++
		if d.Class != "" && !slices.Contains(out.Classes, d.Class) {
			out.Classes = append(out.Classes, d.Class)
		}
	}
	if out.Devices > 0 {
		slices.Sort(out.Classes)
		w.Needs, w.Withheld = append(w.Needs, NeedCritical), &out
	}
}

// about reports whether the window lies over a device; one over a rule over what that is about.
func (w *Window) about(d *device.Device, r *rule.Rule) bool {
	if w.Target == Rule {
		return r != nil && r.On(d.ID, d.Class) && w.over(d, r.ID)
	}
	return w.over(d, "")
}

// rule is that of a window over a rule that switches something; nil otherwise.
func (s *Service) rule(w *Window) *rule.Rule {
	if i := slices.IndexFunc(s.sirens, func(r rule.Rule) bool { return w.Target == Rule && r.ID == w.Subject }); i >= 0 {
		return &s.sirens[i]
	}
	return nil
}

func (h *Withheld) same(o *Withheld) bool {
	if h == nil || o == nil {
		return h == o
	}
	return h.Devices == o.Devices && slices.Equal(h.Classes, o.Classes)
}

// Shown is what a person saw when they confirmed a window: its needs, and how many devices it does not silence.
type Shown struct {
	Needs   []Need `json:"needs" minItems:"1" maxItems:"4" enum:"critical,break,length,repeat" doc:"As the window has them"`
	Devices int    `json:"devices" minimum:"0" doc:"withheld.devices of the window; 0 when it has none"`
}

// of reports whether a window wants exactly that.
func (seen Shown) of(w *Window) bool {
	devices := 0
	if w.Withheld != nil {
		devices = w.Withheld.Devices
	}
	return seen.Devices == devices && slices.Equal(slices.Sorted(slices.Values(seen.Needs)), slices.Sorted(slices.Values(w.Needs)))
}

// Confirm lets a window hold for what it was not confirmed for, by name: for that which was seen, and errs.Conflict
// when it wants something else by now. A weekly one ends within the days that a new one could have.
func (s *Service) Confirm(ctx context.Context, id string, seen Shown) (Window, error) {
	if _, err := actor.Require(ctx, actor.AlarmMaintain); err != nil {
		return Window{}, err
	}
	if err := s.weigh(seesAll(ctx)); err != nil {
		return Window{}, err
	}
	return s.change(ctx, id, EventConfirmed, func(w *Window, who actor.Actor, now time.Time) error {
		switch {
		case len(w.Needs) == 0:
			return errs.E(errs.Conflict, "maintenance.confirmed", "the window wants no confirmation")
		case !seen.of(w):
			return errs.E(errs.Conflict, "maintenance.needs", "what the window wants confirmed has changed; look at it again, then confirm")
		}
		w.Critical = w.Critical || slices.Contains(w.Needs, NeedCritical)
		w.Allowed = Allowed{s.Limits.BreakHours, s.Limits.MaxHours, s.Limits.RepeatDays}
		w.ConfirmedAt, w.ConfirmedBy = &now, who.Name
		if last := now.AddDate(0, 0, s.Limits.RepeatDays); w.Weekly != nil && w.To.After(last) {
			w.To = last
		}
		return nil
	})
}
