package tsdb

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// farPage is how many readings are asked of the remote at once.
const farPage = 20_000

// fillFar answers a query from three places: months that were sealed before there was a remote, the remote,
// and what waits for it. The waiting ones are looked up first, so that what moves meanwhile is found at the
// remote; what is found in both places counts once.
func (d *DB) fillFar(ctx context.Context, f *fold, q telemetry.Query) error {
	n := name{q.Device, q.Property}
	waiting, err := d.unsent(ctx, n, f.from, f.to)
	if err != nil {
		return err
	}
	count, err := d.opt.Remote.Count(ctx, q.Device, q.Property, f.from, f.to)
	if err != nil {
		return away(err)
	}
	if err := d.fillSealed(ctx, f, n, q, count+int64(len(waiting))); err != nil {
		return err
	}
	if f.step > 0 {
		return d.foldFar(ctx, f, n, waiting)
	}
	points, err := d.farPoints(ctx, n, f.from, f.to)
	if err != nil {
		return err
	}
	f.points(mergePoints(waiting, points))
	slices.SortStableFunc(f.buckets, func(a, b bucket) int { return cmp.Compare(a.at, b.at) })
	return nil
}

// fillSealed takes the months of this machine and decides the width of the buckets.
func (d *DB) fillSealed(ctx context.Context, f *fold, n name, q telemetry.Query, others int64) error {
	d.view.RLock()
	defer d.view.RUnlock()
	d.mu.RLock()
	s := d.names[n]
	d.mu.RUnlock()
	var parts []part
	if s != nil {
		var err error
		if parts, err = d.find(ctx, s.id, f.from, f.to); err != nil {
			return err
		}
	}
	if step := stepOf(q, parts, others, f); step > 0 {
		f.widen(step)
	}
	if s == nil {
		return nil
	}
	return d.foldParts(ctx, f, s.id, parts)
}

// foldFar brings what the remote has summed up and what waits into the fold. Where a waiting reading may be at
// the remote as well, the readings of its bucket are fetched one by one.
func (d *DB) foldFar(ctx context.Context, f *fold, n name, waiting []point) error {
	sums, err := d.opt.Remote.Sum(ctx, n.device, n.property, f.from, f.to, f.step)
	if err != nil {
		return away(err)
	}
	end := d.farEnd(n)
	doubtful := map[int64]bool{}
	for _, p := range waiting {
		if p.at > end {
			break
		}
		doubtful[floorDiv(p.at, f.step)] = true
	}
	for i := range sums {
		if at := floorDiv(sums[i].At, f.step); !doubtful[at] && at >= f.first && at < f.first+int64(len(f.buckets)) {
			f.summed(&sums[i], at)
		}
	}
	for len(waiting) > 0 {
		at := floorDiv(waiting[0].at, f.step)
		next := min((at+1)*f.step, f.to)
		k := until(waiting, next)
		points := waiting[:k]
		if doubtful[at] {
			far, err := d.farPoints(ctx, n, max(at*f.step, f.from), next)
			if err != nil {
				return err
			}
			points = mergePoints(points, far)
		}
		f.points(points)
		waiting = waiting[k:]
	}
	return nil
}

// farEnd is the newest time of a series that may be at the remote.
func (d *DB) farEnd(n name) int64 {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if s := d.names[n]; s != nil && s.hasChunk {
		return s.chunkEnd
	}
	return math.MinInt64
}

// farPoints reads all readings of a span at the remote.
func (d *DB) farPoints(ctx context.Context, n name, from, to int64) ([]point, error) {
	var out []point
	for from < to {
		list, err := d.opt.Remote.Read(ctx, n.device, n.property, from, to, farPage)
		if err != nil {
			return nil, away(err)
		}
		out = appendFar(out, list)
		if len(list) < farPage {
			break
		}
		from = out[len(out)-1].at + 1
	}
	return out, nil
}

// appendFar takes what the remote lists. Two qualities of one time are two readings to it and one here.
func appendFar(out []point, list []telemetry.Sample) []point {
	for i := range list {
		s := &list[i]
		p := point{at: s.At.UnixMilli(), value: s.Value, quality: s.Quality, count: s.Count}
		if n := len(out); n > 0 && out[n-1].at == p.at {
			continue
		}
		if !s.ReceivedAt.IsZero() {
			p.received = s.ReceivedAt.UnixMilli()
		}
		out = append(out, p)
	}
	return out
}

// summed takes a summary of the remote as the bucket of that number.
func (f *fold) summed(s *Summary, at int64) {
	b := &f.buckets[at-f.first]
	c := min(class(s.Quality), bad)
	if s.Void {
		c = void
	}
	switch c {
	case uncertain:
		b.uncertain += s.Count
	case bad, void:
		b.bad += s.Count
	case good, classes:
	}
	if f.takes(c) {
		b.merge(stat{count: s.Count, min: s.Min, max: s.Max, last: s.Last, lastAt: s.LastAt, sum: s.Mean * float64(s.Count)})
	}
}

// readFar lists readings from the same three places.
func (d *DB) readFar(ctx context.Context, q telemetry.Read, from, to int64, take func([]point) bool) error {
	n := name{q.Device, q.Property}
	waiting, err := d.unsent(ctx, n, from, to)
	if err != nil {
		return err
	}
	for from < to {
		sealed, next, err := d.sealedPage(ctx, q, n, from, to)
		if err != nil {
			return err
		}
		limit := min(max(q.Limit, chunkPoints), farPage)
		list, err := d.opt.Remote.Read(ctx, q.Device, q.Property, from, next, limit)
		if err != nil {
			return away(err)
		}
		far := appendFar(nil, list)
		if len(list) == limit { // there may be more
			next = far[len(far)-1].at + 1
			sealed = sealed[:until(sealed, next)]
		}
		k := until(waiting, next)
		if !take(mergePoints(waiting[:k], mergePoints(sealed, far))) {
			return nil
		}
		waiting, from = waiting[k:], next
	}
	return nil
}

func (d *DB) sealedPage(ctx context.Context, q telemetry.Read, n name, from, to int64) ([]point, int64, error) {
	d.view.RLock()
	defer d.view.RUnlock()
	d.mu.RLock()
	s := d.names[n]
	d.mu.RUnlock()
	if s == nil {
		return nil, to, nil
	}
	return d.nextChunk(ctx, q, s.id, from, to)
}

// away says what an operator needs to know when the remote does not answer.
func away(err error) error {
	return errs.Wrap(err, errs.Unavailable, "telemetry.remote", "the time-series server does not answer: charts wait for it, readings and alarms do not")
}
