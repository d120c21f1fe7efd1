// Package rate finds out how many bits a second the way to one viewer carries, from what the viewer reports of
// arrivals (transport-wide congestion control) or of losses (RFC 3550). The router uses it. Rules that must never
// break: nothing is allocated for a packet or a report, a report costs no more than the packets that are remembered,
// and without a sign of congestion nothing is held back.
package rate

import "time"

const (
	remembered = 2048 // packets on the way, more than a second of 10 Mbit/s

	evaluate = 200 * time.Millisecond // between two judgements
	idle     = 500 * time.Millisecond // without a packet: the source was silent
	span     = time.Second            // over which rate and loss are taken
	buckets  = 5                      // of span

	// standing is how much longer than the best of late even the fastest packet of a while takes when something on the
	// way is full: a burst waits for itself, but its first packet waits for others.
	standing  = 150 * time.Millisecond
	brimming  = 400 * time.Millisecond // the same, so long that one while of it is enough
	draining  = 20 * time.Millisecond  // shorter than a while ago, and it empties
	forgetful = 10 * time.Second       // how long the best time is believed, twice: the way may have become another

	// lossy is the part of the packets from which on the way is too narrow, and not just bad, when it lasts longer than
	// one burst can be seen in span: of a way that loses three in a hundred by chance there is a second with eleven every few
	// minutes. heavy is none by chance, and counts at once.
	lossy   = 0.10
	lasting = 1400 * time.Millisecond
	heavy   = 0.25
	many    = 8    // lost packets at least, of heavy
	fewest  = 10   // packets that a judgement needs
	several = 5    // lost packets, the same: of a thin stream two of ten are chance
	recent  = 2    // buckets before the present one that say what gets through once the way is full
	backoff = 0.85 // of what gets through
	growth  = 0.08 // of the estimate a second
	headway = 1.25 // times what gets through, the most that an estimate without a probe may be
	slack   = 20_000

	least = 50_000      // bits a second
	most  = 100_000_000 // and

	settle = 600 * time.Millisecond // after a fall the queue empties, which is no new sign
	silent = 1200 * time.Millisecond
	// regain is how long after a cut nothing is a sign: what begins again then is a burst, and what the viewer asks for
	// meanwhile is another.
	regain = 2 * time.Second
)

type arrival uint8

const (
	onWay arrival = iota
	lost
	arrived
)

// packet is one that was sent.
type packet struct {
	at    time.Duration // since the estimator's beginning
	size  uint16
	seq   uint16
	state arrival
	used  bool
}

// bucket is a part of the last second.
type bucket struct{ sent, acked, lost, packets int }

// Estimator is of one connection. Its methods are called from one goroutine at a time.
type Estimator struct {
	began time.Time
	sent  [remembered]packet
	next  uint16
	busy  time.Time // since when packets have left without a pause
	leave struct {  // of the packets that left last: those of a batch share it
		at   time.Time
		as   time.Duration
		part *bucket
	}

	heard   time.Time // last report of arrivals
	waits   time.Time // first packet that left after it; zero: none has
	back    time.Time // the last cut was over
	part    [buckets]bucket
	newest  int64         // number of the newest bucket
	best    time.Duration // shortest way of late; the two clocks differ, so only differences count
	older   time.Duration // the same of the half before
	bestAt  time.Time
	queue   time.Duration // of the present while: shortest way less the best
	seen    bool          // there was one
	pressed int           // whiles with a standing queue, one after the other
	stood   time.Duration // the queue of the while before
	judged  time.Time
	losing  time.Time // since when more than lossy is lost; zero: it is not
	from    uint16    // packets before it say nothing of the present
	fell    time.Time

	bits  int // 0: no limit is known
	bad   int // signs of congestion so far
	delay time.Duration
	loss  float64

	probe probe
	trips trips
}

// New makes an estimator.
func New(now time.Time) *Estimator { return &Estimator{began: now, judged: now} }

// State is what is known of a way.
type State struct {
	Bits  int           // a second; 0: no limit is known
	Bad   int           // signs of congestion so far: a larger number is a new one
	Heard bool          // the viewer reports
	Delay time.Duration // packets wait so long on the way
	Loss  float64       // part of the packets
}

