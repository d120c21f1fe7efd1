package device

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/event"
)

// Run keeps the register current until the context ends: it takes over what the command line has changed,
// writes who was heard of, notices silence, and says what was refused.
func (s *Service) Run(ctx context.Context) error {
	if err := s.Load(ctx); err != nil {
		return err
	}
	s.started(time.Now())
	syncing, touching := time.NewTicker(syncEvery), time.NewTicker(touchEvery)
	defer syncing.Stop()
	defer touching.Stop()
	for {
		select {
		case <-syncing.C:
			if err := s.sync(ctx); err != nil && ctx.Err() == nil {
				s.Log.ErrorContext(ctx, "read changed devices", "error", err)
			}
			s.hush(ctx, time.Now())
			s.missed(ctx, time.Now())
			s.keepContacts(ctx)
			s.sayRefused(ctx, s.tally().Due(time.Now())...)
		case <-s.contactsDue():
			s.keepContacts(ctx)
		case <-touching.C:
			s.touch(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			s.touch(last)
			s.keepContacts(last)
			s.sayRefused(last, s.tally().Due(time.Now().Add(refusedEvery))...)
			return nil
		}
	}
}

// touch writes who was heard of since the last time.
func (s *Service) touch(ctx context.Context) {
	var dirty []Device
	var events []event.Event
	s.reg.mu.Lock()
	for _, e := range s.reg.all {
		if e.dirty && !e.removed() {
			e.dirty = false
			d := e.view()
			dirty = append(dirty, d)
			events = append(events, heartbeat(ctx, d))
		}
	}
	s.reg.mu.Unlock()
	if len(dirty) == 0 {
		return
	}
	if err := s.Store.Touch(ctx, dirty); err != nil {
		s.Log.ErrorContext(ctx, "write when devices were last heard of", "error", err)
		s.reg.mu.Lock()
		for _, d := range dirty {
			if e := s.reg.all[d.ID]; e != nil {
				e.dirty = true
			}
		}
		s.reg.mu.Unlock()
	}
	s.Events.Publish(ctx, events...)
}

// hush takes simple sensors that have been silent for long as offline.
func (s *Service) hush(ctx context.Context, now time.Time) {
	var events []event.Event
	s.reg.mu.Lock()
	for _, e := range s.reg.all {
		silent := e.seen != nil && now.Sub(*e.seen) > silentAfter
		if e.rec.Kind == Sensor && e.rec.Parent == "" && e.state == Online && silent && !e.connected {
			events = append(events, s.become(ctx, e, Offline, "")...)
		}
	}
	s.reg.mu.Unlock()
	s.Events.Publish(ctx, events...)
}
