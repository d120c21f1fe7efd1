package sfu

import (
	"context"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/sfu/h264"
	"github.com/fengsui/fengsui/central/internal/video"
)

func started(t testing.TB, o Options) *SFU {
	t.Helper()
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	o.Log = slog.New(slog.DiscardHandler)
	s := New(o)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	within(t, 15*time.Second, what, ok)
}

// within waits longer for one.
func within(t testing.TB, most time.Duration, what string, ok func() bool) {
	t.Helper()
	end := time.After(most)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-end:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

// lossy loses packets before anything else sees them, as the air does.
type lossy struct {
	interceptor.NoOp
	drop func(*rtp.Packet) bool
}

func (l *lossy) BindRemoteStream(_ *interceptor.StreamInfo, r interceptor.RTPReader) interceptor.RTPReader {
	return interceptor.RTPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		for {
			n, a, err := r.Read(b, a)
			var p rtp.Packet
			if err == nil && p.Unmarshal(b[:n]) == nil && l.drop(&p) {
				continue
			}
			return n, a, err
		}
	})
}

func (l *lossy) NewInterceptor(string) (interceptor.Interceptor, error) { return l, nil }

// leaky loses packets on the way up: after they were kept for a second sending.
type leaky struct {
	interceptor.NoOp
	camera *camera
}

func (l *leaky) BindLocalStream(_ *interceptor.StreamInfo, w interceptor.RTPWriter) interceptor.RTPWriter {
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		if lose := l.camera.lose; lose != nil && lose(h) {
			return len(payload), nil
		}
		return w.Write(h, payload, a)
	})
}

func (l *leaky) NewInterceptor(string) (interceptor.Interceptor, error) { return l, nil }

// webrtcMux is a client's socket that a test can cut.
type webrtcMux = ice.UDPMuxDefault

func newMux(c net.PacketConn) *webrtcMux { return ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: c}) }

// client is the other side of a session: a browser or a terminal.
func client(t testing.TB, drop func(*rtp.Packet) bool, set func(*webrtc.SettingEngine), more ...interceptor.Factory) *webrtc.PeerConnection {
	t.Helper()
	return clientWith(t, func(*webrtc.MediaEngine) error { return nil }, drop, set, more...)
}

// clientWith is a client that takes something besides H.264.
func clientWith(t testing.TB, besides func(*webrtc.MediaEngine) error, drop func(*rtp.Packet) bool, set func(*webrtc.SettingEngine), more ...interceptor.Factory) *webrtc.PeerConnection {
	t.Helper()
	media := &webrtc.MediaEngine{}
	err := media.RegisterCodec(webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeH264, ClockRate: 90000,
			SDPFmtpLine:  "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
			RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}},
		},
		PayloadType: 96,
	}, webrtc.RTPCodecTypeVideo)
	if err == nil {
		err = besides(media)
	}
	if err != nil {
		t.Fatal(err)
	}
	chain := &interceptor.Registry{}
	if drop != nil {
		chain.Add(&lossy{drop: drop})
		ask, err := nack.NewGeneratorInterceptor(nack.GeneratorInterval(20 * time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		chain.Add(ask)
	}
	for _, f := range more {
		chain.Add(f)
	}
	answer, err := nack.NewResponderInterceptor()
	if err != nil {
		t.Fatal(err)
	}
	chain.Add(answer)
	s := webrtc.SettingEngine{}
	s.SetIncludeLoopbackCandidate(true)
	s.DisableSRTPReplayProtection(drop != nil) // a packet that was dropped here had been decrypted
	if set != nil {
		set(&s)
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(chain), webrtc.WithSettingEngine(s))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hangUp(pc) })
	return pc
}

// hangUp closes a session that has come up, or has had time to: pion v3 reads the transport without its
// lock when it closes one that is just being set up.
func hangUp(pc *webrtc.PeerConnection) {
	for end := time.Now().Add(time.Second); pc.RemoteDescription() != nil && time.Now().Before(end); {
		if s := pc.ConnectionState(); s != webrtc.PeerConnectionStateNew && s != webrtc.PeerConnectionStateConnecting {
			break
		}
		time.Sleep(time.Millisecond)
	}
	_ = pc.Close()
}

func offer(t testing.TB, pc *webrtc.PeerConnection) string {
	t.Helper()
	o, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	done := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(o); err != nil {
		t.Fatal(err)
	}
	<-done
	return pc.LocalDescription().SDP
}

func accept(t testing.TB, pc *webrtc.PeerConnection, a video.Answer) {
	t.Helper()
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: a.SDP}); err != nil {
		t.Fatal(err)
	}
}

// player watches and counts whole pictures.
type player struct {
	pc      *webrtc.PeerConnection
	session string

	mu       sync.Mutex
	pictures []uint32 // numbers written by the camera, of whole pictures in order
	times    []uint32
	first    time.Time
	lost     int
	ssrc     webrtc.SSRC
}

