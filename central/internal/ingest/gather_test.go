package ingest

import (
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// gathering is an ingest of which nothing runs, whose commits would wait for an hour.
func gathering() *Ingest {
	return &Ingest{opts: Options{Gather: time.Hour}, queue: newQueue(), ready: make(chan committable, readyLength)}
}

func decoded() committable {
	return committable{Incoming: telemetry.Incoming{Batch: &wire.Batch{}}}
}

func TestWhoSendsAloneIsCommittedAtOnce(t *testing.T) {
	i := gathering()
	if got := i.gather(decoded()); len(got) != 1 {
		t.Errorf("%d messages, want 1", len(got))
	}
}

func TestACommitTakesAllThatIsDecoded(t *testing.T) {
	i := gathering()
	for range 9 {
		i.ready <- decoded()
	}
	if got := i.gather(decoded()); len(got) != 10 {
		t.Errorf("%d messages, want 10", len(got))
	}
}

// Half of a crowd is written while the other half is decoded.
func TestACommitWaitsWhileMoreIsBeingDecodedThanIsReady(t *testing.T) {
	i := gathering()
	for range 3 {
		i.queue.put("sensor", message{device: "sensor"}, false)
	}
	done := make(chan []committable)
	go func() { done <- i.gather(decoded()) }()
	i.ready <- decoded()
	i.ready <- decoded()
	if got := <-done; len(got) != 3 {
		t.Errorf("%d messages, want 3: as many as are being decoded", len(got))
	}
}

func TestWhatIsHeldBackForItsShareIsNotWaitedFor(t *testing.T) {
	i := gathering()
	for range 3 {
		i.queue.put("flood", message{device: "flood"}, false)
	}
	if n := i.queue.coming(); n != 3 {
		t.Fatalf("%d are coming, want 3", n)
	}
	worked, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		i.queue.serve(func(message) int {
			worked <- struct{}{}
			return recordsPerSecond
		})
	}()
	<-worked // within its share
	<-worked // beyond: what follows has to wait
	if got := i.gather(decoded()); len(got) != 1 {
		t.Errorf("%d messages, want 1", len(got))
	}
	go func() {
		for range worked {
		}
	}()
	i.queue.close()
	<-ended
	close(worked)
	if n := i.queue.coming(); n != 0 {
		t.Errorf("%d are coming of an empty queue", n)
	}
}
