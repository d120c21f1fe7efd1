package publisher

import (
	"fmt"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/transport/v2"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/edge/internal/whip"
)

const history = 2048 // packets kept to be sent again

// h264 is the only picture offered: what every browser shows.
var h264 = webrtc.RTPCodecCapability{
	MimeType: webrtc.MimeTypeH264, ClockRate: clock,
	SDPFmtpLine:  "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
	RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}},
}

// session publishes once and returns when that is over. Requests for a key frame cannot reach an IP camera: they are
// answered with the pictures since its last one.
func (l *lease) session(target, token string) error {
	pc, err := newPeer(l.pub.o.Net, l.voice != nil)
	if err != nil {
		return err
	}
	defer func() { _ = pc.Close() }()
	only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}
	transceiver, err := pc.AddTransceiverFromTrack(l.out.track, only)
	if err != nil {
		return fmt.Errorf("add track: %w", err)
	}
	go whip.Drain(transceiver.Sender(), func() { l.out.again(time.Now()) })
	if l.voice != nil {
		if transceiver, err = pc.AddTransceiverFromTrack(l.voice, only); err != nil {
			return fmt.Errorf("add track: %w", err)
		}
		go whip.Drain(transceiver.Sender(), nil)
	}
	s, err := whip.Open(l.ctx, l.pub.o.Client, pc, target, token)
	if err != nil {
		return err
	}
	defer s.Bye(l.ctx)
	defer func() {
		l.out.disconnect()
		l.pub.setSending(l.camera, false)
	}()
	return s.Follow(l.ctx, func() {
		l.log.Info("stream connected")
		l.out.connect()
		l.pub.setSending(l.camera, true)
	})
}

// newPeer makes a connection that only sends.
func newPeer(network transport.Net, sound bool) (*webrtc.PeerConnection, error) {
	media := &webrtc.MediaEngine{}
	codec := webrtc.RTPCodecParameters{RTPCodecCapability: h264, PayloadType: 96}
	if err := media.RegisterCodec(codec, webrtc.RTPCodecTypeVideo); err != nil {
		return nil, fmt.Errorf("register H.264: %w", err)
	}
	if sound {
		for _, codec := range soundCodecs() {
			if err := media.RegisterCodec(codec, webrtc.RTPCodecTypeAudio); err != nil {
				return nil, fmt.Errorf("register %s: %w", codec.MimeType, err)
			}
		}
	}
	chain := &interceptor.Registry{}
	responder, err := nack.NewResponderInterceptor(nack.ResponderSize(history))
	if err != nil {
		return nil, fmt.Errorf("make interceptor: %w", err)
	}
	reports, err := report.NewSenderInterceptor()
	if err != nil {
		return nil, fmt.Errorf("make interceptor: %w", err)
	}
	chain.Add(responder)
	chain.Add(reports)
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(chain), webrtc.WithSettingEngine(whip.Settings(network)))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, fmt.Errorf("make connection: %w", err)
	}
	return pc, nil
}
