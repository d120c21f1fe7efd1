package sfu

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

const (
	heads     = 28 + 12 + 8 + 10 // bytes of a packet besides its payload: IP, UDP, RTP, the number of the way, SRTP
	screenGap = 500 * time.Millisecond
)

// thinLink is a viewer's link on a clock of its own (testing/synctest): a rate, a queue, a delay and loss by chance.
// It is what the lane writes to. What stands behind it tells of arrivals, asks for what was lost, and shows pictures.
type thinLink struct {
	lane *lane

	mu     sync.Mutex
	bits   int // a second
	queue  time.Duration
	delay  time.Duration // one way
	loss   float64
	deaf   float64 // the same of what the viewer tells
	free   time.Time
	air    []flight
	random *rand.Rand
	padded []time.Time // when a packet of nothing left
	away   bool        // cut: nothing passes either way

	viewer *twcc.Recorder
	screen thinScreen
}

type flight struct {
	at        time.Time
	seq       uint16
	number    uint16
	marker    bool
	key, head bool
	size      int
	strange   bool // somebody else's
}

func (l *thinLink) Write([]byte) (int, error) { panic("whole packets are not written") }

func (l *thinLink) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := flight{seq: h.SequenceNumber, number: binary.BigEndian.Uint16(h.GetExtension(1)), marker: h.Marker, size: len(payload) + heads}
	if h.Padding {
		l.padded = append(l.padded, time.Now())
		f.marker = false
	} else if len(payload) > 1 && payload[0] == 0x7c {
		f.key, f.head = payload[1]&0x1f == 5, payload[1]&0x80 != 0
	}
	l.take(f)
	return len(payload), nil
}

// take puts a packet into the queue. The caller holds the lock.
func (l *thinLink) take(f flight) {
	now := time.Now()
	if l.free.Before(now) {
		l.free = now
	}
	if l.away || l.free.Sub(now) > l.queue || l.random.Float64() < l.loss {
		return
	}
	l.free = l.free.Add(time.Duration(f.size*8) * time.Second / time.Duration(l.bits))
	f.at = l.free.Add(l.delay)
	if !f.strange {
		l.air = append(l.air, f)
	}
}

// set changes the link.
func (l *thinLink) set(bits int, queue time.Duration, loss float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bits, l.queue, l.loss = bits, queue, loss
}

// cut lets nothing pass, or all again. What is on the way arrives.
func (l *thinLink) cut(away bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = away
}

// strangers load the link with somebody else's picture.
func (l *thinLink) strangers(ctx context.Context, bits, rate, gop int) {
	every(ctx, time.Second/time.Duration(rate), func(i int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		for size := pictureSize(bits, rate, gop, i); size > 0; size -= 1100 {
			l.take(flight{size: min(size, 1100) + heads, strange: true})
		}
	})
}

// every does something at each beat until ctx ends.
func every(ctx context.Context, beat time.Duration, do func(i int)) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for i := 0; ; i++ {
		do(i)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// run is the viewer.
func (l *thinLink) run(ctx context.Context) {
	every(ctx, 5*time.Millisecond, func(i int) {
		now := time.Now()
		l.mu.Lock()
		left := l.air[:0]
		ask := false
		for _, f := range l.air {
			if f.at.After(now) {
				left = append(left, f)
				continue
			}
			l.viewer.Record(1, f.number, f.at.UnixMicro())
			ask = l.screen.push(f, f.at) || ask
		}
		l.air = left
		back := l.delay
		var reports [][]byte
		if i%10 == 0 {
			for _, p := range l.viewer.BuildFeedbackPacket() {
				if raw, err := p.Marshal(); err == nil {
					reports = append(reports, raw)
				}
			}
		}
		var lost []uint16
		if i%5 == 0 {
			lost = l.screen.missing()
		}
		gone := l.away || l.deaf > 0 && l.random.Float64() < l.deaf
		l.mu.Unlock()
		if gone {
			return
		}
		time.AfterFunc(back, func() {
			now := time.Now()
			for _, raw := range reports {
				l.lane.arrivals(raw, now)
			}
			if len(lost) > 0 {
				l.lane.resend(&rtcp.TransportLayerNack{Nacks: rtcp.NackPairsFromSequenceNumbers(lost)}, now)
			}
			if ask {
				l.lane.restart(now)
			}
		})
	})
}

// thinScreen shows a picture when all of it and all since its key frame have come.
type thinScreen struct {
	waiting map[uint16]flight
	next    uint16
	newest  uint16
	begun   bool
	hole    time.Time
	asked   time.Time
	lost    bool
	sound   bool
	key     bool
	shown   []time.Time
}

func (s *thinScreen) push(f flight, now time.Time) (ask bool) {
	if !s.begun {
		s.waiting, s.begun, s.next, s.newest = map[uint16]flight{}, true, f.seq, f.seq
	}
	if int16(f.seq-s.next) < 0 {
		return false
	}
	s.waiting[f.seq] = f
	if s.lost && now.Sub(s.asked) >= screenGap {
		s.asked, ask = now, true
	}
	if int16(f.seq-s.newest) > 0 {
		s.newest = f.seq
	}
	for len(s.waiting) > 0 {
		q, ok := s.waiting[s.next]
		switch {
		case ok:
			delete(s.waiting, s.next)
			s.next++
			s.hole = time.Time{}
			s.take(q, now)
		case s.hole.IsZero():
			s.hole = now
			for _, w := range s.waiting {
				if w.at.Before(s.hole) {
					s.hole = w.at
				}
			}
			if now.Sub(s.hole) < screenGap {
				return ask
			}
		case now.Sub(s.hole) < screenGap:
			return ask
		default:
			s.sound, s.key, s.lost, s.asked, ask = false, false, true, now, true
			s.hole = time.Time{}
			for _, ok = s.waiting[s.next]; !ok; _, ok = s.waiting[s.next] {
				s.next++
			}
		}
	}
	return ask
}

func (s *thinScreen) take(f flight, now time.Time) {
	s.key = s.key || f.key && f.head
	if !f.marker {
		return
	}
	s.sound = s.sound || s.key
	s.key, s.lost = false, s.lost && !s.sound
	if s.sound {
		s.shown = append(s.shown, now)
	}
}

// missing is what is to be asked for: all but the newest two, which may only be late.
func (s *thinScreen) missing() []uint16 {
	var out []uint16
	for seq := s.next; s.begun && int16(s.newest-2-seq) >= 0; seq++ {
		if _, ok := s.waiting[seq]; !ok {
			out = append(out, seq)
		}
	}
	return out
}
