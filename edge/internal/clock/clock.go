// Package clock is the agent's idea of the time. Readings, rules and commands take it from here. Rule
// that must never break: time given by Now never follows a step of the machine's clock blindly; without
// an outside source it says that it is not set, and readings are marked uncertain.
package clock

import (
	"sync"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// Source is where the time comes from.
type Source string

// The sources, from best to worst.
const (
	System Source = "system" // the kernel says that NTP, PTP or a receiver disciplines it
	Centre Source = "centre" // the centre's clock, counted on by the monotonic clock
	GNSS   Source = "gnss"   // a satellite receiver with a fix
	None   Source = "none"
)

// near is the difference to the centre below which the machine's own clock is left alone: it is within
// the uncertainty of a slow link.
const near = time.Second

// step is the difference between the machine's clock and the monotonic one from which a change is a jump
// and not the slewing of a time service.
const step = 2 * time.Second

// Clock combines the machine's clock with the centre's. The zero value is not usable; use New.
type Clock struct {
	disciplined func() bool
	began       time.Time

	mu     sync.Mutex
	known  bool      // the centre's clock is known
	heard  time.Time // when it was heard, for the monotonic clock
	centre time.Time // the centre's clock then
	own    time.Time // what Now said then
	kernel bool
	asked  time.Time
	first  bool      // somebody has set the time once
	wall   time.Time // the machine's clock when it was looked at last, for jumps
	up     time.Duration
	jumps  uint64
	jump   time.Duration
	sat    satellites
}

// New makes a clock; disciplined nil asks the kernel.
func New(disciplined func() bool) *Clock {
	if disciplined == nil {
		disciplined = kernelSynced
	}
	return &Clock{disciplined: disciplined, began: time.Now(), sat: satellites{floor: earliest()}}
}

// Now is the best time known and whether it is set.
func (c *Clock) Now() (at time.Time, synced bool) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watch(now.Round(0), now.Sub(c.began))
	switch {
	case c.fromKernel(now):
		return now.UTC(), true
	case c.known:
		return c.own.Add(now.Sub(c.heard)), true
	case c.sat.known:
		return c.sat.start.Add(now.Sub(c.began)).UTC(), true
	}
	// Counted from the start, so that a step of the unset clock does not tear the readings apart.
	return c.reckoned(now), false
}

// reckoned is the machine's clock at the start, counted on.
func (c *Clock) reckoned(now time.Time) time.Time {
	return c.began.Round(0).Add(now.Sub(c.began)).UTC()
}

// watch notices a jump of the machine's clock: it has gone on otherwise than the monotonic one. up is the
// time since the start by the latter.
func (c *Clock) watch(wall time.Time, up time.Duration) {
	if !c.wall.IsZero() {
		if d := wall.Sub(c.wall) - (up - c.up); d.Abs() >= step {
			c.jumps++
			c.jump = d
		}
	}
	c.wall, c.up = wall, up
}

// Disciplined reports once that the machine's clock has been set by something other than the centre, and by
// how much the times given out before were behind. Ask it now and then.
func (c *Clock) Disciplined() (behind time.Duration, first bool) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.first:
		return 0, false
	case c.fromKernel(now):
		behind = now.Round(0).Sub(c.reckoned(now))
	case c.sat.known:
		behind = c.sat.start.Sub(c.began.Round(0))
	default:
		return 0, false
	}
	c.first = true
	return behind, true
}

// State is where the time comes from, and what the machine's clock did since the start.
func (c *Clock) State() *wire.ClockState {
	c.mu.Lock()
	defer c.mu.Unlock()
	source := None
	switch {
	case c.fromKernel(time.Now()):
		source = System
	case c.known:
		source = Centre
	case c.sat.known:
		source = GNSS
	}
	return &wire.ClockState{Source: string(source), Jumps: c.jumps, Jump: c.jump.Milliseconds()}
}

// fromKernel asks the kernel at most every ten seconds.
func (c *Clock) fromKernel(now time.Time) bool {
	if c.asked.IsZero() || now.Sub(c.asked) > 10*time.Second {
		c.kernel, c.asked = c.disciplined(), now
	}
	return c.kernel
}

// Heard takes the centre's clock; trip is the time from asking to the answer, 0 when nothing was asked.
// It returns by how much the times given out before were behind, when it is the first that sets the
// clock.
func (c *Clock) Heard(centre time.Time, trip time.Duration) (behind time.Duration, first bool) {
	now := time.Now()
	centre = centre.Add(trip / 2)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known && trip == 0 {
		// An unasked message may have waited on the way: it only counts when ours is clearly wrong.
		if d := centre.Sub(c.centreNow(now)); d.Abs() < 30*time.Second {
			return 0, false
		}
	}
	// Half of the trip may be wrong: an answer that waited at a broker says nothing against what is known.
	doubt := near + trip/2
	if d := centre.Sub(c.centreNow(now)); c.known && trip > near && d.Abs() < doubt {
		return 0, false
	}
	first = !c.first && !c.known && !c.fromKernel(now)
	c.first = c.first || first
	c.known, c.heard, c.centre = true, now, centre.UTC().Round(0)
	own := c.reckoned(now)
	if behind = c.centre.Sub(own); behind.Abs() < doubt {
		behind = 0
	}
	c.own = own.Add(behind)
	if !first {
		return 0, false
	}
	return behind, true
}

// centreNow is the centre's clock.
func (c *Clock) centreNow(now time.Time) time.Time { return c.centre.Add(now.Sub(c.heard)) }

// CentreNow is the centre's clock, or our own as long as it is unknown: a command's life is measured by it.
func (c *Clock) CentreNow() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if !c.known {
		return now
	}
	return c.centreNow(now)
}
