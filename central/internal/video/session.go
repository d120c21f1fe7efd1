package video

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Publish answers the offer of a publisher that holds a publish token. A terminal takes over from itself; who holds
// a link takes over from somebody else only when over is set.
func (s *Service) Publish(ctx context.Context, token, id, offer string, over bool) (Answer, error) {
	if link, ok := s.signer.linkOf(token); ok {
		return s.publishByLink(ctx, link, id, offer, over)
	}
	now := time.Now()
	c, err := s.signer.verify(token, id, Publish, now)
	if err != nil {
		return Answer{}, err
	}
	system := actor.WithSystem(ctx, "video")
	of, small := MainOf(id)
	camera, ok := s.o.Devices.Visible(system, of)
	if !ok {
		return Answer{}, noStream(id)
	}
	if edge, ok := s.o.Devices.Visible(system, camera.Parent); !ok || camera.Parent != c.User || edge.State == device.Revoked {
		return Answer{}, errs.E(errs.Denied, "video.edge_revoked", "terminal %s may not publish", c.User)
	}
	answer, err := s.o.Router.Publish(ctx, id, offer, true)
	if err != nil {
		return Answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	answer.User = c.User
	if s.stream(camera); small { // a terminal that comes back after a restart of the centre is seen at once
		s.smaller(camera)
	}
	s.sessions[answer.Session] = session{nonce: c.Nonce, stream: id, user: c.User, since: now}
	return answer, nil
}

// Play answers the offer of a viewer that holds a watch token. The token is used up by it.
func (s *Service) Play(ctx context.Context, token, id, offer string) (Answer, error) {
	if link, ok := s.signer.linkOf(token); ok {
		return s.playByLink(ctx, link, id, offer)
	}
	now := time.Now()
	if c, err := s.signer.verify(token, id, Hear, now); err == nil {
		return s.hear(ctx, c, offer, now)
	}
	c, err := s.signer.verify(token, id, Watch, now)
	if err != nil {
		return Answer{}, err
	}
	if err := s.may(ctx, c); err != nil {
		return Answer{}, err
	}
	s.mu.Lock()
	_, twice := s.used[c.Nonce]
	s.used[c.Nonce] = c.Expires
	s.mu.Unlock()
	if twice {
		return Answer{}, errs.E(errs.Unauthenticated, "video.token_used", "token was used before")
	}
	answer, err := s.o.Router.Watch(ctx, id, c.User, Wish{Layer: LayerMain}, offer)
	s.mu.Lock()
	if err != nil {
		delete(s.used, c.Nonce) // a bad offer may be mended and sent again
		s.mu.Unlock()
		return Answer{}, err
	}
	division := ""
	if st, ok := s.streams[id]; ok {
		division = st.division
		st.lease.arrived()
	}
	v := session{nonce: c.Nonce, stream: id, division: division, watch: true, user: c.User, name: c.Name, since: now}
	s.sessions[answer.Session] = v
	s.mu.Unlock()
	s.poke()
	began := watched(ctx, answer.Session, v, false)
	if err := s.o.Events.Record(ctx, &began); err != nil {
		return Answer{}, errors.Join(err, s.Hang(ctx, token, id, answer.Session))
	}
	s.o.Events.Publish(ctx, began)
	answer.User = c.User
	return answer, nil
}

// Patch adds candidates to a session or restarts its ICE. The token is the one that opened it.
func (s *Service) Patch(ctx context.Context, token, id, session, etag, fragment string) (Patch, error) {
	if err := s.owns(token, id, session); err != nil {
		return Patch{}, err
	}
	return s.o.Router.Patch(ctx, session, etag, fragment)
}

// Hang ends a session. The token is the one that opened it.
func (s *Service) Hang(ctx context.Context, token, id, session string) error {
	if err := s.owns(token, id, session); err != nil {
		return err
	}
	if err := s.o.Router.Hang(session); err != nil {
		return err
	}
	s.ended(ctx, session)
	s.poke()
	return nil
}

// owns checks that a token opened a session. It may have expired since.
func (s *Service) owns(token, id, name string) error {
	nonce, ok := s.signer.linkOf(token)
	if !ok {
		c, err := s.signer.open(token)
		if err != nil {
			return err
		}
		nonce = c.Nonce
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.sessions[name]
	if !ok || v.stream != id {
		return errs.E(errs.NotFound, "video.no_session", "session has ended")
	}
	if subtle.ConstantTimeCompare([]byte(v.nonce), []byte(nonce)) != 1 {
		return errs.E(errs.Denied, "video.token_scope", "token is not for this session")
	}
	return nil
}

// ended forgets a session and tells who watched how long.
func (s *Service) ended(ctx context.Context, name string) {
	s.mu.Lock()
	v, ok := s.sessions[name]
	delete(s.sessions, name)
	delete(s.walls, name)
	s.mu.Unlock()
	if ok && (v.watch || v.link != "") {
		s.o.Events.Publish(ctx, watched(ctx, name, v, true))
	}
}

// watched is the event that somebody began or ended to watch, or to send by a link.
func watched(ctx context.Context, name string, v session, ended bool) event.Event {
	now := time.Now()
	w := Watched{Stream: v.stream, Session: name, Link: v.link, Ended: ended}
	if ended {
		w.Seconds = int64(now.Sub(v.since).Seconds())
	}
	// The viewer's browser has no session of its own here; the ticket says who it was made for.
	ctx = actor.With(ctx, actor.Actor{Kind: actor.User, ID: v.user, Name: v.name})
	kind := EventWatched
	if !v.watch {
		kind = EventSent
	}
	return event.New(ctx, kind, v.stream, v.division, w)
}
