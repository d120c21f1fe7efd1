package speaker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/transport/v2"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/edge/internal/whip"
)

// pcma is the only sound that is taken: it needs no decoder.
var pcma = webrtc.RTPCodecParameters{
	RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMA, ClockRate: 8000}, PayloadType: 8,
}

// packet is sound as it came.
type packet struct {
	seq  uint16
	alaw []byte
}

// hear keeps a session while the lease runs.
func (s *Speaker) hear(ctx context.Context) {
	s.attend(ctx, &s.open, func(target, token string) error { return s.session(ctx, target, token) }, func(err error) {
		s.o.Log.Warn("session to hear the centre ended", "error", err)
		s.tell(func() { s.fault = err.Error() })
	})
}

// attend does something again and again while the lease runs: at once where it ended well, later each time where it
// failed, which ill is told. attended, which the lock guards, says that somebody does so.
func (s *Speaker) attend(ctx context.Context, attended *bool, once func(target, token string) error, ill func(error)) {
	wait := retryFirst
	for {
		target, token, left := s.leased()
		if left <= 0 || ctx.Err() != nil {
			break
		}
		began := time.Now()
		err := once(target, token)
		if ctx.Err() != nil || err == nil {
			continue // the end, or the lease is over unless it was renewed just now
		}
		ill(err)
		if time.Since(began) > 2*retryLast {
			wait = retryFirst
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, retryLast)
	}
	again := false
	s.tell(func() {
		// A renewal that came between the look at the lease and here must not find nobody.
		again = ctx.Err() == nil && time.Now().Before(s.until)
		*attended = again
	})
	if again {
		s.attend(ctx, attended, once, ill)
	}
}

// session hears once: nil when the lease is over.
func (s *Speaker) session(ctx context.Context, target, token string) error {
	pc, err := newPeer(s.o.Net)
	if err != nil {
		return err
	}
	defer func() { _ = pc.Close() }()
	only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
	if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, only); err != nil {
		return fmt.Errorf("add track: %w", err)
	}
	pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { s.take(t) })
	lease, end := s.lease(ctx)
	defer end()
	session, err := whip.Open(lease, s.o.Client, pc, target, token)
	if err != nil {
		return err
	}
	defer session.Bye(ctx)
	defer s.tell(func() { s.hears = false })
	err = session.Follow(lease, func() { s.tell(func() { s.hears, s.fault = true, "" }) }, s.o.TCP)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// lease is a context that ends with the lease.
func (s *Speaker) lease(ctx context.Context) (context.Context, context.CancelFunc) {
	lease, end := context.WithCancel(ctx)
	go func() {
		for {
			_, _, left := s.leased()
			if left <= 0 {
				end()
				return
			}
			select {
			case <-lease.Done():
				return
			case <-time.After(left):
			}
		}
	}()
	return lease, end
}

// take hands the packets of a track to the player until it ends.
func (s *Speaker) take(t *webrtc.TrackRemote) {
	buf := make([]byte, 1500)
	var p rtp.Packet
	for {
		n, _, err := t.Read(buf)
		if err != nil {
			return
		}
		if p.Unmarshal(buf[:n]) != nil || len(p.Payload) == 0 {
			continue // rubbish, or padding
		}
		select {
		case s.packets <- packet{p.SequenceNumber, bytes.Clone(p.Payload)}:
		default: // the player is behind by a second
		}
	}
}

// newPeer makes a connection that only takes sound.
func newPeer(network transport.Net) (*webrtc.PeerConnection, error) {
	media := &webrtc.MediaEngine{}
	if err := media.RegisterCodec(pcma, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, fmt.Errorf("register PCMA: %w", err)
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(&interceptor.Registry{}), webrtc.WithSettingEngine(whip.Settings(network)))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, fmt.Errorf("make connection: %w", err)
	}
	return pc, nil
}
