package consult

import "time"

// The rules by which the big picture goes from one who speaks to another. Levels are in dB below the loudest that can
// be (RFC 6464): 0 to 127.
const (
	speechAbove = 50                      // what is more silent is no speech
	clearly     = 6                       // dB by which somebody must be louder to interrupt
	interrupts  = 900 * time.Millisecond  // for so long
	answers     = 300 * time.Millisecond  // after the other has stopped, this is enough
	stopped     = 1200 * time.Millisecond // of silence: a breath is no end
	holdsFloor  = 2 * time.Second         // a new one stays at least so long
)

// speakers says who speaks, and changes its mind slowly: a cough does not turn all screens. It is pure. Whoever spoke
// last stays while all are silent.
type speakers struct {
	now    int // seat, -1: nobody has spoken
	since  time.Time
	spoke  time.Time // now was last heard
	begun  [Seats]time.Time
	cut    [Seats]time.Time // since when a seat is clearly louder
	primed bool
}

// hear takes how loud every seat is (127: silent) and returns who speaks.
func (s *speakers) hear(below [Seats]int, at time.Time) int {
	if !s.primed {
		s.now, s.primed = -1, true
	}
	if s.now >= 0 && below[s.now] <= speechAbove {
		s.spoke = at
	}
	best := -1
	for i, b := range below {
		if b > speechAbove {
			s.begun[i], s.cut[i] = time.Time{}, time.Time{}
			continue
		}
		if s.begun[i].IsZero() {
			s.begun[i] = at
		}
		if s.now < 0 || b > below[s.now]-clearly {
			s.cut[i] = time.Time{}
		} else if s.cut[i].IsZero() {
			s.cut[i] = at
		}
		if i != s.now && s.may(i, at) && (best < 0 || b < below[best]) {
			best = i
		}
	}
	if best >= 0 {
		s.now, s.since, s.spoke = best, at, at
		s.cut = [Seats]time.Time{}
	}
	return s.now
}

// may reports whether a seat that speaks takes the big picture.
func (s *speakers) may(i int, at time.Time) bool {
	long := at.Sub(s.begun[i])
	switch {
	case s.now < 0:
		return long >= answers
	case at.Sub(s.since) < holdsFloor:
		return false
	case at.Sub(s.spoke) >= stopped:
		return long >= answers
	}
	return !s.cut[i].IsZero() && at.Sub(s.cut[i]) >= interrupts
}

// gone forgets a seat that somebody has left.
func (s *speakers) gone(i int) {
	s.begun[i], s.cut[i] = time.Time{}, time.Time{}
	if s.primed && s.now == i {
		s.now = -1
	}
}
