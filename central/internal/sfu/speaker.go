package sfu

import (
	"context"
	"sync/atomic"

	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/video"
)

// speaker is a session that speaks to the scenes of some streams: its sound goes back in the sessions that send
// those, where they take any.
type speaker struct {
	*connection
	sfu   *SFU
	taken atomic.Bool
}

// Speak implements video.Router.
func (s *SFU) Speak(ctx context.Context, streams []string, plain bool, offer string) (video.Answer, error) {
	d, err := readOffer(offer, 1)
	if err != nil {
		return video.Answer{}, err
	}
	if d.sounds == 0 || d.pictures > 0 {
		return video.Answer{}, invalidOffer("must have sound (Opus or PCMA) and no picture")
	}
	to := make([]*sound, 0, len(streams))
	for _, name := range streams {
		src, err := s.source(name)
		if err != nil {
			return video.Answer{}, err
		}
		to = append(to, &src.back)
	}
	api := s.engine.publish
	if plain {
		api = s.engine.plain
	}
	c, err := s.engine.connect(api)
	if err != nil {
		return video.Answer{}, err
	}
	p := &speaker{connection: c, sfu: s}
	c.pc.OnTrack(func(t *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		go drain(receiver.Read)
		if !p.taken.CompareAndSwap(false, true) {
			drain(t.Read)
			return
		}
		takeSound(p, t, to...)
	})
	c.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if dead(state) {
			p.close()
		}
	})
	if err := s.add(c.id, p); err != nil {
		c.close()
		return video.Answer{}, err
	}
	answer, err := c.answer(ctx, offer)
	if err != nil {
		p.close()
		return video.Answer{}, err
	}
	return answer, nil
}

// close ends the session; it may be called more than once.
func (p *speaker) close() {
	p.connection.close()
	p.sfu.remove(p.id, "")
}
