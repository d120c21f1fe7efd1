package telemetry

import (
	"context"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// HealthState says whether readings are taken.
type HealthState string

// The states.
const (
	Healthy  HealthState = "ok"
	DiskFull HealthState = "disk_full" // readings are refused, alarms are taken; senders keep what they have
	Failing  HealthState = "failing"   // the last write failed; Part says which
	Behind   HealthState = "behind"    // readings are taken and safe, but a server behind does not accept them; Part says why
)

// CodeDiskFull is the code of the error with which a store refuses readings while the disk is full.
const CodeDiskFull = "telemetry.disk_full"

// Health is how the store does.
type Health struct {
	State        HealthState `json:"state" enum:"ok,disk_full,failing,behind"`
	Part         string      `json:"part,omitempty" enum:"commit,seal,behind,setup"`
	Since        time.Time   `json:"since"`
	FreeBytes    int64       `json:"free_bytes"`
	ReserveBytes int64       `json:"reserve_bytes"`
	Refused      int64       `json:"refused"` // messages refused for want of room since the start of the centre
}

// Err is nil while readings are taken and kept: errs.Unavailable names what does not work, "store.full" a
// full disk.
func (h Health) Err() error {
	switch h.State {
	case DiskFull:
		return errs.E(errs.Unavailable, "store.full", "the disk of the readings is full: %d bytes are free", h.FreeBytes)
	case Failing:
		return errs.E(errs.Unavailable, "telemetry.failing", "readings: %s does not work", h.Part)
	case Healthy, Behind:
	}
	return nil
}

// watched is the health as it was last seen.
type watchedHealth struct {
	healthMu sync.Mutex
	health   Health
}

// Health is how the store does now.
func (s *Service) Health(ctx context.Context) (Health, error) {
	if _, err := actor.Require(ctx, actor.TelemetryRead); err != nil {
		return Health{}, err
	}
	return s.checkHealth(actor.WithSystem(ctx, "telemetry"), time.Now()), nil
}

// checkHealth asks the store and tells everybody when something has changed.
func (s *Service) checkHealth(ctx context.Context, now time.Time) Health {
	s.healthMu.Lock()
	defer s.healthMu.Unlock()
	h := s.Store.Health()
	was := s.health
	h.Since = was.Since
	changed := h.State != was.State || h.Part != was.Part
	if changed || h.Since.IsZero() {
		h.Since = now.UTC()
	}
	s.health = h
	if !changed || (was.State == "" && h.State == Healthy) {
		return h
	}
	switch h.State {
	case Healthy:
		s.Log.Info("readings are taken again", "free_bytes", h.FreeBytes)
	case DiskFull:
		s.Log.Error("the disk is full: readings are refused, alarms are taken", "free_bytes", h.FreeBytes, "reserve_bytes", h.ReserveBytes)
	case Failing:
		s.Log.Error("readings cannot be written", "part", h.Part)
	case Behind:
		s.Log.Error("readings are taken and wait for the server behind", "part", h.Part)
	}
	e := event.New(ctx, HealthChanged, "telemetry", "", h)
	e.At = event.Stamp(now)
	s.Events.Publish(ctx, e)
	return h
}

// ill reports whether the store was not well when it was last looked at.
func (s *Service) ill() bool {
	s.healthMu.Lock()
	defer s.healthMu.Unlock()
	return s.health.State != Healthy
}
