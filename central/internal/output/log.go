package output

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// maxSwitchings is how many orders a log shows.
const maxSwitchings = 50

// Switching is one order in the log of an output, and what became of it. Without an answer nobody knows
// whether it was carried out.
type Switching struct {
	ID         string     `json:"id"` // of the record
	At         time.Time  `json:"at"`
	By         string     `json:"by"` // name of who ordered it, as it was then
	On         bool       `json:"on"`
	Seconds    int        `json:"seconds"`
	Note       string     `json:"note"`
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
	Unanswered bool       `json:"unanswered,omitempty"` // there was no answer in time
	LateAt     *time.Time `json:"late_at,omitempty"`    // when the answer came all the same; OK and Error are its
	OK         bool       `json:"ok"`                   // the device has confirmed it
	Error      string     `json:"error,omitempty"`
}

// Journal is the record of what has happened (store.Audit).
type Journal interface {
	// Switchings are the newest orders of an output, newest first, at most so many.
	Switchings(ctx context.Context, device, output string, limit int) ([]Switching, error)
	// Unanswered finds an order given since then by the id of its command, and its division, when it was not
	// answered in time and has no late answer yet: errs.NotFound.
	Unanswered(ctx context.Context, command string, since time.Time) (o Ordered, division string, err error)
}

// Switchings is who switched an output of late, newest first: errs.NotFound when the actor may not see its device.
// What rules at the terminal switched is not in it.
func (s *Service) Switchings(ctx context.Context, device, output string) ([]Switching, error) {
	if _, err := actor.Require(ctx, actor.DeviceRead); err != nil {
		return nil, err
	}
	if _, ok := s.Devices.Visible(ctx, device); !ok {
		return nil, errs.E(errs.NotFound, "output.not_found", "there is no output %s of %s", output, device)
	}
	return s.Journal.Switchings(ctx, device, output, maxSwitchings)
}
