package rate

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// link is a way with a rate, a queue and a viewer that reports every 50 ms, in a time of its own.
type link struct {
	t     *testing.T
	e     *Estimator
	now   time.Time
	bits  int           // a second that it carries
	queue time.Duration // that it holds
	delay time.Duration // one way
	skew  time.Duration // of the viewer's clock
	loss  float64       // by chance
	drop  float64       // of what comes back
	mute  bool          // nothing comes back
	shake time.Duration // of each packet's way

	free   time.Time // when the last packet has left
	air    []flight
	viewer *twcc.Recorder
	told   time.Time
	back   []reply
	random *rand.Rand
}

type flight struct {
	seq uint16
	at  time.Time
}

type reply struct {
	raw []byte
	at  time.Time
}

func newLink(t *testing.T, bits int) *link {
	t.Helper()
	return &link{
		t: t, e: New(noon), now: noon, bits: bits, queue: 300 * time.Millisecond, delay: 30 * time.Millisecond, skew: -7 * time.Hour,
		free: noon, viewer: twcc.NewRecorder(1), told: noon, random: rand.New(rand.NewPCG(1, 2)), //nolint:gosec // the same chance in each run
	}
}

// send lets a packet leave now.
func (l *link) send(size int) {
	seq := l.e.Sent(size, l.now)
	if l.free.Before(l.now) {
		l.free = l.now
	}
	if l.free.Sub(l.now) > l.queue || l.random.Float64() < l.loss {
		return
	}
	l.free = l.free.Add(time.Duration(size*8) * time.Second / time.Duration(l.bits))
	l.air = append(l.air, flight{seq, l.free.Add(l.delay + time.Duration(l.random.Float64()*float64(l.shake)))})
}

// pass lets time pass; what has arrived is reported.
func (l *link) pass(d time.Duration) {
	for end := l.now.Add(d); l.now.Before(end); {
		l.now = l.now.Add(time.Millisecond)
		left := l.air[:0]
		for _, f := range l.air {
			if f.at.After(l.now) {
				left = append(left, f)
				continue
			}
			l.viewer.Record(1, f.seq, f.at.Add(l.skew).Sub(noon.Add(-24*time.Hour)).Microseconds())
		}
		l.air = left
		if l.now.Sub(l.told) >= 50*time.Millisecond {
			l.told = l.now
			for _, p := range l.viewer.BuildFeedbackPacket() {
				raw, err := p.Marshal()
				if err != nil {
					l.t.Fatal(err)
				}
				if !l.mute && l.random.Float64() >= l.drop {
					l.back = append(l.back, reply{raw, l.now.Add(l.delay)})
				}
			}
		}
		for len(l.back) > 0 && !l.back[0].at.After(l.now) {
			if err := l.e.Arrivals(l.back[0].raw, l.now); err != nil {
				l.t.Fatalf("an honest report was refused: %v", err)
			}
			l.back = l.back[1:]
		}
	}
}

// play sends so many bits a second for a while: 25 pictures a second, each at once, every hundredth eight times as
// large.
func (l *link) play(bits int, d time.Duration) {
	for i := range int(d / (40 * time.Millisecond)) {
		size := bits / 8 / 25
		if i%100 == 0 {
			size *= 8
		}
		for ; size > 0; size -= 1100 {
			l.send(min(size, 1100))
		}
		l.pass(40 * time.Millisecond)
	}
}
