package clock

import (
	"fmt"
	"time"
)

// What makes the time of a satellite receiver believable.
const (
	agreeFirst = 3               // fixes in a row that must agree before it sets the clock
	agreeAgain = 10              // and before it moves it: one wild fix changes nothing
	agreement  = 2 * time.Second // of two fixes, each late by the time of its sentences on the line
	weeks1024  = 1024 * 7 * 24 * time.Hour
)

// earliest is a time that lies behind us wherever this program runs. Old receivers count 1024 weeks and then
// begin anew (IS-GPS-200, 20.3.3.3.1.1), so that their dates are 19.6 years short.
func earliest() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// satellites is what a receiver has said of the time, as the time of the start of the agent.
type satellites struct {
	floor   time.Time
	known   bool
	start   time.Time
	last    time.Time // the same by the last fix
	agreed  int
	refused uint64
}

// AtLeast says that the time cannot lie before that: the certificate was not valid yet, for instance.
func (c *Clock) AtLeast(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.After(c.sat.floor) {
		c.sat.floor = at
	}
}

// Satellite takes the time of a receiver that has a fix. It sets the clock as long as neither the machine's
// own time service nor the centre does. The error says why it is not believed.
func (c *Clock) Satellite(at time.Time) error {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.satellite(at, now.Sub(c.began))
}

func (c *Clock) satellite(at time.Time, up time.Duration) error {
	s := &c.sat
	at, err := inEra(at, s.floor)
	if err != nil {
		s.refused++
		return err
	}
	start := at.Add(-up)
	if s.agreed > 0 && start.Sub(s.last).Abs() > agreement {
		s.agreed = 0
	}
	s.last = start
	s.agreed++
	switch {
	case !s.known && s.agreed >= agreeFirst:
		s.known, s.start = true, start
	case !s.known:
	case start.Sub(s.start).Abs() < near:
		s.agreed = 0
	case s.agreed >= agreeAgain:
		s.start, s.agreed = start, 0
	case start.Sub(s.start).Abs() > agreement:
		s.refused++
		return fmt.Errorf("time %s of the receiver has jumped by %s and is not believed yet", at.Format(time.RFC3339), start.Sub(s.start).Round(time.Second))
	}
	return nil
}

// inEra puts a date right that is whole rounds of 1024 weeks too early. One that is a round ahead is wrong in
// another way.
func inEra(at, floor time.Time) (time.Time, error) {
	if !at.Before(floor.Add(weeks1024)) {
		return at, fmt.Errorf("time %s of the receiver cannot be true", at.Format(time.RFC3339))
	}
	for mended := at; ; mended = mended.Add(weeks1024) {
		if !mended.Before(floor) {
			return mended, nil
		}
		if floor.Sub(mended) > 3*weeks1024 {
			return at, fmt.Errorf("time %s of the receiver cannot be true", at.Format(time.RFC3339))
		}
	}
}
