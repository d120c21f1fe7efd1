// Package whip makes the WebRTC sessions of a terminal with the centre: pictures and sound that go there (WHIP, RFC 9725)
// and sound that comes from there (WHEP). The publisher and the speaker use it. Rule that must never break: a token goes
// to the centre's own address and nowhere else.
package whip

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
	"github.com/pion/rtcp"
	"github.com/pion/transport/v2"
	"github.com/pion/webrtc/v3"
)

// The ways a session fails.
var (
	ErrToken = errors.New("centre refuses the token")
	ErrLink  = errors.New("link to the centre is lost")
	ErrURL   = errors.New("address of the session is not of this centre")
)

const (
	answerMax   = 64 << 10
	postTimeout = 8 * time.Second
	byeTimeout  = 800 * time.Millisecond
	connectMax  = 8 * time.Second // from the answer to the first packet
	// A link that fell silent heals by itself when it comes back as it was. When the centre answers again and the session is
	// still silent after heal, the terminal has another address now: another way is looked for (restart), and where that does
	// not lead anywhere the session is made anew.
	mend     = 12 * time.Second
	heal     = 600 * time.Millisecond
	askMax   = time.Second // for a sign of life of the centre
	askPause = 200 * time.Millisecond
	failures = 64 // of reading, one after another, that mean the end
)

// Target is the address of a session in full: a path, or the centre's own host.
func Target(centre *url.URL, path string) (string, error) {
	u, err := centre.Parse(path)
	if err != nil || u.Host != centre.Host || u.Scheme != centre.Scheme || path == "" {
		return "", ErrURL
	}
	if prefix := strings.TrimSuffix(centre.Path, "/"); prefix != "" && strings.HasPrefix(path, "/") {
		u = centre.JoinPath(path)
	}
	return u.String(), nil
}

// Settings are of every connection: no multicast names, its own ports (the interfaces of a terminal change), link loss
// noticed within seconds, the cheaper cipher that the centre has too, and TCP where UDP leads nowhere. network is nil
// for the system's; what goes over TCP passes it by (Follow).
func Settings(network transport.Net) webrtc.SettingEngine {
	s := webrtc.SettingEngine{}
	if network != nil {
		s.SetNet(network)
	}
	s.SetNetworkTypes([]webrtc.NetworkType{
		webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6,
	})
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetICETimeouts(2500*time.Millisecond, mend, 500*time.Millisecond)
	s.SetIncludeLoopbackCandidate(true)
	s.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM)
	return s
}

// Session is an offer that the centre has answered.
type Session struct {
	client   *http.Client
	target   string
	location string // empty: the centre did not say
	etag     string // of its way; empty: the same
	answer   string
	token    string
	states   chan webrtc.PeerConnectionState
	pc       *webrtc.PeerConnection
	streams  []string // ways over TCP that were not tried yet
	streamed bool     // it goes over TCP
	told     uint64   // bytes that tally has told
}

// Open offers what the connection has at target and takes the answer.
func Open(ctx context.Context, client *http.Client, pc *webrtc.PeerConnection, target, token string) (*Session, error) {
	s := &Session{client: client, target: target, token: token, pc: pc, states: make(chan webrtc.PeerConnectionState, 16)}
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		select {
		case s.states <- state:
		default:
		}
	})
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return nil, fmt.Errorf("make offer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		return nil, fmt.Errorf("make offer: %w", err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	answer, err := s.post(ctx, target, pc.LocalDescription().SDP)
	if err != nil {
		return nil, err
	}
	answer, s.streams = apart(answer)
	s.answer = answer
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		s.Bye(ctx)
		return nil, fmt.Errorf("read answer: %w", err)
	}
	return s, nil
}

// post sends the offer and returns the answer.
func (s *Session) post(ctx context.Context, target, offer string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, strings.NewReader(offer))
	if err != nil {
		return "", fmt.Errorf("offer: %w", err)
	}
	req.Header.Set("Content-Type", "application/sdp")
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := s.client.Do(req)
	if err != nil {
		return "", fmt.Errorf("offer: %w: %w", ErrLink, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerMax))
	if err != nil {
		return "", fmt.Errorf("offer: %w", err)
	}
	switch {
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return "", fmt.Errorf("offer: %w (%s)", ErrToken, resp.Status)
	case resp.StatusCode != http.StatusCreated:
		return "", fmt.Errorf("offer: centre answers %s", resp.Status)
	}
	if where, err := req.URL.Parse(resp.Header.Get("Location")); err == nil && where.Host == req.URL.Host {
		s.location, s.etag = where.String(), resp.Header.Get("ETag")
	}
	return string(body), nil
}

