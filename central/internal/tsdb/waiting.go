package tsdb

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/fengsui/fengsui/shared/wire"
)

// turn drops from memory what is done, and reads the gap when little is left of it.
func (d *DB) turn(ctx context.Context) error {
	d.commit.Lock()
	defer d.commit.Unlock()
	d.mu.Lock()
	if d.frozen == nil || d.frozenRow <= d.sealed {
		d.frozen, d.frozenRow = nil, d.lastRow
		if d.gap > 0 {
			d.frozenRow = d.gap - 1
		}
		if d.active.points > 0 {
			d.frozen, d.active, d.moved = d.active, newHead(), map[string]int64{}
		}
		if d.frozenRow <= d.sealed {
			d.frozen = nil
		}
	}
	closing := d.gap > 0 && d.frozen == nil && d.sealed >= d.gap-1
	after := d.sealed
	d.mu.Unlock()
	if !closing {
		return nil
	}
	var bytes int64
	if err := d.inbox.QueryRowContext(ctx, `select coalesce(sum(length(body)), 0) from inbox where id > $1`, after).Scan(&bytes); err != nil {
		return fmt.Errorf("weigh the inbox: %w", err)
	}
	if bytes > gapBytes {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gap = 0
	err := d.rows(ctx, after, func(_, received int64, columns []column, _ []sourced) error {
		for _, c := range columns {
			d.active.add(c.id, c.points, received)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the rest of the inbox: %w", err)
	}
	return nil
}

// remember takes a committed row into memory, or leaves it on the disk when there is too much. The locks of
// commit are held.
func (d *DB) remember(id int64, points []wire.Point, row, received int64) {
	if d.opt.Remote != nil {
		d.forwarding.Lock()
		d.forwarding.waiting += int64(len(points))
		d.forwarding.Unlock()
		if d.gap == 0 && d.crowd() >= d.opt.HeadPoints {
			d.gap = row
		}
		if d.gap > 0 && row >= d.gap {
			return
		}
	}
	d.active.add(id, points, received)
}

// unsent are the readings of a span that may not be at the remote yet, sorted.
func (d *DB) unsent(ctx context.Context, n name, from, to int64) ([]point, error) {
	d.mu.RLock()
	s := d.names[n]
	if s == nil {
		d.mu.RUnlock()
		return nil, nil
	}
	points := slices.Clone(d.held(s.id, from, to, math.MaxInt))
	gap := d.gap
	d.mu.RUnlock()
	if gap == 0 {
		return points, nil
	}
	var rest runs
	err := d.rows(ctx, gap-1, func(_, received int64, columns []column, _ []sourced) error {
		for _, c := range columns {
			if c.id == s.id {
				rest = rest.add(c.points, received)
			}
		}
		return nil
	})
	return mergePoints(points, rest.between(from, to, math.MaxInt)), err
}
