package telemetry

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/geo"
)

// Roles of a desk (account has what they may do).
const (
	DeskDuty   = "duty"
	DeskLeader = "leader"
)

// Desk is who is asked to take an alarm: those of a role in a division.
type Desk struct {
	Division string `json:"division"`
	Role     string `json:"role"`
}

// Desks knows who comes next. ByDivision needs no rosters; where there are some, they can stand in its place.
type Desks interface {
	// Above is the desk that is asked when this one does not answer; ok is false when there is none.
	Above(ctx context.Context, d Desk) (above Desk, ok bool)
}

// ByDivision passes alarms from the duty officers of a division to those of the division above, up to Top,
// the division of the centre, and there to the leaders.
type ByDivision struct{ Top string }

// Above implements Desks.
func (b ByDivision) Above(_ context.Context, d Desk) (Desk, bool) {
	if parent := geo.Division(d.Division).Parent(); d.Role == DeskDuty && geo.Division(b.Top).Covers(parent) {
		return Desk{string(parent), DeskDuty}, true
	}
	if d.Division == "" {
		d.Division = b.Top
	}
	return Desk{d.Division, DeskLeader}, d.Role != DeskLeader
}

// Escalation is how far an alarm was passed on, and why it is where it is.
type Escalation struct {
	Tier   int       `json:"tier"` // how often; 1 the first time
	Desk   Desk      `json:"desk"` // asked now
	From   Desk      `json:"from"` // has not answered, or has asked for help
	At     time.Time `json:"at"`
	By     string    `json:"by,omitempty"` // who passed it on by hand; empty when the time did
	ByName string    `json:"by_name,omitempty"`
	Note   string    `json:"note,omitempty"`
}

// calls reports whether the alarm wants somebody now.
func (a *Alarm) calls() bool {
	return a.AckedAt == nil && a.Active() && !a.Retrospective && a.Shelf == nil && a.Maintenance == nil
}

func (a *Alarm) tier() int {
	if a.Escalation == nil {
		return 0
	}
	return a.Escalation.Tier
}

func (a *Alarm) desk() Desk {
	if a.Escalation == nil {
		return Desk{a.Division, DeskDuty}
	}
	return a.Escalation.Desk
}

// passOn takes the alarm to a desk. One that was acknowledged waits again: whoever passes it on asks for
// somebody else to take it.
func (a *Alarm) passOn(ctx context.Context, to Desk, by actor.Actor, note string, at time.Time) Step {
	e := Escalation{Tier: a.tier() + 1, Desk: to, From: a.desk(), At: event.Stamp(at), Note: note}
	if by.Kind != actor.System {
		e.By, e.ByName = by.ID, by.Name
	}
	if a.State == Acknowledged {
		a.State, a.AckedAt, a.AckedBy, a.AckedByName, a.AckNote = Open, nil, "", "", ""
	}
	a.Escalation, a.EscalateAt, a.UpdatedAt = &e, nil, at
	step := a.step(ctx, StepEscalated, at, a.Peak, note)
	step.Tier, step.Desk = e.Tier, &e.Desk
	return step
}

// Escalate passes an alarm on to the desk above, with a word to those there.
func (s *Service) Escalate(ctx context.Context, id, note string) (Alarm, error) {
	note, err := words(note)
	if err == nil && note == "" {
		err = errs.Field("alarm.note", "note", "say what the desk above has to know")
	}
	if err != nil {
		return Alarm{}, err
	}
	return s.change(ctx, id, func(ctx context.Context, who actor.Actor, a *Alarm, at time.Time) (string, []Step, error) {
		if !a.Active() {
			return "", nil, errs.E(errs.Conflict, "alarm.cleared", "the alarm has ended and needs nobody")
		}
		to, ok := s.Desks.Above(ctx, a.desk())
		if !ok {
			return "", nil, errs.E(errs.Conflict, "alarm.top", "there is no desk above")
		}
		a.Shelf = nil // whoever is asked is to hear it
		return AlarmEscalated, []Step{a.passOn(ctx, to, who, note, at)}, nil
	})
}

