package video

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// Places is how many pictures one connection of a page carries: sixteen that are seen and four to spare.
const Places = 20

// WallSession is one connection of a page for many pictures.
type WallSession struct {
	Session string `json:"session"`
	SDP     string `json:"sdp" doc:"The answer"`
	Places  int    `json:"places"`
}

// Placed is what became of one place.
type Placed struct {
	Place   int     `json:"place"`
	Stream  string  `json:"stream,omitempty"`
	Session string  `json:"session,omitempty" doc:"Of what is shown there: what the viewer gets is told under it"`
	After   *uint32 `json:"after,omitempty" doc:"RTP time of the last packet of what was shown there before: what comes later is of the new stream"`
	Err     error   `json:"-"` // why it is not shown
}

// wish is one place as somebody wants it.
type wish struct {
	place  int
	stream string // empty: nothing
	layer  Layer
}

// PlaceWish is what is wanted at a place of a wall.
type PlaceWish struct {
	Stream string // empty: nothing
	Layer  Layer  // the most: LayerMain, or LayerSub for a small tile
}

// wallOf is who opened a wall and what is shown on it. One change of it goes on at a time.
type wallOf struct {
	turn  sync.Mutex
	user  string
	name  string
	shown map[int]string // session by place; guarded by the service's lock
}

// OpenWall answers the offer of a page that wants to show many pictures by one connection. Nothing is shown yet.
func (s *Service) OpenWall(ctx context.Context, offer string) (WallSession, error) {
	a, err := actor.Require(ctx, actor.VideoWatch)
	if err != nil {
		return WallSession{}, err
	}
	answer, err := s.o.Router.Wall(ctx, a.ID, offer)
	if err != nil {
		return WallSession{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.walls[answer.Session] = &wallOf{user: a.ID, name: a.Name, shown: map[int]string{}}
	return WallSession{Session: answer.Session, SDP: answer.SDP, Places: Places}, nil
}

// CloseWall ends a wall and all that is shown on it.
func (s *Service) CloseWall(ctx context.Context, session string) error {
	if _, err := s.wall(ctx, session); err != nil {
		return err
	}
	return s.o.Router.Hang(session)
}

// wall finds a wall of the actor.
func (s *Service) wall(ctx context.Context, session string) (*wallOf, error) {
	a, err := actor.Require(ctx, actor.VideoWatch)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.walls[session]
	if !ok || w.user != a.ID {
		return nil, errs.E(errs.NotFound, "video.no_session", "session has ended")
	}
	return w, nil
}

// MapWall puts streams at places; an empty one takes away what is there. Each place has its own outcome, for one
// camera that is gone is no reason to keep back fifteen others. Terminals are asked at once and together.
func (s *Service) MapWall(ctx context.Context, session string, places map[int]PlaceWish, reason string) ([]Placed, error) {
	w, err := s.wall(ctx, session)
	if err != nil {
		return nil, err
	}
	if len(places) > Places {
		return nil, errs.Field("video.places", "places", fmt.Sprintf("at most %d", Places))
	}
	w.turn.Lock()
	defer w.turn.Unlock()
	out := make([]Placed, 0, len(places))
	var wg sync.WaitGroup
	failed := make([]error, Places)
	for at, want := range places {
		if at < 0 || at >= Places {
			return nil, errs.Field("video.places", "places", fmt.Sprintf("0 to %d", Places-1))
		}
		if want.Stream != "" {
			wg.Go(func() { failed[at] = s.ask(ctx, want, reason) })
		}
	}
	wg.Wait()
	for at := range Places {
		want, named := places[at]
		if !named {
			continue
		}
		asked := want.Stream
		if failed[at] != nil {
			want.Stream = ""
		}
		p, err := s.place(ctx, session, w, wish{at, want.Stream, want.Layer})
		p.Stream = asked
		if err == nil {
			err = failed[at]
		}
		p.Err = err
		out = append(out, p)
	}
	s.poke()
	return out, nil
}

// ask leases a stream for a viewer that the actor of the context is about to become.
func (s *Service) ask(ctx context.Context, want PlaceWish, reason string) error {
	camera, err := s.watchable(ctx, want.Stream, reason)
	if err != nil {
		return err
	}
	return s.lease(ctx, camera, reason, want.Layer, time.Now())
}

// place shows one wish, and writes down that somebody watches.
func (s *Service) place(ctx context.Context, wall string, w *wallOf, to wish) (Placed, error) {
	s.mu.Lock()
	before := w.shown[to.place]
	delete(w.shown, to.place)
	s.mu.Unlock()
	out := Placed{Place: to.place}
	if to.stream == "" {
		if before == "" {
			return out, nil
		}
		if err := s.o.Router.Hang(before); errs.KindOf(err) != errs.NotFound {
			return out, err
		}
		return out, nil
	}
	shown, err := s.o.Router.Show(wall, to.place, to.stream, Wish{Layer: to.layer})
	if err != nil {
		return out, err
	}
	out.After, out.Session = shown.After, shown.Session
	v := session{stream: to.stream, watch: true, user: w.user, name: w.name, since: time.Now()}
	s.mu.Lock()
	if st, ok := s.streams[to.stream]; ok {
		v.division = st.division
		st.lease.arrived()
	}
	if small, ok := s.streams[SubOf(to.stream)]; ok {
		small.lease.arrived()
	}
	s.sessions[shown.Session] = v
	w.shown[to.place] = shown.Session
	_, stands := s.walls[wall]
	s.mu.Unlock()
	if !stands { // it has ended meanwhile, and the showing with it
		s.ended(ctx, shown.Session)
		return out, errs.E(errs.NotFound, "video.no_session", "session has ended")
	}
	began := watched(ctx, shown.Session, v, false)
	if err := s.o.Events.Record(ctx, &began); err != nil {
		_ = s.o.Router.Hang(shown.Session) // it has ended if it is not there
		return out, err
	}
	s.o.Events.Publish(ctx, began)
	if sent, err := s.o.Router.Sent(shown.Session); err == nil { // it may have been told before the session was known here
		s.got(ctx, sent)
	}
	return out, nil
}

// watchable finds a camera that the actor may watch now, and writes down why it must be sent.
func (s *Service) watchable(ctx context.Context, id, reason string) (device.Device, error) {
	camera, ok := s.o.Devices.Visible(ctx, id)
	if !ok || camera.Kind != device.Camera {
		return device.Device{}, noStream(id)
	}
	if camera.Parent == "" { // it comes by a link, sooner or later
		return camera, nil
	}
	// The terminal is the system's business: who may see the camera need not see the terminal.
	edge, ok := s.o.Devices.Visible(actor.WithSystem(ctx, "video"), camera.Parent)
	if (!ok || edge.State != device.Online) && !s.o.Router.Flow(id).Publishing {
		return device.Device{}, offline(camera.Parent, nil)
	}
	if reason == "" {
		return camera, nil
	}
	return camera, s.force(ctx, camera, reason)
}
