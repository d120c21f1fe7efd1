package tsdb

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// crowded is how many times SealPoints the head may hold before commits wait for the sealer.
const crowded = 3

// Times that can be stored, Unix milliseconds: 1970 to 2199. Clocks that were never set start in 1970.
const (
	firstTime = int64(0)
	lastTime  = int64(7_258_118_400_000)
)

// scratch is what a commit works with; it is reused by the next. Guarded by DB.commit.
type scratch struct {
	touched []*series
	fresh   []*series // touched series that are not in inbox.db yet
	columns []column
	events  []sourced
	body    []byte
	chunks  sealedTimes
	strange int   // readings with an impossible time
	expired int64 // readings of months that retention has deleted
}

// laneChange is what a commit does to one lane: the new set, and the ranges of it to write.
type laneChange struct {
	set   ranges
	write []wire.Range
}

// Commit implements telemetry.Store.
func (d *DB) Commit(ctx context.Context, in []telemetry.Incoming) ([]telemetry.Outcome, error) {
	d.commit.Lock()
	defer d.commit.Unlock()
	if !telemetry.Urgent(in) {
		if d.space.full() {
			d.space.refuse(len(in))
			return nil, errs.E(errs.Unavailable, telemetry.CodeDiskFull, "the disk is full: readings are refused, alarms are still taken")
		}
		if err := d.waitForRoom(ctx); err != nil {
			return nil, err
		}
	}
	defer d.reset()
	out := make([]telemetry.Outcome, len(in))
	lanes := map[lane]*laneChange{}
	var received int64
	for i := range in {
		m := &in[i]
		received = max(received, m.ReceivedAt.UnixMilli())
		if m.Ranged && !d.take(lanes, m) {
			out[i].Duplicate = true
			continue
		}
		n, err := d.stage(ctx, m.Batch.Readings)
		if err != nil {
			return nil, unavailable(err)
		}
		out[i].Readings = n
		for _, e := range m.Batch.Events {
			d.events = append(d.events, sourced{Edge: m.Edge, Event: e})
		}
	}
	for _, s := range d.touched {
		d.columns = append(d.columns, column{id: s.id, points: s.stage})
	}
	if len(d.columns) == 0 && len(d.events) == 0 && len(lanes) == 0 {
		return out, nil
	}
	d.step("before the commit")
	row, err := d.write(ctx, lanes, received)
	d.trouble.note(&d.trouble.commit, err)
	if err != nil {
		return nil, unavailable(err)
	}
	d.step("committed")
	d.apply(lanes, row, received)
	if d.active.points >= d.opt.SealPoints {
		d.wake()
	}
	return out, nil
}

func unavailable(err error) error {
	return errs.Wrap(err, errs.Unavailable, "telemetry.store", "the readings cannot be stored")
}

// waitForRoom holds a commit back while the sealer is behind, and refuses it when the sealer cannot work.
func (d *DB) waitForRoom(ctx context.Context) error {
	for d.stop != nil && d.opt.Remote == nil && d.crowd() >= crowded*d.opt.SealPoints {
		d.wake()
		if d.sealErr != nil {
			return unavailable(d.sealErr)
		}
		room := d.room
		d.commit.Unlock()
		var err error
		select {
		case <-room:
		case <-ctx.Done():
			err = unavailable(ctx.Err())
		}
		d.commit.Lock()
		if err != nil {
			return err
		}
	}
	return nil
}

// crowd counts the readings in memory.
func (d *DB) crowd() int64 {
	n := d.active.points
	if d.frozen != nil {
		n += d.frozen.points
	}
	return n
}

// take merges the range of a message; it is false when the range was committed before.
func (d *DB) take(lanes map[lane]*laneChange, m *telemetry.Incoming) bool {
	l := lane{edge: m.Edge, epoch: m.Batch.Epoch, lane: m.Batch.Lane}
	c := lanes[l]
	if c == nil {
		c = &laneChange{set: d.lanes[l]}
	}
	r := wire.Range{m.Batch.SeqFrom, m.Batch.SeqTo}
	if c.set.covers(r) {
		return false
	}
	var merged wire.Range
	c.set, merged = c.set.add(r)
	if n := len(c.write); n > 0 && c.write[n-1][0] == merged[0] {
		c.write[n-1] = merged
	} else {
		c.write = append(c.write, merged)
	}
	lanes[l] = c
	return true
}

// stage sets the readings aside whose series and time are not stored yet, and counts them.
func (d *DB) stage(ctx context.Context, readings []wire.Reading) (int, error) {
	n := 0
	var s *series
	for i := range readings {
		r := &readings[i]
		if s == nil || s.property != r.Property || s.device != r.Device {
			s = d.lookup(name{r.Device, r.Property})
		}
		if r.At < firstTime || r.At >= lastTime {
			d.strange++
			continue
		}
		if d.opt.Remote == nil && r.At < d.retiredEnd && d.retired[monthOf(r.At)] {
			d.expired++
			continue
		}
		p := wire.Point{At: r.At, Value: r.Value, Quality: r.Quality, Count: r.Count}
		at := len(s.stage)
		if at > 0 && p.At <= s.stage[at-1].At {
			var have bool
			at, have = slices.BinarySearchFunc(s.stage, p.At, func(p wire.Point, at int64) int { return cmp.Compare(p.At, at) })
			if have {
				continue
			}
		}
		if s.hasLast && p.At <= s.last.At {
			have, err := d.stored(ctx, s, p.At)
			if err != nil {
				return 0, err
			}
			if have {
				continue
			}
		}
		if len(s.stage) == 0 {
			d.touched = append(d.touched, s)
		}
		if at == len(s.stage) {
			s.stage = append(s.stage, p)
		} else {
			s.stage = slices.Insert(s.stage, at, p)
		}
		n++
	}
	return n, nil
}

