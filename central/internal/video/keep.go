package video

import (
	"context"
	"slices"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
)

// Keep names all streams that are recorded: their terminals send while they are in the list, whether somebody
// watches or not. It returns at once.
func (s *Service) Keep(ctx context.Context, streams []string) {
	ctx = actor.WithSystem(ctx, "video")
	var cameras []device.Device
	for _, id := range streams {
		if camera, ok := s.o.Devices.Visible(ctx, id); ok {
			cameras = append(cameras, camera)
		}
	}
	changed := false
	s.mu.Lock()
	for _, camera := range cameras {
		if st := s.stream(camera); !st.lease.kept {
			st.lease.kept, changed = true, true
		}
	}
	for id, st := range s.streams {
		if st.lease.kept && !slices.Contains(streams, id) {
			st.lease.kept = false
			changed = true
		}
	}
	s.mu.Unlock()
	if changed {
		s.poke()
	}
}
