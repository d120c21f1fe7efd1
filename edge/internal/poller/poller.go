// Package poller reads every sensor at its own pace and hands the readings on. edge/app starts it. Rule
// that must never break: a device that hangs or lies delays no other.
package poller

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/wire"
)

// Sensor is one device to read.
type Sensor struct {
	ID     string
	Every  time.Duration
	Device driver.Device
}

// Poller reads sensors. Take gets the readings of one round of one device and must not keep the slice;
// it may be called by several goroutines at once.
type Poller struct {
	Sensors []Sensor
	Take    func(ctx context.Context, readings []wire.Reading)
	Changed func()           // a device began or ceased to answer; may be nil
	Now     func() time.Time // the agent's clock
	Log     *slog.Logger

	mu     sync.Mutex
	states map[string]wire.SensorState
}

// slowest is how long a silent device is left alone at most.
const slowest = 30 * time.Second

// Run reads until ctx ends, then closes the devices.
func (p *Poller) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, s := range p.Sensors {
		wg.Go(func() { p.poll(ctx, s) })
	}
	wg.Wait()
}

// poll reads one device. The first reading comes after a random part of the interval, so that many
// devices on one line do not speak at once; a silent device is asked less and less often.
func (p *Poller) poll(ctx context.Context, s Sensor) {
	defer func() {
		if err := s.Device.Close(); err != nil {
			p.Log.Warn("device not closed", "sensor", s.ID, "error", err)
		}
	}()
	next := time.NewTimer(rand.N(min(s.Every, time.Second) + 1))
	defer next.Stop()
	failures := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		begun := time.Now()
		failures = p.once(ctx, s, failures)
		wait := s.Every
		if failures > 0 {
			wait = max(s.Every, min(s.Every<<min(failures-1, 10), slowest))
		}
		next.Reset(max(wait-time.Since(begun), time.Millisecond))
	}
}

// once reads the device and returns how many readings in a row have failed.
func (p *Poller) once(ctx context.Context, s Sensor, failures int) int {
	samples, err := s.Device.Read(ctx)
	if ctx.Err() != nil {
		return failures
	}
	now := p.Now().UnixMilli()
	if len(samples) > 0 {
		readings := make([]wire.Reading, len(samples))
		for i, v := range samples {
			readings[i] = wire.Reading{Device: s.ID, Property: v.Property, At: now, Value: v.Value, Quality: v.Quality}
		}
		p.Take(ctx, readings)
	}
	// One silent round of a device that has nothing new yet is no fault.
	if err != nil && len(samples) == 0 && failures == 0 && errors.Is(err, driver.ErrNoValue) {
		return 1
	}
	p.note(s.ID, now, len(samples) > 0, err)
	if err != nil && len(samples) == 0 {
		return failures + 1
	}
	return 0
}

func (p *Poller) note(id string, now int64, answered bool, err error) {
	p.mu.Lock()
	if p.states == nil {
		p.states = map[string]wire.SensorState{}
	}
	was, known := p.states[id]
	is := wire.SensorState{ID: id, OK: err == nil, At: was.At}
	if answered {
		is.At = now
	}
	if err != nil {
		is.Error = err.Error()
	}
	p.states[id] = is
	p.mu.Unlock()
	if known && was.OK == is.OK {
		return
	}
	if is.OK {
		p.Log.Info("device answers", "sensor", id)
	} else {
		p.Log.Warn("device does not answer", "sensor", id, "error", err)
	}
	if p.Changed != nil {
		p.Changed()
	}
}

// States says of every sensor whether it answers, in the order of Sensors.
func (p *Poller) States() []wire.SensorState {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]wire.SensorState, 0, len(p.Sensors))
	for _, s := range p.Sensors {
		state, ok := p.states[s.ID]
		if !ok {
			state = wire.SensorState{ID: s.ID, Error: "not asked yet"}
		}
		out = append(out, state)
	}
	return out
}
