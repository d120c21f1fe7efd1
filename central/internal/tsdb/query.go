package tsdb

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// Buckets of an answer.
const (
	defaultPoints = 500
	maxPoints     = 5000
)

// steps are the widths of buckets that people read easily; above them whole weeks.
var steps = []time.Duration{
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour,
}

// stepFor is the smallest width that covers from ≤ t < to with at most n buckets.
func stepFor(from, to int64, n int) int64 {
	fits := func(step int64) bool { return floorDiv(to-1, step)-floorDiv(from, step)+1 <= int64(n) }
	for _, s := range steps {
		if fits(s.Milliseconds()) {
			return s.Milliseconds()
		}
	}
	week := steps[len(steps)-1].Milliseconds()
	step := ((to-from)/int64(n)/week + 1) * week
	for !fits(step) {
		step += week
	}
	return step
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// part is what one query found: chunks to look at and readings from memory.
type part struct {
	file   *month
	chunks []chunk
}

// Query implements telemetry.Store. Where the span holds no more readings than wanted, every reading is
// its own bucket.
func (d *DB) Query(ctx context.Context, q telemetry.Query) (telemetry.Chart, error) {
	out := telemetry.Chart{Device: q.Device, Property: q.Property, From: q.From, To: q.To, Buckets: []telemetry.Bucket{}}
	from, to := max(q.From.UnixMilli(), firstTime), min(q.To.UnixMilli(), lastTime)
	if from >= to {
		return out, nil
	}
	n := q.Points
	if n <= 0 {
		n = defaultPoints
	}
	n = max(2, min(n, maxPoints))

	d.view.RLock()
	defer d.view.RUnlock()
	recent, id, ok := d.recent(name{q.Device, q.Property}, from, to)
	if !ok {
		return out, nil
	}
	parts, total, err := d.find(ctx, id, from, to)
	if err != nil {
		return out, fmt.Errorf("query %s/%s: %w", q.Device, q.Property, err)
	}
	f := fold{from: from, to: to}
	if total+int64(len(recent)) > int64(n) {
		out.Step = stepFor(from, to, n)
		f.buckets = make([]bucket, floorDiv(to-1, out.Step)-floorDiv(from, out.Step)+1)
		f.step, f.first = out.Step, floorDiv(from, out.Step)
	}
	if err := d.foldChunks(ctx, &f, parts); err != nil {
		return out, fmt.Errorf("query %s/%s: %w", q.Device, q.Property, err)
	}
	f.points(recent)
	out.Buckets = f.result()
	return out, nil
}

// recent copies what memory holds of the span and no chunk does.
func (d *DB) recent(n name, from, to int64) (points []wire.Point, id int64, ok bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	s := d.names[n]
	if s == nil {
		return nil, 0, false
	}
	points = slices.Clone(d.active.series[s.id].between(from, to))
	if d.frozen == nil {
		return points, s.id, true
	}
	var still []wire.Point
	for frozen := d.frozen.series[s.id].between(from, to); len(frozen) > 0; {
		n := sameMonth(frozen)
		if _, moved := d.moved[monthOf(frozen[0].At)]; !moved {
			still = append(still, frozen[:n]...)
		}
		frozen = frozen[n:]
	}
	return mergePoints(still, points), s.id, true
}

// find lists the chunks that touch the span and counts their readings.
func (d *DB) find(ctx context.Context, id, from, to int64) (parts []part, total int64, err error) {
	for _, f := range d.months.between(from, to) {
		list, err := chunks(ctx, f.db, id, dayOf(from)*day, to)
		if err != nil {
			return nil, 0, err
		}
		list = slices.DeleteFunc(list, func(c chunk) bool { return c.T1 < from })
		for _, c := range list {
			total += c.Points
		}
		parts = append(parts, part{file: f, chunks: list})
	}
	return parts, total, nil
}

func (d *DB) foldChunks(ctx context.Context, f *fold, parts []part) error {
	for _, p := range parts {
		var read *reader
		for _, c := range p.chunks {
			if f.summary(c.summary) {
				continue
			}
			if read == nil {
				var err error
				if read, err = d.reader(ctx, p.file.db); err != nil {
					return err
				}
				defer read.close() // at most one for each month
			}
			points, err := read.points(ctx, c.id)
			if err != nil {
				return err
			}
			points = points[:until(points, f.to)]
			if len(points) > 0 {
				f.points(points[until(points, f.from):])
			}
		}
	}
	return nil
}

// bucket is a telemetry.Bucket being filled.
type bucket struct {
	count      int64
	min, max   float64
	sum        float64
	last       float64
	at, lastAt int64
}

// fold fills buckets; without a step every reading is one.
type fold struct {
	from, to    int64
	step, first int64
	buckets     []bucket
}

// summary takes a chunk as a whole when all of it falls into one bucket.
func (f *fold) summary(s summary) bool {
	if f.step == 0 || s.T0 < f.from || s.T1 >= f.to {
		return false
	}
	i := floorDiv(s.T0, f.step)
	if floorDiv(s.T1, f.step) != i {
		return false
	}
	if s.Usable == 0 {
		return true
	}
	b := &f.buckets[i-f.first]
	if b.count == 0 {
		b.min, b.max, b.lastAt = s.Min, s.Max, s.T0
	}
	b.min, b.max = min(b.min, s.Min), max(b.max, s.Max)
	b.sum += s.Sum
	b.count += s.Usable
	if s.T1 >= b.lastAt {
		b.last, b.lastAt = s.Last, s.T1
	}
	return true
}

func (f *fold) points(points []wire.Point) {
	if f.step == 0 {
		for _, p := range points {
			if usable(p) {
				f.buckets = append(f.buckets, bucket{count: 1, min: p.Value, max: p.Value, sum: p.Value, last: p.Value, at: p.At})
			}
		}
		return
	}
	var b *bucket
	var end int64 // of b
	for _, p := range points {
		if !usable(p) {
			continue
		}
		if b == nil || p.At >= end {
			i := floorDiv(p.At, f.step)
			b, end = &f.buckets[i-f.first], (i+1)*f.step
			if b.count == 0 {
				b.min, b.max, b.lastAt = p.Value, p.Value, p.At
			}
		}
		b.min, b.max = min(b.min, p.Value), max(b.max, p.Value)
		b.sum += p.Value
		b.count++
		if p.At >= b.lastAt {
			b.last, b.lastAt = p.Value, p.At
		}
	}
}

func (f *fold) result() []telemetry.Bucket {
	out := make([]telemetry.Bucket, 0, len(f.buckets))
	for i, b := range f.buckets {
		if b.count == 0 {
			continue
		}
		at := b.at
		if f.step > 0 {
			at = (f.first + int64(i)) * f.step
		}
		mean := b.sum / float64(b.count)
		if math.IsInf(mean, 0) || math.IsNaN(mean) { // the sum of huge values has no finite number
			mean = b.min/2 + b.max/2
		}
		out = append(out, telemetry.Bucket{At: wire.Time(at), Min: b.min, Max: b.max, Mean: mean, Last: b.last, Count: b.count})
	}
	slices.SortStableFunc(out, func(a, b telemetry.Bucket) int { return a.At.Compare(b.At) })
	return out
}

// Stats implements telemetry.Store.
func (d *DB) Stats(ctx context.Context) (telemetry.Stats, error) {
	d.view.RLock()
	d.mu.RLock()
	out := telemetry.Stats{Readings: d.months.points() + d.active.points, Series: int64(len(d.byID))}
	if d.frozen != nil {
		out.Readings += d.frozen.points
		for _, moved := range d.moved {
			out.Readings -= moved
		}
	}
	sealed := d.sealed
	d.mu.RUnlock()
	d.view.RUnlock()
	out.Bytes = d.bytes()
	if err := d.inbox.QueryRowContext(ctx, `select count(*) from inbox where id > $1`, sealed).Scan(&out.Inbox); err != nil {
		return out, fmt.Errorf("count inbox: %w", err)
	}
	return out, nil
}
