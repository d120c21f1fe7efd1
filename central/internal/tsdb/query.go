package tsdb

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/fengsui/fengsui/central/internal/telemetry"
)

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Query implements telemetry.Store. Whole days are taken from their roll-ups, where these are up to date;
// the rest from the chunks and from memory.
func (d *DB) Query(ctx context.Context, q telemetry.Query) (telemetry.Chart, error) {
	out := telemetry.NewChart(q)
	f := fold{from: max(q.From.UnixMilli(), firstTime), to: min(q.To.UnixMilli(), lastTime), quality: out.Quality}
	if f.from >= f.to {
		return out, nil
	}
	fill := d.fill
	if d.opt.Remote != nil {
		fill = d.fillFar
	}
	if err := fill(ctx, &f, q); err != nil {
		return out, fmt.Errorf("query %s/%s: %w", q.Device, q.Property, err)
	}
	out.Step = f.step
	f.result(&out)
	return out, nil
}

// fill brings everything into the fold.
func (d *DB) fill(ctx context.Context, f *fold, q telemetry.Query) error {
	d.view.RLock()
	defer d.view.RUnlock()
	recent, id, ok := d.recent(name{q.Device, q.Property}, f.from, f.to)
	if !ok {
		return nil
	}
	parts, err := d.find(ctx, id, f.from, f.to)
	if err != nil {
		return err
	}
	if step := stepOf(q, parts, int64(len(recent)), f); step > 0 {
		f.widen(step)
	}
	if err := d.foldParts(ctx, f, id, parts); err != nil {
		return err
	}
	if f.step > 0 {
		f.points(recent)
		return nil
	}
	// Chunks are in order of time, but what is in memory may lie between them.
	sealed := f.buckets
	f.buckets = nil
	f.points(recent)
	f.buckets = append(sealed, f.buckets...)
	slices.SortStableFunc(f.buckets, func(a, b bucket) int { return cmp.Compare(a.at, b.at) })
	return nil
}

// foldParts brings the months into the fold.
func (d *DB) foldParts(ctx context.Context, f *fold, id int64, parts []part) error {
	for i := range parts {
		if err := d.foldRolled(ctx, f, id, &parts[i]); err != nil {
			return err
		}
		if err := d.foldChunks(ctx, f, &parts[i]); err != nil {
			return err
		}
	}
	return nil
}

// stepOf is the width of the buckets: the one asked for; none where there are no more readings than
// wanted; else the narrowest that gives no more buckets than wanted. Where only roll-ups are left, no
// bucket is narrower than they are.
func stepOf(q telemetry.Query, parts []part, n int64, f *fold) int64 {
	var least int64
	for i := range parts {
		n += parts[i].points
		if parts[i].file == nil {
			least = minute
		}
	}
	if q.Step == 0 && least == 0 && n <= int64(q.Wanted()) {
		return 0
	}
	step := q.Step
	if step == 0 {
		step = telemetry.StepFor(f.from, f.to, q.Wanted())
	}
	return max(step, least)
}

// part is what one month has for a query.
type part struct {
	file    *month // nil: only roll-ups are left
	rollups *sql.DB
	days    map[int64][]rolled // days that have roll-ups which are up to date
	chunks  []chunk            // of the other days
	points  int64              // readings of both
}

