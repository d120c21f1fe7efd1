package event

import (
	"context"
	"testing"
)

func TestSlowSubscriberIsDroppedAndPublisherNeverWaits(t *testing.T) {
	b := NewBus(nil)
	seen := 0
	b.Handle(func(context.Context, Event) { seen++ })
	slow, quick := b.Subscribe(1), b.Subscribe(8)
	for range 3 {
		b.Publish(context.Background(), Event{Kind: "x"})
	}
	if seen != 3 {
		t.Errorf("handler saw %d events, want 3", seen)
	}
	n := 0
	for range slow.C() {
		n++
	}
	if n != 1 {
		t.Errorf("slow subscriber got %d events before it was dropped, want 1", n)
	}
	quick.Close()
	quick.Close()
	n = 0
	for range quick.C() {
		n++
	}
	if n != 3 {
		t.Errorf("quick subscriber got %d events, want 3", n)
	}
}