// State is what is known now.
func (e *Estimator) State() State {
	return State{Bits: e.bits, Bad: e.bad, Heard: !e.heard.IsZero() || e.trips.heard, Delay: e.delay, Loss: e.loss}
}

// Sent notes a packet that leaves and numbers it.
func (e *Estimator) Sent(size int, now time.Time) uint16 {
	seq := e.next
	e.next++
	if l := &e.leave; l.part == nil || l.at != now { // the very same reading of the clock is meant
		if now.Sub(l.at) > idle {
			e.busy = now
		}
		l.at, l.as, l.part = now, now.Sub(e.began), e.bucket(now)
	}
	e.sent[seq%remembered] = packet{at: e.leave.as, size: uint16(min(size, 1<<16-1)), seq: seq, used: true} //nolint:gosec // bounded
	if e.waits.IsZero() {
		e.waits = now
	}
	e.leave.part.sent += size
	if e.probe.open {
		e.probe.bytes += size
	}
	return seq
}

// bucket is the present part of the last second.
func (e *Estimator) bucket(now time.Time) *bucket {
	n := int64(now.Sub(e.began) / (span / buckets))
	if n-e.newest >= buckets {
		e.part, e.newest = [buckets]bucket{}, n
	}
	for e.newest < n {
		e.newest++
		e.part[e.newest%buckets] = bucket{}
	}
	return &e.part[n%buckets]
}

// Arrivals takes a report of arrivals, the bytes of one RTCP packet.
func (e *Estimator) Arrivals(report []byte, now time.Time) error {
	if !e.heard.IsZero() && now.Sub(e.heard) > silent {
		e.restart() // what was lost while nothing came back says that the way was cut, not that it is narrow
	}
	e.Back(now)
	e.heard, e.waits = now, time.Time{}
	b := e.bucket(now)
	err := readTWCC(report, func(seq uint16, received bool, at time.Duration) { e.arrival(b, seq, received, at) })
	e.probe.settle(e, now)
	e.judge(now)
	return err
}

// Back notes that something has come from the viewer, and reports whether that is the end of a cut: packets left and for
// long nothing came back. That says nothing of what the way carries, and what was sent meanwhile is lost.
func (e *Estimator) Back(now time.Time) bool {
	if e.heard.IsZero() || e.waits.IsZero() || now.Sub(e.waits) <= silent || now.Sub(e.back) <= regain {
		return false
	}
	e.back = now
	e.restart()
	return true
}

func (e *Estimator) arrival(b *bucket, seq uint16, received bool, at time.Duration) {
	p := &e.sent[seq%remembered]
	if !p.used || p.seq != seq || p.state == arrived {
		return
	}
	current := int16(seq-e.from) >= 0 //nolint:gosec // distance on a circle
	if !received {
		if p.state == onWay && current {
			b.lost++
			b.packets++
		}
		p.state = lost
		return
	}
	if p.state == lost && current { // it was only late
		b.lost--
		b.packets--
	}
	p.state = arrived
	e.probe.arrived(seq, int(p.size), at)
	b.acked += int(p.size)
	if !current {
		return
	}
	b.packets++
	e.way(at - p.at)
}

// way takes how long a packet was on the way, by two clocks.
func (e *Estimator) way(d time.Duration) {
	if e.bestAt.IsZero() {
		e.best, e.older, e.bestAt = d, d, e.heard
	}
	if e.heard.Sub(e.bestAt) > forgetful {
		e.older, e.best, e.bestAt = e.best, d, e.heard
	}
	e.best = min(e.best, d)
	if q := d - min(e.best, e.older); !e.seen || q < e.queue {
		e.queue, e.seen = q, true
	}
}

// restart forgets what was lost, or waited, of the packets so far.
func (e *Estimator) restart() {
	e.from = e.next
	for i := range e.part {
		e.part[i].lost, e.part[i].packets = 0, 0
	}
	e.seen, e.pressed, e.stood, e.losing = false, 0, 0, time.Time{}
}

