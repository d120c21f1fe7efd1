package video

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// recheckTimeout bounds one look at who may still watch.
const recheckTimeout = 20 * time.Second

// may reports whether the holder of a watch ticket may use it at this moment: the ticket was given a while
// ago.
func (s *Service) may(ctx context.Context, c claim) error {
	s.mu.Lock()
	before, barred := s.barred[c.User]
	s.mu.Unlock()
	if barred && !time.Unix(c.Expires, 0).Add(-connectWithin).After(before) {
		return errs.E(errs.Unauthenticated, "video.token_expired", "token has expired")
	}
	return s.sees(ctx, c.User, c.Stream)
}

// sees reports whether a user may watch a stream now.
func (s *Service) sees(ctx context.Context, user, stream string) error {
	a, err := s.o.People.Present(actor.WithSystem(ctx, "video"), user)
	if err != nil {
		return err
	}
	ctx = actor.With(ctx, a)
	if _, err := actor.Require(ctx, actor.VideoWatch); err != nil {
		return err
	}
	if _, ok := s.o.Devices.Visible(ctx, stream); !ok {
		return noStream(stream)
	}
	return nil
}

// Recheck ends what is watched by somebody who may no longer see it. It returns at once, so it may be
// called from an event handler.
func (s *Service) Recheck(ctx context.Context) {
	type viewing struct{ user, stream string }
	watched := map[viewing][]string{}
	s.mu.Lock()
	for name, v := range s.sessions {
		if v.watch || v.link != "" {
			key := viewing{v.holder(), v.stream}
			watched[key] = append(watched[key], name)
		}
	}
	s.mu.Unlock()
	if len(watched) == 0 {
		return
	}
	s.wg.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recheckTimeout)
		defer cancel()
		for v, names := range watched {
			err := s.sees(ctx, v.user, v.stream)
			switch errs.KindOf(err) {
			case errs.Unauthenticated, errs.Denied, errs.NotFound:
				s.hangUp(names)
			case errs.Internal, errs.Unavailable, errs.Invalid, errs.Conflict:
				if err != nil { // the picture stays: it is no fault of the viewer
					s.o.Log.Warn("rights of viewer not checked", "stream", v.stream, "error", err)
				}
			}
		}
	})
}

// DropUser ends all that a user watches and voids the tickets given so far: the password was reset. It
// returns at once.
func (s *Service) DropUser(user string) {
	s.mu.Lock()
	s.barred[user] = time.Now()
	s.mu.Unlock()
	s.drop(func(v session) bool { return v.watch && v.user == user })
}

// DropDevice ends the pictures that a terminal sends, and what is sent as a camera: it was revoked or removed. It
// returns at once.
func (s *Service) DropDevice(id string) {
	s.drop(func(v session) bool { return !v.watch && (v.user == id || v.stream == id) })
}

func (s *Service) drop(which func(session) bool) {
	s.mu.Lock()
	var names []string
	for name, v := range s.sessions {
		if which(v) {
			names = append(names, name)
		}
	}
	s.mu.Unlock()
	if len(names) > 0 {
		s.wg.Go(func() { s.hangUp(slices.Clip(names)) })
	}
}

func (s *Service) hangUp(names []string) {
	for _, name := range names {
		if err := s.o.Router.Hang(name); err != nil {
			s.o.Log.Debug("session had ended", "session", name, "error", err)
		}
	}
}
