package fleet

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/event"
)

// The events. Data is the Version without its document; of a roll-out the Rollout.
const (
	EventWanted    = "config.wanted"
	EventConfirmed = "config.confirmed"
	EventFailed    = "config.failed"
	EventTold      = "config.told" // the terminal runs a document that the centre had not given
	EventWithdrawn = "config.withdrawn"

	EventRolloutStarted   = "rollout.started"
	EventRolloutDone      = "rollout.done"
	EventRolloutStopped   = "rollout.stopped"
	EventRolloutCancelled = "rollout.cancelled"
	EventRolloutPaused    = "rollout.paused"
	EventRolloutResumed   = "rollout.resumed"
)

// news makes an event about a version.
func (s *Service) news(ctx context.Context, kind string, v Version) *event.Event {
	v.Document = nil
	e := event.New(ctx, kind, v.Edge, s.division(ctx, v.Edge), v)
	return &e
}

func rolloutNews(ctx context.Context, kind string, r Rollout) *event.Event {
	e := event.New(ctx, kind, r.ID, r.Division, r)
	return &e
}

// publish tells what was recorded.
func (s *Service) publish(ctx context.Context, events []*event.Event) {
	for _, e := range events {
		s.Events.Publish(ctx, *e)
	}
}
