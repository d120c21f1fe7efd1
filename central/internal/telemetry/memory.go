package telemetry

import (
	"context"
	"math"
	"time"

	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// historyPoints is how finely the past of a series is read for a rule that looks back.
const historyPoints = 120

// remember gives the rules that look back over a window or for a standstill what they would know had the
// centre not been away. Without it a rise an hour would go unnoticed for the first hour after a start.
func (s *Service) remember(ctx context.Context, now time.Time) {
	s.mu.Lock()
	list := s.ignorant
	s.ignorant = nil
	s.mu.Unlock()
	for _, w := range list {
		if ctx.Err() != nil {
			return
		}
		chart, err := s.Store.Query(ctx, Query{
			Device: w.key.Device, Property: w.key.Property, From: now.Add(-w.rule.Memory()), To: now.Add(time.Second), Points: historyPoints,
		})
		if err != nil {
			s.Log.Warn("a rule begins without what was before", "rule", w.key.Rule, "device", w.key.Device, "error", err)
			continue
		}
		s.mu.Lock()
		w.recall(chart.Buckets)
		s.mu.Unlock()
	}
}

// looksBack lists what remember has to do: the watches of such rules that are not among those known before.
func (s *Service) looksBack(known map[Key]*watch) {
	for k, w := range s.watches {
		switch w.rule.Condition {
		case rule.Rise, rule.Fall, rule.Stuck:
			if known[k] != w {
				s.ignorant = append(s.ignorant, w)
			}
		default:
		}
	}
}

// recall takes over the history of a series; whether the alarm holds is known better.
func (w *watch) recall(buckets []Bucket) {
	var past rule.State
	last := int64(math.MinInt64)
	for _, b := range buckets {
		for i, v := range []float64{b.Min, b.Max} {
			last = max(last+1, b.At.UnixMilli()+int64(i))
			w.rule.Step(&past, wire.Point{At: last, Value: v})
		}
	}
	if !past.Seen {
		return
	}
	w.live.Window, w.live.Still, w.live.Seen = past.Window, past.Still, true
	if w.rule.Condition == rule.Stuck && !w.live.Active {
		w.live.Since, w.live.Passed = past.Since, past.Passed
	}
	w.live.Last = max(w.live.Last, past.Last)
}
