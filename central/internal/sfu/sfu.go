// Package sfu forwards pictures by WebRTC: WHIP in, WHEP out, one ring of packets for each stream. It
// implements video.Router. Rules that must never break: a viewer never holds up a stream or another
// viewer; bytes from outside never end the program; every session that dies is gone within ten seconds.
package sfu

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/video"
)

// Options is what the router needs.
type Options struct {
	Log       *slog.Logger
	Listen    string   // UDP and TCP, ":8189"; port 0 takes a free one
	PublicIPs []string // addresses that reach Listen from outside, besides those of this machine

	// Limits; zero means the default.
	MaxStreams        int // 256
	MaxViewers        int // 200 of one stream
	MaxViewersPerUser int // 32
	MaxViewersTotal   int // 1000
	MaxWallsPerUser   int // 8
}

func (o *Options) defaults() {
	for _, d := range []struct {
		limit *int
		value int
	}{
		{&o.MaxStreams, 256}, {&o.MaxViewers, 200}, {&o.MaxViewersPerUser, 32}, {&o.MaxViewersTotal, 1000}, {&o.MaxWallsPerUser, 8},
	} {
		if *d.limit <= 0 {
			*d.limit = d.value
		}
	}
}

// peer is a session of either side.
type peer interface {
	link() *connection
	close()
}

// SFU is the router.
type SFU struct {
	o      Options
	log    *slog.Logger
	engine *engine
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	notify  func(video.Change)
	sources map[string]*source
	peers   map[string]peer // by session
	users   map[string]int  // viewers by user
	walls   map[string]int  // walls by user
	smaller map[string]bool // streams whose cameras have a smaller picture
	viewers int
	stopped bool
}

// New makes a router.
func New(o Options) *SFU {
	o.defaults()
	return &SFU{
		o: o, log: o.Log.With("component", "sfu"), notify: func(video.Change) {},
		sources: map[string]*source{}, peers: map[string]peer{}, users: map[string]int{}, walls: map[string]int{},
		smaller: map[string]bool{},
	}
}

// Start listens.
func (s *SFU) Start(ctx context.Context) error {
	e, err := newEngine(ctx, s.o.Listen, s.o.PublicIPs)
	if err != nil {
		return fmt.Errorf("start video: %w", err)
	}
	s.engine = e
	ctx, s.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.wg.Go(func() { s.tidy(ctx) })
	s.wg.Go(func() { s.steps(ctx) })
	s.log.Info("video listens", "address", e.addr())
	return nil
}

// Addr is the address of UDP and TCP.
func (s *SFU) Addr() string { return s.engine.addr() }

// Stop ends all sessions; the other sides are told.
func (s *SFU) Stop(context.Context) error {
	s.mu.Lock()
	s.stopped = true
	peers := make([]peer, 0, len(s.peers))
	for _, p := range s.peers {
		peers = append(peers, p)
	}
	s.mu.Unlock()
	if s.cancel != nil {
		s.cancel()
	}
	for _, p := range peers {
		s.wg.Go(p.close)
	}
	s.wg.Wait()
	if s.engine == nil {
		return nil
	}
	return s.engine.close()
}

// Notify implements video.Router.
func (s *SFU) Notify(fn func(video.Change)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notify = fn
}

func (s *SFU) changed(c video.Change) {
	s.mu.Lock()
	fn := s.notify
	s.mu.Unlock()
	fn(c)
}

// Flow implements video.Router.
func (s *SFU) Flow(stream string) video.Flow {
	s.mu.Lock()
	src := s.sources[stream]
	s.mu.Unlock()
	if src == nil {
		return video.Flow{}
	}
	return src.flow(time.Now())
}

// Publish implements video.Router.
func (s *SFU) Publish(ctx context.Context, stream, offer string, over bool) (video.Answer, error) {
	d, err := readOffer(offer, 1)
	if err != nil {
		return video.Answer{}, err
	}
	src, err := s.source(stream)
	if err != nil {
		return video.Answer{}, err
	}
	c, err := s.engine.connect(s.engine.publish)
	if err != nil {
		return video.Answer{}, err
	}
	p, err := newPublisher(s, src, c, d)
	if err != nil {
		c.close()
		return video.Answer{}, err
	}
	late, ok := src.promise(p, over, time.Now())
	if !ok {
		c.close()
		return video.Answer{}, errs.E(errs.Conflict, "video.taken", "somebody else is sending as %s; end that first, or take over", stream)
	}
	if late != nil {
		late.close()
	}
	if err := s.add(c.id, p); err != nil {
		p.close()
		return video.Answer{}, err
	}
	answer, err := c.answer(ctx, offer)
	if err != nil {
		s.remove(c.id, stream)
		p.close()
		return video.Answer{}, err
	}
	return answer, nil
}

