package rulebook

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/event"
)

// The events. Data is Changed; of an override Overridden.
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

// Overridden is an override with what its rule was called then.
type Overridden struct {
	RuleOverride
	Name   string `json:"name"`
	NameEN string `json:"name_en"`
}

func (s *Service) overrideNews(ctx context.Context, kind string, o RuleOverride) *event.Event {
	data := Overridden{RuleOverride: o}
	s.mu.RLock()
	for i := range s.book {
		if s.book[i].ID == o.Rule {
			data.Name, data.NameEN = s.book[i].Rule.Name, s.book[i].Rule.NameEN
		}
	}
	s.mu.RUnlock()
	out := event.New(ctx, kind, o.Rule, o.Division, data)
	return &out
}
