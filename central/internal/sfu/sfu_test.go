package sfu

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/video"
)

var _ video.Router = (*SFU)(nil)

// running publishes until the test ends or stop is called.
func running(t testing.TB, s *SFU, stream string, gop, from int) (c *camera, stop func()) {
	t.Helper()
	c = publish(t, s, stream, 900)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { c.run(ctx, gop, from) })
	stop = func() {
		cancel()
		wg.Wait()
	}
	t.Cleanup(stop)
	return c, stop
}

// consecutive checks that no picture is missing or doubled.
func consecutive(t testing.TB, pictures []uint32) {
	t.Helper()
	for i := 1; i < len(pictures); i++ {
		if pictures[i] != pictures[i-1]+1 {
			t.Fatalf("picture %d follows %d", pictures[i], pictures[i-1])
		}
	}
}

func TestViewerBeforeTheSourceSeesItFromTheFirstKeyFrame(t *testing.T) {
	s := started(t, Options{})
	p := play(t, s, "cam", nil)
	eventually(t, "viewer is counted", func() bool { return s.Flow("cam").Viewers == 1 })
	running(t, s, "cam", 25, 0)
	eventually(t, "30 pictures", func() bool { return p.count() >= 30 })
	seen := p.seen()
	if seen[0] != 0 {
		t.Errorf("first picture is %d, want 0", seen[0])
	}
	consecutive(t, seen)
	if f := s.Flow("cam"); !f.Publishing || f.Last.IsZero() {
		t.Errorf("flow %+v", f)
	}
}

func TestLateViewerBeginsAtTheLastKeyFrame(t *testing.T) {
	s := started(t, Options{})
	running(t, s, "cam", 1000, 0) // no second key frame comes while the test runs
	early := play(t, s, "cam", nil)
	eventually(t, "40 pictures", func() bool { return early.count() >= 40 })
	late := play(t, s, "cam", nil)
	eventually(t, "late viewer has caught up", func() bool { return late.count() > 45 })
	if first := late.seen()[0]; first != 0 {
		t.Errorf("begins at %d, want the key frame 0", first)
	}
	consecutive(t, late.seen())
}

func TestViewerKeepsItsSessionWhenThePublisherComesBack(t *testing.T) {
	s := started(t, Options{})
	first, stop := running(t, s, "cam", 25, 0)
	p := play(t, s, "cam", nil)
	eventually(t, "pictures", func() bool { return p.count() > 10 })
	stop()
	if err := s.Hang(first.session); err != nil {
		t.Fatal(err)
	}
	eventually(t, "publisher is gone", func() bool { return !s.Flow("cam").Publishing })
	before := p.count()
	running(t, s, "cam", 25, 1000)
	eventually(t, "pictures of the second publisher", func() bool { return p.count() > before+10 })
	if p.pc.ConnectionState() != webrtc.PeerConnectionStateConnected {
		t.Errorf("viewer is %s", p.pc.ConnectionState())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := 1; i < len(p.times); i++ {
		if int32(p.times[i]-p.times[i-1]) <= 0 {
			t.Fatalf("picture %d: time %d follows %d", i, p.times[i], p.times[i-1])
		}
	}
	if p.lost != 0 {
		t.Errorf("%d holes", p.lost)
	}
}

func TestSecondPublisherReplacesTheFirst(t *testing.T) {
	s := started(t, Options{})
	first, _ := running(t, s, "cam", 25, 0)
	p := play(t, s, "cam", nil)
	eventually(t, "pictures", func() bool { return p.count() > 5 })
	running(t, s, "cam", 25, 5000)
	eventually(t, "first publisher is closed", func() bool {
		return first.pc.ConnectionState() == webrtc.PeerConnectionStateClosed ||
			first.pc.ConnectionState() == webrtc.PeerConnectionStateFailed ||
			first.pc.ConnectionState() == webrtc.PeerConnectionStateDisconnected
	})
	eventually(t, "pictures of the second", func() bool {
		seen := p.seen()
		return seen[len(seen)-1] > 5000
	})
	eventually(t, "one session each is left", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.peers) == 2
	})
}

func TestPacketsLostOnTheWayAreSentAgain(t *testing.T) {
	s := started(t, Options{})
	running(t, s, "cam", 25, 0)
	n, dropped := 0, 0
	p := play(t, s, "cam", func(*rtp.Packet) bool {
		n++
		if n%13 == 0 {
			dropped++
			return true
		}
		return false
	})
	eventually(t, "80 pictures", func() bool { return p.count() >= 80 })
	consecutive(t, p.seen())
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lost > 0 || dropped == 0 {
		t.Errorf("%d packets dropped, %d holes stayed", dropped, p.lost)
	}
}

