package outbox

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

const (
	blockRecords = 2000     // of one block; a batch may have ten times as many
	blockBytes   = 64 << 10 // coded; blocks are joined up to here
	overhead     = 128      // what a row costs beyond its payload
)

// Batch is one Append: records of any lanes, committed together with values to keep under a name.
type Batch struct {
	Boot    string // id of this start of the agent
	Synced  bool   // the clock was set
	Keep    map[string][]byte
	Entries []Entry

	refused refusal   // readings that were not kept, to be told of
	at      time.Time // by the clock of the terminal; zero: by that of the machine
}

func (b *Batch) now() time.Time {
	if b.at.IsZero() {
		return time.Now()
	}
	return b.at
}

// Append writes a batch to disk. When it returns without an error everything is durable; otherwise
// nothing is. ErrFull means that there is no room; alarms and states alone have a reserve.
func (b *Box) Append(ctx context.Context, batch Batch) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !batch.urgent() && !b.room(ctx, time.Now()) {
		return fmt.Errorf("append to outbox: %w", ErrFull)
	}
	latest := map[series]uint64{}
	do := func(tx *sql.Tx, st *state) error {
		for _, e := range batch.Entries {
			if err := b.appendEntry(ctx, tx, st, batch, e, latest); err != nil {
				return err
			}
		}
		for key, value := range batch.Keep {
			if err := put(ctx, tx, "keep."+key, value); err != nil {
				return err
			}
		}
		if r := batch.refused; r.count > 0 {
			l := loss{lane: wire.LaneTelemetry, why: "disk full: not taken", count: r.count, from: r.from, to: r.to}
			if err := st.lose(tollRefused, l, batch); err != nil {
				return err
			}
		}
		return b.enforce(ctx, tx, st, batch)
	}
	err := b.write(ctx, do)
	if errors.Is(err, ErrFull) && b.st.ring > 0 {
		// What the centre has stored already must not stand in the way of what it has not.
		freed := b.write(ctx, func(tx *sql.Tx, st *state) error { return b.trim(ctx, tx, st, b.st.ring/2) })
		if freed == nil {
			clear(latest)
			err = b.write(ctx, do)
		}
	}
	if errors.Is(err, ErrFull) {
		b.giveReserve(ctx, err)
		if batch.urgent() {
			clear(latest)
			err = b.write(ctx, do)
		}
	}
	if err != nil {
		b.failed(err)
		return fmt.Errorf("append to outbox: %w", err)
	}
	b.kept(batch)
	maps.Copy(b.latest, latest)
	select {
	case b.changed <- struct{}{}:
	default:
	}
	return nil
}

// appendEntry writes the records of one lane as blocks, each small enough for one message.
func (b *Box) appendEntry(ctx context.Context, tx *sql.Tx, st *state, batch Batch, e Entry, latest map[series]uint64) error {
	synced := batch.Synced && !e.Unset
	if e.Lane >= wire.Lanes {
		return fmt.Errorf("no lane %d", e.Lane)
	}
	for len(e.Readings)+len(e.Events) > 0 {
		part := Entry{Lane: e.Lane, Readings: e.Readings, Events: e.Events}
		if len(part.Readings) > 0 && len(part.Events) > 0 {
			part.Events = nil
		}
		part.Readings = part.Readings[:min(len(part.Readings), blockRecords)]
		part.Events = part.Events[:min(len(part.Events), blockRecords)]
		wb, payload, err := b.encode(st.next[e.Lane], synced, part)
		if err != nil {
			return err
		}
		taken := int(wb.SeqTo - wb.SeqFrom + 1) //nolint:gosec // at most blockRecords
		if err := b.insert(ctx, tx, st, row{batch: wb, payload: payload, boot: batch.Boot, offered: b.linked}); err != nil {
			return err
		}
		st.next[e.Lane] = wb.SeqTo + 1
		for i, r := range wb.Readings {
			latest[series{r.Device, r.Property}] = wb.SeqFrom + uint64(i) //nolint:gosec // not negative
		}
		if len(part.Readings) > 0 {
			e.Readings = e.Readings[taken:]
		} else {
			e.Events = e.Events[taken:]
		}
	}
	_, err := tx.ExecContext(ctx, `insert into lane (lane, next) values ($1, $2) on conflict (lane) do update set next = excluded.next`, e.Lane, int64(st.next[e.Lane])) //nolint:gosec // below 2^63
	return err
}

// encode makes a wire batch of as many of the records as fit into one message.
func (b *Box) encode(seq uint64, synced bool, e Entry) (*wire.Batch, []byte, error) {
	for {
		n := len(e.Readings) + len(e.Events)
		wb := &wire.Batch{
			Epoch: b.epoch, Lane: e.Lane, Synced: synced, SeqFrom: seq, SeqTo: seq + uint64(n) - 1, //nolint:gosec // n is positive
			Readings: e.Readings, Events: e.Events,
		}
		_, wb.SentAt = span(wb)
		payload, err := wb.Encode()
		if err == nil || !errors.Is(err, wire.ErrTooLarge) || n == 1 {
			if err != nil {
				err = fmt.Errorf("encode block of %d: %w", n, err)
			}
			return wb, payload, err
		}
		e.Readings = e.Readings[:(len(e.Readings)+1)/2]
		e.Events = e.Events[:(len(e.Events)+1)/2]
	}
}

// row is a block as it is written.
type row struct {
	batch   *wire.Batch
	payload []byte
	boot    string
	offered bool
	thin    int
}

func (b *Box) insert(ctx context.Context, tx *sql.Tx, st *state, r row) error {
	oldest, newest := span(r.batch)
	records, bytes := int64(len(r.batch.Readings)+len(r.batch.Events)), int64(len(r.payload)+overhead)
	_, err := tx.ExecContext(ctx, `insert into block (lane, seq_from, seq_to, oldest, newest, records, bytes, synced, boot, offered, thin, payload)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		r.batch.Lane, int64(r.batch.SeqFrom), int64(r.batch.SeqTo), oldest, newest, records, bytes, r.batch.Synced, r.boot, r.offered, r.thin, r.payload) //nolint:gosec // below 2^63
	st.unacked[r.batch.Lane].add(1, records, bytes)
	return err
}

func (s *sum) add(blocks, records, bytes int64) {
	s.blocks += blocks
	s.records += records
	s.bytes += bytes
}

// span is the time of the oldest and of the newest record.
func span(b *wire.Batch) (oldest, newest int64) {
	first := true
	take := func(at int64) {
		if first || at < oldest {
			oldest = at
		}
		if first || at > newest {
			newest = at
		}
		first = false
	}
	for _, r := range b.Readings {
		take(r.At)
	}
	for _, e := range b.Events {
		take(e.At)
	}
	return oldest, newest
}

// setLost keeps the number of readings lost for good.
func setLost(ctx context.Context, tx *sql.Tx, lost uint64) error {
	return put(ctx, tx, "lost", binary.BigEndian.AppendUint64(nil, lost))
}