// Watch implements video.Router.
func (s *SFU) Watch(ctx context.Context, stream, user string, wish video.Wish, offer string) (video.Answer, error) {
	wish = wish.Or()
	d, err := readOffer(offer, 1)
	if err != nil {
		return video.Answer{}, err
	}
	src, err := s.source(stream)
	if err != nil {
		return video.Answer{}, err
	}
	c, err := s.engine.connect(s.engine.watch)
	if err != nil {
		return video.Answer{}, err
	}
	v, err := newViewer(s, src, c, user, wish, d)
	if err != nil {
		c.close()
		return video.Answer{}, err
	}
	if err := s.add(c.id, v); err != nil {
		c.close()
		return video.Answer{}, err
	}
	answer, err := c.answer(ctx, offer)
	if err != nil {
		s.remove(c.id, stream)
		v.close()
		return video.Answer{}, err
	}
	return answer, nil
}

// Patch implements video.Router.
func (s *SFU) Patch(ctx context.Context, session, etag, fragment string) (video.Patch, error) {
	p, err := s.peer(session)
	if err != nil {
		return video.Patch{}, err
	}
	return p.link().patch(ctx, etag, fragment)
}

// Hang implements video.Router.
func (s *SFU) Hang(session string) error {
	p, err := s.peer(session)
	if err != nil {
		return err
	}
	p.close()
	return nil
}

func (s *SFU) peer(session string) (peer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.peers[session]
	if !ok {
		return nil, errs.E(errs.NotFound, "video.no_session", "session has ended")
	}
	return p, nil
}

// source finds or makes a stream.
func (s *SFU) source(stream string) (*source, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if src, ok := s.sources[stream]; ok {
		src.touch(time.Now())
		return src, nil
	}
	if s.streams() >= s.o.MaxStreams {
		return nil, busy("streams")
	}
	src := newSource(stream)
	s.sources[stream] = src
	s.pair(src)
	return src, nil
}

func busy(what string) error {
	return errs.E(errs.Unavailable, "video.busy", "too many %s; close some first", what)
}

// add registers a session before its answer goes out. Who watches counts against the limits.
func (s *SFU) add(session string, p peer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return errs.E(errs.Unavailable, "video.stopping", "the centre is stopping")
	}
	switch p := p.(type) {
	case watcher:
		src, user := p.watches()
		switch {
		case s.viewers >= s.o.MaxViewersTotal:
			return busy("viewers")
		case s.users[user] >= s.o.MaxViewersPerUser:
			return busy("pictures for one user")
		case !src.join(p, s.o.MaxViewers):
			return busy("viewers of this stream")
		}
		s.viewers++
		s.users[user]++
	case *wall:
		if s.walls[p.user] >= s.o.MaxWallsPerUser {
			return busy("walls for one user")
		}
		s.walls[p.user]++
	}
	s.peers[session] = p
	return nil
}

// remove forgets a session; it reports whether it was there.
func (s *SFU) remove(session, stream string) bool {
	s.mu.Lock()
	p, ok := s.peers[session]
	delete(s.peers, session)
	switch p := p.(type) {
	case watcher:
		src, user := p.watches()
		src.leave(p)
		s.viewers--
		count(s.users, user)
	case *wall:
		count(s.walls, p.user)
	}
	stopped := s.stopped
	s.mu.Unlock()
	if ok && !stopped {
		s.changed(video.Change{Stream: stream, Ended: session})
	}
	return ok
}

// count takes one of a user's away.
func count(of map[string]int, user string) {
	if of[user]--; of[user] <= 0 {
		delete(of, user)
	}
}

// tidy forgets old pictures and streams that nobody uses.
func (s *SFU) tidy(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			s.mu.Lock()
			s.forget(now)
			s.mu.Unlock()
		}
	}
}

// newSession names a session; the name cannot be guessed.
func newSession() string { return rand.Text() }

// state of a connection that means its end.
func dead(s webrtc.PeerConnectionState) bool {
	return s == webrtc.PeerConnectionStateFailed || s == webrtc.PeerConnectionStateClosed
}
