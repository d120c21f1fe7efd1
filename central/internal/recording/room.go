package recording

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/event"
)

const (
	mostAtOnce = 500 // segments deleted in one look
	someAtOnce = 32  // of one stream, while the oldest of all are looked for
)

// unheld is the stretches of a stream up to a moment in which nothing is held: what lies whole in one of them may go.
func unheld(holds []Hold, stream string, until time.Time) []Span {
	var list []Segment
	for _, h := range holds {
		if h.Stream == stream && h.EndedAt == nil {
			list = append(list, Segment{From: h.From, To: h.To})
		}
	}
	slices.SortFunc(list, func(a, b Segment) int { return a.From.Compare(b.From) })
	return gaps(list, time.Time{}, until, time.Millisecond)
}

// loose is what may go of one stream, the oldest first. It is read piece by piece.
type loose struct {
	stream string
	away   bool
	spans  []Span
	list   []Segment
}

// next is the oldest that is left; nil when there is none.
func (l *loose) next(ctx context.Context, store Store) (*Segment, error) {
	for len(l.list) == 0 && len(l.spans) > 0 {
		in := &l.spans[0]
		got, err := store.OldestSegments(ctx, l.stream, l.away, in.From, in.To, someAtOnce)
		if err != nil {
			return nil, err
		}
		if l.list = got; len(got) < someAtOnce {
			l.spans = l.spans[1:]
		} else {
			in.From = got[len(got)-1].From.Add(time.Millisecond)
		}
	}
	if len(l.list) == 0 {
		return nil, nil //nolint:nilnil // there is none
	}
	return &l.list[0], nil
}

// surplus picks the oldest that may go, of the disk or of the shelf, so that need bytes become free there, at most as many
// as are deleted in one look. most reports that nothing else may go: the rest is held or open.
func (s *Service) surplus(ctx context.Context, need int64, away bool) (out []Segment, freed int64, most bool, err error) {
	totals, err := s.Store.Totals(ctx)
	if err != nil {
		return nil, 0, false, err
	}
	holds, err := s.holds(ctx)
	if err != nil {
		return nil, 0, false, err
	}
	var from []*loose
	for _, t := range totals {
		if (away && t.Away > 0) || (!away && t.Bytes > t.Away) {
			from = append(from, &loose{stream: t.Stream, away: away, spans: unheld(holds, t.Stream, farAway)})
		}
	}
	for freed < need && len(out) < mostAtOnce {
		var of *loose
		var oldest *Segment
		for _, l := range from {
			g, err := l.next(ctx, s.Store)
			if err != nil {
				return nil, 0, false, err
			}
			if g != nil && (oldest == nil || g.From.Before(oldest.From)) {
				of, oldest = l, g
			}
		}
		if oldest == nil {
			return out, freed, true, nil
		}
		out, freed, of.list = append(out, *oldest), freed+oldest.Bytes, of.list[1:]
	}
	return out, freed, false, nil
}

// dropOld deletes what is older than its stream is kept.
func (s *Service) dropOld(ctx context.Context, now time.Time) error {
	totals, err := s.Store.Totals(ctx)
	if err != nil {
		return err
	}
	holds, err := s.holds(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, t := range totals {
		limit := now.AddDate(0, 0, -s.policy(t.Stream).KeepDays)
		if !t.First.Before(limit) {
			continue
		}
		for _, span := range unheld(holds, t.Stream, limit) {
			for _, away := range []bool{false, true} {
				failed = errors.Join(failed, s.dropWithin(ctx, t.Stream, away, span))
			}
		}
	}
	if failed != nil {
		return failed
	}
	return s.Store.RemoveMarks(ctx, now.AddDate(0, 0, -maxDays))
}

func (s *Service) dropWithin(ctx context.Context, stream string, away bool, span Span) error {
	for {
		list, err := s.Store.OldestSegments(ctx, stream, away, span.From, span.To, mostAtOnce)
		if err != nil {
			return err
		}
		if err := s.remove(ctx, list); err != nil || len(list) < mostAtOnce {
			return err
		}
	}
}

// makeRoom deletes the oldest while recordings take more than they may, or the disk has too little left. When
// all that is left is held, nothing more is recorded until there is room.
func (s *Service) makeRoom(ctx context.Context) error {
	usage, err := s.usage(ctx)
	if err != nil {
		return err
	}
	if b := usage.Bucket; b != nil && b.Quota > 0 && b.Bytes > b.Quota && b.Trouble == "" {
		if err := s.makeShelfRoom(ctx, b.Bytes-b.Quota+b.Quota/100); err != nil {
			return err
		}
	}
	need := max(usage.Bytes-s.Quota, s.Reserve-usage.Free)
	// A little more than is needed, so that not every look deletes.
	if need > 0 {
		need += s.Quota / 100
	}
	full := false
	if need > 0 {
		oldest, freed, most, err := s.surplus(ctx, need, false)
		if err != nil {
			return err
		}
		full = most && freed < need-s.Quota/100
		if err := s.remove(ctx, oldest); err != nil {
			return err
		}
		s.tellDeleted(ctx, oldest)
	}
	s.mu.Lock()
	was := s.full
	s.full = full
	s.pressed = usage.Bytes > s.Quota/5*4 || usage.Free < 2*s.Reserve
	s.mu.Unlock()
	if full != was {
		usage.Full = full
		kind := EventRoom
		if full {
			kind = EventFull
			s.Log.ErrorContext(ctx, "no room for recordings: what is left is held", "bytes", usage.Bytes, "free", usage.Free)
		}
		s.Events.Publish(ctx, event.New(ctx, kind, "", "", usage))
	}
	return nil
}

// makeShelfRoom deletes the oldest on the shelf.
func (s *Service) makeShelfRoom(ctx context.Context, need int64) error {
	oldest, _, _, err := s.surplus(ctx, need, true)
	if err != nil {
		return err
	}
	if err := s.remove(ctx, oldest); err != nil {
		return err
	}
	s.tellDeleted(ctx, oldest)
	return nil
}

// tellDeleted says what had to go before its time.
func (s *Service) tellDeleted(ctx context.Context, oldest []Segment) {
	if len(oldest) == 0 {
		return
	}
	d := Deleted{Segments: len(oldest), Oldest: oldest[0].From, Newest: oldest[len(oldest)-1].To}
	for _, g := range oldest {
		d.Bytes += g.Bytes
	}
	s.Events.Publish(ctx, event.New(ctx, EventDeleted, "", "", d))
}
