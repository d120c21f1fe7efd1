package tsdb

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"
)

// run seals when the head is full or old.
func (d *DB) run(ctx context.Context) {
	defer close(d.done)
	every := time.NewTicker(d.opt.SealEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		case <-d.seal:
		}
		if err := d.Seal(ctx); err != nil && ctx.Err() == nil {
			d.log.Error("readings stay in the inbox because sealing fails", "error", err)
			continue
		}
		if err := d.tend(ctx, time.Now()); err != nil && ctx.Err() == nil {
			d.log.Error("sealed readings wait to be tended", "error", err)
		}
	}
}

// tend does what follows a seal: roll-ups, and then what they allow to be deleted.
func (d *DB) tend(ctx context.Context, now time.Time) error {
	if d.space.full() {
		return nil // roll-ups can wait for room
	}
	for more := true; more; {
		if len(d.seal) > 0 {
			return nil // commits may be waiting for the next seal
		}
		var err error
		if more, err = d.rollSome(ctx, now); err != nil {
			return err
		}
	}
	return d.Retain(ctx, now)
}

func (d *DB) wake() {
	select {
	case d.seal <- struct{}{}:
	default:
	}
}

// Seal moves what is in the head now into chunks and forgets the inbox rows. Each month is one
// transaction that also notes the newest inbox row it covers; dying between two steps repeats or skips
// the step, never doubles it.
func (d *DB) Seal(ctx context.Context) error {
	d.sealing.Lock()
	defer d.sealing.Unlock()
	err := d.sealNow(ctx)
	d.commit.Lock()
	defer d.commit.Unlock()
	d.sealErr = err
	d.trouble.note(&d.trouble.seal, err)
	close(d.room)
	d.room = make(chan struct{})
	return err
}

func (d *DB) sealNow(ctx context.Context) error {
	d.freeze()
	plan := d.plan()
	for _, name := range slices.Sorted(maps.Keys(plan)) {
		if err := d.sealMonth(ctx, name, plan[name]); err != nil {
			return fmt.Errorf("seal month %s: %w", name, err)
		}
	}
	d.step("before forgetting")
	if err := d.forget(ctx); err != nil {
		return fmt.Errorf("forget sealed inbox: %w", err)
	}
	d.step("forgotten")
	return nil
}

// freeze sets the head aside, unless one is set aside already by a seal that failed.
func (d *DB) freeze() {
	d.commit.Lock()
	defer d.commit.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.frozen == nil {
		d.frozen, d.active = d.active, newHead()
		d.frozenRow, d.moved = d.lastRow, map[string]int64{}
	}
}

// plan lists the frozen readings by month, without the months that were moved before a failure.
func (d *DB) plan() map[string][]stretch {
	out := map[string][]stretch{}
	for id, r := range d.frozen.series {
		for points := r.sorted(); len(points) > 0; {
			n := sameMonth(points)
			month := monthOf(points[0].at)
			if _, ok := d.moved[month]; !ok {
				out[month] = append(out[month], stretch{id: id, points: points[:n]})
			}
			points = points[n:]
		}
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b stretch) int { return cmp.Compare(a.id, b.id) })
	}
	return out
}

// stretch is readings of one series, sorted.
type stretch struct {
	id     int64
	points []point
}