// Follow waits for the end of the session; up is called when it is connected. streamed is told of bytes that went over
// TCP; nil: nobody counts.
func (s *Session) Follow(ctx context.Context, up func(), streamed func(bytes int)) error {
	patience, alone, count := time.NewTimer(connectMax), time.NewTimer(udpFirst), time.NewTicker(countEvery)
	defer patience.Stop()
	defer alone.Stop()
	defer count.Stop()
	defer s.tally(streamed)
	var answers <-chan struct{} // the centre answers, while the session is silent
	silent := false             // it answers, and the session is still silent
	stop := func() {}
	defer func() { stop() }()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-patience.C:
			if !silent || s.restart(ctx) != nil {
				return ErrLink
			}
			silent = false
			patience.Reset(restartMax)
			alone.Reset(udpFirst)
		case <-alone.C:
			s.dial()
		case <-count.C:
			s.tally(streamed)
		case <-answers:
			answers, silent = nil, true
			patience.Reset(heal)
		case state := <-s.states:
			switch state {
			case webrtc.PeerConnectionStateConnected:
				stop()
				answers, silent = nil, false
				patience.Stop()
				alone.Stop()
				up()
			case webrtc.PeerConnectionStateDisconnected:
				stop()
				answers, stop = s.listen(ctx)
				patience.Reset(mend)
			case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
				return ErrLink
			default:
			}
		}
	}
}

// listen closes the channel when the centre answers, unless it is stopped before.
func (s *Session) listen(ctx context.Context) (<-chan struct{}, context.CancelFunc) {
	ctx, stop := context.WithCancel(ctx)
	answers := make(chan struct{})
	go func() {
		if Reach(ctx, s.client, s.target) == nil {
			close(answers)
		}
	}()
	return answers, stop
}

// Reach waits until the centre answers anything at all. It asks shortly and often: a connection that the system keeps
// trying to make comes up seconds after the link, as the system waits longer after each attempt.
func Reach(ctx context.Context, client *http.Client, target string) error {
	u, err := url.Parse(target)
	if err != nil {
		return ErrURL
	}
	u.Path, u.RawQuery = "/healthz", ""
	for {
		if ask(ctx, client, u.String()) == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(askPause):
		}
	}
}

func ask(ctx context.Context, client *http.Client, target string) error {
	ctx, cancel := context.WithTimeout(ctx, askMax)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, target, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask the centre: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("ask the centre: %w", err)
	}
	_ = resp.Body.Close()
	return nil
}

// Bye tells the centre that the session is over, also when ctx has ended; the centre notices by itself when this is lost.
func (s *Session) Bye(ctx context.Context) {
	if s.location == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), byeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, s.location, http.NoBody)
	if err != nil {
		return
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := s.client.Do(req)
	if err != nil {
		return
	}
	_ = resp.Body.Close()
}

// Drain reads what comes back, which runs the interceptors, until the sender ends. key is called when a key frame is
// asked for, lost with the part of the packets that the other side has lost of late; nil: it is not a picture.
func Drain(sender *webrtc.RTPSender, key func(), lost func(float64)) {
	buf := make([]byte, 1500)
	for failed := 0; ; {
		n, _, err := sender.Read(buf)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) || failed > failures {
			return
		}
		if err != nil { // a report that was not understood; whoever stops reading gets no request for lost packets either
			failed++
			continue
		}
		failed = 0
		if key == nil {
			continue
		}
		packets, err := rtcp.Unmarshal(buf[:n])
		if err != nil {
			continue // rubbish
		}
		for _, p := range packets {
			switch p := p.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				key()
			case *rtcp.ReceiverReport:
				for _, r := range p.Reports {
					lost(float64(r.FractionLost) / 256)
				}
			}
		}
	}
}
