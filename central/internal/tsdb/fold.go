package tsdb

import (
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// bucket is a telemetry.Bucket being filled. The last of the chosen readings is kept with its time.
type bucket struct {
	stat
	at             int64
	uncertain, bad int64
}

// fold fills buckets; without a step every reading is one.
type fold struct {
	from, to    int64
	step, first int64
	quality     telemetry.Quality
	buckets     []bucket
}

// widen gives the fold buckets of one width.
func (f *fold) widen(step int64) {
	f.step, f.first = step, floorDiv(f.from, step)
	f.buckets = make([]bucket, floorDiv(f.to-1, step)-f.first+1)
}

// takes reports whether readings of a class are among those asked for.
func (f *fold) takes(c class) bool {
	switch f.quality {
	case telemetry.GoodOnly:
		return c == good
	case telemetry.AnyQuality:
		return c <= bad
	case telemetry.Usable:
	}
	return c <= uncertain
}

// summary takes a chunk as a whole when all of it falls into one bucket and its sums are of the readings
// asked for.
func (f *fold) summary(s summary) bool {
	if f.step == 0 || s.T0 < f.from || s.T1 >= f.to {
		return false
	}
	i := floorDiv(s.T0, f.step)
	if floorDiv(s.T1, f.step) != i {
		return false
	}
	if (f.quality == telemetry.GoodOnly && s.Good != s.Usable) || (f.quality == telemetry.AnyQuality && s.Points != s.Usable) {
		return false
	}
	b := &f.buckets[i-f.first]
	b.uncertain += s.Usable - s.Good
	b.bad += s.Points - s.Usable
	b.merge(stat{count: s.Usable, min: s.Min, max: s.Max, last: s.Last, sum: s.Sum, lastAt: s.LastAt})
	return true
}

// rolled takes buckets of a roll-up that are no wider than a step. Those that begin outside of the span
// are left out.
func (f *fold) rolled(list []rolled) {
	for i := range list {
		r := &list[i]
		if r.at < f.from || r.at >= f.to {
			continue
		}
		b := &f.buckets[floorDiv(r.at, f.step)-f.first]
		b.uncertain += r.stats[uncertain].count
		b.bad += r.stats[bad].count + r.stats[void].count
		for c := range void {
			if f.takes(c) {
				b.merge(r.stats[c])
			}
		}
	}
}

func (f *fold) points(points []point) {
	var b *bucket
	var end int64 // of b
	for _, p := range points {
		switch {
		case f.step == 0:
			f.buckets = append(f.buckets, bucket{at: p.at})
			b = &f.buckets[len(f.buckets)-1]
		case b == nil || p.at >= end:
			i := floorDiv(p.at, f.step)
			b, end = &f.buckets[i-f.first], (i+1)*f.step
		}
		c := p.class()
		switch c {
		case uncertain:
			b.uncertain += p.n()
		case bad, void:
			b.bad += p.n()
		case good, classes:
		}
		if f.takes(c) {
			b.add(p)
		}
	}
}

// result writes the answer: buckets that hold what was asked for, and flags where something is doubtful.
func (f *fold) result(out *telemetry.Chart) {
	for i := range f.buckets {
		b := &f.buckets[i]
		at := b.at
		if f.step > 0 {
			at = (f.first + int64(i)) * f.step
		}
		if b.count > 0 {
			out.Buckets = append(out.Buckets, telemetry.Bucket{At: wire.Time(at), Min: b.min, Max: b.max, Mean: b.mean(), Last: b.last, Count: b.count})
		}
		if b.uncertain+b.bad > 0 {
			out.Flags = append(out.Flags, telemetry.Flag{At: wire.Time(at), Uncertain: b.uncertain, Bad: b.bad})
		}
	}
}
