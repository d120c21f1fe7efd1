package telemetry

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/wire"
)

// Bounds of a trial. One request tries one device, so that whoever asks sees the progress and may stop.
const (
	TrialDays     = 30
	trialReadings = 2_000_000 // of all series that the rule looks at
	trialAlarms   = 1_000
	trialTime     = 15 * time.Second
	trialsAtOnce  = 2
)

// Trial is what a rule would have raised on one device. Nothing is stored and nobody is told.
type Trial struct {
	Device   string       `json:"device"`
	From     time.Time    `json:"from"`
	To       time.Time    `json:"to"` // before now when the trial is not complete
	Complete bool         `json:"complete"`
	Readings int          `json:"readings"` // that were looked at
	Alarms   []TrialAlarm `json:"alarms"`
	// Exception is what the rule of this id is on the device today; the trial went by it. An off one raises nothing.
	Exception *rule.Exception `json:"exception,omitempty"`
}

// TrialAlarm is one alarm of a trial, in device time; without an end it holds at the end of the trial.
type TrialAlarm struct {
	OpenedAt time.Time  `json:"opened_at"`
	EndedAt  *time.Time `json:"ended_at,omitempty"`
	Value    float64    `json:"value"` // at the opening, as Alarm.Value
	Peak     float64    `json:"peak"`
}

// TryRule runs a rule over what one device has measured in the last days. It judges in device time, as if
// every reading had come at once: what came late rings here though it did not then. An exception that stands for
// the device is heeded and named. Errors: errs.Invalid names what is wrong with the rule or that it is not about
// the device.
func (s *Service) TryRule(ctx context.Context, r rule.Rule, deviceID string, days int, now time.Time) (Trial, error) {
	if _, err := actor.Require(ctx, actor.TelemetryRead); err != nil {
		return Trial{}, err
	}
	if err := r.Validate(); err != nil {
		if p, ok := errors.AsType[*strict.Problem](err); ok {
			return Trial{}, errs.Field("rule.invalid", p.Key, p.Err.Error())
		}
		return Trial{}, errs.Wrap(err, errs.Invalid, "rule.invalid", "the rule is not valid")
	}
	if days < 1 || days > TrialDays {
		return Trial{}, errs.Field("rule.days", "days", "must be 1 to 30")
	}
	dev, ok := s.Devices.Visible(ctx, deviceID)
	if !ok {
		return Trial{}, errs.E(errs.NotFound, "device.not_found", "device %s", deviceID)
	}
	inputs, err := s.inputs(ctx, &r, &dev)
	if err != nil {
		return Trial{}, err
	}
	out := Trial{Device: dev.ID, From: now.AddDate(0, 0, -days).UTC(), To: now.UTC(), Alarms: []TrialAlarm{}}
	here := &r
	if r.Exceptions = s.exceptions(r.ID); len(r.Exceptions) > 0 {
		if here = r.Of(dev.ID, now); here != &r {
			e := r.Exceptions[dev.ID]
			out.Exception = &e
		}
		if here == nil {
			out.Complete = true
			return out, nil
		}
	}
	select {
	case s.trials <- struct{}{}:
		defer func() { <-s.trials }()
	case <-ctx.Done():
		return Trial{}, errs.Wrap(ctx.Err(), errs.Unavailable, "rule.busy", "other rules are being tried; try again")
	}
	t := trial{rule: here, inputs: inputs, store: s.Store, deadline: time.Now().Add(trialTime), Trial: out}
	return t.run(ctx)
}

// exceptions are those of the rule of this id as it is published now.
func (s *Service) exceptions(id string) map[string]rule.Exception {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.Rules, func(r rule.Rule) bool { return r.ID == id }); i >= 0 {
		return s.Rules[i].Exceptions
	}
	return nil
}

// input is one series that a rule looks at.
type input struct {
	series
	name string // in an expression
}

