package rate

import "time"

// queued is how much longer than the best of late a round trip takes when something on the way is full.
const queued = 300 * time.Millisecond

// missed is after how long without a report the next one is of a cut: they come once a second, and some are lost.
const missed = 3500 * time.Millisecond

// trips is what a viewer without reports of arrivals tells: losses and round trips, about once a second.
type trips struct {
	heard bool
	last  time.Time
	best  time.Duration
	lossy bool // the last report
}

// Receipt takes a report of losses: the part of the packets since the one before, and how long the round trip
// took, 0 when that is not known. It counts only while the viewer does not report arrivals.
func (e *Estimator) Receipt(part float64, trip time.Duration, now time.Time) {
	if !e.heard.IsZero() {
		return
	}
	if e.trips.heard && now.Sub(e.trips.last) > missed {
		e.back = now
	}
	e.trips.heard, e.trips.last = true, now
	if now.Sub(e.back) < regain {
		e.judged = now
		return
	}
	passed := min(now.Sub(e.judged), 2*span)
	e.judged = now
	through := 0
	for _, b := range e.part {
		through += b.sent * 8
	}
	through = int(float64(through*int(time.Second)/int(span)) * (1 - part))
	full := false
	if trip > 0 {
		if e.trips.best == 0 {
			e.trips.best = trip
		}
		e.trips.best = min(e.trips.best, trip)
		e.delay = trip - e.trips.best
		full = e.delay > queued
	}
	e.loss = part
	narrow := part > heavy || part > lossy && e.trips.lossy // one may be chance
	e.trips.lossy = part > lossy
	switch {
	case now.Sub(e.fell) < settle:
	case full || narrow:
		e.fall(int(backoff*float64(through)), now)
	default:
		e.rise(through, passed)
	}
}
