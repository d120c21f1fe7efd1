package recording

import (
	"context"
	"errors"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// policy is how a stream is recorded.
func (s *Service) policy(stream string) Policy {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.policies[stream]; ok {
		return p
	}
	return Policy{Stream: stream, Mode: Off, KeepDays: defaultDays}
}

// SetPolicy says when a camera is recorded and how long that is kept.
// With mute its sound is not recorded from now on; what is there stays.
func (s *Service) SetPolicy(ctx context.Context, stream string, mode Mode, days int, mute bool) (Policy, error) {
	a, d, err := s.visible(ctx, stream, actor.VideoRecord)
	if err != nil {
		return Policy{}, err
	}
	return s.changePolicy(ctx, EventPolicy, d, func(p *Policy) error {
		if p.Mode != mode || p.Since == nil {
			now := event.Stamp(time.Now())
			p.Since = &now
		}
		p.Mode, p.KeepDays, p.Mute, p.Author, p.AuthorName = mode, days, mute, a.ID, a.Name
		return p.check()
	})
}

// maxMinutes is how long somebody may have a camera recorded at a stretch.
const maxMinutes = 24 * 60

// Begin records a camera for so many minutes, whatever its mode.
func (s *Service) Begin(ctx context.Context, stream string, minutes int) (Policy, error) {
	_, d, err := s.visible(ctx, stream, actor.VideoRecord)
	if err != nil {
		return Policy{}, err
	}
	if minutes < 1 || minutes > maxMinutes {
		return Policy{}, errs.Field("recording.minutes", "minutes", "must be 1 to 1440")
	}
	return s.changePolicy(ctx, EventStarted, d, func(p *Policy) error {
		until := event.Stamp(time.Now().Add(time.Duration(minutes) * time.Minute))
		p.Until = &until
		return nil
	})
}

// End stops what Begin or an alarm started. A camera that is always recorded goes on.
func (s *Service) End(ctx context.Context, stream string) (Policy, error) {
	_, d, err := s.visible(ctx, stream, actor.VideoRecord)
	if err != nil {
		return Policy{}, err
	}
	return s.changePolicy(ctx, EventStopped, d, func(p *Policy) error {
		p.Until = nil
		return nil
	})
}

// Borrow records a camera for as long as something else lasts; GiveBack ends that. One that is recorded already, because
// somebody ordered it or for an alarm, is left as it is, and ordered is nil.
func (s *Service) Borrow(ctx context.Context, stream string) (ordered *time.Time, err error) {
	_, d, err := s.visible(ctx, stream, actor.VideoRecord)
	if err != nil {
		return nil, err
	}
	_, err = s.changePolicy(ctx, EventStarted, d, func(p *Policy) error {
		if p.Until != nil && p.Until.After(time.Now()) {
			return errAsItIs
		}
		until := event.Stamp(time.Now().Add(maxMinutes * time.Minute))
		p.Until, ordered = &until, &until
		return nil
	})
	return ordered, err
}

// GiveBack ends what Borrow ordered, unless somebody has ordered something else since.
func (s *Service) GiveBack(ctx context.Context, stream string, ordered time.Time) error {
	_, d, err := s.visible(ctx, stream, actor.VideoRecord)
	if err != nil {
		return err
	}
	_, err = s.changePolicy(ctx, EventStopped, d, func(p *Policy) error {
		if p.Until == nil || !p.Until.Equal(ordered) {
			return errAsItIs
		}
		p.Until = nil
		return nil
	})
	return err
}

// errAsItIs is the answer of a change that changes nothing.
var errAsItIs = errors.New("nothing changes")

// changePolicy changes what a policy is in this moment: two changes at once are one after the other.
func (s *Service) changePolicy(ctx context.Context, kind string, camera device.Device, change func(*Policy) error) (Policy, error) {
	s.write.Lock()
	defer s.write.Unlock()
	p := s.policy(camera.ID)
	if err := change(&p); errors.Is(err, errAsItIs) {
		return p, nil
	} else if err != nil {
		return Policy{}, err
	}
	e := event.New(ctx, kind, p.Stream, camera.Division, p)
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		save := s.Store.SavePolicy
		if p.plain(time.Now()) {
			save = func(ctx context.Context, p Policy) error { return s.Store.RemovePolicy(ctx, p.Stream) }
		}
		if err := save(ctx, p); err != nil {
			return err
		}
		return s.Events.Record(ctx, &e)
	})
	if err != nil {
		return Policy{}, err
	}
	s.mu.Lock()
	if s.policies[p.Stream] = p; p.plain(time.Now()) {
		delete(s.policies, p.Stream)
	}
	s.mu.Unlock()
	s.Events.Publish(ctx, e) // who hears it finds the change
	s.loop.Wake()
	return p, nil
}

// forget drops the policies that say nothing any more: of the seats of consultation rooms there would be more and more.
func (s *Service) forget(ctx context.Context, now time.Time) error {
	s.write.Lock()
	defer s.write.Unlock()
	s.mu.Lock()
	var over []string
	for stream, p := range s.policies {
		if p.plain(now) {
			over = append(over, stream)
		}
	}
	s.mu.Unlock()
	for _, stream := range over {
		if err := s.Store.RemovePolicy(ctx, stream); err != nil {
			return err
		}
		s.mu.Lock()
		delete(s.policies, stream)
		s.mu.Unlock()
	}
	return nil
}
