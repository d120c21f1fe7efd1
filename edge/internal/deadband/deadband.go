// Package deadband keeps readings that say nothing new off the SIM: those that differ from the last kept one
// by less than the profile says become one mean with their count. edge/app passes every reading through it
// on its way to the outbox; rules see them all. Rules that must never break: a change, a doubtful or bad
// reading and the first after the longest silence pass at once, and counts and sums stay what they were.
package deadband

import (
	"math"
	"sync"
	"time"

	"github.com/fengsui/fengsui/shared/profile"
	"github.com/fengsui/fengsui/shared/wire"
)

// Filter holds back readings. It may be used by several goroutines.
type Filter struct {
	factor func() float64

	mu     sync.Mutex
	series map[series]*state
}

type series struct{ device, property string }

// state is the last kept reading of a series and what was held back since.
type state struct {
	width   float64
	longest int64 // ms
	last    *wire.Reading
	held    []wire.Reading
}

// heldMost bounds what one series holds back.
const heldMost = 4096

// New makes a filter that lets everything pass. Factor widens all bands: 2 while data is spared.
func New(factor func() float64) *Filter { return &Filter{factor: factor, series: map[series]*state{}} }

// Add gives a device the bands of its profile.
func (f *Filter) Add(device string, list []profile.Series) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range list {
		if s.Deadband > 0 {
			f.series[series{device, s.Property}] = &state{width: s.Deadband, longest: time.Duration(s.MaxInterval).Milliseconds()}
		}
	}
}

// Pass returns what is to be kept now, in the order of each series. Readings whose time nobody has set yet
// pass: their times may still be moved.
func (f *Filter) Pass(readings []wire.Reading, synced bool) []wire.Reading {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.series) == 0 || !synced {
		return readings
	}
	factor := f.factor()
	out := make([]wire.Reading, 0, len(readings))
	for _, r := range readings {
		s := f.series[series{r.Device, r.Property}]
		switch {
		case s == nil:
			out = append(out, r)
		case s.within(r, factor):
			s.held = append(s.held, r)
		default:
			out = append(s.release(out), r)
			s.last = &r
		}
	}
	return out
}

// within reports whether the reading says nothing new.
func (s *state) within(r wire.Reading, factor float64) bool {
	if s.last == nil || r.Quality != wire.Good || s.last.Quality != wire.Good || len(s.held) >= heldMost {
		return false
	}
	newest := s.last.At
	if n := len(s.held); n > 0 {
		newest = s.held[n-1].At
	}
	return r.At > newest && r.At-s.last.At < s.longest && math.Abs(r.Value-s.last.Value) < s.width*factor
}

// release adds what was held back as one reading, the mean, at the time of the middle one.
func (s *state) release(out []wire.Reading) []wire.Reading {
	switch n := len(s.held); n {
	case 0:
		return out
	case 1:
		out = append(out, s.held[0])
	default:
		out = append(out, wire.Merge(s.held))
	}
	s.held = s.held[:0]
	return out
}

// Rest returns what is still held back, for the end.
func (f *Filter) Rest() []wire.Reading {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []wire.Reading
	for _, s := range f.series {
		out = s.release(out)
	}
	return out
}
