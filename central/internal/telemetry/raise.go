package telemetry

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// raising is what is known when a limit is passed.
type raising struct {
	key      Key
	rule     *rule.Rule // nil when only the edge has the rule
	at       int64
	value    float64
	peak     float64
	level    int     // of the edge; used without a rule
	limit    float64 // likewise
	received time.Time
	late     bool // learned of too late to ring
	origin   string
	note     string // what its first step says beside the value
}

// maxSaid is how much of what a terminal says a step holds, in bytes.
const maxSaid = 1000

// next is a time of change that is later than the one before.
func next(before, now time.Time) time.Time {
	now = now.UTC().Truncate(time.Microsecond)
	if !now.After(before) {
		now = before.Add(time.Microsecond)
	}
	return now
}

// alarm makes the alarm of a raising.
func (s *Service) alarm(ctx context.Context, r raising) Alarm {
	at := next(time.Time{}, r.received)
	a := Alarm{
		ID: uuid.Must(uuid.NewV7()).String(), Rule: r.key.Rule, Device: r.key.Device, Property: r.key.Property,
		RuleName: r.key.Rule, RuleNameEN: r.key.Rule, Level: r.level, Limit: r.limit, State: Open, Value: r.value, Peak: r.peak, Openings: 1,
		Origin: r.origin, OpenedAt: wire.Time(r.at), ReceivedAt: at, UpdatedAt: at, since: wire.Time(r.at),
	}
	if r.rule != nil {
		a.RuleName, a.RuleNameEN, a.Source, a.Level, a.Limit = r.rule.Name, r.rule.NameEN, r.rule.Source, r.rule.Level, r.rule.Bound()
	}
	a.DeviceName = a.Device
	if dev, ok := s.Devices.Visible(ctx, a.Device); ok {
		a.DeviceName, a.Division, a.Demo = dev.Name, dev.Division, dev.Demo
		for _, p := range dev.Series {
			if p.Property == a.Property {
				a.Unit = p.Unit
			}
		}
	}
	if shelf, ok := s.shelves[a.Key()]; ok && !r.late {
		a.Shelf = &shelf
	}
	a.Retrospective = r.late
	if c, ok := s.cover(ctx, &a, r.received); ok && !r.late {
		a.Maintenance = &Maintained{Cover: c, Within: true}
	}
	s.arm(ctx, &a, at)
	if r.rule != nil && (r.rule.Timed() || r.rule.ID == clockRule) {
		a.Unit = "s"
	}
	if r.key.Property == diskProperty && r.rule != nil && r.rule.Class == anyClass {
		a.Unit = diskUnit
	}
	return a
}

// began are the first steps of an alarm.
func (a *Alarm) began(ctx context.Context, note string) []Step {
	steps := []Step{a.step(ctx, StepOpened, a.OpenedAt, a.Value, note)}
	if a.Maintenance != nil {
		steps = append(steps, a.step(ctx, StepMaintained, a.ReceivedAt, a.Value, a.Maintenance.Reason))
		steps[1].Until = &a.Maintenance.Until
	}
	return steps
}

// raise opens an alarm, or joins the one of the same key. An alarm that was known too late to ring, and
// one that had returned, ring now.
func (s *Service) raise(ctx context.Context, r raising) {
	late := r.late
	r.note = wire.Text(r.note, maxSaid)
	a := s.active[r.key]
	if a == nil && (s.replay || late) && s.known(ctx, r) || !late && s.told(ctx, a, r) {
		return
	}
	if a == nil {
		opened := s.alarm(ctx, r)
		s.active[r.key] = &opened
		steps := opened.began(ctx, r.note)
		s.save(ctx, func(ctx context.Context) error { return s.Alarms.Add(ctx, opened, steps...) })
		s.publish(ctx, AlarmOpened, opened)
		return
	}
	was, kind, step := a.UpdatedAt, AlarmRang, StepRang
	switch {
	case a.State == Returned && (a.ReturnedAt == nil || a.ReturnedAt.UnixMilli() < r.at || a.RuleGone && r.rule != nil && !s.replay && !late):
		if late && s.known(ctx, r) {
			return // the readings made history of it
		}
		a.reopen(wire.Time(r.at), next(was, r.received))
		kind, step = AlarmReopened, StepReopened
	case a.Holds() && a.Retrospective && !late:
		a.Retrospective, a.UpdatedAt = false, next(was, r.received)
	default:
		return
	}
	a.Peak = s.worse(r.rule, a, r.peak)
	s.saveAlarm(ctx, *a, was, a.step(ctx, step, wire.Time(r.at), r.value, r.note))
	s.publish(ctx, kind, *a)
}

