package publisher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pion/dtls/v2"
	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/transport/v2"
	"github.com/pion/webrtc/v3"
)

// The ways a session fails.
var (
	errToken = errors.New("centre refuses the token")
	errLink  = errors.New("link to the centre is lost")
)

const (
	answerMax   = 64 << 10
	postTimeout = 8 * time.Second
	byeTimeout  = 800 * time.Millisecond
	connectMax  = 8 * time.Second // from the answer to the first packet
	mend        = 2 * time.Second // how long a link that fell silent may heal by itself
	history     = 2048            // packets kept to be sent again
)

// h264 is the only picture offered: what every browser shows.
var h264 = webrtc.RTPCodecCapability{
	MimeType: webrtc.MimeTypeH264, ClockRate: clock,
	SDPFmtpLine:  "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
	RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}},
}

// session publishes once and returns when that is over.
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
	go drain(transceiver.Sender())
	if l.voice != nil {
		if transceiver, err = pc.AddTransceiverFromTrack(l.voice, only); err != nil {
			return fmt.Errorf("add track: %w", err)
		}
		go drain(transceiver.Sender())
	}
	states := make(chan webrtc.PeerConnectionState, 16)
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		select {
		case states <- s:
		default:
		}
	})
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return fmt.Errorf("make offer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("make offer: %w", err)
	}
	select {
	case <-gathered:
	case <-l.ctx.Done():
		return l.ctx.Err()
	}
	answer, location, err := l.post(target, token, pc.LocalDescription().SDP)
	if err != nil {
		return err
	}
	defer l.bye(location, token)
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	defer func() {
		l.out.disconnect()
		l.pub.setSending(l.camera, false)
	}()
	return l.follow(states)
}

// drain reads what comes back, which runs the interceptors; requests for a key frame cannot reach an IP camera.
func drain(sender *webrtc.RTPSender) {
	buf := make([]byte, 1500)
	for {
		if _, _, err := sender.Read(buf); err != nil {
			return
		}
	}
}

// follow waits for the end of a session.
func (l *lease) follow(states <-chan webrtc.PeerConnectionState) error {
	patience := time.NewTimer(connectMax)
	defer patience.Stop()
	for {
		select {
		case <-l.ctx.Done():
			return l.ctx.Err()
		case <-patience.C:
			return errLink
		case s := <-states:
			switch s {
			case webrtc.PeerConnectionStateConnected:
				patience.Stop()
				l.log.Info("stream connected")
				l.out.connect()
				l.pub.setSending(l.camera, true)
			case webrtc.PeerConnectionStateDisconnected:
				patience.Reset(mend)
			case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
				return errLink
			default:
			}
		}
	}
}

// post sends the offer and returns the answer and where the session is.
func (l *lease) post(target, token, offer string) (answer, location string, err error) {
	ctx, cancel := context.WithTimeout(l.ctx, postTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(offer))
	if err != nil {
		return "", "", fmt.Errorf("publish: %w", err)
	}
	req.Header.Set("Content-Type", "application/sdp")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := l.pub.o.Client.Do(req)
	if err != nil {
		return "", "", fmt.Errorf("publish: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerMax))
	if err != nil {
		return "", "", fmt.Errorf("publish: %w", err)
	}
	switch {
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return "", "", fmt.Errorf("publish: %w (%s)", errToken, resp.Status)
	case resp.StatusCode != http.StatusCreated:
		return "", "", fmt.Errorf("publish: centre answers %s", resp.Status)
	}
	if where, err := req.URL.Parse(resp.Header.Get("Location")); err == nil && where.Host == req.URL.Host {
		location = where.String()
	}
	return string(body), location, nil
}

// bye tells the centre that the session is over; the centre notices by itself when this is lost.
func (l *lease) bye(location, token string) {
	if _, err := url.Parse(location); err != nil || location == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), byeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, location, http.NoBody)
	if err != nil {
		return
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := l.pub.o.Client.Do(req)
	if err != nil {
		l.log.Debug("session was not closed at the centre", "error", err)
		return
	}
	_ = resp.Body.Close()
}

// newPeer makes a connection that only sends: no multicast names, its own ports (the interfaces of a
// terminal change), link loss noticed within seconds, and the cheaper cipher that the centre has too.
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
	s := webrtc.SettingEngine{}
	if network != nil {
		s.SetNet(network)
	}
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetICETimeouts(2500*time.Millisecond, 4*time.Second, 500*time.Millisecond)
	s.SetIncludeLoopbackCandidate(true)
	s.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM)
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(chain), webrtc.WithSettingEngine(s))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, fmt.Errorf("make connection: %w", err)
	}
	return pc, nil
}