// find looks through the months of a span.
func (d *DB) find(ctx context.Context, id, from, to int64) ([]part, error) {
	var parts []part
	for _, name := range d.months.between(from, to) {
		first, end := monthSpan(name)
		p := part{file: d.months.get(name), rollups: d.months.rollup(name)}
		if err := d.look(ctx, &p, id, max(from, first), min(to, end)); err != nil {
			return nil, fmt.Errorf("look into month %s: %w", name, err)
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// look fills a part. A day that lies only partly in the span is taken from its chunks while there are any.
func (d *DB) look(ctx context.Context, p *part, id, from, to int64) error {
	first, end := floorDiv(from, day), floorDiv(to-1, day)+1
	if p.rollups != nil {
		a, b := first, end
		if p.file != nil {
			a, b = floorDiv(from-1, day)+1, floorDiv(to, day)
		}
		var err error
		if p.days, err = d.rolledDays(ctx, p.rollups, id, day, a, b); err != nil {
			return err
		}
	}
	if p.file == nil {
		return d.count(ctx, p, from, to)
	}
	if err := p.dropDirty(ctx, id); err != nil {
		return err
	}
	for at := first; at < end; at++ {
		if _, ok := p.days[at]; ok {
			continue
		}
		last := at
		for last+1 < end && p.days[last+1] == nil {
			last++
		}
		list, err := chunks(ctx, p.file.db, id, at*day, (last+1)*day)
		if err != nil {
			return err
		}
		p.chunks = append(p.chunks, slices.DeleteFunc(list, func(c chunk) bool { return c.T1 < from || c.T0 >= to })...)
		at = last
	}
	return d.count(ctx, p, from, to)
}

// dropDirty forgets the roll-ups of days that have changed since.
func (p *part) dropDirty(ctx context.Context, id int64) error {
	if len(p.days) == 0 || p.file.dirty == 0 {
		return nil
	}
	rows, err := p.file.db.QueryContext(ctx, `select day from dirty where series = $1`, id)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var at int64
		if err := rows.Scan(&at); err != nil {
			return err
		}
		delete(p.days, at)
	}
	return rows.Err()
}

// count adds up the readings of a part that lie in the span.
func (d *DB) count(ctx context.Context, p *part, from, to int64) error {
	for _, list := range p.days {
		for i := range list {
			p.points += list[i].points()
		}
	}
	for _, c := range p.chunks {
		if c.T0 >= from && c.T1 < to {
			p.points += c.Points
			continue
		}
		read, err := d.reader(ctx, p.file.db)
		if err != nil {
			return err
		}
		points, err := read.points(ctx, c.id)
		read.close()
		if err != nil {
			return err
		}
		p.points += int64(until(points, to) - until(points, from))
	}
	return nil
}

// foldRolled takes the days that have roll-ups: from these, where their buckets fit into the step.
func (d *DB) foldRolled(ctx context.Context, f *fold, id int64, p *part) error {
	if len(p.days) == 0 {
		return nil
	}
	days := slices.Sorted(maps.Keys(p.days))
	from, to := days[0], days[len(days)-1]+1
	for _, width := range f.widths(p.file == nil) {
		list := p.days
		if width != day {
			var err error
			if list, err = d.rolledDays(ctx, p.rollups, id, width, from, to); err != nil {
				return err
			}
		}
		days = slices.DeleteFunc(days, func(at int64) bool {
			buckets, ok := list[at]
			if ok {
				f.rolled(buckets)
			}
			return ok
		})
		if len(days) == 0 {
			return nil
		}
	}
	for _, at := range days {
		list, err := chunks(ctx, p.file.db, id, at*day, (at+1)*day)
		if err != nil {
			return err
		}
		p.chunks = append(p.chunks, list...)
	}
	slices.SortFunc(p.chunks, func(a, b chunk) int { return cmp.Compare(a.T0, b.T0) })
	return nil
}

// widths are those roll-ups that may be used: the widest that divides the step, and where nothing else is
// left the wider ones as well.
func (f *fold) widths(alone bool) []int64 {
	var out []int64
	for _, w := range widths() {
		if f.step > 0 && f.step%w == 0 {
			out = []int64{w}
		}
	}
	if !alone {
		return out
	}
	all := widths()
	if len(out) == 0 {
		return all
	}
	return all[slices.Index(all, out[0]):]
}

// foldChunks takes the chunks of a month.
func (d *DB) foldChunks(ctx context.Context, f *fold, p *part) error {
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
		f.points(points[until(points, f.from):])
	}
	return nil
}

// recent copies what memory holds of the span and no chunk does.
func (d *DB) recent(n name, from, to int64) (points []point, id int64, ok bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	s := d.names[n]
	if s == nil {
		return nil, 0, false
	}
	return slices.Clone(d.held(s.id, from, to, math.MaxInt)), s.id, true
}

// held are the first readings of a span that are in memory and in no chunk, at most limit of them. DB.mu is
// held; the result may be part of the head.
func (d *DB) held(id, from, to int64, limit int) []point {
	points := d.active.series[id].between(from, to, limit)
	if d.frozen == nil || len(d.frozen.series[id]) == 0 {
		return points
	}
	var still []point
	for from < to && len(still) < limit {
		month := monthOf(from)
		_, end := monthSpan(month)
		if _, moved := d.moved[month]; !moved {
			still = append(still, d.frozen.series[id].between(from, min(end, to), limit-len(still))...)
		}
		from = end
	}
	points = mergePoints(still, points)
	return points[:min(len(points), limit)]
}
