package telemetry

import (
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
