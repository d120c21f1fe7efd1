package rate

import "time"

const (
	// pending is how long the reports of a probe are waited for.
	pending = 1500 * time.Millisecond
	// enough of a probe must have arrived for it to say anything.
	enough = 0.8
)

// probe is a short burst that finds out whether the way carries more than what is sent: without it an estimate
// never gets far beyond that.
type probe struct {
	on       bool
	open     bool // it is still being sent
	first    uint16
	last     uint16
	target   int // bits a second
	began    time.Time
	sent     time.Duration // it took so long to leave
	bytes    int           // sent
	arrivals int
	packets  int
	got      int           // bytes that arrived after the first
	from     time.Duration // when the first arrived
	until    time.Duration // and the last

	done   bool
	passed bool
}

// Probe begins a probe at so many bits a second. What is noted by Sent until ProbeSent belongs to it.
func (e *Estimator) Probe(target int, now time.Time) {
	e.probe = probe{on: true, open: true, first: e.next, target: target, began: now}
}

// Probing is how many bytes belong to the probe so far: pictures go on meanwhile.
func (e *Estimator) Probing() int { return e.probe.bytes }

// ProbeSent ends it.
func (e *Estimator) ProbeSent(now time.Time) {
	p := &e.probe
	if !p.open {
		return
	}
	p.open, p.last, p.sent = false, e.next-1, now.Sub(p.began)
	e.Cut(now) // what the probe itself fills or loses is no sign
	for seq := p.first; seq != e.next; seq++ {
		p.packets++
	}
	if p.packets == 0 {
		p.on, p.done = false, true
	}
}

// Probed reports whether the probe is over, and whether the way carried what left: that is less than its rate when
// pictures, which leave more slowly, took its time. State tells how much was found.
func (e *Estimator) Probed(now time.Time) (done, passed bool) {
	e.probe.settle(e, now)
	return e.probe.done, e.probe.passed
}

func (p *probe) arrived(seq uint16, size int, at time.Duration) {
	if !p.on || int16(seq-p.first) < 0 || (!p.open && int16(p.last-seq) < 0) { //nolint:gosec // distances on a circle
		return
	}
	if p.arrivals == 0 {
		p.from, p.until = at, at
	} else {
		p.got += size
		p.from, p.until = min(p.from, at), max(p.until, at)
	}
	p.arrivals++
}

// settle ends the probe when all of it has arrived or has had the time to.
func (p *probe) settle(e *Estimator, now time.Time) {
	if !p.on || p.open || (p.arrivals < p.packets && now.Sub(p.began) < pending) {
		return
	}
	p.on, p.done = false, true
	if float64(p.arrivals) < enough*float64(p.packets) || p.arrivals < 2 {
		return
	}
	found, left := p.target, p.target
	if took := max(p.until-p.from, p.sent/2); took > 0 {
		found = int(float64(p.got*8) / took.Seconds())
	}
	if p.sent > 0 {
		left = min(left, int(float64(p.got*8)/p.sent.Seconds()))
	}
	if e.bits > 0 {
		e.bits = min(max(e.bits, min(found, p.target)), most)
	}
	p.passed = found >= left*9/10
}
