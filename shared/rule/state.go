package rule

import (
	"math"
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

// State is where one rule stands on one series. The zero value has seen nothing. Times are device time
// in Unix milliseconds.
type State struct {
	Active bool
	Since  int64   // since when the limit is passed without a break
	Passed bool    // the limit is passed; Active follows after the duration
	Seen   bool    // Last is set
	Last   int64   // newest reading that counted
	Peak   float64 // furthest past the limit since Since
}

// Step takes the next reading of the series. A reading of bad quality, without a finite value, or not
// newer than the last one changes nothing.
func (r *Rule) Step(s *State, p wire.Point) Change {
	if !Counts(p) || (s.Seen && p.At <= s.Last) {
		return None
	}
	s.Seen, s.Last = true, p.At
	if s.Active {
		s.Peak = r.Worse(s.Peak, p.Value)
		if r.safe(p.Value) {
			s.Active, s.Passed = false, false
			return Ended
		}
		return None
	}
	if !r.Passes(p.Value) {
		s.Passed = false
		return None
	}
	if !s.Passed {
		s.Passed, s.Since, s.Peak = true, p.At, p.Value
	}
	s.Peak = r.Worse(s.Peak, p.Value)
	if p.At-s.Since < time.Duration(r.For).Milliseconds() {
		return None
	}
	s.Active = true
	return Raised
}

// Counts reports whether rules look at a reading at all.
func Counts(p wire.Point) bool {
	return p.Quality <= wire.Uncertain && !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0)
}

// Passes reports whether the value reaches the limit.
func (r *Rule) Passes(v float64) bool {
	if r.Condition == Below {
		return v <= r.Limit
	}
	return v >= r.Limit
}

// safe reports whether the value ends an alarm. Where clear equals the limit, only a value beyond it does.
func (r *Rule) safe(v float64) bool {
	if r.Passes(v) {
		return false
	}
	if r.Condition == Below {
		return v >= r.Clear
	}
	return v <= r.Clear
}

// Worse returns the value that is further past the limit.
func (r *Rule) Worse(a, b float64) float64 {
	if r.Condition == Below {
		return math.Min(a, b)
	}
	return math.Max(a, b)
}
