package release

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/event"
)

// The events. Data is the Release, or the Upgrade.
const (
	EventAdded     = "release.added"
	EventRemoved   = "release.removed"
	EventWanted    = "upgrade.wanted"
	EventDone      = "upgrade.done"
	EventFailed    = "upgrade.failed"
	EventWithdrawn = "upgrade.withdrawn"
)

func (s *Service) news(ctx context.Context, kind string, u Upgrade) *event.Event {
	e := event.New(ctx, kind, u.Edge, s.division(ctx, u.Edge), u)
	return &e
}

func (s *Service) publish(ctx context.Context, events []*event.Event) {
	for _, e := range events {
		s.Events.Publish(ctx, *e)
	}
}
