// Package event carries what has happened from the capability that did it to those that react: the audit
// trail, the live view and higher capabilities. A change is recorded in the transaction that makes it, so
// that there is no change without its trace and no trace of what was rolled back, and published after the
// commit. Rule that must never break: whoever publishes never waits, neither for a slow subscriber, which
// is dropped instead, nor for the database.
package event

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/world"
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
	World     world.World

	recorded bool
}

// New makes an event of this moment with the actor of the context.
func New(ctx context.Context, kind, subject, division string, data any) Event {
	a, _ := actor.From(ctx)
	return Event{
		At: Stamp(time.Now()), Kind: kind, Subject: subject, Division: division, Actor: a.ID, ActorName: a.Name, Data: data, World: world.Of(ctx),
	}
}

// China is the clock of the law: what a document, a register or a rule calls a day and an hour, wherever the server stands.
func China() *time.Location { return time.FixedZone("CST", 8*60*60) }

// Stamp is a time as it is kept: UTC, in microseconds.
func Stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Publisher is what services need of the bus.
type Publisher interface {
	// Record writes events down in the transaction of the context; when it fails, so must the transaction.
	// Call it last: whoever records waits for the transaction that recorded before.
	Record(ctx context.Context, events ...*Event) error
	// Publish tells everybody, after the commit: inside a transaction it waits for that of the outermost, and is
	// forgotten with one that is rolled back. What no transaction has recorded is queued for the record.
	Publish(ctx context.Context, events ...Event)
}

// Tx runs in one transaction, again from the start where the database wants that (store.DB).
type Tx interface {
	Do(ctx context.Context, fn func(ctx context.Context) error) error
}

// Change runs fn in one transaction, records as its last act the events that fn noted, and publishes them after the
// commit, in the order in which they were noted.
func Change(ctx context.Context, tx Tx, p Publisher, fn func(ctx context.Context, note func(Event)) error) error {
	var events []*Event
	err := tx.Do(ctx, func(ctx context.Context) error {
		events = nil
		if err := fn(ctx, func(e Event) { events = append(events, &e) }); err != nil {
			return err
		}
		return p.Record(ctx, events...)
	})
	if err != nil {
		return err
	}
	for _, e := range events {
		p.Publish(ctx, *e)
	}
	return nil
}

// Recorder keeps the record (audit.Service).
type Recorder interface {
	Record(ctx context.Context, events ...Event) error
	// Queue takes an event that is recorded soon. It never waits.
	Queue(ctx context.Context, e Event)
}

// Bus hands events to handlers (called in turn, before Publish returns) and to subscriptions (queued).
type Bus struct {
	recorder Recorder
	mu       sync.RWMutex
	inside   []func(context.Context, []Event) error
	handlers []func(context.Context, Event)
	subs     map[*Subscription]struct{}
}

// NewBus makes an empty bus; without a recorder nothing is recorded.
func NewBus(r Recorder) *Bus { return &Bus{recorder: r, subs: map[*Subscription]struct{}{}} }

// Handle registers a handler that sees every event in order. It must be quick and must not publish.
func (b *Bus) Handle(fn func(context.Context, Event)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.handlers = append(b.handlers, fn)
}

// Inside registers what must be written in the transaction that records an event, such as the messages that people
// get of it: with it or not at all. Its error undoes the transaction. Register before anything is recorded.
func (b *Bus) Inside(fn func(context.Context, []Event) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inside = append(b.inside, fn)
}

// Record implements Publisher.
func (b *Bus) Record(ctx context.Context, events ...*Event) error {
	var list []Event
	for _, e := range events {
		if e.Ephemeral {
			return errors.New("record " + e.Kind + ": it is ephemeral")
		}
		e.recorded = true
		list = append(list, *e)
	}
	if len(list) == 0 {
		return nil
	}
	b.mu.RLock()
	inside := b.inside
	b.mu.RUnlock()
	for _, fn := range inside {
		if err := fn(ctx, list); err != nil {
			return err
		}
	}
	if b.recorder == nil {
		return nil
	}
	return b.recorder.Record(ctx, list...)
}

// Publish implements Publisher.
func (b *Bus) Publish(ctx context.Context, events ...Event) {
	if !later(ctx, func(ctx context.Context) { b.tell(ctx, events) }) {
		b.tell(ctx, events)
	}
}

func (b *Bus) tell(ctx context.Context, events []Event) {
	b.mu.RLock()
	handlers := b.handlers
	subs := make([]*Subscription, 0, len(b.subs))
	for s := range b.subs {
		subs = append(subs, s)
	}
	b.mu.RUnlock()
	for _, e := range events {
		ctx := world.Into(ctx, e.World)
		if b.recorder != nil && !e.recorded && !e.Ephemeral {
			b.recorder.Queue(ctx, e)
		}
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
