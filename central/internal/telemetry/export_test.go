package telemetry

import (
	"context"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
)

// Tick lets time pass.
func (s *Service) Tick(t testing.TB, now time.Time) {
	t.Helper()
	if err := s.tick(actor.WithSystem(t.Context(), "rules"), now); err != nil {
		t.Fatal(err)
	}
}

// ClockStep is what a look at the clocks finds after another.
func ClockStep(wall time.Time, mono time.Duration, after time.Time, afterMono time.Duration) time.Duration {
	var e escalating
	e.clockStep(wall, mono)
	return e.clockStep(after, afterMono)
}

// Look lets the watch over unacknowledged alarms look at the clocks.
func (s *Service) Look(now time.Time, mono time.Duration) {
	s.watchTimes(context.Background(), now, mono)
}
