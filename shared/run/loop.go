package run

import (
	"context"
	"fmt"
	"time"
)

// Loop is work in the background that is done again and again: at once when somebody wakes it, and otherwise
// when its time has come. It is made by NewLoop.
type Loop struct {
	wake   chan struct{}
	cancel context.CancelFunc
	ended  chan struct{}
}

// NewLoop makes a loop that does nothing yet. Wake may be called from the beginning.
func NewLoop() *Loop { return &Loop{wake: make(chan struct{}, 1)} }

// Wake has the work done soon. It never waits; woken many times before a round, it does one.
func (l *Loop) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Start begins. The first round comes when it is woken, or after first. round says after how long the next
// comes at the latest; being woken puts off no round that was due. woken is false in those that were due. The
// context of the rounds keeps the values of ctx and ends with Stop alone.
func (l *Loop) Start(ctx context.Context, first time.Duration, round func(ctx context.Context, woken bool) (next time.Duration)) {
	ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	l.ended = make(chan struct{})
	go func() {
		defer close(l.ended)
		due := time.Now().Add(first)
		for {
			timer := time.NewTimer(time.Until(due))
			woken := false
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-timer.C:
			case <-l.wake:
				timer.Stop()
				woken = true
			}
			next := time.Now().Add(round(ctx, woken))
			if !woken || next.Before(due) {
				due = next
			}
		}
	}()
}

// Stop ends the work and waits for a round that is being done. Without a Start it does nothing.
func (l *Loop) Stop(ctx context.Context) error {
	if l.cancel == nil {
		return nil
	}
	l.cancel()
	select {
	case <-l.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the work in the background: %w", ctx.Err())
	}
}