// lookup finds a series or names a new one, which is written with the commit.
func (d *DB) lookup(n name) *series {
	s := d.names[n]
	if s == nil {
		d.lastID++
		s = &series{name: n, id: d.lastID}
		d.mu.Lock()
		d.names[n], d.byID[s.id] = s, s
		d.mu.Unlock()
	}
	if !s.saved && len(s.stage) == 0 {
		d.fresh = append(d.fresh, s)
	}
	return s
}

// stored reports whether a series has a reading of that time, in memory or in a chunk.
func (d *DB) stored(ctx context.Context, s *series, at int64) (bool, error) {
	if d.active.series[s.id].has(at) || (d.frozen != nil && d.frozen.series[s.id].has(at)) {
		return true, nil
	}
	if !s.hasChunk || at > s.chunkEnd {
		return false, nil
	}
	return d.chunks.has(ctx, d, s.id, at)
}

// write stores one commit durably. The context is cut off: whether a commit happened must be known.
func (d *DB) write(ctx context.Context, lanes map[lane]*laneChange, received int64) (row int64, err error) {
	d.body, err = appendBody(d.body, d.columns, d.events)
	if err != nil {
		return 0, err
	}
	ctx = context.WithoutCancel(ctx)
	row = d.lastRow
	err = d.tx(ctx, d.inbox, func(tx *sql.Tx) error {
		for _, s := range d.fresh {
			if _, err := tx.ExecContext(ctx, `insert into series (id, device, property) values ($1, $2, $3) on conflict (id) do nothing`, s.id, s.device, s.property); err != nil {
				return err
			}
		}
		if err := writeLanes(ctx, tx, lanes); err != nil {
			return err
		}
		if len(d.columns) == 0 && len(d.events) == 0 {
			return nil
		}
		res, err := tx.ExecContext(ctx, `insert into inbox (received, body) values ($1, $2)`, received, d.body)
		if err != nil {
			return err
		}
		row, err = res.LastInsertId()
		return err
	})
	return row, err
}

func writeLanes(ctx context.Context, tx *sql.Tx, lanes map[lane]*laneChange) error {
	if len(lanes) == 0 {
		return nil
	}
	absorb, err := tx.PrepareContext(ctx, `delete from range where edge = $1 and epoch = $2 and lane = $3 and first > $4 and first <= $5`)
	if err != nil {
		return err
	}
	defer absorb.Close()
	put, err := tx.PrepareContext(ctx, `insert into range (edge, epoch, lane, first, last) values ($1, $2, $3, $4, $5)
		on conflict (edge, epoch, lane, first) do update set last = excluded.last`)
	if err != nil {
		return err
	}
	defer put.Close()
	for l, c := range lanes {
		for _, r := range c.write {
			if _, err := absorb.ExecContext(ctx, l.edge, int64(l.epoch), l.lane, int64(r[0]), int64(r[1])); err != nil {
				return err
			}
			if _, err := put.ExecContext(ctx, l.edge, int64(l.epoch), l.lane, int64(r[0]), int64(r[1])); err != nil {
				return err
			}
		}
	}
	return nil
}

// apply takes a durable commit into memory.
func (d *DB) apply(lanes map[lane]*laneChange, row, received int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lastRow = row
	for l, c := range lanes {
		d.lanes[l] = c.set
	}
	for _, s := range d.fresh {
		s.saved = true
	}
	for _, s := range d.touched {
		d.remember(s.id, s.stage, row, received)
		s.newest(s.stage, received)
	}
}

// reset empties the scratch, whether the commit succeeded or not.
func (d *DB) reset() {
	for _, s := range d.touched {
		if cap(s.stage) > 4*chunkPoints {
			s.stage = nil
		}
		s.stage = s.stage[:0]
	}
	if d.strange > 0 {
		d.log.Warn("readings with an impossible time are left out", "readings", d.strange)
		d.strange = 0
	}
	if d.expired > 0 {
		d.log.Info("readings older than what is kept are left out", "readings", d.expired)
		d.expired = 0
	}
	clear(d.events)
	d.touched, d.fresh, d.columns, d.events = d.touched[:0], d.fresh[:0], d.columns[:0], d.events[:0]
}

// Have implements telemetry.Store.
func (d *DB) Have(_ context.Context, edge string, epoch uint64) ([]wire.LaneRanges, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var out []wire.LaneRanges
	for n := range wire.Lane(wire.Lanes) {
		if set := d.lanes[lane{edge: edge, epoch: epoch, lane: n}]; len(set) > 0 {
			out = append(out, wire.LaneRanges{Lane: n, Ranges: slices.Clone(set)})
		}
	}
	return out, nil
}

// Holds implements telemetry.Store.
func (d *DB) Holds(edge string, epoch uint64, n wire.Lane, r wire.Range) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.lanes[lane{edge: edge, epoch: epoch, lane: n}].covers(r)
}

// Latest implements telemetry.Store.
func (d *DB) Latest(context.Context) ([]telemetry.Latest, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	out := make([]telemetry.Latest, 0, len(d.names))
	for _, s := range d.names {
		if !s.hasLast {
			continue
		}
		l := telemetry.Latest{
			Device: s.device, Property: s.property, At: wire.Time(s.last.At), ReceivedAt: time.UnixMilli(s.received).UTC(),
			Value: s.last.Value, Quality: s.last.Quality,
		}
		if math.IsNaN(l.Value) || math.IsInf(l.Value, 0) { // nothing that could be shown
			l.Value, l.Quality = 0, wire.Bad
		}
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b telemetry.Latest) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.Property, b.Property))
	})
	return out, nil
}
