package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/recording"
)

const segmentColumns = `id, stream, source, from_ms, to_ms, film_ms, bytes, codec, width, height, open, sound, file, away`

func scanSegment(row scanner) (g recording.Segment, err error) {
	var from, to, film int64
	err = row.Scan(&g.ID, &g.Stream, &g.Source, &from, &to, &film, &g.Bytes, &g.Codec, &g.Width, &g.Height, &g.Open, &g.Sound, &g.File, &g.Away)
	g.From, g.To, g.Film = ofMillis(from), ofMillis(to), ofMillis(film)
	return g, err
}

// The questions that are asked again and again. Each is answered by an index (recordingsegment_test.go).
const (
	// The spans of a stream never overlap, so none that began before the last one at $3 reaches beyond $3. One that is open
	// has no end yet.
	segmentsQuery = `select ` + segmentColumns + ` from recording_segment where stream = $1 and from_ms < $2
			and from_ms >= coalesce((select max(from_ms) from recording_segment where stream = $1 and from_ms <= $3), $3) and to_ms > $3 and open = false
		union all select ` + segmentColumns + ` from recording_segment where stream = $1 and from_ms < $2 and open
		order by from_ms, id`
	openSegmentsQuery   = `select ` + segmentColumns + ` from recording_segment where open order by stream, from_ms`
	oldestSegmentsQuery = `select ` + segmentColumns + ` from recording_segment where stream = $1 and away = $2 and from_ms >= $3 and from_ms < $4 and to_ms <= $4 and open = false order by from_ms limit $5`
	nearSegmentsQuery   = `select ` + segmentColumns + ` from recording_segment where away = false and to_ms < $1 and open = false order by to_ms, id limit $2`
	nearQuery           = `select count(*), cast(coalesce(sum(bytes), 0) as bigint) from recording_segment where away = false and to_ms < $1 and open = false`
	leavingQuery        = `select ` + segmentColumns + ` from recording_segment where leaving order by stream`
	totalsQuery         = `select stream, cast(sum(bytes) as bigint), cast(sum(case when away then bytes else 0 end) as bigint),
			(select from_ms from recording_segment g where g.stream = t.stream order by from_ms limit 1),
			(select to_ms from recording_segment g where g.stream = t.stream order by from_ms desc limit 1)
		from recording_sum t group by stream order by stream`
)

func (s *Recordings) segments(ctx context.Context, what, query string, args ...any) ([]recording.Segment, error) {
	rows, err := s.db.query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", what, wrap(err))
	}
	return collect(rows, scanSegment)
}

// Segments implements recording.Store.
func (s *Recordings) Segments(ctx context.Context, stream string, from, to time.Time) ([]recording.Segment, error) {
	return s.segments(ctx, "recordings", segmentsQuery, stream, to.UnixMilli(), from.UnixMilli())
}

// OpenSegments implements recording.Store.
func (s *Recordings) OpenSegments(ctx context.Context) ([]recording.Segment, error) {
	return s.segments(ctx, "recordings that are open", openSegmentsQuery)
}

// OldestSegments implements recording.Store.
func (s *Recordings) OldestSegments(ctx context.Context, stream string, away bool, from, to time.Time, most int) ([]recording.Segment, error) {
	return s.segments(ctx, "the oldest recordings", oldestSegmentsQuery, stream, away, from.UnixMilli(), to.UnixMilli(), most)
}

// LeavingSegments implements recording.Store.
func (s *Recordings) LeavingSegments(ctx context.Context) ([]recording.Segment, error) {
	return s.segments(ctx, "recordings that leave the disk", leavingQuery)
}

// NearSegments implements recording.Store.
func (s *Recordings) NearSegments(ctx context.Context, before time.Time, most int) ([]recording.Segment, error) {
	return s.segments(ctx, "recordings on the disk", nearSegmentsQuery, before.UnixMilli(), most)
}

