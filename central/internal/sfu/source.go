package sfu

import (
	"slices"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/sfu/h264"
	"github.com/fengsui/fengsui/central/internal/sfu/jitter"
	"github.com/fengsui/fengsui/central/internal/sfu/ring"
	"github.com/fengsui/fengsui/central/internal/video"
)

const (
	clock    = 90000
	grace    = 15 * time.Second       // a publisher that comes back within it goes on where it was
	pliGap   = 500 * time.Millisecond // between requests for a key frame
	pliAgain = time.Second            // the same, when nothing came of one
	// squeezed is below what the pictures of any camera are apart: a terminal that comes back sends those since its last
	// key frame a millisecond apart.
	squeezed = clock / 200
	meter    = 4 // seconds over which the bit rate is taken
)

// source is one stream: at most one publisher, any number of viewers, one ring.
type source struct {
	name string
	log  *ring.Log

	sound sound // of the scene
	loud  loudness
	back  sound // of whoever speaks to it

	mu        sync.Mutex
	publisher *publisher
	promised  *publisher          // has its answer and is on the way
	viewers   map[watcher]*source // what those on the way want; nil: their lane says it
	taps      int                 // recorders
	wants     int                 // lanes that read from it, or are about to
	touched   time.Time           // somebody asked for the stream
	last      time.Time           // last packet

	// Of the publisher of the moment.
	begun    bool // its first key frame has come
	offset   uint32
	out      uint32 // time of the last packet in the ring
	sps, pps []byte
	picture  uint32 // publisher's time of the picture being written
	sets     bool   // that picture has parameter sets
	past     bool   // it is of what the publisher sends again
	asked    time.Time

	sub     *source   // the camera's smaller picture; nil: there is none
	lacking time.Time // until then it counts as not there
	since   time.Time // the publisher began to send
	known   int       // bits a second, as last measured
	keys    keys

	bytes [meter + 1]int64 // by second
	at    int64            // Unix second of the newest
}

func newSource(name string) *source {
	return &source{name: name, log: ring.NewLog(), viewers: map[watcher]*source{}, touched: time.Now()}
}

// touch keeps a stream that somebody is about to use.
func (s *source) touch(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touched = now
}

// freshFor is how long a publisher counts as sending after its last packet, and is waited for before its first.
const freshFor = 3 * time.Second

// promise holds the stream for a publisher that connects. Without over it is refused while another one sends, has
// just connected or is on the way. late is who was on the way and comes too late now: one at a time may be.
func (s *source) promise(p *publisher, over bool, now time.Time) (late *publisher, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !over && (s.promised != nil || s.publisher != nil && (!s.begun || min(now.Sub(s.last), now.Sub(s.sound.last())) < freshFor)) {
		return nil, false
	}
	late, s.promised = s.promised, p
	return late, true
}

// take makes a publisher the one of this stream and returns the one before.
func (s *source) take(p *publisher) (before *publisher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before = s.publisher
	if s.promised == p {
		s.promised = nil
	}
	if before == p {
		return nil
	}
	s.publisher, s.begun = p, false
	return before
}

// drop forgets a publisher that has gone.
func (s *source) drop(p *publisher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.publisher == p {
		s.publisher = nil
	}
	if s.promised == p {
		s.promised = nil
	}
}

func (s *source) join(v watcher, limit int) bool {
	first := v.first()
	s.mu.Lock()
	if len(s.viewers) >= limit {
		s.mu.Unlock()
		return false
	}
	s.viewers[v] = first
	s.mu.Unlock()
	first.wanted(1)
	return true
}

func (s *source) leave(v watcher) {
	s.came(v)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.viewers, v)
}

