package video

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// HearTicket lets a terminal hear what is spoken to it, under its own id as a stream. The caller has authorised that.
func (s *Service) HearTicket(edge string) Ticket {
	expires := time.Now().Add(connectWithin)
	token := s.signer.sign(claim{Stream: edge, Action: Hear, Expires: expires.Unix(), User: edge})
	return Ticket{Stream: edge, WHEP: "/whep/" + edge, Token: token, Expires: expires.UTC()}
}

// hear answers the offer of a terminal that holds a ticket to hear.
func (s *Service) hear(ctx context.Context, c claim, offer string, now time.Time) (Answer, error) {
	if edge, ok := s.o.Devices.Visible(actor.WithSystem(ctx, "video"), c.Stream); !ok || edge.State == device.Revoked {
		return Answer{}, errs.E(errs.Denied, "video.edge_revoked", "terminal %s may not hear", c.Stream)
	}
	answer, err := s.o.Router.Hear(ctx, c.Stream, offer)
	if err != nil {
		return Answer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	answer.User = c.User
	s.sessions[answer.Session] = session{nonce: c.Nonce, stream: c.Stream, user: c.User, since: now}
	return answer, nil
}

// OnEnded names who is told of every session that ended. It is called once, before anybody speaks.
func (s *Service) OnEnded(fn func(session string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = fn
}

// Sends reports whether sound or a picture of a stream comes now.
func (s *Service) Sends(stream string) bool { return s.o.Router.Flow(stream).Publishing }