// Segment implements recording.Store.
func (s *Recordings) Segment(ctx context.Context, id string) (recording.Segment, error) {
	g, err := scanSegment(s.db.queryRow(ctx, `select `+segmentColumns+` from recording_segment where id = $1`, id))
	if err := wrap(err); errs.KindOf(err) == errs.NotFound {
		return g, errs.E(errs.NotFound, "recording.no_segment", "recording %.64s is not there any more", id)
	} else if err != nil {
		return g, fmt.Errorf("load recording %.64s: %w", id, err)
	}
	return g, nil
}

// AddSegment implements recording.Store.
func (s *Recordings) AddSegment(ctx context.Context, g recording.Segment) error {
	_, err := s.db.exec(ctx, `insert into recording_segment (`+segmentColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		g.ID, g.Stream, g.Source, g.From.UnixMilli(), g.To.UnixMilli(), g.Film.UnixMilli(), g.Bytes, g.Codec, g.Width, g.Height, g.Open, g.Sound, g.File, g.Away)
	if err != nil {
		return fmt.Errorf("add recording: %w", wrap(err))
	}
	return nil
}

// ChangeSegment implements recording.Store.
func (s *Recordings) ChangeSegment(ctx context.Context, g recording.Segment) error {
	_, err := s.db.exec(ctx, `update recording_segment set from_ms = $2, to_ms = $3, bytes = $4, open = $5, sound = $6 where id = $1`,
		g.ID, g.From.UnixMilli(), g.To.UnixMilli(), g.Bytes, g.Open, g.Sound)
	if err != nil {
		return fmt.Errorf("change recording %s: %w", g.ID, wrap(err))
	}
	return nil
}

// RemoveSegments implements recording.Store.
func (s *Recordings) RemoveSegments(ctx context.Context, ids []string, away bool) error {
	const together = 500
	for len(ids) > 0 {
		some := ids[:min(together, len(ids))]
		ids = ids[len(some):]
		marks, args := make([]string, len(some)), []any{away}
		for i, id := range some {
			marks[i], args = "$"+strconv.Itoa(i+2), append(args, id)
		}
		if _, err := s.db.exec(ctx, `delete from recording_segment where away = $1 and id in (`+strings.Join(marks, ", ")+`)`, args...); err != nil {
			return fmt.Errorf("remove recordings: %w", wrap(err))
		}
	}
	return nil
}

// Near implements recording.Store.
func (s *Recordings) Near(ctx context.Context, before time.Time) (n int, bytes int64, err error) {
	err = s.db.queryRow(ctx, nearQuery, before.UnixMilli()).Scan(&n, &bytes)
	if err != nil {
		err = fmt.Errorf("count recordings on the disk: %w", wrap(err))
	}
	return n, bytes, err
}

// MoveSegment implements recording.Store.
func (s *Recordings) MoveSegment(ctx context.Context, id string) error {
	res, err := s.db.exec(ctx, `update recording_segment set away = true, leaving = true where id = $1`, id)
	if err != nil {
		return fmt.Errorf("move recording %s: %w", id, wrap(err))
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errs.Wrap(err, errs.NotFound, "recording.no_segment", "this recording was removed meanwhile")
	}
	return nil
}

// LeftDisk implements recording.Store.
func (s *Recordings) LeftDisk(ctx context.Context, id string) error {
	if _, err := s.db.exec(ctx, `update recording_segment set leaving = false where id = $1`, id); err != nil {
		return fmt.Errorf("move recording %s: %w", id, wrap(err))
	}
	return nil
}

// Totals implements recording.Store.
func (s *Recordings) Totals(ctx context.Context) ([]recording.Total, error) {
	rows, err := s.db.query(ctx, totalsQuery)
	if err != nil {
		return nil, fmt.Errorf("count recordings: %w", wrap(err))
	}
	return collect(rows, func(row scanner) (t recording.Total, err error) {
		var first, last int64
		err = row.Scan(&t.Stream, &t.Bytes, &t.Away, &first, &last)
		t.First, t.Last = ofMillis(first), ofMillis(last)
		return t, err
	})
}
