package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pion/webrtc/v3"
	"github.com/pion/webrtc/v3/pkg/media"
	"github.com/pion/webrtc/v3/pkg/media/h264reader"

	"github.com/fengsui/fengsui/test/harness"
)

// sender is a camera that is no terminal: a plain program that speaks WHIP by RFC 9725 and shares no code with ours.
type sender struct {
	client *harness.Client
	pc     *webrtc.PeerConnection
	place  string // Location of the session
	token  string
	cancel context.CancelFunc
	done   chan struct{}
}

// film sends a film of test/clips, over and over, to a WHIP address with a token.
func film(c *harness.Client, path, token, clip string) (*sender, error) {
	root, err := harness.Root()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(root, "test", "clips", clip))
	if err != nil {
		return nil, fmt.Errorf("read film: %w", err)
	}
	list, err := units(text)
	if err != nil {
		return nil, err
	}
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, fmt.Errorf("make peer connection: %w", err)
	}
	s := &sender{client: c, pc: pc, token: token, done: make(chan struct{})}
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264}, "video", "camera")
	if err == nil {
		_, err = pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	}
	if err == nil {
		err = s.offer(path)
	}
	if err != nil {
		return nil, errors.Join(err, pc.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go s.play(ctx, track, list)
	return s, nil
}

// units are those of a film in Annex B.
func units(text []byte) (out [][]byte, err error) {
	r, err := h264reader.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("read film: %w", err)
	}
	for {
		u, err := r.NextNAL()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read film: %w", err)
		}
		out = append(out, bytes.Clone(u.Data))
	}
}

func (s *sender) offer(path string) error {
	offer, err := s.pc.CreateOffer(nil)
	if err != nil {
		return fmt.Errorf("make offer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(s.pc)
	if err := s.pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("set offer: %w", err)
	}
	<-gathered
	answer, err := s.client.Do(http.MethodPost, path, "application/sdp", s.token, strings.NewReader(s.pc.LocalDescription().SDP))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if answer.StatusCode != http.StatusCreated {
		return &harness.ProblemError{Status: answer.StatusCode, Detail: string(text)}
	}
	s.place = answer.Header.Get("Location")
	if err := s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(text)}); err != nil {
		return fmt.Errorf("set answer: %w", err)
	}
	return nil
}

// play sends 25 pictures a second; what belongs to one goes at once.
func (s *sender) play(ctx context.Context, track *webrtc.TrackLocalStaticSample, units [][]byte) {
	defer close(s.done)
	const each = 40 * time.Millisecond
	tick := time.NewTicker(each)
	defer tick.Stop()
	for {
		for _, u := range units {
			kind, long := u[0]&0x1f, time.Duration(0)
			if kind == 1 || kind == 5 {
				long = each
			}
			if err := track.WriteSample(media.Sample{Data: u, Duration: long}); err != nil {
				return
			}
			if long == 0 {
				continue
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}
}

// Close ends the session as RFC 9725 asks, with DELETE.
func (s *sender) Close() error {
	s.cancel()
	<-s.done
	answer, err := s.client.Do(http.MethodDelete, s.place, "", s.token, nil)
	if err == nil {
		answer.Body.Close()
	}
	return errors.Join(err, s.pc.Close())
}
