package publisher

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/cc"
	"github.com/pion/interceptor/pkg/gcc"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/transport/v2"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/edge/internal/whip"
)

const (
	history = 2048 // packets kept to be sent again

	// Bits a second of an estimate.
	firstEstimate = 4_000_000
	leastEstimate = 100_000
	mostEstimate  = 20_000_000
)

// h264 is the only picture offered: what every browser shows.
var h264 = webrtc.RTPCodecCapability{
	MimeType: webrtc.MimeTypeH264, ClockRate: clock,
	SDPFmtpLine:  "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
	RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}},
}

// session publishes once and returns when that is over. Requests for a key frame cannot reach an IP camera: they are
// answered with the pictures since its last one.
func (l *lease) session(target, token string) error {
	pc, estimate, err := newPeer(l.pub.o.Net, l.voice != nil, l.src.Adapts())
	if err != nil {
		return err
	}
	defer func() { _ = pc.Close() }()
	only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}
	transceiver, err := pc.AddTransceiverFromTrack(l.out.track, only)
	if err != nil {
		return fmt.Errorf("add track: %w", err)
	}
	var lost atomic.Uint64 // part of the packets, as the bits of a float
	go whip.Drain(transceiver.Sender(), func() { l.out.again(time.Now()) }, func(part float64) { lost.Store(math.Float64bits(part)) })
	if l.voice != nil {
		if transceiver, err = pc.AddTransceiverFromTrack(l.voice, only); err != nil {
			return fmt.Errorf("add track: %w", err)
		}
		go whip.Drain(transceiver.Sender(), nil, nil)
	}
	s, err := whip.Open(l.ctx, l.pub.o.Client, pc, target, token)
	if err != nil {
		return err
	}
	defer s.Bye(l.ctx)
	defer func() {
		l.out.disconnect()
		l.sends(false)
	}()
	if estimate != nil {
		ctx, stop := context.WithCancel(l.ctx)
		defer stop()
		go follow(ctx, func() { l.src.Estimate(estimate(), math.Float64frombits(lost.Load())) })
	}
	again := false
	return s.Follow(l.ctx, func() {
		l.log.Info("stream connected")
		if again {
			l.pub.o.Back()
		}
		again = true
		l.out.connect()
		l.sends(true)
	}, l.pub.o.TCP)
}

// follow passes the estimate of the link on until ctx ends.
func follow(ctx context.Context, tell func()) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			tell()
		}
	}
}

// newPeer makes a connection that only sends. With adapts, estimate says how many bits a second the link carries; it is
// nil otherwise.
func newPeer(network transport.Net, sound, adapts bool) (pc *webrtc.PeerConnection, estimate func() int, err error) {
	media := &webrtc.MediaEngine{}
	codec := webrtc.RTPCodecParameters{RTPCodecCapability: h264, PayloadType: 96}
	if adapts {
		codec.RTCPFeedback = append(slices.Clone(codec.RTCPFeedback), webrtc.RTCPFeedback{Type: webrtc.TypeRTCPFBTransportCC})
	}
	if err := media.RegisterCodec(codec, webrtc.RTPCodecTypeVideo); err != nil {
		return nil, nil, fmt.Errorf("register H.264: %w", err)
	}
	if sound {
		for _, codec := range soundCodecs() {
			if err := media.RegisterCodec(codec, webrtc.RTPCodecTypeAudio); err != nil {
				return nil, nil, fmt.Errorf("register %s: %w", codec.MimeType, err)
			}
		}
	}
	chain := &interceptor.Registry{}
	var estimator cc.BandwidthEstimator
	if adapts {
		if err := estimates(media, chain, &estimator); err != nil {
			return nil, nil, fmt.Errorf("make interceptor: %w", err)
		}
	}
	responder, err := nack.NewResponderInterceptor(nack.ResponderSize(history))
	if err != nil {
		return nil, nil, fmt.Errorf("make interceptor: %w", err)
	}
	reports, err := report.NewSenderInterceptor()
	if err != nil {
		return nil, nil, fmt.Errorf("make interceptor: %w", err)
	}
	chain.Add(responder)
	chain.Add(reports)
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(chain), webrtc.WithSettingEngine(whip.Settings(network)))
	if pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return nil, nil, fmt.Errorf("make connection: %w", err)
	}
	if estimator != nil {
		estimate = estimator.GetTargetBitrate
	}
	return pc, estimate, nil
}

// estimates has the connection learn from the centre's reports how much the link carries (GCC). Packets leave at once:
// the outlet paces them.
func estimates(media *webrtc.MediaEngine, chain *interceptor.Registry, to *cc.BandwidthEstimator) error {
	factory, err := cc.NewInterceptor(func() (cc.BandwidthEstimator, error) {
		return gcc.NewSendSideBWE(gcc.SendSideBWEInitialBitrate(firstEstimate), gcc.SendSideBWEMinBitrate(leastEstimate),
			gcc.SendSideBWEMaxBitrate(mostEstimate), gcc.SendSideBWEPacer(gcc.NewNoOpPacer()))
	})
	if err != nil {
		return err
	}
	factory.OnNewPeerConnection(func(_ string, e cc.BandwidthEstimator) { *to = e })
	chain.Add(factory)
	return webrtc.ConfigureTWCCHeaderExtensionSender(media, chain)
}
