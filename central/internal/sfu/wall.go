package sfu

import (
	"context"
	"fmt"
	"sync"

	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/video"
)

// wall is one connection with several places. Which stream is shown at a place changes without a word of
// negotiation: the places' tracks go on, and the next picture on them is another stream's.
type wall struct {
	*connection
	sfu  *SFU
	user string
	seat *seat // nil: it sends nothing and has no sound

	mu     sync.Mutex
	up     bool
	places []*place
}

// place is one track of a wall.
type place struct {
	lane    lane
	wall    *wall
	showing *showing // guarded by wall.mu
}

// showing is one stream at one place, from when it was put there until it is taken away. It is a session of its
// own: it counts as a viewer and is ended as one.
type showing struct {
	id     string
	place  *place
	src    *source
	ctx    context.Context //nolint:containedctx // the life of the showing; close cancels it
	cancel context.CancelFunc
	begun  bool          // guarded by wall.mu
	ended  chan struct{} // forwarding has ended, or never began
}

func newWall(s *SFU, c *connection, user string, places int) (*wall, error) {
	c.pulse = newPulse()
	w := &wall{connection: c, sfu: s, user: user}
	only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}
	for i := range places {
		p := &place{wall: w}
		name := fmt.Sprintf("place-%d", i)
		p.lane = lane{engine: s.engine, sfu: s, pulse: c.pulse, pc: c.pc, id: name, streamID: name, bound: w.begin}
		transceiver, err := c.pc.AddTransceiverFromTrack(&p.lane, only)
		if err != nil {
			return nil, fmt.Errorf("add track: %w", err)
		}
		p.lane.sender = transceiver.Sender()
		w.places = append(w.places, p)
	}
	c.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch {
		case state == webrtc.PeerConnectionStateConnected:
			w.mu.Lock()
			fresh := !w.up
			w.up = true
			w.mu.Unlock()
			if fresh {
				for _, p := range w.places {
					go p.lane.listen()
				}
			}
			w.begin()
			if w.seat != nil {
				w.seat.connected()
			}
		case dead(state):
			w.close()
		}
	})
	return w, nil
}

// close ends the wall and all that is shown on it; it may be called more than once.
func (w *wall) close() {
	w.mu.Lock()
	var all []*showing
	for _, p := range w.places {
		if p.showing != nil {
			all = append(all, p.showing)
		}
	}
	w.mu.Unlock()
	for _, s := range all {
		s.close()
	}
	if w.seat != nil {
		w.seat.close()
	}
	w.connection.close()
	w.sfu.remove(w.id, "")
}

// begin starts to send what is to be shown and was not yet.
func (w *wall) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.up {
		return
	}
	for _, p := range w.places {
		s := p.showing
		if s == nil || s.begun || !p.lane.ready() {
			continue
		}
		s.begun = true
		r := p.lane.show(s.src, s.id)
		s.src.came(s)
		go func() {
			defer close(s.ended)
			p.lane.forward(s.ctx, r)
		}()
	}
}

// put shows a stream at a place; what was shown there has been closed.
func (w *wall) put(s *showing) error {
	w.mu.Lock()
	if s.place.showing != nil {
		w.mu.Unlock()
		return errs.E(errs.Conflict, "video.place_taken", "the place was given another picture meanwhile; try again")
	}
	s.place.showing = s
	w.mu.Unlock()
	w.begin()
	return nil
}

func (s *showing) link() *connection { return s.place.wall.connection }

func (s *showing) watches() (*source, string) { return s.src, s.place.wall.user }

func (s *showing) first() *source { return s.src.first(s.place.lane.wished()) }

// close takes the stream from its place; it may be called more than once.
func (s *showing) close() {
	s.cancel()
	w := s.place.wall
	w.mu.Lock()
	if s.place.showing == s {
		s.place.showing = nil
	}
	if !s.begun {
		s.begun = true
		close(s.ended)
	}
	w.mu.Unlock()
	<-s.ended // nothing of it is sent after what comes next
	w.sfu.remove(s.id, s.src.name)
}

// Wall implements video.Router.
func (s *SFU) Wall(ctx context.Context, user, offer string) (video.Answer, error) {
	d, err := readOffer(offer, maxPlaces)
	if err != nil {
		return video.Answer{}, err
	}
	if d.pictures == 0 {
		return video.Answer{}, invalidOffer("has no pictures")
	}
	c, err := s.engine.connect(s.engine.watch)
	if err != nil {
		return video.Answer{}, err
	}
	c.most = maxPlaces
	w, err := newWall(s, c, user, d.pictures)
	if err != nil {
		c.close()
		return video.Answer{}, err
	}
	if err := s.add(c.id, w); err != nil {
		c.close()
		return video.Answer{}, err
	}
	answer, err := c.answer(ctx, offer)
	if err != nil {
		w.close()
		return video.Answer{}, err
	}
	return answer, nil
}

// Show implements video.Router.
func (s *SFU) Show(session string, at int, stream string, wish video.Wish) (video.Shown, error) {
	found, err := s.peer(session)
	if err != nil {
		return video.Shown{}, err
	}
	w, ok := found.(*wall)
	if !ok || at < 0 || at >= len(w.places) {
		return video.Shown{}, errs.E(errs.NotFound, "video.no_place", "the wall has no place %d", at)
	}
	src, err := s.source(stream)
	if err != nil {
		return video.Shown{}, err
	}
	p := w.places[at]
	w.mu.Lock()
	before := p.showing
	w.mu.Unlock()
	if before != nil {
		before.close()
	}
	p.lane.wishFirst(wish.Or())
	now := &showing{id: newSession(), place: p, src: src, ended: make(chan struct{})}
	now.ctx, now.cancel = context.WithCancel(context.Background())
	if err := s.add(now.id, now); err != nil {
		now.cancel()
		return video.Shown{}, err
	}
	after := p.lane.last()
	if err := w.put(now); err != nil {
		now.close()
		return video.Shown{}, err
	}
	return video.Shown{Session: now.id, After: after}, nil
}
