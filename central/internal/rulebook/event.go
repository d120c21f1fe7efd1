package rulebook

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/event"
)

// The events. Data is Changed; of an override the RuleOverride.
const (
	EventDrafted         = "rule.drafted"
	EventDiscarded       = "rule.draft_discarded"
	EventPublished       = "rule.published"
	EventWithdrawn       = "rule.withdrawn"
	EventShipped         = "rule.shipped" // a file has changed, and nobody had touched the rule
	EventOverridden      = "rule.overridden"
	EventOverrideEnded   = "rule.override_ended"
	EventOverrideExpired = "rule.override_expired"
	EventOverrideDue     = "rule.override_due" // stored without an end, it now has a time by which to decide
)

// Changed is a rule after a change, and why it was made.
type Changed struct {
	Kept
	Reason string `json:"reason,omitempty"`
}

func news(ctx context.Context, kind string, e Kept, reason string) *event.Event {
	out := event.New(ctx, kind, e.ID, e.Division, Changed{e, reason})
	return &out
}

func overrideNews(ctx context.Context, kind string, o RuleOverride) *event.Event {
	out := event.New(ctx, kind, o.Rule, o.Division, o)
	return &out
}