// write puts a packet of a publisher into the ring. It reports whether that was its first picture.
func (s *source) write(p *publisher, packet jitter.Packet, gap bool, now time.Time) (first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.publisher != p {
		return false
	}
	if gap && s.begun {
		s.log.Append(ring.Entry{Gap: true, Time: s.out, At: now})
	}
	if len(packet.Payload) == 0 {
		return false // padding; leaving it out leaves no hole, as viewers have numbers of their own
	}
	info := h264.Inspect(packet.Payload)
	if !s.begun {
		if !info.IDR && info.SPS == nil {
			return false
		}
		s.begin(packet, now)
		first = true
	}
	if packet.Time != s.picture {
		if jumps(packet.Time-s.picture, now.Sub(s.last)) {
			s.goOn(packet, now)
		}
		step := packet.Time - s.picture
		s.picture, s.sets, s.past = packet.Time, false, 0 < step && step < squeezed
	}
	if info.SPS != nil {
		s.sps, s.sets = slices.Clone(info.SPS), true
	}
	if info.PPS != nil {
		s.pps = slices.Clone(info.PPS)
	}
	at := packet.Time + s.offset
	if info.IDR && !s.sets && s.sps != nil && s.pps != nil {
		s.log.Append(ring.Entry{Time: at, Past: s.past, Payload: h264.Join(s.sps, s.pps), At: now})
		s.sets = true
	}
	s.log.Append(ring.Entry{Time: at, Marker: packet.Marker, IDR: info.IDR, Past: s.past, Payload: packet.Payload, At: now})
	if !s.past { // what is sent again says nothing of what the stream takes
		s.count(len(packet.Payload), now)
		s.keys.take(at, info.IDR, len(packet.Payload), now)
	}
	s.out, s.last = at, now
	return first
}

// begin makes the time of a new publisher go on where the one before it ended.
func (s *source) begin(packet jitter.Packet, now time.Time) {
	s.begun, s.since = true, now
	s.picture, s.sets, s.past = packet.Time, false, false
	if s.last.IsZero() {
		s.offset = 0
		return
	}
	s.goOn(packet, now)
}

// goOn lets the time of the stream go on from here by the clock of the centre.
func (s *source) goOn(packet jitter.Packet, now time.Time) {
	passed := max(now.Sub(s.last), time.Millisecond)
	s.offset = s.out + uint32(passed.Seconds()*clock) - packet.Time
}

const (
	jumpBack  = clock      // more than what pictures out of order are apart
	jumpAhead = 10 * clock // a pause of the link is as long on the centre's clock
)

// jumps reports whether the time of a source has jumped between two pictures that came so far apart: its clock was
// set, or it began anew. A viewer would stand still for as long as the jump is.
func jumps(step uint32, passed time.Duration) bool {
	d := int64(int32(step)) //nolint:gosec // distance on a circle
	return d < -jumpBack || (d > jumpAhead && float64(d) > 2*passed.Seconds()*clock)
}

// needKey asks the publisher for a key frame, seldom.
func (s *source) needKey(now time.Time) {
	s.mu.Lock()
	p := s.publisher
	if p == nil || now.Sub(s.asked) < pliGap {
		s.mu.Unlock()
		return
	}
	s.asked = now
	s.mu.Unlock()
	p.needKey()
}

// mend asks again for a key frame while there is none to go on with: the request, or the answer, may have been lost.
func (s *source) mend(p *publisher, now time.Time) {
	s.mu.Lock()
	due := s.publisher == p && s.begun && now.Sub(s.last) < freshFor && now.Sub(s.asked) >= pliAgain
	s.mu.Unlock()
	if due && s.log.Broken() {
		s.needKey(now)
	}
}

func (s *source) count(n int, now time.Time) {
	second := now.Unix()
	for ; s.at < second; s.at++ {
		if second-s.at > meter {
			s.at = second - meter - 1
			s.bytes = [meter + 1]int64{}
		}
		s.bytes[(s.at+1)%(meter+1)] = 0
	}
	s.bytes[second%(meter+1)] += int64(n)
}

func (s *source) flow(now time.Time) video.Flow {
	s.mu.Lock()
	defer s.mu.Unlock()
	return video.Flow{
		Publishing: s.publisher != nil, Last: s.last, Heard: s.sound.last(), Viewers: len(s.viewers), Wanted: s.wants, Bitrate: int64(s.rate(now)),
	}
}

// rate is the bits a second of the last seconds. The caller holds the lock.
func (s *source) rate(now time.Time) int {
	s.count(0, now)
	sum := int64(0)
	for i, n := range s.bytes {
		if int64(i) != now.Unix()%(meter+1) { // the present second is not over
			sum += n
		}
	}
	return int(sum * 8 / meter)
}

// tidy forgets pictures that are too old to be shown; it reports whether the whole stream is unused.
func (s *source) tidy(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.publisher != nil || now.Sub(s.touched) < grace || now.Sub(s.last) < grace || now.Sub(s.back.last()) < grace {
		return false
	}
	s.log.Forget()
	return len(s.viewers) == 0 && s.wants == 0 && s.taps == 0 && !s.back.listened()
}
