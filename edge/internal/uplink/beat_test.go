package uplink

import (
	"context"
	"testing"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

func TestStatusIsToldAgainWhileThereIsABacklogAndOnceWhenItIsGone(t *testing.T) {
	now := time.UnixMilli(1_790_000_000_000)
	waits := func(records uint64, oldest time.Duration) wire.Status {
		return wire.Status{Time: wire.Millis(now), Backlog: wire.Backlog{Records: records, Oldest: wire.Millis(now.Add(-oldest))}}
	}
	for name, c := range map[string]struct {
		since  time.Duration
		behind bool
		level  wire.BudgetLevel
		st     wire.Status
		want   bool
	}{
		"what is on the way":                  {time.Minute, false, wire.BudgetNormal, waits(3, time.Second), false},
		"nothing":                             {time.Minute, false, wire.BudgetNormal, waits(0, 0), false},
		"a backlog":                           {statusEvery, false, wire.BudgetNormal, waits(3, time.Minute), true},
		"a backlog that was told of just now": {statusEvery - 1, true, wire.BudgetNormal, waits(3, time.Minute), false},
		"it is gone":                          {statusEvery, true, wire.BudgetNormal, waits(0, 0), true},
		"gone but for what is on the way, so far": {statusEvery, true, wire.BudgetNormal, waits(1, time.Second), false},
		"gone but for what is on the way, always": {statusGone, true, wire.BudgetNormal, waits(1, time.Second), true},
		"five minutes of calm":                    {statusCalm, false, wire.BudgetNormal, waits(0, 0), true},
		"a backlog while data is spared":          {statusCalm, true, wire.BudgetEco, waits(3, time.Hour), false},
	} {
		u := &Uplink{o: Options{Status: func(context.Context) wire.Status { return c.st }, Level: func() wire.BudgetLevel { return c.level }}}
		s := &session{u: u, told: now.Add(-c.since), behind: c.behind}
		if got := s.statusDue(t.Context(), now); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
