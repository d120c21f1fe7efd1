package sfu

import (
	"testing"
	"time"
)

// A reader asks with its lock held whether it may send again, while the way asks readers with its own lock held: neither
// may wait for the other, or the pictures of all viewers stand still.
func TestAskingToSendAgainWaitsForNoDecision(t *testing.T) {
	p := newPulse()
	defer p.stop()
	p.limit.Store(300_000)
	p.mu.Lock() // a decision, or a probe that looks for a lane
	defer p.mu.Unlock()
	asked := make(chan bool, 1)
	go func() { asked <- p.mayResend(1000, time.Now()) }()
	select {
	case may := <-asked:
		if !may {
			t.Error("the first thousand bytes may not be sent again")
		}
	case <-time.After(10 * time.Second):
		t.Error("a reader waits for a decision that may wait for it")
	}
}