// told reports whether readings that came before what an edge says of an alarm have made history of it. It
// is not too late to ring for that: the alarm then waits for a name, unless one of its key does already.
func (s *Service) told(ctx context.Context, active *Alarm, r raising) bool {
	if r.origin == Centre || active != nil && active.Holds() {
		return false
	}
	a, ok, err := s.Alarms.Overlaps(ctx, r.key, wire.Time(r.at), wire.Time(r.at))
	if err != nil {
		s.Log.Error("earlier alarms cannot be read", "rule", r.key.Rule, "device", r.key.Device, "error", err)
	}
	if !ok || !a.Retrospective || a.Active() {
		return false
	}
	if active != nil {
		return true
	}
	was := a.UpdatedAt
	a.Retrospective, a.State, a.ClearedAt, a.since, a.UpdatedAt = false, Returned, nil, a.OpenedAt, next(was, r.received)
	s.active[r.key] = &a
	s.saveAlarm(ctx, a, was, a.step(ctx, StepRang, wire.Time(r.at), r.value, ""))
	s.publish(ctx, AlarmRang, a)
	return true
}

// since reads when an alarm opened last: what came before was evaluated before.
func (s *Service) since(ctx context.Context, a *Alarm) error {
	a.since = a.OpenedAt
	if a.Openings < 2 {
		return nil
	}
	steps, err := s.Alarms.Steps(ctx, a.ID)
	if err != nil {
		return fmt.Errorf("load steps of alarm %s: %w", a.ID, err)
	}
	for _, v := range steps {
		if v.Kind == StepReopened {
			a.since = v.At
		}
	}
	return nil
}

// known reports whether the store has an alarm of the key that held at that time.
func (s *Service) known(ctx context.Context, r raising) bool {
	_, ok, err := s.Alarms.Overlaps(ctx, r.key, wire.Time(r.at), wire.Time(r.at))
	if err != nil {
		s.Log.Error("earlier alarms cannot be read", "rule", r.key.Rule, "device", r.key.Device, "error", err)
	}
	return ok
}

// end takes the condition of an alarm as ended.
func (s *Service) end(ctx context.Context, k Key, ended, received time.Time) {
	s.endWith(ctx, k, ended, received, "", "")
}

// endWith ends an alarm and says before its other steps, with a kind that is not empty, by what.
func (s *Service) endWith(ctx context.Context, k Key, ended, received time.Time, by StepKind, note string) {
	a := s.active[k]
	if a == nil || !a.Holds() {
		return
	}
	if ended.Before(a.since) {
		if s.replay || a.Openings > 1 || !received.After(a.ReceivedAt) {
			return // the end of an earlier one
		}
		ended = a.since
	}
	was := a.UpdatedAt
	a.end(ended.UTC(), next(was, received))
	a.RuleGone = by == StepRuleGone
	s.arm(ctx, a, a.UpdatedAt)
	delete(s.peaked, k)
	var steps []Step
	if by != "" {
		steps = append(steps, a.step(ctx, by, ended, a.Peak, note))
	}
	s.saveAlarm(ctx, *a, was, append(steps, a.ended(ctx, by)...)...)
	switch {
	case a.Active() && a.RuleGone:
		s.publish(ctx, AlarmRuleGone, *a)
		return
	case a.Active():
		s.publish(ctx, AlarmReturned, *a)
		return
	}
	delete(s.active, k)
	s.publish(ctx, AlarmCleared, *a)
}

// record stores an alarm that began and ended in the past, as history.
func (s *Service) record(ctx context.Context, r raising, end time.Time) {
	a := s.alarm(ctx, r)
	a.Retrospective, a.State, a.ReturnedAt, a.ClearedAt, a.Maintenance = true, Cleared, &end, &a.ReceivedAt, nil
	s.arm(ctx, &a, a.ReceivedAt)
	steps := append([]Step{a.step(ctx, StepOpened, a.OpenedAt, a.Value, "")}, a.ended(ctx, "")...)
	s.save(ctx, func(ctx context.Context) error {
		before, ok, err := s.Alarms.Overlaps(ctx, r.key, a.OpenedAt, end)
		if err != nil {
			return err
		}
		if !ok {
			if err := s.Alarms.Add(ctx, a, steps...); err != nil {
				return err
			}
			s.publish(ctx, AlarmCleared, a)
			return nil
		}
		if !before.Retrospective || before.Active() || !before.ReturnedAt.Before(end) {
			return nil
		}
		was := before.UpdatedAt
		before.ReturnedAt, before.Peak, before.UpdatedAt = &end, s.worse(r.rule, &before, r.peak), next(was, r.received)
		return s.Alarms.Save(ctx, before, was)
	})
}

