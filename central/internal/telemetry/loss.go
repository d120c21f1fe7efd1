package telemetry

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

const (
	maxLosses = 200 // records of loss in one answer
	maxWhy    = 500
)

// Losses are the newest records of readings that an edge had to thin or drop, newest first: errs.NotFound
// for an edge that does not exist or may not be seen.
func (s *Service) Losses(ctx context.Context, edge string) ([]Loss, error) {
	if _, err := actor.Require(ctx, actor.TelemetryRead); err != nil {
		return nil, err
	}
	if _, ok := s.Devices.Visible(ctx, edge); !ok {
		return nil, errs.E(errs.NotFound, "device.not_found", "device %s", edge)
	}
	return s.Alarms.Losses(ctx, edge, maxLosses)
}
