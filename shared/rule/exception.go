package rule

import (
	"reflect"
	"time"

	"github.com/fengsui/fengsui/shared/strict"
	"github.com/fengsui/fengsui/shared/wire"
)

// maxExceptions is for how many devices one rule may say something else.
const maxExceptions = 1000

// Exception is what a rule is on one device: off, or with another limit. What it does not name stays as
// the rule has it.
type Exception struct {
	Off   bool       `yaml:"off,omitempty" json:"off,omitempty"`
	Limit *float64   `yaml:"limit,omitempty" json:"limit,omitempty"`
	Clear *float64   `yaml:"clear,omitempty" json:"clear,omitempty"`
	For   *Duration  `yaml:"for,omitempty" json:"for,omitempty"`
	Until *time.Time `yaml:"until,omitempty" json:"until,omitempty"` // when it ends by itself; nil: never
}

// ended reports whether the exception is over.
func (e Exception) ended(at time.Time) bool { return e.Until != nil && !at.Before(*e.Until) }

// with is the rule as the exception has it.
func (r *Rule) with(e Exception) *Rule {
	out := *r
	out.Exceptions = nil
	if e.Limit != nil {
		out.Limit = *e.Limit
	}
	if e.Clear != nil {
		out.Clear = *e.Clear
	}
	if e.For != nil {
		out.For = *e.For
	}
	return &out
}

// Of is the rule as it is on a device at a time: nil where it is off, the rule itself without an exception.
func (r *Rule) Of(device string, at time.Time) *Rule {
	e, ok := r.Exceptions[device]
	switch {
	case !ok || e.ended(at):
		return r
	case e.Off:
		return nil
	}
	return r.with(e)
}

// Changes is the next time after at when an exception ends; the zero time when none does.
func (r *Rule) Changes(at time.Time) time.Time {
	var next time.Time
	for _, e := range r.Exceptions {
		if e.Until != nil && e.Until.After(at) && (next.IsZero() || e.Until.Before(next)) {
			next = *e.Until
		}
	}
	return next
}

// SameCondition reports whether two rules look at the same values in the same way, so that what one has seen
// is of use to the other. Limits and durations may differ.
func (r *Rule) SameCondition(o *Rule) bool {
	return r.Condition == o.Condition && r.Property == o.Property && r.Window == o.Window && r.Expression == o.Expression &&
		r.MaxAge == o.MaxAge && reflect.DeepEqual(r.Inputs, o.Inputs)
}

// SameVerdict reports whether two rules decide alike on every reading.
func (r *Rule) SameVerdict(o *Rule) bool {
	return r.SameCondition(o) && r.Limit == o.Limit && r.Clear == o.Clear && r.For == o.For
}

// Rejudge is the state of a rule whose limit or duration has changed: an alarm goes on until the next reading
// decides, and what only waited begins anew.
func (s *State) Rejudge() {
	if !s.Active {
		s.Passed = false
	}
}

func (r *Rule) checkExceptions() error {
	if len(r.Exceptions) > maxExceptions {
		return strict.Bad("exceptions", "are more than %d", maxExceptions)
	}
	for device, e := range r.Exceptions {
		at := "exceptions." + device
		if !wire.ValidID(device) {
			return strict.Bad(at, "is not a device id")
		}
		if e.Off {
			continue
		}
		one := r.with(e)
		if one.For < 0 || time.Duration(one.For) > MaxFor {
			return strict.Bad(at+".for", "must lie between 0s and %s", MaxFor)
		}
		for _, check := range []func() error{one.checkForeign, one.checkCondition} {
			if err := check(); err != nil {
				return strict.Below(at, err)
			}
		}
	}
	return nil
}