// inputs are the series that decide on the device.
func (s *Service) inputs(ctx context.Context, r *rule.Rule, dev *device.Device) ([]input, error) {
	var out []input
	for _, one := range dev.Series {
		for _, subject := range r.Subjects(dev.ID, dev.Class, one.Property) {
			if subject.Device == dev.ID {
				out = append(out, input{series{dev.ID, one.Property}, subject.Input})
			}
		}
	}
	if len(out) == 0 {
		return nil, errs.Field("rule.subject", "device", "has no series that the rule looks at")
	}
	for name, in := range r.Inputs {
		if _, ok := s.Devices.Visible(ctx, in.Device); !ok {
			return nil, errs.Field("rule.subject", "inputs", "name a device that is not here: "+in.Device)
		}
		out = append(out, input{series{in.Device, in.Property}, name})
	}
	return out, nil
}

// trial is a rule on its way through the past, day by day, so that memory holds one day.
type trial struct {
	Trial
	rule     *rule.Rule
	inputs   []input
	store    Store
	deadline time.Time
	state    rule.State
}

func (t *trial) run(ctx context.Context) (Trial, error) {
	end := t.To
	for from := t.From; from.Before(end); from = from.Add(24 * time.Hour) {
		to := from.Add(24 * time.Hour)
		if to.After(end) {
			to = end
		}
		values, err := t.day(ctx, from, to)
		if err != nil {
			return Trial{}, err
		}
		if values == nil || len(t.Alarms) >= trialAlarms || time.Now().After(t.deadline) {
			t.To = from
			return t.Trial, nil
		}
		t.judge(values)
	}
	if t.rule.Condition == rule.Silent && t.state.Heard != 0 {
		t.silence(end.UnixMilli())
	}
	t.Complete = true
	return t.Trial, nil
}

// day reads one day of all series in order of time; nil when that would be more than a trial may read.
func (t *trial) day(ctx context.Context, from, to time.Time) ([]rule.Value, error) {
	values := []rule.Value{}
	for _, in := range t.inputs {
		left := trialReadings - t.Readings
		list, err := t.store.Read(ctx, Read{Device: in.device, Property: in.property, From: from, To: to, Quality: Usable, Limit: left + 1})
		if err != nil {
			return nil, err
		}
		if len(list) > left {
			return nil, nil
		}
		t.Readings += len(list)
		for _, v := range list {
			values = append(values, rule.Value{Input: in.name, Point: wire.Point{At: v.At.UnixMilli(), Value: v.Value, Quality: v.Quality}})
		}
	}
	slices.SortStableFunc(values, func(a, b rule.Value) int { return cmp.Compare(a.At, b.At) })
	return values, nil
}

func (t *trial) judge(values []rule.Value) {
	switch t.rule.Condition {
	case rule.Expression:
		t.rule.Join(&t.state, values, t.changed)
	case rule.Silent:
		for _, v := range values {
			if t.state.Heard != 0 {
				t.silence(v.At)
			}
			t.changed(t.rule.Hear(&t.state, v.At), v.At)
		}
	default:
		for _, v := range values {
			t.changed(t.rule.Step(&t.state, v.Point), v.At)
		}
	}
	if n := len(t.Alarms); n > 0 && t.state.Active {
		t.Alarms[n-1].Peak = t.state.Peak
	}
}

// silence lets time pass until somebody would have noticed.
func (t *trial) silence(at int64) {
	noticed := t.state.Heard + time.Duration(t.rule.For).Milliseconds()
	if at >= noticed {
		t.changed(t.rule.Tick(&t.state, noticed), noticed)
	}
}

func (t *trial) changed(change rule.Change, at int64) {
	switch change {
	case rule.Raised:
		t.Alarms = append(t.Alarms, TrialAlarm{OpenedAt: wire.Time(at), Value: t.state.Value, Peak: t.state.Peak})
	case rule.Ended:
		last, ended := &t.Alarms[len(t.Alarms)-1], wire.Time(at)
		last.EndedAt, last.Peak = &ended, t.state.Peak
	case rule.None:
	}
}
