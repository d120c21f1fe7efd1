package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/output"
)

// Outputs reads the orders to sirens and relays out of the record of what has happened: they are kept there
// and nowhere else.
type Outputs struct{ db *DB }

// NewOutputs makes the log of orders.
func NewOutputs(db *DB) *Outputs { return &Outputs{db} }

var _ output.Journal = (*Outputs)(nil)

// Switchings implements output.Journal. An order and its answers are entries of the same command.
func (s *Outputs) Switchings(ctx context.Context, device, name string, limit int) ([]output.Switching, error) {
	rows, err := s.db.query(ctx, selectAudit+`where subject = $1 and kind in ($2, $3, $4) order by seq desc limit $5`,
		device+"/"+name, output.EventOrdered, output.EventAnswered, output.EventLate, 3*limit)
	if err != nil {
		return nil, fmt.Errorf("list orders: %w", wrap(err))
	}
	entries, err := collect(rows, scanAudit)
	if err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	became := map[string]output.Switching{} // what is known of the end of a command, the newest first
	out := []output.Switching{}
	for _, e := range entries {
		var said output.Outcome
		if err := json.Unmarshal(e.Data, &said); err != nil {
			return nil, fmt.Errorf("read audit entry %s: %w", e.ID, err)
		}
		one := became[said.Command]
		switch e.Kind {
		case output.EventLate:
			one.LateAt, one.OK, one.Error = &e.At, said.OK, said.Error
			became[said.Command] = one
		case output.EventAnswered:
			one.AnsweredAt, one.Unanswered = &e.At, said.Unanswered
			if one.LateAt == nil {
				one.OK, one.Error = said.OK, said.Error
			}
			became[said.Command] = one
		default:
			if said.Command == "" {
				one = output.Switching{}
			}
			one.ID, one.At, one.By, one.On, one.Seconds, one.Note = e.ID, e.At, e.ActorName, said.On, said.Seconds, said.Note
			if out = append(out, one); len(out) == limit {
				return out, nil
			}
		}
	}
	return out, nil
}

// Unanswered implements output.Journal.
func (s *Outputs) Unanswered(ctx context.Context, command string, since time.Time) (o output.Ordered, division string, err error) {
	none := errs.E(errs.NotFound, "output.no_order", "no order waits for an answer to command %.64s", command)
	if command == "" {
		return o, "", none
	}
	rows, err := s.db.query(ctx, selectAudit+`where kind in ($1, $2, $3) and at >= $4 and lower(data) like $5 escape '\' order by seq`,
		output.EventOrdered, output.EventAnswered, output.EventLate, since, like(`"command":"`+command+`"`))
	if err != nil {
		return o, "", fmt.Errorf("find order: %w", wrap(err))
	}
	entries, err := collect(rows, scanAudit)
	if err != nil {
		return o, "", fmt.Errorf("find order: %w", err)
	}
	found := false
	for _, e := range entries {
		var said output.Outcome
		if err := json.Unmarshal(e.Data, &said); err != nil {
			return o, "", fmt.Errorf("read audit entry %s: %w", e.ID, err)
		}
		switch {
		case said.Command != command: // it stands in a note
		case e.Kind == output.EventOrdered:
			o, division, found = output.Ordered{Order: said.Order, Command: said.Command}, e.Division, true
		case e.Kind == output.EventLate, !said.Unanswered:
			return o, "", none
		}
	}
	if !found {
		return o, "", none
	}
	return o, division, nil
}
