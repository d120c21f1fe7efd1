package video

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/shared/wire"
)

// Peek has the terminal of a camera send its large picture as for a viewer, until over is called. That says what kept the
// camera from sending, as far as it is known. Without over nothing is sent, and why says so. A terminal that is to spare
// its data is asked for nothing that is not sent anyway.
func (s *Service) Peek(ctx context.Context, id string) (over func() string, why string) {
	ctx = actor.WithSystem(context.WithoutCancel(ctx), "video")
	camera, ok := s.o.Devices.Visible(ctx, id)
	terminal, known := s.o.Devices.Visible(ctx, camera.Parent)
	if !ok || !known || terminal.State != device.Online {
		return nil, FaultOffline
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stream(camera)
	sparing := terminal.Agent != nil && terminal.Agent.Budget != "" && terminal.Agent.Budget != wire.BudgetNormal
	if sparing && !st.lease.needed(time.Now(), s.o.Router.Flow(id).Wanted) {
		return nil, LackBudget
	}
	st.lease.peeks++
	s.poke()
	return func() string { return s.peeked(ctx, id, st) }, ""
}

// peeked ends a peek and says what is known to keep the camera from sending.
func (s *Service) peeked(ctx context.Context, id string, st *stream) string {
	camera, _ := s.o.Devices.Visible(ctx, id)
	s.mu.Lock()
	defer s.mu.Unlock()
	st.lease.peeks--
	s.poke()
	switch {
	case st.failure != "":
		return FaultOffline
	case st.refusal == wire.RefusedBudget:
		return LackBudget
	case camera.State == device.Fault && camera.Fault != nil:
		return camera.Fault.Kind
	case camera.State == device.Fault, st.refusal != "":
		return LackFault
	}
	return ""
}