// sending is how much of the time since then packets have left, at least a while: what got through is measured against
// that, for a source that is silent says nothing of the way.
func (e *Estimator) sending(since, now time.Time) time.Duration {
	from, until := since, e.leave.at.Add(evaluate)
	if e.busy.After(from) {
		from = e.busy
	}
	if until.After(now) {
		until = now
	}
	return max(until.Sub(from), evaluate)
}

// rates are the bits a second that got through and the part of the packets that did not.
func (e *Estimator) rates() (acked int, loss float64, packets int) {
	total, gone := 0, 0
	for _, b := range e.part {
		acked += b.acked * 8
		total += b.packets
		gone += b.lost
	}
	if total > 0 {
		loss = max(0, float64(gone)/float64(total))
	}
	return acked * int(time.Second) / int(span), loss, total
}

// lately is the bits a second that got through in the newest part of the last second: when the way has just become
// narrow, the second before it still says what it was.
func (e *Estimator) lately(now time.Time) int {
	e.bucket(now)
	acked := 0
	for n := range int64(recent + 1) {
		acked += 8 * e.part[(e.newest-n+buckets)%buckets].acked
	}
	took := now.Sub(e.began) % (span / buckets) // of the present one
	return int(float64(acked) / e.sending(now.Add(-took-recent*span/buckets), now).Seconds())
}

// gone is how many packets were lost in the last second.
func (e *Estimator) gone() (n int) {
	for _, b := range e.part {
		n += b.lost
	}
	return n
}

// judge looks at the last while.
func (e *Estimator) judge(now time.Time) {
	passed := now.Sub(e.judged)
	if passed < evaluate {
		return
	}
	if now.Sub(e.back) < regain {
		e.judged = now
		e.restart()
		return
	}
	acked, loss, packets := e.rates()
	if !e.seen && packets < fewest {
		e.judged = now
		return
	}
	e.judged = now
	if e.seen {
		e.delay = e.queue
	}
	e.loss = loss
	switch {
	case !e.seen || e.queue <= standing:
		e.pressed = 0
	case e.queue < e.stood-draining: // what was sent before leaves: no new sign
	default:
		e.pressed++
	}
	full := e.pressed >= 2 || (e.pressed == 1 && e.queue > brimming)
	if e.seen {
		e.stood = e.queue
	}
	e.seen = false
	switch narrow := e.loses(loss, packets, now); {
	case now.Sub(e.fell) < settle:
	case full || narrow:
		whole := int(float64(acked) * span.Seconds() / e.sending(now.Add(-span), now).Seconds())
		e.fall(int(backoff*float64(min(whole, e.lately(now)))), now)
	default:
		e.rise(acked, passed)
	}
}

// loses reports whether more is lost than by chance. A way that is known to be narrow gets no benefit of the doubt.
func (e *Estimator) loses(loss float64, packets int, now time.Time) bool {
	gone := e.gone()
	if loss <= lossy || packets < fewest || gone < several {
		e.losing = time.Time{}
		return false
	}
	if e.losing.IsZero() {
		e.losing = now
	}
	return e.bits > 0 || loss > heavy && gone >= many || now.Sub(e.losing) >= lasting
}

// fall lowers the estimate to what was found to get through.
func (e *Estimator) fall(to int, now time.Time) {
	if e.bits > 0 {
		to = min(to, e.bits)
	}
	e.bits = max(to, least)
	e.bad++
	e.fell = now
	e.restart()
}

// rise lets the estimate grow slowly, never far beyond what gets through: more was not tried.
func (e *Estimator) rise(acked int, passed time.Duration) {
	if e.bits == 0 {
		return
	}
	grown := e.bits + int(growth*passed.Seconds()*float64(e.bits))
	if limit := int(headway*float64(acked)) + slack; grown > limit {
		grown = max(e.bits, limit)
	}
	e.bits = min(max(grown, acked), most)
}

// Cut tells that less is sent from now on: what was sent before says nothing of that.
func (e *Estimator) Cut(now time.Time) {
	e.fell = now
	e.restart()
}

// Free forgets the limit: nothing was held back for a long while and there was no sign of congestion.
func (e *Estimator) Free() { e.bits = 0 }
