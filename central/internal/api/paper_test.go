package api

import (
	"context"
	"testing"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Few documents are laid out at a time; the next is told to come again, and runs once there is room.
func TestFewDocumentsAreLaidOutAtATime(t *testing.T) {
	s := New(Options{Listen: "127.0.0.1:0"})
	impatient, leave := context.WithCancel(t.Context())
	leave()
	hold := make(chan struct{})
	ended := make(chan error)
	began := make(chan struct{})
	for range printSlots {
		go func() {
			_, err := laidOut(t.Context(), s, func() (int, error) {
				began <- struct{}{}
				<-hold
				return 0, nil
			})
			ended <- err
		}()
	}
	for range printSlots {
		<-began
	}
	if _, err := laidOut(impatient, s, func() (int, error) { return 1, nil }); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("one more than there is room for: %v", err)
	}
	close(hold)
	for range printSlots {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if n, err := laidOut(t.Context(), s, func() (int, error) { return 1, nil }); err != nil || n != 1 {
		t.Errorf("once there is room: %d, %v", n, err)
	}
}
