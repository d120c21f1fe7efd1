package sfu

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/testserver"
)

// playOver watches over a link, as a browser does: with reports of arrivals.
func playOver(t testing.TB, s *SFU, stream string, wish video.Wish, link *testserver.Narrow, reports bool) *player {
	t.Helper()
	mux := newMux(link)
	t.Cleanup(func() { _ = mux.Close() })
	set := func(e *webrtc.SettingEngine) { e.SetICEUDPMux(mux) }
	p := &player{}
	if reports {
		tell, err := twcc.NewSenderInterceptor()
		if err != nil {
			t.Fatal(err)
		}
		p.pc = clientWith(t, func(m *webrtc.MediaEngine) error {
			return m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: sdp.TransportCCURI}, webrtc.RTPCodecTypeVideo)
		}, func(*rtp.Packet) bool { return false }, set, tell)
	} else {
		p.pc = client(t, func(*rtp.Packet) bool { return false }, set)
	}
	only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
	if _, err := p.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, only); err != nil {
		t.Fatal(err)
	}
	p.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { p.read(track) })
	a, err := s.Watch(t.Context(), stream, "somebody", wish, offer(t, p.pc))
	if err != nil {
		t.Fatal(err)
	}
	p.session = a.Session
	accept(t, p.pc, a)
	return p
}

// both publishes a camera of about 2 Mbit/s and, with sub, its smaller picture of 160 kbit/s.
func both(t testing.TB, s *SFU, sub bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	c := publish(t, s, "cam", 9000)
	wg.Go(func() { c.run(ctx, 100, 0) })
	if sub {
		s.Layers("cam", true)
		small := publish(t, s, video.SubOf("cam"), 600)
		wg.Go(func() { small.run(ctx, 25, 1_000_000) })
	}
	eventually(t, "it runs", func() bool { return s.Flow("cam").Bitrate > 1_000_000 })
}

// gets waits until a viewer gets a layer.
func gets(t *testing.T, s *SFU, session string, want video.Layer) video.Sent {
	t.Helper()
	var got video.Sent
	within(t, 3*time.Minute, "the viewer gets "+string(want), func() bool {
		var err error
		got, err = s.Sent(session)
		return err == nil && got.Layer == want
	})
	return got
}

func TestAViewerOnANarrowLinkGetsTheSmallerPictureAndTheLargeOneBack(t *testing.T) {
	s := started(t, Options{})
	both(t, s, true)
	var mu sync.Mutex
	var told []video.Layer
	s.Notify(func(c video.Change) {
		if c.Sent != nil {
			mu.Lock()
			told = append(told, c.Sent.Layer)
			mu.Unlock()
		}
	})
	link := testserver.NewNarrow(t, 20_000_000)
	p := playOver(t, s, "cam", large, link, true)
	eventually(t, "pictures", func() bool { return p.count() > 10 })
	if got := gets(t, s, p.session, video.LayerMain); got.Why != video.WhyWished || !got.HasSub {
		t.Errorf("at first %+v", got)
	}
	link.Carry(300_000)
	if got := gets(t, s, p.session, video.LayerSub); got.Why != video.WhyLink {
		t.Errorf("on the narrow link %+v", got)
	}
	eventually(t, "the smaller picture", func() bool { seen := p.seen(); return seen[len(seen)-1] >= 1_000_000 })
	n := p.count()
	eventually(t, "it runs", func() bool { return p.count() > n+50 })
	eventually(t, "nobody wants the large one", func() bool { return s.Flow("cam").Wanted == 0 && s.Flow(video.SubOf("cam")).Wanted == 1 })
	link.Carry(20_000_000)
	if got := gets(t, s, p.session, video.LayerMain); got.Why != video.WhyWished {
		t.Errorf("afterwards %+v", got)
	}
	eventually(t, "the large picture", func() bool { seen := p.seen(); return seen[len(seen)-1] < 1_000_000 })
	eventually(t, "nobody wants the smaller one", func() bool { return s.Flow(video.SubOf("cam")).Wanted == 0 && s.Flow("cam").Wanted == 1 })
	p.mu.Lock()
	for i := 1; i < len(p.times); i++ {
		if int32(p.times[i]-p.times[i-1]) < 0 {
			t.Errorf("the time of picture %d steps back", i)
		}
	}
	p.mu.Unlock()
	mu.Lock()
	defer mu.Unlock()
	if len(told) < 3 || told[0] != video.LayerMain || told[len(told)-1] != video.LayerMain {
		t.Errorf("it was told %v", told)
	}
}

