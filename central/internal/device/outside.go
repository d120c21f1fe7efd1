package device

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
)

// CreateOutside registers a camera that is behind no terminal: a phone, or a program that sends by a link. Class is
// set; who may make such links may register it.
func (s *Service) CreateOutside(ctx context.Context, n New) (Device, error) {
	a, err := actor.Require(ctx, actor.VideoShare)
	if err != nil {
		return Device{}, err
	}
	n.Kind, n.Class = Camera, "video"
	added, err := s.create(ctx, a, n)
	return added.Device, err
}

// Sends says whether a camera behind no terminal sends at the moment. That it does not is no fault and no loss of
// contact: whoever holds the link comes and goes.
func (s *Service) Sends(ctx context.Context, id string, sending bool) {
	e, ok := s.find(ctx, id)
	if !ok {
		return
	}
	s.reg.mu.Lock()
	if !e.outside() || e.removed() {
		s.reg.mu.Unlock()
		return
	}
	e.state = Offline
	if sending {
		e.state = Online
	}
	e.hears(time.Now())
	told := heartbeat(ctx, e.view())
	s.reg.mu.Unlock()
	s.Events.Publish(ctx, told)
}

// outside reports whether it is a camera behind no terminal.
func (e *entry) outside() bool { return e.rec.Kind == Camera && e.rec.Parent == "" }
