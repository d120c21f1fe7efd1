package recording

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// preroll asks terminals for what they recorded before the alarms of cameras that are recorded on alarm, up to the
// moment at which the centre's own recording had begun. It goes by the marks in the timeline, so that a kill or a
// link that is down only puts it off.
func (s *Service) preroll(ctx context.Context, now time.Time) error {
	if s.Preroll == 0 {
		return nil
	}
	s.mu.Lock()
	var streams []string
	for stream, p := range s.policies {
		if p.Mode == OnAlarm {
			streams = append(streams, stream)
		}
	}
	s.mu.Unlock()
	for _, stream := range streams {
		if err := s.prerollOf(ctx, stream, now); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) prerollOf(ctx context.Context, stream string, now time.Time) error {
	d, ok := s.Devices.Visible(ctx, stream)
	if !ok || !s.Reporter.Connected(ctx, d.Parent) {
		return nil
	}
	held, ok := s.ring(ctx, d)
	if !ok || held.From == 0 {
		return nil
	}
	// What is being written now is no gap, and a terminal is asked for what it says that it has.
	until := earlier(now.Add(-settledGap), wire.Time(held.To)).Add(-settledGap)
	marks, err := s.Store.Marks(ctx, stream, now.Add(-fillWithin), until)
	if err != nil {
		return err
	}
	done := map[string]bool{}
	var fresh []Mark
	for _, m := range marks {
		done[m.Ref] = true
		if !s.rolled[stream][m.Ref] {
			fresh = append(fresh, m)
		}
	}
	for _, w := range windows(fresh, s.Preroll) {
		from := later(w.From, wire.Time(held.From))
		if !from.Before(w.To) {
			continue
		}
		missing, err := s.missing(ctx, stream, from, w.To)
		if err != nil {
			return err
		}
		if _, err := s.wish(ctx, d, missing, ""); err != nil {
			return err
		}
	}
	s.rolled[stream] = done
	return nil
}

// windows is the time before each alarm and shortly after it, joined where they touch. Marks are sorted by time.
func windows(marks []Mark, before time.Duration) (out []Span) {
	for _, m := range marks {
		w := Span{From: m.At.Add(-before), To: m.At.Add(settledGap)}
		if n := len(out); n > 0 && !w.From.After(out[n-1].To) {
			out[n-1].To = later(out[n-1].To, w.To)
			continue
		}
		out = append(out, w)
	}
	return out
}