func TestWithoutASmallerPictureKeyFramesGoOn(t *testing.T) {
	s := started(t, Options{})
	both(t, s, false)
	link := testserver.NewNarrow(t, 20_000_000)
	p := playOver(t, s, "cam", large, link, true)
	eventually(t, "pictures", func() bool { return p.count() > 110 }) // what key frames take is known
	link.Carry(400_000)
	gets(t, s, p.session, video.LayerThin)
	within(t, time.Minute, "key frame after key frame", func() bool { // what was on the way before them came first
		seen := p.seen()
		n := len(seen)
		return seen[n-1]%100 == 0 && seen[n-2]%100 == 0 && seen[n-1] != seen[n-2]
	})
	link.Carry(20_000_000)
	gets(t, s, p.session, video.LayerMain)
}

func TestALinkThatCarriesNothingPausesAndComesBack(t *testing.T) {
	s := started(t, Options{})
	both(t, s, false)
	link := testserver.NewNarrow(t, 20_000_000)
	p := playOver(t, s, "cam", large, link, true)
	eventually(t, "pictures", func() bool { return p.count() > 110 })
	link.Carry(60_000)
	if got := gets(t, s, p.session, video.LayerPause); got.Why != video.WhyLink {
		t.Errorf("%+v", got)
	}
	link.Carry(20_000_000)
	gets(t, s, p.session, video.LayerMain)
	n := p.count()
	eventually(t, "pictures again", func() bool { return p.count() > n+50 })
}

func TestAViewerWithoutReportsOfArrivalsIsServedByItsReceipts(t *testing.T) {
	s := started(t, Options{})
	both(t, s, true)
	link := testserver.NewNarrow(t, 20_000_000)
	p := playOver(t, s, "cam", large, link, false)
	eventually(t, "pictures", func() bool { return p.count() > 10 })
	p.mu.Lock()
	ssrc := uint32(p.ssrc)
	p.mu.Unlock()
	report := &rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: ssrc, FractionLost: 230}}}
	within(t, time.Minute, "less is sent", func() bool { // to a viewer of another make that says that nine tenths are lost
		if err := p.pc.WriteRTCP([]rtcp.Packet{report}); err != nil {
			t.Fatal(err)
		}
		got, err := s.Sent(p.session)
		return err == nil && got.Layer != video.LayerMain
	})
	gets(t, s, p.session, video.LayerSub)
	gets(t, s, p.session, video.LayerMain) // more is tried by and by
}

func TestWhatIsPinnedAndWhatASmallTileGets(t *testing.T) {
	s := started(t, Options{})
	both(t, s, true)
	p := playOver(t, s, "cam", video.Wish{Layer: video.LayerSub}, testserver.NewNarrow(t, 20_000_000), true)
	eventually(t, "the smaller picture", func() bool { seen := p.seen(); return len(seen) > 10 && seen[0] >= 1_000_000 })
	if got := gets(t, s, p.session, video.LayerSub); got.Why != video.WhyWished || s.Flow("cam").Wanted != 0 {
		t.Errorf("%+v, %d want the large one", got, s.Flow("cam").Wanted)
	}
	if err := s.Wish(p.session, video.Wish{Layer: video.LayerMain}); err != nil {
		t.Fatal(err)
	}
	gets(t, s, p.session, video.LayerMain)
	if err := s.Wish(p.session, video.Wish{Layer: video.LayerThin, Pinned: true}); err != nil {
		t.Fatal(err)
	}
	if got := gets(t, s, p.session, video.LayerThin); got.Why != video.WhyPinned || !got.Pinned {
		t.Errorf("%+v", got)
	}
	if err := s.Wish("nobody", large); err == nil {
		t.Error("a session that is not there was given a wish")
	}
}

