package rule

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// Change is what one reading did to the state.
type Change int

// The changes.
const (
	None   Change = iota
	Raised        // the alarm begins with this reading
	Ended         // the alarm ends with this reading
)

// State is where one rule stands on one device. The zero value has seen nothing. Times are device time
// in Unix milliseconds. Its size is bounded: at most 61 parts of a window, 8 values of an expression.
type State struct {
	Active bool
	Since  int64   // since when the condition holds without a break
	Passed bool    // the condition holds; Active follows after the duration
	Seen   bool    // Last is set
	Last   int64   // newest reading that counted
	Value  float64 // what was compared: the value, the change within the window, the seconds without movement or word
	Peak   float64 // furthest past the limit since Since

	Window []Extreme             `json:",omitempty"` // of rise and fall
	Still  float64               `json:",omitempty"` // of stuck: where the value has stood since Since
	Inputs map[string]wire.Point `json:",omitempty"` // of an expression: the newest value of each name
	Heard  int64                 `json:",omitempty"` // of silent: when something was heard, in the clock of Tick
}

// Extreme is the lowest and highest value of a part of a window.
type Extreme struct {
	At       int64
	Low, Top float64
}

// parts is how finely a window is kept: a reading leaves it up to a sixtieth of it too early.
const parts = 60

func milliseconds(d Duration) int64 { return time.Duration(d).Milliseconds() }

// Step takes the next reading. One of bad quality, without a finite value, or not newer than the last
// changes nothing. Expressions take readings by Join, the rule silent by Hear and Tick.
func (r *Rule) Step(s *State, p wire.Point) Change {
	if r.Condition == Silent || r.Condition == Expression || !Counts(p) || (s.Seen && p.At <= s.Last) {
		return None
	}
	before, first := s.Last, !s.Seen
	s.Seen, s.Last = true, p.At
	switch r.Condition {
	case Rise, Fall:
		s.Value = r.change(s, p)
	case Stuck:
		return r.stepStuck(s, p, first, before)
	default:
		s.Value = p.Value
	}
	return r.decide(s, p.At, r.passes(s.Value), r.safe(s.Value))
}

// decide is the duration and the hysteresis.
func (r *Rule) decide(s *State, at int64, passes, safe bool) Change {
	if s.Active {
		s.Peak = r.Worse(s.Peak, s.Value)
		if !safe {
			return None
		}
		s.Active, s.Passed = false, false
		return Ended
	}
	if !passes {
		s.Passed = false
		return None
	}
	if !s.Passed {
		s.Passed, s.Since, s.Peak = true, at, s.Value
	}
	s.Peak = r.Worse(s.Peak, s.Value)
	if at-s.Since < milliseconds(r.For) {
		return None
	}
	s.Active = true
	return Raised
}

// change is by how much the value has risen from its lowest, or fallen from its highest, in the window.
func (r *Rule) change(s *State, p wire.Point) float64 {
	window := milliseconds(r.Window)
	gone := 0
	for gone < len(s.Window) && s.Window[gone].At < p.At-window {
		gone++
	}
	s.Window = slices.Delete(s.Window, 0, gone)
	if n := len(s.Window); n > 0 && p.At-s.Window[n-1].At < (window+parts-1)/parts {
		last := &s.Window[n-1]
		last.Low, last.Top = math.Min(last.Low, p.Value), math.Max(last.Top, p.Value)
	} else {
		s.Window = append(s.Window, Extreme{p.At, p.Value, p.Value})
	}
	low, top := p.Value, p.Value
	for _, e := range s.Window {
		low, top = math.Min(low, e.Low), math.Max(top, e.Top)
	}
	if r.Condition == Fall {
		return top - p.Value
	}
	return p.Value - low
}

// stepStuck follows a value that should move. A pause of more than half the duration between two readings
// begins anew: what nobody saw did not stand still.
func (r *Rule) stepStuck(s *State, p wire.Point, first bool, before int64) Change {
	paused := !first && p.At-before > milliseconds(r.For)/2
	if moved := !first && math.Abs(p.Value-s.Still) > r.Limit; first || moved || (paused && !s.Active) {
		s.Still, s.Since, s.Value, s.Passed = p.Value, p.At, 0, false
		if s.Active && moved {
			s.Active = false
			return Ended
		}
		return None
	}
	if s.Active {
		return None
	}
	s.Passed, s.Value = true, float64(p.At-s.Since)/1000
	if p.At-s.Since < milliseconds(r.For) {
		return None
	}
	s.Active, s.Peak = true, s.Value
	return Raised
}

// Value is a reading under its name in an expression.
type Value struct {
	Input string
	wire.Point
}

