package sfu

import (
	"context"
	"fmt"
	"sync"

	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/video"
)

// watcher is what counts as a viewer of a stream: a session of its own, or a place on a wall.
type watcher interface {
	peer
	watches() (src *source, user string)
	// first is the stream that is wanted until the lane has begun.
	first() *source
}

// viewer is one session that watches one stream.
type viewer struct {
	*connection
	lane   *lane  // nil: only sound is wanted
	voice  *voice // nil: no sound is wanted
	sfu    *SFU
	src    *source
	user   string
	ctx    context.Context //nolint:containedctx // the life of the session; close cancels it
	cancel context.CancelFunc

	mu    sync.Mutex
	up    bool // connected
	begun bool // the picture
	heard bool // the sound
}

func newViewer(s *SFU, src *source, c *connection, user string, wish video.Wish, d description) (*viewer, error) {
	v := &viewer{connection: c, sfu: s, src: src, user: user}
	v.ctx, v.cancel = context.WithCancel(context.Background())
	if d.pictures > 0 {
		c.pulse = newPulse()
		v.lane = &lane{engine: s.engine, sfu: s, pulse: c.pulse, pc: c.pc, id: "video", streamID: src.name, bound: v.begin, choice: choice{wish: wish}}
		only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}
		transceiver, err := c.pc.AddTransceiverFromTrack(v.lane, only)
		if err != nil {
			return nil, fmt.Errorf("add track: %w", err)
		}
		v.lane.sender = transceiver.Sender()
	}
	if d.sounds > 0 {
		v.voice = &voice{pc: c.pc, id: "audio", streamID: src.name, bound: v.begin}
		if err := v.voice.add(webrtc.RTPTransceiverDirectionSendonly); err != nil {
			return nil, fmt.Errorf("add track: %w", err)
		}
	}
	c.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch {
		case state == webrtc.PeerConnectionStateConnected:
			v.mu.Lock()
			v.up = true
			v.mu.Unlock()
			v.begin()
		case dead(state):
			v.close()
		}
	})
	return v, nil
}

func (v *viewer) watches() (*source, string) { return v.src, v.user }

func (v *viewer) first() *source {
	if v.lane == nil || v.voice != nil {
		return v.src
	}
	return v.src.first(v.lane.wished())
}

// close ends the session; it may be called more than once.
func (v *viewer) close() {
	v.cancel()
	v.connection.close()
	v.sfu.remove(v.id, v.src.name)
}

// begin starts to send once the session is connected and a track is bound, whichever comes last.
func (v *viewer) begin() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.up {
		return
	}
	if v.lane != nil && v.lane.ready() && !v.begun {
		v.begun = true
		r := v.lane.show(v.src, v.id)
		v.src.came(v)
		go v.lane.forward(v.ctx, r)
		go v.lane.listen()
	}
	if v.voice != nil && v.voice.ready() && !v.heard {
		v.heard = true
		v.src.wanted(1) // sound comes with the large picture
		if v.lane == nil {
			v.src.came(v)
		}
		go func() {
			defer v.src.wanted(-1)
			v.voice.follow(v.ctx, &v.src.sound)
		}()
	}
}
