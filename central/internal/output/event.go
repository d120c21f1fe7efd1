package output

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/event"
)

// Events. The subject is "device/output".
const (
	EventOrdered  = "output.ordered"       // Data is Ordered; recorded before it is sent
	EventAnswered = "output.answered"      // Data is Outcome; also when no answer came
	EventLate     = "output.answered_late" // Data is Outcome: the terminal answered after the caller was told that it had not
)

// Ordered is an order under the id of its command; Outcome has the same.
type Ordered struct {
	Order
	Command string `json:"command"`
}

func news(ctx context.Context, kind string, o Order, division string, data any) event.Event {
	return event.New(ctx, kind, o.Device+"/"+o.Output, division, data)
}
