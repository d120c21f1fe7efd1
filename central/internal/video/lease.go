package video

import "time"

// The times of a lease. A terminal whose stop message is lost ends leaseLength after the last renewal,
// which is within linger after the last viewer left: 22 s in all.
const (
	leaseLength = 20 * time.Second
	renewEvery  = 8 * time.Second
	urgeEvery   = 3 * time.Second // while no picture comes: the terminal may have just started again
	retryAfter  = 2 * time.Second
	linger      = 2 * time.Second  // a page that is loaded again finds the picture running
	patience    = 20 * time.Second // how long a ticket keeps the lease while its viewer connects
)

// act is what to tell the edge.
type act int

const (
	nothing act = iota
	start
	stop
)

// lease is one stream's hold on a terminal. It is pure: time is an argument.
type lease struct {
	hold    time.Time // a viewer with a ticket is on the way until then
	wanted  time.Time // when it was last wanted
	asked   time.Time // last successful start
	tried   time.Time // last attempt
	running bool      // started and not stopped
	kept    bool      // it is recorded
	peeks   int       // it is opened for a picture of an alarm
}

// want keeps the lease for a viewer that connects.
func (l *lease) want(now time.Time) { l.hold = now.Add(patience) }

// arrived ends the wait: from here on the viewer itself counts. Another one that is still on the way
// starts the lease anew if this one leaves first.
func (l *lease) arrived() { l.hold = time.Time{} }

// needed reports whether somebody watches or is about to, or it is recorded.
func (l *lease) needed(now time.Time, viewers int) bool {
	return viewers > 0 || l.kept || l.peeks > 0 || now.Before(l.hold)
}

// decide says what to tell the edge now. live says that pictures come.
func (l *lease) decide(now time.Time, viewers int, live bool) act {
	if l.needed(now, viewers) {
		l.wanted = now
		every := urgeEvery
		if live {
			every = renewEvery
		}
		if (!l.running || now.Sub(l.asked) >= every) && now.Sub(l.tried) >= retryAfter {
			l.tried = now
			return start
		}
		return nothing
	}
	if l.running && now.Sub(l.wanted) >= linger {
		l.running = false
		return stop
	}
	return nothing
}

// anew notes that the edge has connected anew: what it was told last may be lost with its connection.
func (l *lease) anew() { l.asked = time.Time{} }

// started notes that the edge took the command.
func (l *lease) started(now time.Time) { l.running, l.asked, l.tried = true, now, now }

// The times of a stream's state.
const (
	frozenAfter = 2 * time.Second
	grace       = 15 * time.Second // a publisher that is away shorter has only frozen
)

// live reports whether pictures come.
func (f Flow) live(now time.Time) bool { return f.Publishing && now.Sub(f.Last) <= frozenAfter }

// with is how a camera's picture goes, whichever of the two is sent.
func (f Flow) with(small Flow, now time.Time) Flow {
	if f.live(now) || !small.live(now) {
		return f
	}
	f.Publishing, f.Last, f.Bitrate = true, small.Last, small.Bitrate
	return f
}

// stateOf says how a stream stands.
func stateOf(f Flow, needed bool, now time.Time) State {
	quiet := now.Sub(f.Last)
	switch {
	case f.Publishing && f.Last.IsZero():
		return Starting
	case f.Publishing && !f.live(now), !f.Publishing && needed && quiet < grace:
		return Frozen
	case f.Publishing:
		return Live
	case needed:
		return Starting
	}
	return Idle
}

// standby is the state of a picture behind no terminal, of which was the one before: whoever sends it keeps the session,
// to be spoken to, and rests while nobody wants the picture.
func standby(state, was State, f Flow, needed bool) State {
	switch {
	case !f.Publishing || (state != Frozen && state != Starting):
		return state
	case !needed:
		return Idle
	case was == Idle || was == Starting:
		return Starting
	}
	return state
}
