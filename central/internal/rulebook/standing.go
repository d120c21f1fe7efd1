package rulebook

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/rule"
)

// Standing is an exception that holds and by which a rule is off or may let something pass.
type Standing struct {
	RuleOverride
	Body     rule.Rule  `json:"body"`              // of the rule
	Critical bool       `json:"critical"`          // the rule guards life
	EndsAt   *time.Time `json:"ends_at,omitempty"` // by itself: Until or DecideBy
	Mine     bool       `json:"mine"`              // the reader may end it
}

// Weakened lists the exceptions of the reader's divisions, and of those above, by which a rule is off or
// weaker: what ends soonest first, what has no end at all before everything.
func (s *Service) Weakened(ctx context.Context) ([]Standing, error) {
	a, err := actor.Require(ctx, actor.AlarmRead)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	s.mu.RLock()
	overs, book := slices.Clone(s.overs), slices.Clone(s.book)
	s.mu.RUnlock()
	out := []Standing{}
	for _, o := range overs {
		i := slices.IndexFunc(book, func(e Kept) bool { return e.ID == o.Rule })
		if i < 0 || book[i].State != Published || !o.holds(now) || !a.Meets(o.Division) {
			continue
		}
		if !o.Off && !weaker(&book[i].Rule, &o) {
			continue
		}
		out = append(out, Standing{RuleOverride: o, Body: book[i].Rule, Critical: s.critical(ctx, &book[i].Rule), EndsAt: o.ends(), Mine: a.Covers(o.Division)})
	}
	slices.SortFunc(out, func(a, b Standing) int {
		if a.EndsAt == nil || b.EndsAt == nil {
			return cmp.Or(endless(b)-endless(a), cmp.Compare(a.ID, b.ID))
		}
		return cmp.Or(a.EndsAt.Compare(*b.EndsAt), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

func endless(s Standing) int {
	if s.EndsAt == nil {
		return 1
	}
	return 0
}

// timeLimit gives exceptions that were stored without an end, and could not be made so today, a time by which
// somebody has to decide; then they end. It is called with write held, after the book was read.
func (s *Service) timeLimit(ctx context.Context, now time.Time) error {
	if s.OverrideMax <= 0 {
		return nil
	}
	by := event.Stamp(now.Add(s.OverrideMax))
	s.mu.RLock()
	overs, book := slices.Clone(s.overs), slices.Clone(s.book)
	s.mu.RUnlock()
	for _, o := range overs {
		i := slices.IndexFunc(book, func(e Kept) bool { return e.ID == o.Rule })
		if i < 0 || o.ends() != nil {
			continue
		}
		if !o.Off && (!s.critical(ctx, &book[i].Rule) || !weaker(&book[i].Rule, &o)) {
			continue
		}
		o.DecideBy = &by
		said := s.overrideNews(ctx, EventOverrideDue, o)
		err := s.Tx.Do(ctx, func(ctx context.Context) error {
			if err := s.Store.SetDecideBy(ctx, o.ID, by); err != nil {
				return err
			}
			return s.Events.Record(ctx, said)
		})
		if err != nil {
			return err
		}
		s.Events.Publish(ctx, *said)
	}
	return s.read(ctx)
}
