package sfu

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/video"
)

// speaker is a session that speaks to the scenes of some streams: its sound goes back in the sessions that send
// those, where they take any.
type speaker struct {
	*connection
	sfu   *SFU
	taken atomic.Bool
	own   sound // what came of it
}

// Speak implements video.Router.
func (s *SFU) Speak(ctx context.Context, streams []string, plain bool, offer string) (a video.Answer, length func() time.Duration, err error) {
	d, err := readOffer(offer, 1)
	if err != nil {
		return video.Answer{}, nil, err
	}
	if d.sounds == 0 || d.pictures > 0 {
		return video.Answer{}, nil, invalidOffer("must have sound (Opus or PCMA) and no picture")
	}
	to := make([]*sound, 0, len(streams))
	for _, name := range streams {
		src, err := s.source(name)
		if err != nil {
			return video.Answer{}, nil, err
		}
		to = append(to, &src.back)
	}
	api := s.engine.publish
	if plain {
		api = s.engine.plain
	}
	c, err := s.engine.connect(api)
	if err != nil {
		return video.Answer{}, nil, err
	}
	p := &speaker{connection: c, sfu: s}
	to = append(to, &p.own)
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
		return video.Answer{}, nil, err
	}
	if a, err = c.answer(ctx, offer); err != nil {
		p.close()
		return video.Answer{}, nil, err
	}
	return a, p.own.length, nil
}

// close ends the session; it may be called more than once.
func (p *speaker) close() {
	p.connection.close()
	p.sfu.remove(p.id, "")
}
