// Package drivertest has what the tests of several drivers need: a sink that remembers, and a wait for what
// must become true.
package drivertest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
)

// Sink remembers what a source hands over. Refuse, when set, is what Take returns instead.
type Sink struct {
	mu       sync.Mutex
	refuse   error
	messages []driver.Message
	faults   []*driver.Fault
}

// Take implements driver.Sink.
func (s *Sink) Take(_ context.Context, m driver.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse != nil {
		return s.refuse
	}
	s.messages = append(s.messages, m)
	return nil
}

// Fault implements driver.Sink.
func (s *Sink) Fault(f *driver.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

// Refuse makes Take return an error from now on; nil takes again.
func (s *Sink) Refuse(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = err
}

// Messages are those that were taken.
func (s *Sink) Messages() []driver.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]driver.Message(nil), s.messages...)
}

// Faults are the kinds that were counted, in order.
func (s *Sink) Faults() []driver.Kind {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []driver.Kind
	for _, f := range s.faults {
		out = append(out, f.Kind)
	}
	return out
}

// Until waits until something holds.
func Until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); {
		if holds() {
			return
		}
		<-time.After(10 * time.Millisecond)
	}
	t.Fatalf("%s: not within 20 s", what)
}

// Listen listens until the returned function is called, which returns what Listen returned.
func Listen(t *testing.T, d driver.Device, sink driver.Sink) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.(driver.Source).Listen(ctx, sink) }()
	once := sync.OnceValue(func() error {
		cancel()
		return errors.Join(<-ended, d.Close())
	})
	t.Cleanup(func() { _ = once() })
	return once
}