// worse is the furthest value of an alarm past its limit.
func (s *Service) worse(r *rule.Rule, a *Alarm, v float64) float64 {
	if r == nil {
		if a.Value < a.Limit {
			return math.Min(a.Peak, v)
		}
		return math.Max(a.Peak, v)
	}
	return r.Worse(a.Peak, v)
}

// peak notes a further value of an active alarm; tick stores it.
func (s *Service) peak(k Key, v float64) {
	if a := s.active[k]; a != nil && a.Holds() {
		if w := s.worse(s.ruleFor(k, time.Now()), a, v); w != a.Peak {
			a.Peak = w
			s.peaked[k] = true
		}
	}
}

// savePeaks stores the peaks since the last tick.
func (s *Service) savePeaks(ctx context.Context) {
	for k := range s.peaked {
		delete(s.peaked, k)
		a := s.active[k]
		if a == nil {
			continue
		}
		was := a.UpdatedAt
		a.UpdatedAt = next(was, time.Now())
		s.saveAlarm(ctx, *a, was)
		s.publish(ctx, AlarmPeaked, *a)
	}
}

func (s *Service) saveAlarm(ctx context.Context, a Alarm, was time.Time, steps ...Step) {
	s.save(ctx, func(ctx context.Context) error { return s.Alarms.Save(ctx, a, was, steps...) })
}

// event takes what an edge says beside readings.
func (s *Service) event(ctx context.Context, a arrival, e *wire.Event) {
	if !wire.TimeOK(e.At, a.received) {
		return // ingest refuses it; an inbox of before may still hold one
	}
	switch e.Kind {
	case wire.EventAlarm:
		s.alarmEvent(ctx, a, e)
	case wire.EventLoss:
		s.lossEvent(ctx, a.edge, e, a.received)
	}
}

func (s *Service) alarmEvent(ctx context.Context, a arrival, e *wire.Event) {
	var d wire.AlarmEvent
	dev, ok := s.Devices.Visible(ctx, e.Device)
	if json.Unmarshal(e.Data, &d) != nil || !wire.ValidID(d.Rule) || !wire.ValidID(d.Property) || d.Level < 1 || d.Level > 4 ||
		!ok || (dev.Parent != a.edge && dev.ID != a.edge) {
		s.Devices.Refused(ctx, a.edge, ReasonAlarm, e.Device, 1)
		return
	}
	k, at := Key{d.Rule, e.Device, d.Property}, a.at(e.At)
	if s.ours(k, dev.Kind) {
		s.Devices.Refused(ctx, a.edge, ReasonAlarm, e.Device, 1)
		return
	}
	if d.Active {
		r := s.ruleFor(k, a.received)
		if s.theirs(k, a.edge) {
			if r = nil; s.active[k] == nil && !s.room(ctx, a, e.Device) {
				return
			}
		}
		s.raise(ctx, raising{
			key: k, rule: r, at: at, value: d.Value, peak: d.Value, level: d.Level, limit: d.Limit,
			received: a.received, late: a.late(at), origin: a.edge,
		})
		return
	}
	if held := s.active[k]; held != nil && a.old && wire.Time(at).Before(held.since) {
		return // the end of an earlier one
	}
	if w := s.watches[k]; w != nil && w.live.Active {
		switch behind := !w.live.Seen || w.live.Last < at; {
		case d.Gone:
			return // the rule is gone there, and holds here
		case w.rule.Condition == rule.Silent:
			w.rule.Hear(&w.live, a.received.UnixMilli())
		case a.old && !s.replay && behind:
			// The link was away, and the newest reading comes before those that would tell the end.
			w.rule.EndAt(&w.live, at)
		default:
			w.told = at // the readings are here as well, and they will say whether it ends
			return
		}
	}
	by := StepKind("")
	if d.Gone {
		by = StepRuleGone
	}
	s.endWith(ctx, k, wire.Time(at), a.received, by, "")
}

func (s *Service) lossEvent(ctx context.Context, edge string, e *wire.Event, received time.Time) {
	loss := Loss{ID: e.ID, Edge: edge, At: wire.Time(e.At)}
	if err := json.Unmarshal(e.Data, &loss.LossEvent); err != nil {
		s.Log.Warn("a record of loss cannot be read", "edge", edge, "event", e.ID, "error", err)
		return
	}
	loss.ID, loss.Why = wire.Text(loss.ID, maxWhy), wire.Text(loss.Why, maxWhy)
	s.Log.Warn("an edge has lost readings", "edge", edge, "readings", loss.Count, "why", loss.Why)
	known, err := s.Alarms.AddLoss(ctx, loss)
	if err != nil {
		s.Log.Error("a record of loss is not stored; the audit trail has it", "edge", edge, "event", e.ID, "error", err)
	}
	s.publishLoss(ctx, received, loss, known)
}
