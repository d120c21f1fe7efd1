package account

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

func noSession() error {
	return errs.E(errs.Unauthenticated, "account.session_ended", "the session has ended; sign in again")
}

// sessionData is what the events of sessions carry.
type sessionData struct {
	Session  string `json:"session,omitempty"`
	Username string `json:"username,omitempty"`
}

// endSessions ends all of a user's sessions.
func (s *Service) endSessions(ctx context.Context, userID string) error {
	s.spare.end(func(v Session) bool { return v.UserID == userID })
	return s.Keys.EndSessions(ctx, userID, "")
}

// session finds one by its token, in the database or in memory.
func (s *Service) session(ctx context.Context, token string) (Session, error) {
	v, err := s.Keys.SessionByToken(ctx, Digest(token))
	if errs.KindOf(err) == errs.NotFound {
		if kept, ok := s.spare.session(Digest(token)); ok {
			return kept, nil
		}
	}
	return v, err
}

// Logout ends the session of a token; an unknown one is no error.
func (s *Service) Logout(ctx context.Context, token string) error {
	session, err := s.session(ctx, token)
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	u, err := s.Store.User(ctx, session.UserID)
	if err != nil {
		return err
	}
	var done event.Event
	if _, kept := s.spare.session(session.TokenHash); kept {
		s.spare.end(func(v Session) bool { return v.ID == session.ID })
		s.Events.Publish(ctx, event.New(ctx, EventSessionEnded, session.UserID, u.Division, sessionData{Session: session.ID}))
		return nil
	}
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Keys.EndSession(ctx, session.ID); err != nil {
			return err
		}
		return s.record(ctx, &done, EventSessionEnded, session.UserID, u.Division, sessionData{Session: session.ID})
	})
	if err != nil {
		return err
	}
	s.Events.Publish(ctx, done)
	return nil
}
