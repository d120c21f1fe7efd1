package maintenance

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/event"
)

// Events. Data is the Window, the subject its id.
const (
	EventPlanned   = "maintenance.planned"
	EventExtended  = "maintenance.extended"
	EventEnded     = "maintenance.ended"     // early, by a person
	EventCancelled = "maintenance.cancelled" // before it began, or all of a weekly one
	EventConfirmed = "maintenance.confirmed" // for what it was withheld from
	EventWithheld  = "maintenance.withheld"  // it does not silence what came under it since, or not at all
	EventBegan     = "maintenance.began"     // its time has come
	EventOver      = "maintenance.over"      // and is over
)

func happened(ctx context.Context, kind string, w Window) event.Event {
	return event.New(ctx, kind, w.ID, w.Division, w)
}
