package telemetry

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
)

// StepKind says what happened to an alarm.
type StepKind string

// The kinds of steps.
const (
	StepOpened       StepKind = "opened"       // the limit was passed
	StepReopened     StepKind = "reopened"     // and again, before anybody acknowledged
	StepRang         StepKind = "rang"         // taken for too late to ring, it holds still or is recent
	StepReturned     StepKind = "returned"     // the condition ended
	StepAcknowledged StepKind = "acknowledged" // a person took it, by name
	StepCleared      StepKind = "cleared"      // ended and acknowledged
	StepCommented    StepKind = "commented"    // a person said something
	StepShelved      StepKind = "shelved"      // a person keeps it from ringing for a time
	StepUnshelved    StepKind = "unshelved"    // it may ring again
	StepRuleGone     StepKind = "rule_gone"    // its rule was withdrawn, switched off here or made another
	StepEscalated    StepKind = "escalated"    // passed on to the desk above, by a person or by the time
	StepMaintained   StepKind = "maintained"   // somebody works on what it is about: silent until the end of that
	StepLive         StepKind = "live"         // and no more: it is live and rings
)

// Step is one thing that happened to an alarm. Steps are written in the transaction of the change that
// they tell of and never altered.
type Step struct {
	ID         string    `json:"id"` // UUIDv7: the order in which the centre learned of them
	AlarmID    string    `json:"alarm_id"`
	Kind       StepKind  `json:"kind"`
	At         time.Time `json:"at"`          // when it happened; device time for what readings tell
	RecordedAt time.Time `json:"recorded_at"` // when the centre learned of it
	Actor      string    `json:"actor"`
	ActorName  string    `json:"actor_name"`
	Note       string    `json:"note,omitempty"`
	Value      float64   `json:"value"`    // at an opening the value, later the furthest so far
	Openings   int       `json:"openings"` // how often the limit had been passed
	// Tier and Desk are those of an escalation.
	Tier int   `json:"tier,omitempty"`
	Desk *Desk `json:"desk,omitempty"`
	// Until is the end of a shelving or of maintenance.
	Until *time.Time `json:"until,omitempty"`
}

// Line is a step in the log of a desk: with the alarm as it stands now.
type Line struct {
	Step
	Alarm Alarm `json:"alarm"`
}

// StepFilter selects steps of all alarms.
type StepFilter struct {
	page.Request
	Scope actor.Scope
}

// step makes the step that brought the alarm where it stands.
func (a *Alarm) step(ctx context.Context, kind StepKind, at time.Time, value float64, note string) Step {
	who, _ := actor.From(ctx)
	return Step{
		ID: uuid.Must(uuid.NewV7()).String(), AlarmID: a.ID, Kind: kind, At: event.Stamp(at), RecordedAt: a.UpdatedAt,
		Actor: who.ID, ActorName: who.Name, Note: note, Value: value, Openings: a.Openings,
	}
}

// ended are the steps of an alarm that has just ended. What a rule that is gone says no more has not returned.
func (a *Alarm) ended(ctx context.Context, by StepKind) []Step {
	var steps []Step
	if by != StepRuleGone {
		steps = append(steps, a.step(ctx, StepReturned, *a.ReturnedAt, a.Peak, ""))
	}
	if !a.Active() {
		steps = append(steps, a.step(ctx, StepCleared, *a.ClearedAt, a.Peak, ""))
	}
	return steps
}

// Steps lists what happened to one alarm, in order.
func (s *Service) Steps(ctx context.Context, id string) ([]Step, error) {
	who, err := actor.Require(ctx, actor.AlarmRead)
	if err != nil {
		return nil, err
	}
	if _, err := s.visible(ctx, who, id); err != nil {
		return nil, err
	}
	return s.Alarms.Steps(ctx, id)
}

// ListSteps is one page of what happened to the alarms the actor may see, newest first.
func (s *Service) ListSteps(ctx context.Context, f StepFilter) (page.List[Line], error) {
	who, err := actor.Require(ctx, actor.AlarmRead)
	if err != nil {
		return page.List[Line]{}, err
	}
	f.Scope = who.Scope()
	return s.Alarms.ListSteps(ctx, f)
}