// Join lets an expression look at the readings of one message. Those of one time are looked at together,
// so that a message whose columns follow one another raises nothing that never was. A reading that is not
// newer than the last of its name changes nothing. changed is told of each change with its time; the
// state is as it was then.
func (r *Rule) Join(s *State, values []Value, changed func(Change, int64)) {
	if r.Condition != Expression {
		return
	}
	slices.SortStableFunc(values, func(a, b Value) int { return cmp.Compare(a.At, b.At) })
	for i, fresh := 0, false; i < len(values); i++ {
		v := values[i]
		if last, ok := s.Inputs[v.Input]; Counts(v.Point) && (!ok || v.At > last.At) {
			if s.Inputs == nil {
				s.Inputs = map[string]wire.Point{}
			}
			s.Inputs[v.Input], fresh = v.Point, true
		}
		if i+1 < len(values) && values[i+1].At == v.At || !fresh {
			continue
		}
		fresh = false
		if change := r.settle(s, v.At); change != None {
			changed(change, s.Last)
		}
	}
}

func (r *Rule) settle(s *State, at int64) Change {
	if s.Active && at < s.Since {
		return None // what was before an alarm does not end it
	}
	if s.Seen { // another device may be behind
		at = max(at, s.Last)
	}
	s.Seen, s.Last, s.Value = true, at, s.Inputs[r.Property].Value
	holds, known := r.holds(s.Inputs)
	if !known {
		return None
	}
	return r.decide(s, at, holds, !holds)
}

// Hear takes note, for the rule silent, that the device was heard, in the clock of Tick.
func (r *Rule) Hear(s *State, at int64) Change {
	if r.Condition != Silent || at <= s.Heard {
		return None
	}
	s.Heard, s.Value, s.Passed = at, 0, false
	if !s.Active {
		return None
	}
	s.Active = false
	return Ended
}

// Tick lets time pass for the rule silent. The first Tick of a device that was never heard begins to count.
func (r *Rule) Tick(s *State, now int64) Change {
	if r.Condition != Silent {
		return None
	}
	if s.Heard == 0 || s.Heard > now { // nothing heard yet, or the clock was set back
		s.Heard = now
	}
	if s.Active {
		return None
	}
	s.Value = float64(now-s.Heard) / 1000
	if now-s.Heard < milliseconds(r.For) {
		return None
	}
	s.Active, s.Passed, s.Since, s.Peak = true, true, s.Heard, s.Value
	return Raised
}

// EndAt takes the word of another watch, which has seen more, that the alarm ended at that time. What was
// seen before proves nothing any more; a reading of that time counts as the first.
func (r *Rule) EndAt(s *State, at int64) {
	*s = State{Seen: r.Condition != Stuck, Last: at - 1}
}

// Resume takes the state over from an earlier run: nobody has watched meanwhile. An alarm goes on; what
// was on the way to one begins anew, silence above all. The window of rise and fall stays, it is readings.
func (s *State) Resume(now int64) {
	s.Heard = 0
	if !s.Active {
		s.Passed = false
		s.Since = now
	}
	s.Clamp(now)
}

// Shift moves what was seen of readings whose times were behind by so many milliseconds.
func (s *State) Shift(behind int64) {
	s.Last += behind
	s.Since += behind
	for i := range s.Window {
		s.Window[i].At += behind
	}
	for name, p := range s.Inputs {
		p.At += behind
		s.Inputs[name] = p
	}
}

// Clamp brings times of the future, seen while a clock was wrong, back to now: all readings to come would
// look late otherwise.
func (s *State) Clamp(now int64) {
	s.Last, s.Since = min(s.Last, now), min(s.Since, now)
	for i := range s.Window {
		s.Window[i].At = min(s.Window[i].At, now)
	}
	for name, p := range s.Inputs {
		p.At = min(p.At, now)
		s.Inputs[name] = p
	}
}

// Counts reports whether rules look at a reading at all.
func Counts(p wire.Point) bool { return p.Quality <= wire.Uncertain && finite(p.Value) }

// passes reports whether what is compared reaches the limit.
func (r *Rule) passes(v float64) bool {
	if r.Condition == Below {
		return v <= r.Limit
	}
	return v >= r.Limit
}

// safe reports whether the value ends an alarm. Where clear equals the limit, only a value beyond it does.
func (r *Rule) safe(v float64) bool {
	if r.passes(v) {
		return false
	}
	if r.Condition == Below {
		return v >= r.Clear
	}
	return v <= r.Clear
}

// Worse returns the value that is further past the limit. An expression has no limit: the first stays.
func (r *Rule) Worse(a, b float64) float64 {
	switch r.Condition {
	case Below:
		return math.Min(a, b)
	case Expression:
		return a
	default:
		return math.Max(a, b)
	}
}