const (
	// escalateEvery is how often times are looked at, passedAtOnce how many alarms are passed on each time, so
	// that a flood of them does not hold up readings.
	escalateEvery = time.Second
	passedAtOnce  = 50
	// escalateAgain is how long to wait when the alarm store cannot be written.
	escalateAgain = 10 * time.Second
	// stepped is how far the wall clock may run from the monotonic one before its times are moved.
	stepped = 2 * time.Second
)

// escalating is what the watch over unacknowledged alarms remembers.
type escalating struct {
	policy Policy
	wall   time.Time     // of the last look
	mono   time.Duration // since the first look
	failed time.Time     // when the store last refused
}

// clockStep is by how much the wall clock has jumped since the last look: what it went on less what truly
// passed.
func (e *escalating) clockStep(wall time.Time, mono time.Duration) time.Duration {
	var step time.Duration
	if !e.wall.IsZero() {
		if step = wall.Sub(e.wall) - (mono - e.mono); step.Abs() < stepped {
			step = 0
		}
	}
	e.wall, e.mono = wall, mono
	return step
}

// watchTimes passes on what nobody has taken in time, and brings alarms under maintenance windows and out of
// them. now is the wall clock, mono what has truly passed since the start: a clock that is set does not pass
// on everything at once.
func (s *Service) watchTimes(ctx context.Context, now time.Time, mono time.Duration) {
	ctx = actor.WithSystem(ctx, "rules")
	s.mu.Lock()
	defer s.mu.Unlock()
	now = now.Round(0)
	jump := s.clockStep(now, mono)
	if now.Sub(s.failed).Abs() < escalateAgain {
		return
	}
	if err := s.flush(ctx); err != nil {
		s.failed = now
		return // what is stored first would be stored last
	}
	passed := 0
	for _, held := range s.active {
		a := *held
		if jump != 0 {
			a.LateAt, a.EscalateAt = moved(a.LateAt, jump), moved(a.EscalateAt, jump)
		}
		kind, steps := s.maintain(ctx, &a, now)
		s.arm(ctx, &a, now)
		if a.EscalateAt != nil && !now.Before(*a.EscalateAt) && passed < passedAtOnce {
			passed++
			to, ok := s.Desks.Above(ctx, a.desk())
			if !ok {
				to = a.desk() // nobody above: the same again, louder
			}
			who, _ := actor.From(ctx)
			kind, steps = AlarmEscalated, append(steps, a.passOn(ctx, to, who, "", next(held.UpdatedAt, now)))
			s.arm(ctx, &a, now)
		}
		if kind == "" && same(a.LateAt, held.LateAt) && same(a.EscalateAt, held.EscalateAt) && a.BelowFirst == held.BelowFirst {
			continue
		}
		if !s.stored(ctx, a, held, kind, steps, now) {
			s.failed = now
			return
		}
	}
}

// stored writes what watchTimes has decided about an alarm, all or nothing, and takes it over.
func (s *Service) stored(ctx context.Context, a Alarm, held *Alarm, kind string, steps []Step, now time.Time) bool {
	if kind == "" {
		kind = AlarmTimed
	}
	was := held.UpdatedAt
	a.UpdatedAt = next(was, now)
	for i := range steps {
		steps[i].RecordedAt = a.UpdatedAt
	}
	done := happened(ctx, kind, a)
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Alarms.Save(ctx, a, was, steps...); err != nil || done.Ephemeral {
			return err
		}
		return s.Events.Record(ctx, &done)
	})
	if err != nil {
		s.Log.Error("an alarm cannot be passed on or changed yet", "alarm", a.ID, "error", err)
		return false
	}
	delete(s.peaked, a.Key())
	if *held = a; !a.Active() {
		delete(s.active, a.Key())
	}
	s.Events.Publish(ctx, done)
	return true
}

func moved(t *time.Time, by time.Duration) *time.Time {
	if t == nil {
		return nil
	}
	at := t.Add(by)
	return &at
}

func same(a, b *time.Time) bool {
	return (a == nil) == (b == nil) && (a == nil || a.Equal(*b))
}
