// Package event carries what has happened from the capability that did it to those that react: the audit
// trail, the live view and higher capabilities. Events are published after the commit. Rule that must
// never break: a publisher never waits for a slow subscriber; the subscriber is dropped instead.
package event

import (
	"context"
	"sync"
	"time"
)

// Event is one thing that has happened.
type Event struct {
	At        time.Time
	Kind      string // dotted, past tense: "alarm.opened"
	Subject   string // id of the thing it is about
	Division  string // division code of the thing, empty for the top
	Actor     string // id of who did it; filled by the publisher from the context
	ActorName string
	Data      any  // the thing after the change, as the API shows it
	Ephemeral bool // a passing view (latest values), not a state change: never audited
}

// Publisher is what services need of the bus.
type Publisher interface {
	Publish(ctx context.Context, events ...Event)
}

// Bus hands events to handlers (called in turn, before Publish returns) and to subscriptions (queued).
type Bus struct {
	mu       sync.RWMutex
	handlers []func(context.Context, Event)
	subs     map[*Subscription]struct{}
}

// NewBus makes an empty bus.
func NewBus() *Bus { return &Bus{subs: map[*Subscription]struct{}{}} }

// Handle registers a handler that sees every event in order. It must be quick and must not publish.
func (b *Bus) Handle(fn func(context.Context, Event)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handlers = append(b.handlers, fn)
}

// Publish implements Publisher.
func (b *Bus) Publish(ctx context.Context, events ...Event) {
	b.mu.RLock()
	handlers := b.handlers
	subs := make([]*Subscription, 0, len(b.subs))
	for s := range b.subs {
		subs = append(subs, s)
	}
	b.mu.RUnlock()
	for _, e := range events {
		for _, h := range handlers {
			h(ctx, e)
		}
		for _, s := range subs {
			if !s.offer(e) {
				b.drop(s)
			}
		}
	}
}

// Subscribe returns a queue of the events from now on. Close it when done.
func (b *Bus) Subscribe(size int) *Subscription {
	s := &Subscription{bus: b, c: make(chan Event, size)}
	b.mu.Lock()
	b.subs[s] = struct{}{}
	b.mu.Unlock()
	return s
}

func (b *Bus) drop(s *Subscription) {
	b.mu.Lock()
	delete(b.subs, s)
	b.mu.Unlock()
	s.close()
}

// Subscription is one reader's queue. C is closed when the reader was too slow or has closed it.
type Subscription struct {
	bus    *Bus
	mu     sync.Mutex
	closed bool
	c      chan Event
}

// C is the queue.
func (s *Subscription) C() <-chan Event { return s.c }

// Close ends the subscription; it may be called more than once.
func (s *Subscription) Close() { s.bus.drop(s) }

func (s *Subscription) offer(e Event) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	select {
	case s.c <- e:
		return true
	default:
		return false
	}
}

func (s *Subscription) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.c)
	}
}
