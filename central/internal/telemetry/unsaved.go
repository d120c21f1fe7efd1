package telemetry

import (
	"context"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// save does a change in the alarm store. When the store is down the alarm rings all the same, and the
// change waits in line.
func (s *Service) save(ctx context.Context, do func(context.Context) error) {
	if len(s.unsaved) == 0 {
		err := do(ctx)
		if err == nil || s.setAside(ctx, err) {
			return
		}
		s.Log.ErrorContext(ctx, "an alarm cannot be stored yet", "error", err)
	}
	s.unsaved = append(s.unsaved, do)
}

// flush stores what could not be stored before, in order.
func (s *Service) flush(ctx context.Context) error {
	for len(s.unsaved) > 0 {
		if err := s.unsaved[0](ctx); err != nil && !s.setAside(ctx, err) {
			return fmt.Errorf("store %d changes of alarms: %w", len(s.unsaved), err)
		}
		s.unsaved = s.unsaved[1:]
	}
	return nil
}

// setAside reports whether an error is about the change itself, which waiting would not alter: another state is
// stored, or the database takes no such value. Others must not wait behind it; the log has it.
func (s *Service) setAside(ctx context.Context, err error) bool {
	switch errs.KindOf(err) { //nolint:exhaustive // all others may pass
	case errs.Conflict, errs.Invalid, errs.NotFound:
		s.aside++
		s.Log.ErrorContext(ctx, "a change of an alarm cannot be stored and is left out", "left_out", s.aside, "error", err)
		return true
	}
	return false
}
