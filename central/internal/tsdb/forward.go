package tsdb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// With a remote, rows up to meta.sealed are those that it has accepted or refused for good. Memory holds the
// rows after them, up to headMost readings; the rows from DB.gap on are on the disk only, and are read when
// somebody asks, until the remote has caught up.
const (
	headMost  = 2_000_000
	gapBytes  = 4 << 20          // the gap is read into memory when no more than this is left of it
	setupWait = 15 * time.Second // between attempts while a person must do something
	quiet     = 2                // failed attempts that nobody needs to hear of
)

// forwarding is what is known of the way to the remote.
type forwarding struct {
	sync.Mutex
	state    telemetry.ForwardState
	err      string
	sent     int64 // readings that were accepted
	waiting  int64 // readings in the inbox
	rejected int64 // readings refused for good and kept
	oldest   int64 // when the oldest waiting row came, Unix milliseconds; 0: unknown
}

// outgoing are some rows of the inbox on their way to the remote.
type outgoing struct {
	last    int64 // row
	list    []telemetry.Sample
	touched []*series
	oldest  int64
}

// errEnough ends the reading of rows.
var errEnough = errors.New("enough rows")

// runForward forwards what comes, for ever.
func (d *DB) runForward(ctx context.Context) {
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
		if err := d.Forward(ctx); err != nil && ctx.Err() == nil {
			d.log.Error("readings stay in the inbox because it cannot be read", "error", err)
			continue
		}
		if d.months.any() {
			if err := d.tend(ctx, time.Now()); err != nil && ctx.Err() == nil {
				d.log.Error("sealed readings wait to be tended", "error", err)
			}
		}
	}
}

// Forward hands the remote everything that is in the inbox now, in order. It returns when all of it was
// accepted or refused for good, however long the remote is away.
func (d *DB) Forward(ctx context.Context) error {
	d.sealing.Lock()
	defer d.sealing.Unlock()
	d.mu.RLock()
	until := d.lastRow
	d.mu.RUnlock()
	for {
		out, err := d.collect(ctx, until)
		if err != nil {
			return fmt.Errorf("read inbox: %w", err)
		}
		if out.last == 0 {
			return nil
		}
		rejected, err := d.send(ctx, out.list, d.patiently)
		if err != nil {
			return err
		}
		d.step("accepted")
		if err := d.advance(ctx, out, rejected); err != nil {
			return fmt.Errorf("note what is forwarded: %w", err)
		}
		d.step("advanced")
		if err := d.turn(ctx); err != nil {
			return err
		}
	}
}

// collect takes the next rows, whole, until there are enough readings for one write.
func (d *DB) collect(ctx context.Context, until int64) (outgoing, error) {
	d.mu.RLock()
	after := d.sealed
	d.mu.RUnlock()
	var out outgoing
	touched := map[*series]bool{}
	err := d.rows(ctx, after, func(id, received int64, columns []column, _ []sourced) error {
		if id > until || len(out.list) >= WriteMost {
			return errEnough
		}
		if out.last == 0 {
			out.oldest = received
		}
		out.last = id
		for _, c := range columns {
			d.mu.RLock()
			s := d.byID[c.id]
			d.mu.RUnlock()
			if s == nil {
				return fmt.Errorf("row %d: series %d is unknown", id, c.id)
			}
			if !touched[s] {
				touched[s] = true
				out.touched = append(out.touched, s)
			}
			out.list = appendSamples(out.list, s, c.points, received)
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return out, err
	}
	d.forwarding.Lock()
	d.forwarding.oldest = out.oldest
	d.forwarding.Unlock()
	// From here on the remote may have them; queries count with it.
	d.mu.Lock()
	for _, one := range out.list {
		d.names[name{one.Device, one.Property}].extend(one.At.UnixMilli())
	}
	d.mu.Unlock()
	// What is refused is found by halving; what belongs together should lie together.
	slices.SortStableFunc(out.list, func(a, b telemetry.Sample) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.Property, b.Property), a.At.Compare(b.At))
	})
	return out, nil
}

func appendSamples(out []telemetry.Sample, s *series, points []wire.Point, received int64) []telemetry.Sample {
	for _, p := range points {
		out = append(out, telemetry.Sample{
			Device: s.device, Property: s.property, At: wire.Time(p.At), ReceivedAt: wire.Time(received), Value: p.Value, Quality: p.Quality, Count: p.Count,
		})
	}
	return out
}

// refused are readings that the remote does not take, with what it said.
type refused struct {
	list []telemetry.Sample
	err  *RejectedError
}

// send writes readings in parts and finds those that are refused.
func (d *DB) send(ctx context.Context, list []telemetry.Sample, write func(context.Context, []telemetry.Sample) error) ([]refused, error) {
	if len(list) == 0 {
		return nil, nil
	}
	if len(list) > WriteMost {
		return d.halves(ctx, list, WriteMost, write)
	}
	err := write(ctx, list)
	var no *RejectedError
	switch {
	case err == nil:
		return nil, nil
	case !errors.As(err, &no):
		return nil, err
	case no.All || len(list) == 1:
		return []refused{{slices.Clone(list), no}}, nil
	}
	return d.halves(ctx, list, len(list)/2, write)
}

