package tsdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// Read implements telemetry.Store. It never holds more than a chunk and what memory has of its time.
func (d *DB) Read(ctx context.Context, q telemetry.Read) ([]telemetry.Sample, error) {
	from, to := max(q.From.UnixMilli(), firstTime), lastTime
	if !q.To.IsZero() {
		to = min(to, q.To.UnixMilli())
	}
	f := fold{quality: q.Quality}
	var out []telemetry.Sample
	take := func(points []point) (more bool) {
		for _, p := range points {
			// Listed, a value that is no finite number is a bad one like others.
			if len(out) < q.Limit && f.takes(min(p.class(), bad)) && q.Arrived(p.received) {
				out = append(out, sampleOf(q, p))
			}
		}
		return len(out) < q.Limit
	}
	read := d.readNear
	if d.opt.Remote != nil {
		read = d.readFar
	}
	if err := read(ctx, q, from, to, take); err != nil {
		return nil, fmt.Errorf("read %s/%s: %w", q.Device, q.Property, err)
	}
	return out, nil
}

// sampleOf is a reading as callers see it.
func sampleOf(q telemetry.Read, p point) telemetry.Sample {
	s := telemetry.Sample{Device: q.Device, Property: q.Property, At: wire.Time(p.at), Value: p.value, Quality: p.quality, Count: p.count}
	if p.received != 0 {
		s.ReceivedAt = wire.Time(p.received)
	}
	return s
}

// readNear lists readings of chunks and memory until enough are taken.
func (d *DB) readNear(ctx context.Context, q telemetry.Read, from, to int64, take func([]point) bool) error {
	for from < to {
		points, next, err := d.page(ctx, q, from, to)
		if err != nil {
			return err
		}
		if !take(points) {
			return nil
		}
		from = next
	}
	return nil
}

// page reads some readings of a span, sorted and complete up to next.
func (d *DB) page(ctx context.Context, q telemetry.Read, from, to int64) (points []point, next int64, err error) {
	d.view.RLock()
	defer d.view.RUnlock()
	d.mu.RLock()
	s := d.names[name{q.Device, q.Property}]
	d.mu.RUnlock()
	if s == nil {
		return nil, to, nil
	}
	sealed, next, err := d.nextChunk(ctx, q, s.id, from, to)
	if err != nil {
		return nil, 0, err
	}
	d.mu.RLock()
	recent := slices.Clone(d.held(s.id, from, next, chunkPoints))
	d.mu.RUnlock()
	if len(recent) == chunkPoints { // there may be more
		next = recent[len(recent)-1].at + 1
		sealed = sealed[:until(sealed, next)]
	}
	return mergePoints(sealed, recent), next, nil
}

// nextChunk reads the first chunk that has readings of a span, and says up to where no other has.
func (d *DB) nextChunk(ctx context.Context, q telemetry.Read, id, from, to int64) ([]point, int64, error) {
	since, before := q.Arrivals()
	for _, name := range d.months.between(from, to) {
		f := d.months.get(name)
		if f == nil {
			continue
		}
		var t1 int64
		var body []byte
		err := f.db.QueryRowContext(ctx, `select t1, body from chunk where series = $1 and t0 >= $2 and t0 < $3 and t1 >= $4
			and r1 >= $5 and r0 < $6 order by t0 limit 1`, id, dayOf(from)*day, to, from, since, before).Scan(&t1, &body)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		points, err := d.codec.decode(body)
		if err != nil {
			return nil, 0, err
		}
		next := min(t1+1, to)
		return points[until(points, from):until(points, next)], next, nil
	}
	return nil, to, nil
}