func play(t testing.TB, s *SFU, stream string, drop func(*rtp.Packet) bool) *player {
	t.Helper()
	p := &player{pc: client(t, drop, nil)}
	only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
	if _, err := p.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, only); err != nil {
		t.Fatal(err)
	}
	p.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { p.read(track) })
	a, err := s.Watch(t.Context(), stream, "somebody", large, offer(t, p.pc))
	if err != nil {
		t.Fatal(err)
	}
	p.session = a.Session
	accept(t, p.pc, a)
	return p
}

// read puts packets in order, as a browser's jitter buffer does, and counts whole pictures.
func (p *player) read(track *webrtc.TrackRemote) {
	waiting := map[uint16]*rtp.Packet{}
	var next uint16
	began, whole := false, false
	var number uint32
	p.mu.Lock()
	p.ssrc = track.SSRC()
	p.mu.Unlock()
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		if !began {
			began, next = true, packet.SequenceNumber
		}
		if int16(packet.SequenceNumber-next) < 0 {
			continue
		}
		waiting[packet.SequenceNumber] = packet
		if len(waiting) > 200 { // given up
			p.mu.Lock()
			p.lost++
			p.mu.Unlock()
			for waiting[next] == nil {
				next++
			}
			whole = false
		}
		for waiting[next] != nil {
			q := waiting[next]
			delete(waiting, next)
			next++
			if n, start := numberOf(q.Payload); start {
				number, whole = n, true
			}
			if q.Marker && whole {
				p.mu.Lock()
				if len(p.pictures) == 0 {
					p.first = time.Now()
				}
				p.pictures = append(p.pictures, number)
				p.times = append(p.times, q.Timestamp)
				p.mu.Unlock()
				whole = false
			}
		}
	}
}

func (p *player) seen() []uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]uint32(nil), p.pictures...)
}

func (p *player) count() int { return len(p.seen()) }

// camera publishes numbered pictures: a key frame every gop, and it ignores requests for one.
type camera struct {
	pc      *webrtc.PeerConnection
	track   *webrtc.TrackLocalStaticRTP
	session string
	plis    chan struct{}

	rtp  rtp.Packet
	size int
	lose func(*rtp.Header) bool // set before the first frame
}

// publish connects a camera. The pictures are written by its frame method.
func publish(t testing.TB, s *SFU, stream string, size int) *camera {
	t.Helper()
	c := &camera{plis: make(chan struct{}, 1000), size: size}
	c.pc = client(t, nil, nil, &leaky{camera: c})
	c.rtp.Header = rtp.Header{Version: 2, SequenceNumber: uint16(rand.Uint32()), Timestamp: rand.Uint32()}
	var err error
	c.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeH264, ClockRate: 90000,
		SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
	}, "video", stream)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := c.pc.AddTransceiverFromTrack(c.track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			packets, _, err := tr.Sender().ReadRTCP()
			if err != nil {
				return
			}
			for _, p := range packets {
				if _, ok := p.(*rtcp.PictureLossIndication); ok {
					c.plis <- struct{}{}
				}
			}
		}
	}()
	up := make(chan struct{})
	var once sync.Once
	c.pc.OnConnectionStateChange(func(st webrtc.PeerConnectionState) {
		if st == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(up) })
		}
	})
	a, err := s.Publish(t.Context(), stream, offer(t, c.pc), true)
	if err != nil {
		t.Fatal(err)
	}
	c.session = a.Session
	accept(t, c.pc, a)
	select {
	case <-up:
	case <-time.After(10 * time.Second):
		t.Fatal("publisher does not connect")
	}
	return c
}

var sets = h264.Join([]byte{0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40}, []byte{0x68, 0xce, 0x3c, 0x80})

// frame writes one picture that carries its number.
func (c *camera) frame(number uint32, key bool) {
	c.rtp.Timestamp += 3600
	if key {
		c.packet(sets, false)
	}
	kind, left := byte(1), c.size
	if key {
		kind, left = 5, 8*c.size
	}
	for first := true; first || left > 0; first = false {
		n := min(left, 1100)
		payload := make([]byte, 6+n)
		payload[0], payload[1] = 0x7c, kind
		if first {
			payload[1] |= 0x80
		}
		binary.BigEndian.PutUint32(payload[2:], number)
		left -= n
		c.packet(payload, left <= 0)
	}
}

func (c *camera) packet(payload []byte, marker bool) {
	c.rtp.SequenceNumber++
	c.rtp.Marker, c.rtp.Payload = marker, payload
	_ = c.track.WriteRTP(&c.rtp)
}

// numberOf finds the number in the first fragment of a picture.
func numberOf(payload []byte) (n uint32, start bool) {
	if len(payload) < 6 || payload[0] != 0x7c || payload[1]&0x80 == 0 {
		return 0, false
	}
	return binary.BigEndian.Uint32(payload[2:]), true
}

// run writes 25 pictures a second until ctx ends.
func (c *camera) run(ctx context.Context, gop, from int) {
	tick := time.NewTicker(40 * time.Millisecond)
	defer tick.Stop()
	for i := from; ; i++ {
		c.frame(uint32(i), i%gop == 0)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// large is what most viewers want.
var large = video.Wish{Layer: video.LayerMain}