func (d *DB) halves(ctx context.Context, list []telemetry.Sample, n int, write func(context.Context, []telemetry.Sample) error) ([]refused, error) {
	a, err := d.send(ctx, list[:n], write)
	if err != nil {
		return nil, err
	}
	b, err := d.send(ctx, list[n:], write)
	return append(a, b...), err
}

// patiently writes until the remote has an answer.
func (d *DB) patiently(ctx context.Context, list []telemetry.Sample) error {
	for attempt := 0; ; attempt++ {
		err := d.opt.Remote.Write(ctx, list)
		var no *RejectedError
		if err == nil || errors.As(err, &no) {
			d.reached()
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("forward readings: %w", ctx.Err())
		}
		pause := d.opt.Retry.pause(attempt)
		_, setup := errors.AsType[*SetupError](err)
		if setup {
			pause = max(pause, min(setupWait, d.opt.Retry.filled().Most))
		} else if busy, ok := errors.AsType[*BusyError](err); ok {
			pause = max(pause, busy.After)
		}
		d.missed(err, setup, attempt)
		select {
		case <-ctx.Done():
			return fmt.Errorf("forward readings: %w", ctx.Err())
		case <-time.After(pause):
		}
	}
}

func (d *DB) reached() {
	d.forwarding.Lock()
	defer d.forwarding.Unlock()
	if d.forwarding.state != telemetry.ForwardOK {
		d.log.Info("the time-series server accepts readings again")
	}
	d.forwarding.state, d.forwarding.err = telemetry.ForwardOK, ""
}

// missed notes a failed attempt. One that is mended at once is not worth telling.
func (d *DB) missed(err error, setup bool, attempt int) {
	d.forwarding.Lock()
	defer d.forwarding.Unlock()
	d.forwarding.err = err.Error()
	state := d.forwarding.state
	switch {
	case setup:
		state = telemetry.ForwardSetup
	case attempt >= quiet:
		state = telemetry.ForwardBehind
	}
	if state != d.forwarding.state {
		d.log.Error("the time-series server does not accept readings; they stay in the inbox", "state", state, "error", err)
	}
	d.forwarding.state = state
}

// advance notes that rows are done: what was accepted is counted, what was refused is kept apart.
func (d *DB) advance(ctx context.Context, out outgoing, rejected []refused) error {
	ctx = context.WithoutCancel(ctx)
	lost := int64(0)
	for _, r := range rejected {
		lost += int64(len(r.list))
	}
	sent := int64(len(out.list)) - lost
	d.mu.RLock()
	last := make([]series, len(out.touched))
	for i, s := range out.touched {
		last[i] = s.row()
	}
	d.mu.RUnlock()
	err := d.tx(ctx, d.inbox, func(tx *sql.Tx) error {
		if err := saveLast(ctx, tx, last); err != nil {
			return err
		}
		if err := d.keepRejected(ctx, tx, rejected); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `insert into meta (key, value) values ('forwarded', $1) on conflict (key) do update set value = value + excluded.value`, sent); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `update meta set value = $1 where key = 'sealed'`, out.last); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, trimInbox)
		return err
	})
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.sealed = out.last
	d.mu.Unlock()
	d.forwarding.Lock()
	defer d.forwarding.Unlock()
	d.forwarding.sent += sent
	d.forwarding.rejected += lost
	d.forwarding.waiting -= int64(len(out.list))
	if lost > 0 {
		d.log.Error("the time-series server refuses readings; they are kept apart", "readings", lost, "error", rejected[0].err.Err)
	}
	return nil
}

func saveLast(ctx context.Context, tx *sql.Tx, list []series) error {
	put, err := tx.PrepareContext(ctx, `update series set last_at = $1, last_value = $2, last_quality = $3, last_received = $4,
		chunk_end = max(coalesce(chunk_end, $5), $5) where id = $6`)
	if err != nil {
		return err
	}
	defer put.Close()
	for i := range list {
		s := &list[i]
		newest := []any{s.last.At, s.last.Value, s.last.Quality, s.received}
		if !s.hasLast { // it is forgotten
			newest = make([]any, len(newest))
		}
		if _, err := put.ExecContext(ctx, append(newest, s.chunkEnd, s.id)...); err != nil {
			return err
		}
	}
	return nil
}

// loadForwarding reads what is known of the remote.
func (d *DB) loadForwarding(ctx context.Context) error {
	d.forwarding.state = telemetry.ForwardOK
	err := d.inbox.QueryRowContext(ctx, `select coalesce((select value from meta where key = 'forwarded'), 0),
		coalesce((select sum(readings) from rejected), 0)`).Scan(&d.forwarding.sent, &d.forwarding.rejected)
	if err != nil {
		return fmt.Errorf("read what is forwarded: %w", err)
	}
	// What waits may have reached the remote before the process died.
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.names {
		if s.hasLast {
			s.extend(s.last.At)
		}
	}
	return nil
}

// Forwarding says how the readings go on to the remote.
func (d *DB) Forwarding() telemetry.Forwarding {
	if d.opt.Remote == nil {
		return telemetry.Forwarding{State: telemetry.ForwardOff}
	}
	d.forwarding.Lock()
	defer d.forwarding.Unlock()
	f := &d.forwarding
	out := telemetry.Forwarding{State: f.state, Error: f.err, Sent: f.sent, Waiting: max(f.waiting, 0), Rejected: f.rejected}
	if out.Waiting > 0 && f.oldest > 0 {
		out.Oldest = time.UnixMilli(f.oldest).UTC()
	}
	return out
}
