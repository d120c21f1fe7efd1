package telemetry

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// maxNote is the longest note of a person, in characters.
const maxNote = 500

// Shelf says that alarms of a key do not ring until a time, who said so and why. What it is about goes on
// being judged and recorded.
type Shelf struct {
	Until  time.Time `json:"until"`
	By     string    `json:"by"`
	ByName string    `json:"by_name"`
	Reason string    `json:"reason"`
}

// Ack acknowledges an alarm by name. Whoever comes second learns who was first.
func (s *Service) Ack(ctx context.Context, id, note string) (Alarm, error) {
	note, err := words(note)
	if err != nil {
		return Alarm{}, err
	}
	return s.change(ctx, id, func(ctx context.Context, who actor.Actor, a *Alarm, at time.Time) (string, []Step, error) {
		switch {
		case a.AckedAt != nil:
			return "", nil, errs.E(errs.Conflict, "alarm.acknowledged", "%s acknowledged this alarm at %s", a.AckedByName, a.AckedAt.Format(time.RFC3339))
		case !a.Active():
			return "", nil, errs.E(errs.Conflict, "alarm.cleared", "the alarm has ended and needs no acknowledgement")
		}
		a.ack(who.ID, who.Name, note, at)
		steps := []Step{a.step(ctx, StepAcknowledged, at, a.Peak, note)}
		if !a.Active() {
			steps = append(steps, a.step(ctx, StepCleared, at, a.Peak, ""))
		}
		return AlarmAcknowledged, steps, nil
	})
}

// Comment writes down what a person has to say about an alarm, also after it has ended.
func (s *Service) Comment(ctx context.Context, id, note string) (Alarm, error) {
	note, err := words(note)
	if err == nil && note == "" {
		err = errs.Field("alarm.note", "note", "say something")
	}
	if err != nil {
		return Alarm{}, err
	}
	return s.change(ctx, id, func(ctx context.Context, _ actor.Actor, a *Alarm, at time.Time) (string, []Step, error) {
		a.UpdatedAt = at
		return AlarmCommented, []Step{a.step(ctx, StepCommented, at, a.Peak, note)}, nil
	})
}

// Shelve keeps an alarm, and those of the same rule, device and property that follow it, from ringing until
// a time, at most ShelveMax ahead. Shelving again moves the time.
func (s *Service) Shelve(ctx context.Context, id, reason string, until time.Time) (Alarm, error) {
	reason, err := words(reason)
	if err == nil && reason == "" {
		err = errs.Field("alarm.note", "reason", "say why the alarm may be silent")
	}
	if err != nil {
		return Alarm{}, err
	}
	until = event.Stamp(until)
	if now := time.Now(); !until.After(now) || until.After(now.Add(s.ShelveMax)) {
		return Alarm{}, errs.Field("alarm.until", "until", fmt.Sprintf("must lie ahead, at most %s", s.ShelveMax))
	}
	return s.change(ctx, id, func(ctx context.Context, who actor.Actor, a *Alarm, at time.Time) (string, []Step, error) {
		if !a.Active() {
			return "", nil, errs.E(errs.Conflict, "alarm.cleared", "the alarm has ended and rings no more")
		}
		a.Shelf, a.UpdatedAt = &Shelf{Until: until, By: who.ID, ByName: who.Name, Reason: reason}, at
		step := a.step(ctx, StepShelved, at, a.Peak, reason)
		step.Until = &until
		return AlarmShelved, []Step{step}, nil
	})
}

// Unshelve lets an alarm ring again before its time.
func (s *Service) Unshelve(ctx context.Context, id string) (Alarm, error) {
	return s.change(ctx, id, func(ctx context.Context, _ actor.Actor, a *Alarm, at time.Time) (string, []Step, error) {
		if a.Shelf == nil || !a.Active() {
			return "", nil, errs.E(errs.Conflict, "alarm.not_shelved", "the alarm is not shelved")
		}
		a.Shelf, a.UpdatedAt = nil, at
		return AlarmUnshelved, []Step{a.step(ctx, StepUnshelved, at, a.Peak, "")}, nil
	})
}

// words is what a person wrote, without blanks around it.
func words(note string) (string, error) {
	note = strings.TrimSpace(note)
	if !errs.Text(note, maxNote) {
		return "", errs.Field("alarm.note", "note", fmt.Sprintf("must be at most %d characters", maxNote))
	}
	return note, nil
}

// change lets a person change one alarm: do decides on it as it stands and says which event that is.
func (s *Service) change(ctx context.Context, id string, do func(context.Context, actor.Actor, *Alarm, time.Time) (string, []Step, error)) (Alarm, error) {
	who, err := actor.Require(ctx, actor.AlarmAck)
	if err != nil {
		return Alarm{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.flush(actor.WithSystem(ctx, "rules")); err != nil {
		return Alarm{}, errs.Wrap(err, errs.Unavailable, "alarm.store", "alarms cannot be stored at the moment")
	}
	a, err := s.visible(ctx, who, id)
	if err != nil {
		return Alarm{}, err
	}
	was := a.UpdatedAt
	held := s.active[a.Key()]
	if held != nil && held.ID == a.ID {
		a.Peak, a.since = held.Peak, held.since
	}
	wasActive := a.Active()
	kind, steps, err := do(ctx, who, &a, next(was, time.Now()))
	if err != nil {
		return a, err
	}
	s.arm(ctx, &a, a.UpdatedAt)
	events := []event.Event{happened(ctx, kind, a)}
	if wasActive && !a.Active() {
		events = append(events, happened(ctx, AlarmCleared, a))
	}
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Alarms.Save(ctx, a, was, steps...); err != nil {
			return err
		}
		for n := range events {
			if err := s.Events.Record(ctx, &events[n]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Alarm{}, err
	}
	if wasActive {
		s.hold(a)
	}
	s.Events.Publish(ctx, events...)
	return a, nil
}

// hold takes over an alarm as it was just stored.
func (s *Service) hold(a Alarm) {
	k := a.Key()
	delete(s.peaked, k)
	if a.Active() {
		s.active[k] = &a
	} else {
		delete(s.active, k)
	}
	if a.Shelf != nil {
		s.shelves[k] = *a.Shelf
	} else {
		delete(s.shelves, k)
	}
}

// unshelve brings back what was shelved until now.
func (s *Service) unshelve(ctx context.Context, now time.Time) {
	for k, shelf := range s.shelves {
		if now.Before(shelf.Until) {
			continue
		}
		delete(s.shelves, k)
		a := s.active[k]
		if a == nil || a.Shelf == nil {
			continue
		}
		was := a.UpdatedAt
		a.Shelf, a.UpdatedAt = nil, next(was, now)
		s.saveAlarm(ctx, *a, was, a.step(ctx, StepUnshelved, shelf.Until, a.Peak, ""))
		s.publish(ctx, AlarmUnshelved, *a)
	}
}
