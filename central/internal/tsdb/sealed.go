package tsdb

import (
	"context"
	"slices"
)

// sealedTimes answers whether a chunk holds a reading of a series and time, for backlog that overlaps
// what is sealed. It remembers the chunks of a day, and the times of those it had to read, until a seal
// changes them.
type sealedTimes struct {
	days  map[dayKey][]span
	held  int   // times and spans in days
	seals int64 // DB.seals when days was begun
}

type dayKey struct{ series, day int64 }

// span is a chunk; times is nil until it is read.
type span struct {
	id, t0, t1 int64
	times      []int64
}

// cachedTimes bounds the memory to about 16 MB.
const cachedTimes = 2_000_000

// has reports whether a chunk of the series holds the time. Guarded by DB.commit.
func (c *sealedTimes) has(ctx context.Context, d *DB, id, at int64) (bool, error) {
	d.view.RLock() // a seal may be about to replace the chunks
	defer d.view.RUnlock()
	if c.days == nil || c.seals != d.seals || c.held > cachedTimes {
		*c = sealedTimes{days: map[dayKey][]span{}, seals: d.seals}
	}
	k := dayKey{id, dayOf(at)}
	spans, ok := c.days[k]
	if !ok {
		var err error
		if spans, err = d.spans(ctx, k); err != nil {
			return false, err
		}
		c.days[k] = spans
		c.held += len(spans)*8 + 8
	}
	i, _ := slices.BinarySearchFunc(spans, at, func(s span, at int64) int {
		if s.t1 < at {
			return -1
		}
		return 1
	})
	if i == len(spans) || at < spans[i].t0 {
		return false, nil
	}
	s := &spans[i]
	if s.times == nil {
		if err := d.readTimes(ctx, k, s); err != nil {
			return false, err
		}
		c.held += len(s.times)
	}
	_, have := slices.BinarySearch(s.times, at)
	return have, nil
}

// spans lists the chunks of a series on a day.
func (d *DB) spans(ctx context.Context, k dayKey) ([]span, error) {
	f := d.months.get(monthOf(k.day * day))
	if f == nil {
		return nil, nil
	}
	list, err := chunks(ctx, f.db, k.series, k.day*day, (k.day+1)*day)
	if err != nil {
		return nil, err
	}
	out := make([]span, len(list))
	for i, c := range list {
		out[i] = span{id: c.id, t0: c.T0, t1: c.T1}
	}
	return out, nil
}

func (d *DB) readTimes(ctx context.Context, k dayKey, s *span) error {
	read, err := d.reader(ctx, d.months.get(monthOf(k.day*day)).db)
	if err != nil {
		return err
	}
	defer read.close()
	points, err := read.points(ctx, s.id)
	if err != nil {
		return err
	}
	s.times = make([]int64, len(points))
	for i, p := range points {
		s.times[i] = p.at
	}
	return nil
}