func TestASmallerPictureThatDoesNotComeIsGivenUp(t *testing.T) {
	s := started(t, Options{})
	both(t, s, false)
	s.Layers("cam", true)
	p := playOver(t, s, "cam", video.Wish{Layer: video.LayerSub}, testserver.NewNarrow(t, 20_000_000), true)
	if got := gets(t, s, p.session, video.LayerMain); got.Why != video.WhyNoSub || got.HasSub {
		t.Errorf("%+v", got)
	}
	eventually(t, "pictures", func() bool { return p.count() > 10 })
}

// A terminal that opens a camera with rare key frames is connected long before it sends anything.
func TestASmallerPictureWithRareKeyFramesIsWaitedFor(t *testing.T) {
	s := started(t, Options{})
	both(t, s, false)
	s.Layers("cam", true)
	small := publish(t, s, video.SubOf("cam"), 600)
	p := playOver(t, s, "cam", large, testserver.NewNarrow(t, 20_000_000), true)
	eventually(t, "the large picture", func() bool { return p.count() > 10 })
	if err := s.Wish(p.session, video.Wish{Layer: video.LayerSub}); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	within(t, time.Minute, "its first key frame is late", func() bool { return time.Since(begun) > subWithin+2*time.Second })
	if got, err := s.Sent(p.session); err != nil || !got.HasSub {
		t.Fatalf("it was given up: %+v %v", got, err)
	}
	// On a thin link its first packet comes long before the last one of its first picture.
	small.packet(sets, false)
	eventually(t, "its first packet", func() bool { return !s.Flow(video.SubOf("cam")).Last.IsZero() })
	n := p.count()
	eventually(t, "the large picture goes on", func() bool { return p.count() > n+5 })
	if got, err := s.Sent(p.session); err != nil || !got.HasSub {
		t.Fatalf("it was given up as it came: %+v %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { small.run(ctx, 25, 1_000_000) })
	defer wg.Wait()
	defer cancel()
	eventually(t, "the smaller picture", func() bool { seen := p.seen(); return len(seen) > 0 && seen[len(seen)-1] >= 1_000_000 })
}

// A flood of reports that are wrong costs neither the viewer nor anybody else the picture.
func TestAFloodOfReportsEndsNothing(t *testing.T) {
	s := started(t, Options{})
	both(t, s, false)
	// It asks again for what its own socket loses on a busy machine, as browsers do.
	calm := play(t, s, "cam", func(*rtp.Packet) bool { return false })
	p := playOver(t, s, "cam", large, testserver.NewNarrow(t, 20_000_000), true)
	eventually(t, "pictures", func() bool { return calm.count() > 5 && p.count() > 5 })
	p.mu.Lock()
	ssrc := uint32(p.ssrc)
	p.mu.Unlock()
	raw := rtcp.RawPacket{0x8f, 205, 0, 5, 0, 0, 0, 1, byte(ssrc >> 24), byte(ssrc >> 16), byte(ssrc >> 8), byte(ssrc), 0, 1, 7, 0xff, 0, 0, 1, 0, 0x1f, 0xff, 0, 0}
	for i := range 3000 {
		raw[12], raw[13] = byte(i>>8), byte(i)
		if err := p.pc.WriteRTCP([]rtcp.Packet{&raw}); err != nil {
			t.Fatal(err)
		}
	}
	n, m := calm.count(), p.count()
	eventually(t, "both go on", func() bool { return calm.count() > n+25 && p.count() > m })
	eventually(t, "the calm one has them all", func() bool {
		got := calm.seen()
		slices.Sort(got)
		got = slices.Compact(got)
		return len(got) > n && int(got[len(got)-1]-got[0]) == len(got)-1
	})
}
