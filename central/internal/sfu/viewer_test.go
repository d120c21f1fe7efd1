package sfu

import (
	"context"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/sfu/ring"
	"github.com/fengsui/fengsui/central/internal/video"
)

// A viewer whose link takes nothing for a while misses pictures, goes on at a key frame and holds up
// nobody.
func TestSlowViewerGoesOnAtAKeyFrameAndHoldsUpNobody(t *testing.T) {
	s := started(t, Options{})
	running(t, s, "cam", 25, 0)
	other := play(t, s, "cam", nil)
	eventually(t, "pictures", func() bool { return other.count() > 5 })
	src, err := s.source("cam")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var got []ring.Packet
	blocked, free := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	stop := context.AfterFunc(ctx, src.log.Wake)
	var wg sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		stop()
	})
	reader := ring.NewReader(src.log)
	wg.Go(func() {
		follow(ctx, reader, func(time.Time) int { return batch }, func(packets []ring.Packet, _ bool, _ time.Time) time.Duration {
			for _, p := range packets {
				mu.Lock()
				got = append(got, p)
				n := len(got)
				mu.Unlock()
				if n == 10 {
					close(blocked)
					<-free
				}
			}
			return 0
		})
	})
	<-blocked
	before := other.count()
	eventually(t, "the other viewer sees 60 more pictures", func() bool { return other.count() > before+60 })
	close(free)
	eventually(t, "the slow viewer dropped", func() bool { return reader.Drops() == 1 })
	mu.Lock()
	mark := len(got)
	mu.Unlock()
	eventually(t, "it goes on", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(got) > mark+100
	})
	mu.Lock()
	defer mu.Unlock()
	jump := slices.IndexFunc(got[11:], func(p ring.Packet) bool { return p.Payload[0]&0x1f == 24 })
	if jump < 0 {
		t.Fatal("no key frame after the pause")
	}
	for i := 1; i < len(got); i++ {
		if got[i].Seq != got[i-1].Seq+1 || int32(got[i].Time-got[i-1].Time) < 0 {
			t.Fatalf("packet %d: %d at %d follows %d at %d", i, got[i].Seq, got[i].Time, got[i-1].Seq, got[i-1].Time)
		}
	}
	consecutive(t, other.seen())
}

func TestViewerThatDiesIsGoneWithinTenSeconds(t *testing.T) {
	s := started(t, Options{})
	ended := make(chan video.Change, 8)
	s.Notify(func(c video.Change) {
		if c.Ended != "" {
			ended <- c
		}
	})
	// Its link is cut: nothing comes back any more, and nobody says goodbye.
	var mu sync.Mutex
	dead := false
	link := cuttable{cut: func() bool { mu.Lock(); defer mu.Unlock(); return dead }}
	pc := client(t, nil, func(e *webrtc.SettingEngine) { e.SetICEUDPMux(link.mux(t)) })
	only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
	if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, only); err != nil {
		t.Fatal(err)
	}
	a, err := s.Watch(t.Context(), "cam", "u", large, offer(t, pc))
	if err != nil {
		t.Fatal(err)
	}
	accept(t, pc, a)
	eventually(t, "connected", func() bool { return pc.ConnectionState() == webrtc.PeerConnectionStateConnected })
	mu.Lock()
	dead = true
	mu.Unlock()
	cut := time.Now()
	select {
	case c := <-ended:
		if c.Ended != a.Session {
			t.Errorf("got %+v", c)
		}
		t.Logf("gone after %v", time.Since(cut))
	case <-time.After(10 * time.Second):
		t.Error("still there after ten seconds")
	}
	if n := s.Flow("cam").Viewers; n != 0 {
		t.Errorf("%d viewers", n)
	}
}

// cuttable is a socket that loses everything once it is cut.
type cuttable struct {
	net.PacketConn
	cut func() bool
}

func (c cuttable) mux(t testing.TB) *webrtcMux {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	c.PacketConn = conn
	m := newMux(c)
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func (c cuttable) WriteTo(b []byte, to net.Addr) (int, error) {
	if c.cut() {
		return len(b), nil
	}
	return c.PacketConn.WriteTo(b, to)
}

func TestPictureComesOverTCPWhereUDPIsBlocked(t *testing.T) {
	s := started(t, Options{})
	running(t, s, "cam", 25, 0)
	pc := client(t, nil, func(e *webrtc.SettingEngine) {
		e.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
	})
	only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
	if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, only); err != nil {
		t.Fatal(err)
	}
	p := &player{pc: pc}
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { p.read(track) })
	a, err := s.Watch(t.Context(), "cam", "u", large, offer(t, pc))
	if err != nil {
		t.Fatal(err)
	}
	accept(t, pc, a)
	eventually(t, "pictures over TCP", func() bool { return p.count() > 30 })
	consecutive(t, p.seen())
}

func TestPacketsLostOnTheWayUpAreAskedFor(t *testing.T) {
	s := started(t, Options{})
	c := publish(t, s, "cam", 900)
	var mu sync.Mutex
	n := 0
	c.lose = func(*rtp.Header) bool {
		mu.Lock()
		defer mu.Unlock()
		n++
		return n%17 == 0
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { c.run(ctx, 25, 0) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	p := play(t, s, "cam", nil)
	eventually(t, "80 pictures", func() bool { return p.count() >= 80 })
	consecutive(t, p.seen())
}

// A key frame of a good camera is hundreds of packets long: what is sent again of its beginning comes far behind.
func TestALostBeginningOfALargeKeyFrameIsTakenWhenItComesAgain(t *testing.T) {
	s := started(t, Options{})
	c := publish(t, s, "cam", 900)
	sent, lost := atomic.Int64{}, atomic.Int64{}
	c.lose = func(*rtp.Header) bool { return sent.Add(1) == lost.Load() }
	p := play(t, s, "cam", func(*rtp.Packet) bool { return false })
	n := uint32(0)
	eventually(t, "a first picture", func() bool {
		c.frame(n, true)
		n++
		return p.count() > 0
	})
	c.size = 15 * 1100
	lost.Store(sent.Load() + 2)
	c.frame(n, true)
	large := n
	c.size = 900
	eventually(t, "the large key frame", func() bool {
		n++
		c.frame(n, false)
		return slices.Contains(p.seen(), large)
	})
	if sent.Load() < lost.Load() {
		t.Error("nothing was lost")
	}
}