func (d *DB) sealMonth(ctx context.Context, name string, list []stretch) error {
	f, err := d.months.make(ctx, name)
	if err != nil {
		return err
	}
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	w := chunkWriter{d: d, tx: tx}
	if err := w.prepare(ctx); err != nil {
		return err
	}
	for _, c := range list {
		for points := c.points; len(points) > 0; {
			n := until(points, (dayOf(points[0].at)+1)*day)
			if err := w.merge(ctx, c.id, points[:n]); err != nil {
				return err
			}
			points = points[n:]
		}
	}
	if _, err := tx.ExecContext(ctx, `update meta set value = case key when 'mark' then $1 else value + $2 end`, d.frozenRow, w.added); err != nil {
		return err
	}
	d.step("chunks written")
	// Queries see the readings either in the head or in the chunks.
	d.view.Lock()
	defer d.view.Unlock()
	if err := tx.Commit(); err != nil {
		return err
	}
	var moved int64
	for _, c := range list {
		moved += int64(len(c.points))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.moved[name] = moved
	d.seals++
	f.mark = d.frozenRow
	f.points += w.added
	f.dirty += w.dirty
	d.step("month sealed")
	return nil
}

// forget drops the frozen head and the inbox rows it came from.
func (d *DB) forget(ctx context.Context) error {
	d.commit.Lock()
	defer d.commit.Unlock()
	ends := make(map[*series]int64, len(d.frozen.series))
	for id, r := range d.frozen.series {
		for _, run := range r {
			s := d.byID[id]
			if end, ok := ends[s]; !ok || run[len(run)-1].at > end {
				ends[s] = run[len(run)-1].at
			}
		}
	}
	err := d.tx(ctx, d.inbox, func(tx *sql.Tx) error {
		list := make([]series, 0, len(ends))
		for s, end := range ends {
			one := s.row()
			one.chunkEnd = end
			list = append(list, one)
		}
		if err := saveLast(ctx, tx, list); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `update meta set value = $1 where key = 'sealed'`, d.frozenRow); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, trimInbox)
		return err
	})
	if err != nil {
		return err
	}
	d.view.Lock()
	defer d.view.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	for s, end := range ends {
		s.extend(end)
	}
	d.sealed, d.frozen, d.moved = d.frozenRow, nil, nil
	return nil
}

// chunkWriter writes chunks of one month in one transaction.
type chunkWriter struct {
	d       *DB
	tx      *sql.Tx
	insert  *sql.Stmt
	remove  *sql.Stmt
	mark    *sql.Stmt
	read    *reader
	scratch buffer
	added   int64 // readings
	dirty   int64 // days of series
}

func (w *chunkWriter) prepare(ctx context.Context) (err error) {
	if w.insert, err = w.tx.PrepareContext(ctx, `insert into chunk (series, t0, t1, points, usable, good, min, max, last, last_t, sum, r0, r1, body)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`); err != nil {
		return err
	}
	if w.mark, err = w.tx.PrepareContext(ctx, `insert into dirty (day, series) values ($1, $2) on conflict do nothing`); err != nil {
		return err
	}
	if w.remove, err = w.tx.PrepareContext(ctx, `delete from chunk where id = $1`); err != nil {
		return err
	}
	w.read, err = w.d.reader(ctx, w.tx)
	return err
}

// merge brings the readings of one series and day into its chunks, of whatever age, and marks the day.
func (w *chunkWriter) merge(ctx context.Context, series int64, points []point) error {
	start := dayOf(points[0].at) * day
	list, err := chunks(ctx, w.tx, series, start, start+day)
	if err != nil {
		return err
	}
	// Chunks that end before the first reading stay as they are, except a last one with room.
	first := len(list)
	for first > 0 && list[first-1].T1 >= points[0].at {
		first--
	}
	if first == len(list) && first > 0 && list[first-1].Points < chunkPoints {
		first--
	}
	var have []point
	for _, c := range list[first:] {
		old, err := w.read.points(ctx, c.id)
		if err != nil {
			return err
		}
		have = append(have, old...)
		if _, err := w.remove.ExecContext(ctx, c.id); err != nil {
			return err
		}
	}
	all := mergePoints(have, points)
	w.added += int64(len(all) - len(have))
	for len(all) > 0 {
		n := min(len(all), chunkPoints)
		if err := w.put(ctx, series, all[:n]); err != nil {
			return err
		}
		all = all[n:]
	}
	res, err := w.mark.ExecContext(ctx, start/day, series)
	if err != nil {
		return err
	}
	marked, err := res.RowsAffected()
	w.dirty += marked
	return err
}

func (w *chunkWriter) put(ctx context.Context, series int64, points []point) error {
	s := summarise(points)
	_, err := w.insert.ExecContext(ctx, series, s.T0, s.T1, s.Points, s.Usable, s.Good, s.Min, s.Max, s.Last, s.LastAt, s.Sum, s.R0, s.R1,
		w.d.codec.encode(points, &w.scratch))
	return err
}
