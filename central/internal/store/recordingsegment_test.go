package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

// Whatever is added, closed, moved and removed, alone or in transactions of which some are given up as by a kill: what is
// kept as the sum is what a count of all rows says.
func TestSumOfRecordingsIsWhatACountSays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, rows, dice := t.Context(), store.NewRecordings(db), rand.New(rand.NewPCG(7, 7))
		begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
		var all []recording.Segment
		next := 0
		act := func(ctx context.Context) error {
			var g *recording.Segment
			if len(all) > 0 {
				g = &all[dice.IntN(len(all))]
			}
			switch kind := dice.IntN(6); {
			case g == nil || kind < 3:
				next++
				from := begin.Add(time.Duration(next) * time.Minute)
				one := recording.Segment{ID: fmt.Sprintf("s-%05d", next), Stream: fmt.Sprintf("cam-%d", dice.IntN(4)), Source: recording.Live, From: from, To: from, Film: from, Open: true, File: fmt.Sprintf("f-%d", next)}
				if dice.IntN(3) == 0 {
					one.Open, one.Bytes, one.To = false, dice.Int64N(1<<40), from.Add(time.Minute)
				}
				all = append(all, one)
				return rows.AddSegment(ctx, one)
			case kind == 3:
				g.Open, g.Bytes, g.To = false, dice.Int64N(1<<40), g.From.Add(time.Duration(1+dice.IntN(60))*time.Second)
				return rows.ChangeSegment(ctx, *g)
			case kind == 4:
				g.Away = true
				return rows.MoveSegment(ctx, g.ID)
			default:
				away, ids := g.Away, []string{g.ID}
				for _, one := range all {
					if one.Away == away && dice.IntN(8) == 0 {
						ids = append(ids, one.ID)
					}
				}
				all = slices.DeleteFunc(all, func(one recording.Segment) bool { return slices.Contains(ids, one.ID) })
				return rows.RemoveSegments(ctx, ids, away)
			}
		}
		gone := errors.New("killed")
		for n := range 400 {
			before := slices.Clone(all)
			var err error
			if dice.IntN(3) == 0 {
				err = act(ctx)
			} else {
				killed := dice.IntN(3) == 0
				err = db.Do(ctx, func(ctx context.Context) error {
					for range 1 + dice.IntN(4) {
						if err := act(ctx); err != nil {
							return err
						}
					}
					if killed {
						return gone
					}
					return nil
				})
			}
			if errors.Is(err, gone) {
				all = before
			} else if err != nil {
				t.Fatal(err)
			}
			if n%20 != 0 && n != 399 {
				continue
			}
			want := map[string]recording.Total{}
			for _, g := range all {
				s, ok := want[g.Stream]
				if !ok {
					s = recording.Total{Stream: g.Stream, First: g.From}
				}
				s.Bytes, s.Last = s.Bytes+g.Bytes, g.To
				if g.Away {
					s.Away += g.Bytes
				}
				want[g.Stream] = s
			}
			got, err := rows.Totals(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(want) {
				t.Fatalf("after %d: %d streams, want %d", n, len(got), len(want))
			}
			for _, g := range got {
				if w := want[g.Stream]; g != w {
					t.Fatalf("after %d: got %+v, a count says %+v", n, g, w)
				}
			}
		}
		if err := rows.MoveSegment(ctx, "none"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("got %v", err)
		}
	})
}

// fill writes as many segments of a minute as an hour has, for each of so many cameras and hours.
func fillSegments(ctx context.Context, t testing.TB, db *store.DB, cameras, hours int, until time.Time) {
	t.Helper()
	const numbers = `with recursive n(i) as (select 0 union all select i + 1 from n where i < 59) `
	for cam := range cameras {
		for h := range hours {
			from := until.Add(-time.Duration(h+1) * time.Hour).UnixMilli()
			err := db.Exec(ctx, `insert into recording_segment (id, stream, source, from_ms, to_ms, film_ms, bytes, codec, width, height, open, sound, file, away) `+numbers+`
				select $1 || i, $2, 'live', cast($3 as bigint) + i * 60000, cast($3 as bigint) + i * 60000 + 60000, cast($3 as bigint) + i * 60000, 15000000, 'avc1.42c01f', 1280, 720, false, '', $1 || i, false from n`,
				fmt.Sprintf("s-%d-%d-", cam, h), fmt.Sprintf("cam-%d", cam), from)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := db.Exec(ctx, "analyze"); err != nil {
		t.Fatal(err)
	}
}

// None of what the clock asks reads all segments.
func TestQuestionsAboutRecordingsAreAnsweredByAnIndex(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		now := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
		fillSegments(t.Context(), t, db, 8, 120, now)
		for name, q := range store.RecordingQuestions("cam-3", now.UnixMilli()) {
			plan, err := db.Plan(t.Context(), q.Text, q.Args...)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			for line := range strings.Lines(plan) {
				scan := strings.Contains(line, "Seq Scan on recording_segment") || (strings.Contains(line, "SCAN recording_segment") && !strings.Contains(line, "USING"))
				// Beside those of a span stands what is open of the stream, whenever it began.
				scan = scan || (name == "segments" && !strings.Contains(plan, "recording_segment_open"))
				if scan || !strings.Contains(plan, "recording_segment_") {
					t.Errorf("%s reads all of them:\n%s", name, plan)
					break
				}
			}
		}
	})
}
