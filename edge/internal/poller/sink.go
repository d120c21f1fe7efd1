package poller

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
)

// A device that speaks by itself may send this many messages a second, and burst at once.
const (
	perSecond = 20
	burst     = 200
)

// sink takes what one source hears.
type sink struct {
	poller *Poller
	id     string
	recent *recent

	mu      sync.Mutex
	allowed float64
	at      time.Time
}

// Take implements driver.Sink.
func (s *sink) Take(ctx context.Context, m driver.Message) error {
	if !s.allow() {
		err := driver.NewFault(driver.KindTooFast, m.Raw, "more than %d messages a second", perSecond)
		s.poller.count(s.id, err)
		return err
	}
	if len(m.Samples) > 0 {
		if err := s.keep(ctx, m); err != nil {
			return fmt.Errorf("keep message of %s: %w", s.id, err)
		}
		s.poller.taken(s.id)
	}
	s.poller.note(s.id, true, nil)
	return nil
}

// keep hands a message on, once: what was taken before is counted and is durable already.
func (s *sink) keep(ctx context.Context, m driver.Message) error {
	if m.Key == "" {
		return s.poller.Take(ctx, Readings{List: s.poller.readings(s.id, m), Urgent: m.Urgent, Keep: true})
	}
	values, err := s.recent.begin(ctx, m.Key)
	defer s.recent.end()
	if err != nil {
		return err
	}
	if values == nil {
		s.poller.count(s.id, driver.NewFault(driver.KindDuplicate, m.Raw, "message was taken before"))
		return nil
	}
	if err := s.poller.Take(ctx, Readings{List: s.poller.readings(s.id, m), Urgent: m.Urgent, Keep: true, Values: values}); err != nil {
		return err
	}
	s.recent.taken(values)
	return nil
}

// Fault implements driver.Sink.
func (s *sink) Fault(f *driver.Fault) { s.poller.count(s.id, f) }

func (s *sink) allow() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.allowed = min(burst, s.allowed+now.Sub(s.at).Seconds()*perSecond)
	s.at = now
	if s.allowed < 1 {
		return false
	}
	s.allowed--
	return true
}
