package event

import (
	"context"
	"errors"
	"slices"
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

// rerun is a transaction that begins anew once, as a database does that had to give way.
type rerun struct{}

func (rerun) Do(ctx context.Context, fn func(context.Context) error) error {
	if err := fn(ctx); err != nil {
		return err
	}
	return fn(ctx)
}

func TestAChangePublishesWhatItNotedOnceAndInOrder(t *testing.T) {
	b := NewBus(nil)
	var kinds []string
	b.Handle(func(_ context.Context, e Event) { kinds = append(kinds, e.Kind) })
	err := Change(t.Context(), rerun{}, b, func(_ context.Context, note func(Event)) error {
		note(Event{Kind: "a"})
		note(Event{Kind: "b"})
		return nil
	})
	if err != nil || !slices.Equal(kinds, []string{"a", "b"}) {
		t.Errorf("%v, %v", kinds, err)
	}
	kinds = nil
	failed := errors.New("the disk is full")
	if err := Change(t.Context(), rerun{}, b, func(_ context.Context, note func(Event)) error {
		note(Event{Kind: "a"})
		return failed
	}); !errors.Is(err, failed) || kinds != nil {
		t.Errorf("a change that failed: %v, published %v", err, kinds)
	}
	b.Inside(func(context.Context, []Event) error { return failed })
	if err := Change(t.Context(), rerun{}, b, func(_ context.Context, note func(Event)) error {
		note(Event{Kind: "a"})
		return nil
	}); !errors.Is(err, failed) || kinds != nil {
		t.Errorf("a change whose record failed: %v, published %v", err, kinds)
	}
}
