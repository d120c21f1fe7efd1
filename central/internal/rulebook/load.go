package rulebook

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/rule"
)

// Load reads the book and takes over the shipped rules: new ones as version 1, changed ones as the next
// version where nobody has touched the rule, otherwise as an offer. The first time is no event.
func (s *Service) Load(ctx context.Context, shipped []rule.Rule) error {
	s.write.Lock()
	defer s.write.Unlock()
	var said []*event.Event
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		said = nil
		book, err := s.Store.Entries(ctx)
		if err != nil {
			return err
		}
		now := event.Stamp(time.Now())
		for _, step := range takeOver(book, shipped, s.Division) {
			step.entry.UpdatedAt = now
			if err := s.Store.Save(ctx, step.entry, step.entry.Revision-1); err != nil {
				return err
			}
			if step.version != nil {
				step.version.CreatedAt = now
				if err := s.Store.AddVersion(ctx, *step.version); err != nil {
					return err
				}
			}
			if len(book) > 0 {
				said = append(said, news(ctx, EventShipped, step.entry, ""))
			}
		}
		if len(said) == 0 {
			return nil
		}
		return s.Events.Record(ctx, said...)
	})
	if err != nil {
		return err
	}
	if err := s.read(ctx); err != nil {
		return err
	}
	if err := s.timeLimit(ctx, time.Now()); err != nil {
		return err
	}
	for _, e := range said {
		s.Events.Publish(ctx, *e)
	}
	return s.apply(ctx, time.Now(), "")
}

// taking is what becomes of one entry by the files.
type taking struct {
	entry   Kept
	version *RuleVersion
}

// takeOver compares the book with the files.
func takeOver(book []Kept, shipped []rule.Rule, root string) []taking {
	var out []taking
	for _, r := range shipped {
		i := slices.IndexFunc(book, func(e Kept) bool { return e.ID == r.ID })
		e := Kept{ID: r.ID, Division: root}
		if i >= 0 {
			e = book[i]
		}
		if i >= 0 && same(e.Shipped, &r) && (e.Touched || e.State == Published) {
			continue
		}
		e.Revision++
		e.Shipped = &r
		if e.Touched {
			out = append(out, taking{entry: e})
			continue
		}
		e.Version++
		e.State, e.Rule, e.Seen = Published, r, &r
		out = append(out, taking{e, &RuleVersion{Rule: r.ID, Number: e.Version, Body: r, Origin: Shipped}})
	}
	for _, e := range book {
		if e.Shipped == nil || slices.ContainsFunc(shipped, func(r rule.Rule) bool { return r.ID == e.ID }) {
			continue
		}
		if !e.Touched && e.State == Published {
			e.State = Withdrawn
		}
		e.Revision++
		e.Shipped = nil
		out = append(out, taking{entry: e})
	}
	return out
}
