package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/output"
)

// Outputs reads the orders to sirens and relays out of the record of what has happened: they are kept there
// and nowhere else.
type Outputs struct{ db *DB }

// NewOutputs makes the log of orders.
func NewOutputs(db *DB) *Outputs { return &Outputs{db} }

var _ output.Journal = (*Outputs)(nil)

// Switchings implements output.Journal. An order and its answer are two entries of the same command.
func (s *Outputs) Switchings(ctx context.Context, device, name string, limit int) ([]output.Switching, error) {
	rows, err := s.db.query(ctx, selectAudit+`where subject = $1 and kind in ($2, $3) order by seq desc limit $4`,
		device+"/"+name, output.EventOrdered, output.EventAnswered, 2*limit)
	if err != nil {
		return nil, fmt.Errorf("list orders: %w", wrap(err))
	}
	entries, err := collect(rows, scanAudit)
	if err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	answers := map[string]audit.Entry{}
	out := []output.Switching{}
	for _, e := range entries {
		var said output.Outcome
		if err := json.Unmarshal(e.Data, &said); err != nil {
			return nil, fmt.Errorf("read audit entry %s: %w", e.ID, err)
		}
		if e.Kind == output.EventAnswered {
			answers[said.Command] = e
			continue
		}
		one := output.Switching{ID: e.ID, At: e.At, By: e.ActorName, On: said.On, Seconds: said.Seconds, Note: said.Note}
		if a, ok := answers[said.Command]; ok && said.Command != "" {
			if err := json.Unmarshal(a.Data, &said); err != nil {
				return nil, fmt.Errorf("read audit entry %s: %w", a.ID, err)
			}
			one.AnsweredAt, one.OK, one.Error = &a.At, said.OK, said.Error
		}
		if out = append(out, one); len(out) == limit {
			break
		}
	}
	return out, nil
}
