// Package poller reads every sensor at its own pace, listens to those that speak by themselves, and hands
// the readings on. edge/app starts it. Rule that must never break: a device that hangs, lies or makes its
// driver fail delays no other.
package poller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/wire"
)

// Sensor is one device. Every is the pace of a driver.Reader.
type Sensor struct {
	ID     string
	Every  time.Duration
	Device driver.Device
}

// Readings are what one device said at once.
type Readings struct {
	List   []wire.Reading
	Urgent bool              // for the alarm lane
	Keep   bool              // return only when they are durable: the device waits for that
	Values map[string][]byte // to be kept in the same commit; Get finds them again
}

// Poller reads sensors. Take gets the readings of one round of one device and must not keep the slice;
// it may be called by several goroutines at once.
type Poller struct {
	Sensors []Sensor
	Take    func(ctx context.Context, r Readings) error
	Get     func(ctx context.Context, key string) ([]byte, error) // what was kept under a key; nil: nothing is
	Changed func()                                                // a device began or ceased to answer; may be nil
	Now     func() (time.Time, bool)                              // the agent's clock, and whether it is set
	Log     *slog.Logger

	mu     sync.Mutex
	states map[string]*state
	looks  map[string]chan look
}

const (
	slowest = 30 * time.Second // how long a silent device is left alone at most
	// hearOut is how long a device that is being read may still answer after the stop: what it says is kept, and a
	// silent one does not hold the stop up.
	hearOut = 500 * time.Millisecond
	ahead   = 5 * time.Minute // a device time further in the future is none
)

// Run reads and listens until ctx ends, then closes the devices.
func (p *Poller) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, s := range p.Sensors {
		wg.Go(func() {
			switch d := s.Device.(type) {
			case driver.Source:
				p.listen(ctx, s, d)
			case driver.Reader:
				p.poll(ctx, s, d)
			default:
				p.note(s.ID, false, fmt.Errorf("%T neither reads nor listens", d))
			}
			if err := s.Device.Close(); err != nil {
				p.Log.Warn("device not closed", "sensor", s.ID, "error", err)
			}
		})
	}
	wg.Wait()
}

// poll reads one device. The first reading comes after a random part of the interval, so that many
// devices on one line do not speak at once; a silent device is asked less and less often.
func (p *Poller) poll(ctx context.Context, s Sensor, d driver.Reader) {
	next := time.NewTimer(rand.N(min(s.Every, time.Second) + 1))
	defer next.Stop()
	failures := 0
	asked := p.asked(s.ID)
	ctx = driver.WithRefused(ctx, func(f *driver.Fault) { p.count(s.ID, f) })
	for {
		select {
		case <-ctx.Done():
			return
		case one := <-asked:
			failures = p.answer(ctx, s, d, failures, one)
			continue
		case <-next.C:
		}
		begun := time.Now()
		failures = p.once(ctx, s, d, failures, nil)
		wait := s.Every
		if failures > 0 {
			wait = max(s.Every, min(s.Every<<min(failures-1, 10), slowest))
		}
		next.Reset(max(wait-time.Since(begun), time.Millisecond))
	}
}

// once reads the device and returns how many readings in a row have failed. seen gets what was read; it may be nil.
func (p *Poller) once(ctx context.Context, s Sensor, d driver.Reader, failures int, seen func([]driver.Sample, error)) int {
	var samples []driver.Sample
	reading, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(hearOut, end) })()
	err := p.guard(s.ID, func() (err error) {
		samples, err = d.Read(reading)
		return err
	})
	if seen != nil {
		seen(samples, err)
	}
	if ctx.Err() != nil && len(samples) == 0 {
		return failures
	}
	if len(samples) > 0 {
		// What the outbox could not take it has counted itself; the device has answered all the same.
		if p.Take(reading, Readings{List: p.readings(s.ID, driver.Message{Samples: samples})}) == nil {
			p.taken(s.ID)
		}
	}
	// One silent round of a device that has nothing new yet is no fault.
	if err != nil && len(samples) == 0 && failures == 0 && errors.Is(err, driver.ErrNoValue) {
		return 1
	}
	p.note(s.ID, len(samples) > 0, err)
	if err != nil && len(samples) == 0 {
		return failures + 1
	}
	return 0
}

// listen hears one device, again after a while when it could not.
func (p *Poller) listen(ctx context.Context, s Sensor, d driver.Source) {
	for failures := 0; ctx.Err() == nil; failures++ {
		begun := time.Now()
		err := p.guard(s.ID, func() error {
			return d.Listen(ctx, &sink{poller: p, id: s.ID, allowed: burst, at: time.Now(), recent: &recent{id: s.ID, get: p.Get}})
		})
		if ctx.Err() != nil {
			return
		}
		if time.Since(begun) > slowest {
			failures = 0
		}
		if err != nil {
			p.note(s.ID, false, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(min(time.Second<<min(failures, 10), slowest)):
		}
	}
}

// guard turns a panic of a driver, or of the library below it, into an error of that device.
func (p *Poller) guard(id string, do func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			p.Log.Error("driver failed", "sensor", id, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = &driver.Fault{Kind: driver.KindPanic, Err: fmt.Errorf("driver failed: %v", r)}
		}
	}()
	return do()
}

// readings gives samples their times. A device whose clock is ahead is wrong: its times are moved by what
// the clock was wrong when it sent them, or else, when it did not say, are those of receipt; the readings
// are kept and marked uncertain. While the agent's own clock is not set nobody can judge that.
func (p *Poller) readings(id string, m driver.Message) []wire.Reading {
	now, set := p.Now()
	wrong := int64(0)
	if set && m.Sent > now.Add(ahead).UnixMilli() {
		wrong = m.Sent - now.UnixMilli()
		p.future(id, m.Sent, m.Raw)
	}
	out := make([]wire.Reading, len(m.Samples))
	for i, s := range m.Samples {
		raw := s.Raw
		if raw == nil {
			raw = m.Raw
		}
		r := wire.Reading{Device: id, Property: s.Property, At: s.At, Value: s.Value, Quality: s.Quality}
		if s.At != 0 && wrong != 0 {
			r.At, r.Quality = s.At-wrong, max(r.Quality, wire.Uncertain)
		}
		switch {
		case s.At == 0:
			r.At = now.UnixMilli()
		case set && r.At > now.Add(ahead).UnixMilli():
			if wrong == 0 {
				p.future(id, s.At, raw)
			}
			r.At, r.Quality = now.UnixMilli(), max(r.Quality, wire.Uncertain)
		}
		if s.Quality == wire.Bad {
			p.count(id, driver.NewFault(driver.KindRange, raw, "%s is %v: out of the range of the device", s.Property, s.Value))
		}
		out[i] = r
	}
	return out
}

func (p *Poller) future(id string, at int64, raw []byte) {
	p.count(id, driver.NewFault(driver.KindClock, raw, "device time %s lies in the future", time.UnixMilli(at).UTC().Format(time.RFC3339)))
}
