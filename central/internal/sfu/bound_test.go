package sfu

import (
	"context"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/sfu/jitter"
	"github.com/fengsui/fengsui/central/internal/video"
)

// sentAgain counts what a lane writes beside its pictures.
type sentAgain struct {
	webrtc.TrackLocalWriter
	n int
}

func (s *sentAgain) WriteRTP(*rtp.Header, []byte) (int, error) { s.n++; return 0, nil }

// Of a flood of requests, each of them good, only so many are read: a second's worth at once, and then at their rate.
func TestAFloodOfGoodRequestsIsReadAtARate(t *testing.T) {
	inThin(t, false, func(_ context.Context, t *testing.T, c *thinCase) {
		time.Sleep(8 * time.Second)
		c.mu.Lock()
		seq := c.screen.newest - 10
		c.mu.Unlock()
		again := &sentAgain{}
		c.lane.mu.Lock()
		c.lane.writer = again
		c.lane.mu.Unlock()
		ask := func() int { // for packets that were sent, each by a report of its own, in one moment
			before := again.n
			for range 2 * rtcpBurst {
				c.lane.heard(compound(t, &rtcp.TransportLayerNack{MediaSSRC: c.lane.ssrc, Nacks: []rtcp.NackPair{{PacketID: seq}}}), time.Now())
				seq--
			}
			return again.n - before
		}
		if n := ask(); n < rtcpBurst*9/10 || n > rtcpBurst {
			t.Errorf("%d of %d requests were answered at once, want %d", n, 2*rtcpBurst, rtcpBurst)
		}
		time.Sleep(100 * time.Millisecond)
		if n := ask(); n < rtcpRate/10*9/10 || n > rtcpRate/10 {
			t.Errorf("%d were answered a tenth of a second later, want %d", n, rtcpRate/10)
		}
	})
}

// nal is one packet of a picture, a whole key frame with its sets or another one.
func (c *thinCase) nal(src *source, p *publisher, seq uint16, at time.Duration, key bool) {
	write := func(payload []byte, last bool) {
		src.write(p, jitter.Packet{Seq: seq, Time: uint32(at.Seconds() * clock), Marker: last, Payload: payload}, false, time.Now())
	}
	body := make([]byte, 1100)
	body[0] = 0x41
	if key {
		write(sets, false)
		body[0] = 0x65
	}
	write(body, true)
}

// On a narrow link a viewer goes over to a running picture at that picture's next key frame: all since its last one would
// stand in the way of what comes.
func TestALaneGoesOverAtTheNextKeyFrame(t *testing.T) {
	inThin(t, false, func(_ context.Context, t *testing.T, c *thinCase) {
		l := c.lane
		sub := newSource(video.SubOf("cam"))
		p := &publisher{connection: &connection{pc: l.pc}}
		sub.take(p)
		begun := time.Now()
		seq := uint16(0)
		picture := func(key bool) {
			seq++
			c.nal(sub, p, seq, time.Since(begun), key)
		}
		picture(true)
		for range 60 { // three seconds, and twice what may be caught up with
			time.Sleep(50 * time.Millisecond)
			picture(false)
		}
		c.src.mu.Lock()
		c.src.sub = sub
		c.src.mu.Unlock()
		goOver := func() *source {
			l.pulse.limit.Store(300_000)
			l.choose(video.LayerSub, 200_000)
			l.mu.Lock()
			r := l.reader
			l.mu.Unlock()
			l.turn(r, time.Now())
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.on
		}
		if on := goOver(); on != c.src {
			t.Error("the viewer went over in the middle of the pictures since a key frame")
		}
		picture(true)
		if on := goOver(); on != sub {
			t.Error("the viewer did not go over at the key frame")
		}
	})
}

// A publisher that is away for less than the grace finds its stream as it was, with the time running on; after it nothing
// of the stream is left.
func TestAStreamStandsForTheGraceOfItsPublisher(t *testing.T) {
	for _, way := range []struct {
		away time.Duration
		goes bool
	}{{grace - time.Second, false}, {grace + time.Second, true}} {
		s, p, begun := newSource("cam"), &publisher{}, time.Now()
		s.touched = begun
		s.take(p)
		key := func(at time.Time) {
			s.write(s.publisher, jitter.Packet{Seq: 1, Time: 7, Payload: sets}, false, at)
			s.write(s.publisher, jitter.Packet{Seq: 2, Time: 7, Marker: true, Payload: []byte{0x65, 0x88, 0x80}}, false, at)
		}
		key(begun)
		s.drop(p)
		back := begun.Add(way.away)
		if gone := s.tidy(back); gone != way.goes {
			t.Errorf("away for %v: the stream goes %t", way.away, gone)
		}
		if kept := s.log.Fresh(1<<30, begun); kept == way.goes {
			t.Errorf("away for %v: its picture is kept %t", way.away, kept)
		}
		s.take(&publisher{})
		key(back)
		if passed := s.out - 7; !way.goes && passed != uint32(way.away.Seconds()*clock) {
			t.Errorf("away for %v: its time ran on by %d", way.away, passed)
		}
	}
}

// What a terminal sends again since its last key frame, when it is asked for one, does not make the stream dearer: viewers
// lost their picture as soon as the way carried less than that.
func TestWhatATerminalSendsAgainDoesNotCount(t *testing.T) {
	s, at, seq, ticks := newSource("cam"), time.Now(), uint16(0), uint32(1000)
	s.take(&publisher{})
	picture := func(step uint32, key bool) {
		seq, ticks = seq+1, ticks+step
		body := make([]byte, 1000)
		if body[0] = 0x41; key {
			body[0] = 0x65
		}
		s.write(s.publisher, jitter.Packet{Seq: seq, Time: ticks, Marker: true, Payload: body}, false, at)
	}
	seconds := func(again bool) (main, thin int) {
		for i := range 8 * 25 {
			at = at.Add(40 * time.Millisecond)
			picture(clock/25, i%50 == 0)
			for j := range i % 50 {
				if again && i%10 == 9 {
					picture(1, j == 0)
				}
			}
		}
		main, _, thin, _ = s.costs(at)
		return main, thin
	}
	s.write(s.publisher, jitter.Packet{Time: ticks, Payload: sets}, false, at)
	main, thin := seconds(false)
	if more, keys := seconds(true); more > main*11/10 || keys > thin*11/10 {
		t.Errorf("%d bits a second, %d of key frames; before %d and %d", more, keys, main, thin)
	}
}

// Pictures that come a millisecond apart are what a terminal sends again; those of a camera are not.
func TestPicturesThatATerminalSendsAgainAreOfThePast(t *testing.T) {
	s, at, ticks := newSource("cam"), time.Now(), uint32(1000)
	s.take(&publisher{})
	s.write(s.publisher, jitter.Packet{Time: ticks, Payload: sets}, false, at)
	for seq, step := range []uint32{0, 3600, 720, 90, 1, 3600} {
		ticks += step
		s.write(s.publisher, jitter.Packet{Seq: uint16(seq), Time: ticks, Marker: true, Payload: []byte{0x65, 0x88, 0x80}}, false, at) //nolint:gosec // few
		if want := step == 90 || step == 1; s.past != want {
			t.Errorf("a picture %d ticks after the one before: of the past %v", step, s.past)
		}
	}
}
