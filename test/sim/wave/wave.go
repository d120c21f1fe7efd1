// Package wave is the shapes that simulated sensors follow: a tide, a ramp, spikes of gas, a constant, a
// counter. The simulator asks a wave for its value at a time. Rule that must never break: a wave is a
// function of the time since its epoch (and, for the counter, of how often it was read), so that a
// simulator that was killed goes on where it would have been.
package wave

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// Shape names a kind of wave.
type Shape string

// The shapes.
const (
	Constant Shape = "constant" // Value
	Tide     Shape = "tide"     // Mean ± Amplitude in a Period, Phase of a turn into it at the epoch
	Ramp     Shape = "ramp"     // From to To in a Period, then again
	Spikes   Shape = "spikes"   // Value, and To for Width of every Period
	Counter  Shape = "counter"  // Value at the first reading, twice that at the second; proves what was lost
)

// Wave is the description of one shape, as it stands in the configuration.
type Wave struct {
	Shape     Shape         `yaml:"shape"`
	Value     float64       `yaml:"value,omitempty"`
	Mean      float64       `yaml:"mean,omitempty"`
	Amplitude float64       `yaml:"amplitude,omitempty"`
	From      float64       `yaml:"from,omitempty"`
	To        float64       `yaml:"to,omitempty"`
	Period    time.Duration `yaml:"period,omitempty"`
	Phase     float64       `yaml:"phase,omitempty"`
	Width     time.Duration `yaml:"width,omitempty"`
	Noise     float64       `yaml:"noise,omitempty"` // half the span of an even noise
}

// Check says what is wrong with the description.
func (w Wave) Check() error {
	switch w.Shape {
	case Constant, Counter:
		return nil
	case Tide, Ramp, Spikes:
		if w.Period <= 0 {
			return fmt.Errorf("%s needs a period", w.Shape)
		}
		return nil
	}
	return fmt.Errorf("shape %q is none of constant, tide, ramp, spikes, counter", w.Shape)
}

// At is the value so long after the epoch. The counter is not known here; see Source.
func (w Wave) At(since time.Duration) float64 {
	turn := 0.0
	if w.Period > 0 {
		turn = math.Mod(since.Seconds()/w.Period.Seconds()+w.Phase, 1)
		if turn < 0 {
			turn++
		}
	}
	v := w.Value
	switch w.Shape {
	case Tide:
		v = w.Mean + w.Amplitude*math.Sin(2*math.Pi*turn)
	case Ramp:
		v = w.From + (w.To-w.From)*turn
	case Spikes:
		if turn*w.Period.Seconds() < w.Width.Seconds() {
			v = w.To
		}
	case Constant, Counter:
	}
	return v + w.Noise*noise(since)
}

// noise is between -1 and 1, another one every 100 ms, the same for the same time.
func noise(since time.Duration) float64 {
	x := uint64(since / (100 * time.Millisecond))
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return float64(x>>11)/float64(1<<53)*2 - 1
}

// Source gives the values of one property and can be held at a value by a test. Use it by pointer.
type Source struct {
	Wave  Wave
	Epoch time.Time

	reads atomic.Uint64
	held  atomic.Pointer[float64]
}

// Read is the value at a time; it counts.
func (s *Source) Read(at time.Time) float64 {
	n := s.reads.Add(1)
	if v := s.held.Load(); v != nil {
		return *v
	}
	if s.Wave.Shape == Counter {
		return float64(n) * s.Wave.Value
	}
	return s.Wave.At(at.Sub(s.Epoch))
}

// Reads is how often the source was read.
func (s *Source) Reads() uint64 { return s.reads.Load() }

// Hold keeps the value; nil lets the wave go on.
func (s *Source) Hold(v *float64) { s.held.Store(v) }