func TestRequestsForKeyFramesReachTheSourceSeldom(t *testing.T) {
	s := started(t, Options{})
	c, _ := running(t, s, "cam", 1000, 0)
	p := play(t, s, "cam", nil)
	eventually(t, "pictures", func() bool { return p.count() > 0 })
	src, err := s.source("cam")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for i := range 3000 {
		src.needKey(now.Add(time.Duration(i) * time.Millisecond))
	}
	eventually(t, "requests", func() bool { return len(c.plis) >= 4 })
	if n := len(c.plis); n > 8 {
		t.Errorf("%d requests in 3 s", n)
	}
}

func TestSessionEndsWithDelete(t *testing.T) {
	s := started(t, Options{})
	ended := make(chan video.Change, 16)
	s.Notify(func(c video.Change) { ended <- c })
	p := play(t, s, "cam", nil)
	if err := s.Hang(p.session); err != nil {
		t.Fatal(err)
	}
	if c := <-ended; c.Ended != p.session || c.Stream != "cam" {
		t.Errorf("got %+v", c)
	}
	if f := s.Flow("cam"); f.Viewers != 0 {
		t.Errorf("%d viewers", f.Viewers)
	}
	if err := s.Hang(p.session); errs.KindOf(err) != errs.NotFound {
		t.Errorf("second time: %v", err)
	}
}

func TestLimitsAreKept(t *testing.T) {
	s := started(t, Options{MaxStreams: 2, MaxViewers: 3, MaxViewersPerUser: 2})
	try := func(stream, user string) error {
		pc := client(t, nil, nil)
		only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
		if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, only); err != nil {
			t.Fatal(err)
		}
		_, err := s.Watch(t.Context(), stream, user, large, offer(t, pc))
		return err
	}
	for _, c := range []struct {
		stream, user string
		ok           bool
	}{
		{"a", "u", true},
		{"a", "u", true},
		{"b", "u", false}, // third of one user
		{"a", "v", true},
		{"a", "w", false}, // fourth of one stream
		{"b", "v", true},
		{"c", "w", false}, // third stream
	} {
		err := try(c.stream, c.user)
		if (err == nil) != c.ok {
			t.Errorf("%s watches %s: %v", c.user, c.stream, err)
		}
		if err != nil && errs.KindOf(err) != errs.Unavailable {
			t.Errorf("kind %q", errs.KindOf(err))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.viewers != 4 || len(s.peers) != 4 {
		t.Errorf("%d viewers, %d sessions", s.viewers, len(s.peers))
	}
}

func TestBadOffersAreRefused(t *testing.T) {
	s := started(t, Options{})
	pc := client(t, nil, nil)
	only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
	if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, only); err != nil {
		t.Fatal(err)
	}
	good := offer(t, pc)
	for name, bad := range map[string]string{
		"nothing":      "",
		"text":         "hello",
		"too long":     good + strings.Repeat("a=x\r\n", 20000),
		"no media":     good[:strings.Index(good, "m=")],
		"other codec":  strings.ReplaceAll(good, "H264", "VP8"),
		"data channel": good + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:9\r\n",
		"two pictures": good + good[strings.Index(good, "m="):],
		"no finger":    strings.ReplaceAll(good, "a=fingerprint", "a=thumbprint"),
		"no ufrag":     strings.ReplaceAll(good, "a=ice-ufrag", "a=rice"),
		"candidates":   good + strings.Repeat("a=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n", 100),
	} {
		if _, err := s.Watch(t.Context(), "cam", "u", large, bad); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s as viewer: %v", name, err)
		}
		if _, err := s.Publish(t.Context(), "cam", bad, true); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s as publisher: %v", name, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.peers) != 0 || s.viewers != 0 {
		t.Errorf("%d sessions are left", len(s.peers))
	}
}

func TestAnswerNamesThePublicAddresses(t *testing.T) {
	s := started(t, Options{PublicIPs: []string{"192.0.2.7", "2001:db8::7"}})
	pc := client(t, nil, nil)
	only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
	if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, only); err != nil {
		t.Fatal(err)
	}
	a, err := s.Watch(t.Context(), "cam", "u", large, offer(t, pc))
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(s.Addr(), ":")
	for _, want := range []string{
		"udp 2130706431 192.0.2.7 " + port + " typ host", "192.0.2.7 " + port + " typ host tcptype passive",
		"2001:db8::7 " + port + " typ host", "a=ice-lite", "a=setup:passive",
	} {
		if !strings.Contains(a.SDP, want) {
			t.Errorf("answer lacks %q:\n%s", want, a.SDP)
		}
	}
	accept(t, pc, a)
}
