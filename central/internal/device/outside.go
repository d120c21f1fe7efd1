package device

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
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

// Measures makes sure that a camera behind no terminal has the series that its phone tells.
func (s *Service) Measures(ctx context.Context, id string, list []Series) error {
	outside, has := s.measures(ctx, id, list)
	if !outside {
		return errs.E(errs.NotFound, "device.not_found", "device %s", id)
	}
	if has {
		return nil
	}
	return s.grow(ctx, id, list)
}

func (s *Service) measures(ctx context.Context, id string, list []Series) (outside, has bool) {
	e, ok := s.find(ctx, id)
	if !ok {
		return false, false
	}
	s.reg.mu.RLock()
	defer s.reg.mu.RUnlock()
	return e.outside() && !e.removed(), !slices.ContainsFunc(list, func(one Series) bool {
		_, known := e.series[one.Property]
		return !known
	})
}

// outside reports whether it is a camera behind no terminal.
func (e *entry) outside() bool { return e.rec.Kind == Camera && e.rec.Parent == "" }
