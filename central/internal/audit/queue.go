package audit

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/event"
)

const (
	queueLength = 10_000 // what is published while the database stands still
	groupLength = 200    // entries of one transaction
	retryEvery  = time.Second

	writeTimeout = 10 * time.Second
)

// EventGap is the kind of the entry that stands for events which found no room in the queue. Its Data is
// their number.
const EventGap = "audit.gap"

// queue holds what no transaction has recorded: alarms that rules raise, devices that come and go. They
// must not wait for the database, and a crash may lose the last of them; what a person changes is never here.
type queue struct {
	c    chan Entry
	left []Entry // taken out and not written when Stop came
	stop context.CancelFunc
	done chan struct{}

	mu  sync.Mutex
	gap int // how many found no room since the last entry that says so
}

// Queue implements event.Recorder.
func (s *Service) Queue(ctx context.Context, e event.Event) {
	entry, err := s.entry(ctx, e)
	if err != nil {
		s.log.ErrorContext(ctx, "audit entry not made", "kind", e.Kind, "subject", e.Subject, "actor", e.Actor, "error", err)
		return
	}
	select {
	case s.queue.c <- entry:
		return
	default:
	}
	s.queue.mu.Lock()
	s.queue.gap++
	s.queue.mu.Unlock()
	s.log.ErrorContext(ctx, "audit entry left out", "kind", e.Kind, "subject", e.Subject, "actor", e.Actor)
}

// Start writes what is queued until Stop.
func (s *Service) Start(ctx context.Context) error {
	ctx, s.queue.stop = context.WithCancel(actor.WithSystem(context.WithoutCancel(ctx), "audit"))
	s.queue.done = make(chan struct{})
	go s.run(ctx)
	return nil
}

// Stop writes the rest. Call it after the last Publish.
func (s *Service) Stop(ctx context.Context) error {
	if s.queue.stop == nil {
		return nil
	}
	s.queue.stop()
	select {
	case <-s.queue.done:
	case <-ctx.Done():
		return fmt.Errorf("stop audit: %w", ctx.Err())
	}
	group := s.queue.left
	for {
		if len(group) == 0 {
			if group = s.group(ctx, nil); len(group) == 0 {
				return nil
			}
		}
		if err := s.write(ctx, group); err != nil {
			return fmt.Errorf("write the last %d audit entries: %w", len(group)+len(s.queue.c), err)
		}
		group = nil
	}
}

func (s *Service) run(ctx context.Context) {
	defer close(s.queue.done)
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-s.queue.c:
			s.keep(ctx, s.group(ctx, []Entry{e}))
		}
	}
}

// group adds what waits.
func (s *Service) group(ctx context.Context, group []Entry) []Entry {
	for len(group) < groupLength {
		select {
		case e := <-s.queue.c:
			group = append(group, e)
			continue
		default:
		}
		break
	}
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	if s.queue.gap > 0 {
		ctx = actor.WithSystem(ctx, "audit")
		e, err := s.entry(ctx, event.New(ctx, EventGap, "audit", "", map[string]int{"missing": s.queue.gap}))
		if err == nil {
			group, s.queue.gap = append(group, e), 0
		}
	}
	return group
}

// keep writes a group, again and again while the database does not take it.
func (s *Service) keep(ctx context.Context, group []Entry) {
	for {
		one, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
		err := s.write(one, group)
		cancel()
		if err == nil {
			return
		}
		s.log.ErrorContext(ctx, "audit entries wait", "entries", len(group), "error", err)
		select {
		case <-ctx.Done():
			s.queue.left = group
			return
		case <-time.After(retryEvery):
		}
	}
}
