package sfu

import (
	"context"
	"sync"

	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/video"
)

// hearer is a session that hears what is spoken to a scene: the speaker of a terminal.
type hearer struct {
	*connection
	sfu    *SFU
	src    *source
	ctx    context.Context //nolint:containedctx // the life of the session; close cancels it
	cancel context.CancelFunc
	voice  *voice

	mu    sync.Mutex
	up    bool // connected
	begun bool
}

// Hear implements video.Router.
func (s *SFU) Hear(ctx context.Context, stream, offer string) (video.Answer, error) {
	d, err := readOffer(offer, 1)
	if err != nil {
		return video.Answer{}, err
	}
	if d.sounds == 0 || d.pictures > 0 {
		return video.Answer{}, invalidOffer("must ask for sound (Opus or PCMA) and no picture")
	}
	src, err := s.source(stream)
	if err != nil {
		return video.Answer{}, err
	}
	c, err := s.engine.connect(s.engine.watch)
	if err != nil {
		return video.Answer{}, err
	}
	h := &hearer{connection: c, sfu: s, src: src}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.voice = &voice{pc: c.pc, id: "audio", streamID: src.name, bound: h.begin}
	if err := h.voice.add(webrtc.RTPTransceiverDirectionSendonly); err != nil {
		h.cancel()
		c.close()
		return video.Answer{}, err
	}
	c.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch {
		case state == webrtc.PeerConnectionStateConnected:
			h.mu.Lock()
			h.up = true
			h.mu.Unlock()
			h.begin()
		case dead(state):
			h.close()
		}
	})
	if err := s.add(c.id, h); err != nil {
		h.close()
		return video.Answer{}, err
	}
	answer, err := c.answer(ctx, offer)
	if err != nil {
		h.close()
		return video.Answer{}, err
	}
	return answer, nil
}

// begin passes on what is spoken once the session is connected and its track is bound, whichever comes last.
func (h *hearer) begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.up && !h.begun && h.voice.ready() {
		h.begun = true
		go h.voice.follow(h.ctx, &h.src.back)
	}
}

// close ends the session; it may be called more than once.
func (h *hearer) close() {
	h.cancel()
	h.connection.close()
	h.sfu.remove(h.id, h.src.name)
}
