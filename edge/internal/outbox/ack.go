package outbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// Ack takes blocks within the ranges as stored by the centre. Ranges that are not ours, or that were
// acknowledged before, do nothing. On a full disk they are deleted at once instead of kept for a while.
func (b *Box) Ack(ctx context.Context, lanes []wire.LaneRanges) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var before int64
	for _, u := range b.st.unacked {
		before += u.bytes
	}
	err := b.write(ctx, func(tx *sql.Tx, st *state) error {
		if err := markAcked(ctx, tx, st, lanes); err != nil {
			return err
		}
		now := time.Now()
		if st.ring > b.o.GraceSize || now.Sub(st.trimmed) > time.Minute {
			st.trimmed = now
			return b.trim(ctx, tx, st, b.o.GraceSize-b.o.GraceSize/10)
		}
		return nil
	})
	if errors.Is(err, ErrFull) {
		b.giveReserve(ctx, err)
		err = b.write(ctx, func(tx *sql.Tx, st *state) error { return forgetAcked(ctx, tx, st, lanes) })
	}
	if err == nil {
		b.reserve.tried = time.Time{} // there may be room now
		var after int64
		for _, u := range b.st.unacked {
			after += u.bytes
		}
		b.pace.add(time.Now(), before-after)
	}
	return err
}

func markAcked(ctx context.Context, tx *sql.Tx, st *state, lanes []wire.LaneRanges) error {
	return taken(lanes, func(lane wire.Lane, from, to int64) error {
		at := wire.Millis(time.Now())
		rows, err := tx.QueryContext(ctx, `update block set acked = $1 where lane = $2 and acked is null and seq_from >= $3 and seq_from <= $4 and seq_to <= $4 returning records, bytes`, at, lane, from, to)
		if err != nil {
			return err
		}
		kept, err := st.moved(rows, lane)
		st.ring += kept
		return err
	})
}

func forgetAcked(ctx context.Context, tx *sql.Tx, st *state, lanes []wire.LaneRanges) error {
	return taken(lanes, func(lane wire.Lane, from, to int64) error {
		rows, err := tx.QueryContext(ctx, `delete from block where lane = $1 and acked is null and seq_from >= $2 and seq_from <= $3 and seq_to <= $3 returning records, bytes`, lane, from, to)
		if err != nil {
			return err
		}
		_, err = st.moved(rows, lane)
		return err
	})
}

// taken calls do for each sound range.
func taken(lanes []wire.LaneRanges, do func(lane wire.Lane, from, to int64) error) error {
	for _, l := range lanes {
		if l.Lane >= wire.Lanes {
			continue
		}
		for _, r := range l.Ranges {
			from, to, ok := bounds(r)
			if !ok {
				continue
			}
			if err := do(l.Lane, from, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// bounds are the ends of a range as SQLite holds them; foreign numbers above 2^63 are cut.
func bounds(r wire.Range) (from, to int64, ok bool) {
	const most = 1<<63 - 1
	if r[1] < r[0] || r[0] > most {
		return 0, 0, false
	}
	return int64(r[0]), int64(min(r[1], most)), true
}

// moved takes rows out of the unacknowledged ones and returns how many bytes they are.
func (s *state) moved(rows *sql.Rows, lane wire.Lane) (moved int64, err error) {
	defer rows.Close()
	for rows.Next() {
		var records, bytes int64
		if err := rows.Scan(&records, &bytes); err != nil {
			return moved, err
		}
		s.unacked[lane].add(-1, -records, -bytes)
		moved += bytes
	}
	return moved, rows.Err()
}

// Hello takes the centre's answer to a hello: the ranges are everything it holds of the epoch. What is
// within them is acknowledged; everything else still held is not, even if it was before. It reports how
// many blocks the centre had lost. When the centre holds numbers that were never given or never sent, this file
// is an older copy of itself: a new epoch is begun, so that no reading hides behind a number used twice.
func (b *Box) Hello(ctx context.Context, lanes []wire.LaneRanges) (lost int64, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var have [wire.Lanes][]wire.Range
	older := false
	for _, l := range lanes {
		if l.Lane >= wire.Lanes {
			continue
		}
		have[l.Lane] = append(have[l.Lane], l.Ranges...)
		for _, r := range l.Ranges {
			older = older || r[1] >= b.st.next[l.Lane]
		}
	}
	err = b.write(ctx, func(tx *sql.Tx, st *state) error {
		for lane, ranges := range have {
			foreign, err := b.foreign(ctx, tx, lane, ranges)
			if err != nil {
				return err
			}
			older = older || foreign
		}
		if older {
			return nil
		}
		for lane, ranges := range have {
			n, err := unack(ctx, tx, lane, ranges)
			if err != nil {
				return err
			}
			lost += n
		}
		if lost > 0 {
			if err := loadState(ctx, tx, st); err != nil {
				return err
			}
		}
		return markAcked(ctx, tx, st, lanes)
	})
	if err != nil {
		return 0, fmt.Errorf("take the answer to hello: %w", err)
	}
	if older {
		return 0, b.begin(ctx, "outbox is an older copy of itself")
	}
	return lost, nil
}

// unack takes the acknowledgement back from all blocks that are not within one of the ranges.
func unack(ctx context.Context, tx *sql.Tx, lane int, ranges []wire.Range) (int64, error) {
	if _, err := tx.ExecContext(ctx, `create temp table if not exists have (first integer not null, last integer not null)`); err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, `delete from have`); err != nil {
		return 0, err
	}
	for _, r := range ranges {
		if from, to, ok := bounds(r); ok {
			if _, err := tx.ExecContext(ctx, `insert into have (first, last) values ($1, $2)`, from, to); err != nil {
				return 0, err
			}
		}
	}
	if _, err := tx.ExecContext(ctx, `create index if not exists have_first on have (first)`); err != nil {
		return 0, err
	}
	// The range that begins last before the block is the only one that can hold it: ranges of an answer
	// do not overlap.
	done, err := tx.ExecContext(ctx, `update block set acked = null where lane = $1 and acked is not null
		and coalesce((select last from have where first <= seq_from order by first desc limit 1), -1) < seq_to`, lane)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// begin draws a new epoch and gives all unacknowledged blocks to it. Acknowledged ones belong to the old
// epoch and are not kept.
func (b *Box) begin(ctx context.Context, why string) error {
	before := b.epoch
	err := b.write(ctx, func(tx *sql.Tx, st *state) error {
		epoch, err := newEpoch(ctx, tx)
		if err != nil {
			return err
		}
		b.epoch = epoch
		if _, err := tx.ExecContext(ctx, `delete from block where acked is not null`); err != nil {
			return err
		}
		st.ring = 0
		var from int64
		for {
			heads, err := query(ctx, tx, `where rowid > $1 order by rowid limit 64`, from)
			if err != nil || len(heads) == 0 {
				return err
			}
			for _, h := range heads {
				from = h.id
				if err := b.readdress(ctx, tx, h); err != nil {
					return err
				}
			}
		}
	})
	if err != nil {
		b.epoch = before
		return fmt.Errorf("begin a new epoch: %w", err)
	}
	b.o.Log.Warn("new epoch begun", "why", why, "before", before, "epoch", b.epoch)
	return nil
}

// readdress writes a block under the present epoch.
func (b *Box) readdress(ctx context.Context, tx *sql.Tx, h head) error {
	var payload []byte
	if err := tx.QueryRowContext(ctx, `select payload from block where rowid = $1`, h.id).Scan(&payload); err != nil {
		return err
	}
	batch, err := wire.Decode(payload)
	if err != nil {
		b.o.Log.Error("block is damaged", "lane", h.lane, "from", h.from, "records", h.records, "error", err)
		batch = &wire.Batch{Lane: h.lane, SeqFrom: h.from, SeqTo: h.to}
	}
	batch.Epoch = b.epoch
	if payload, err = batch.Encode(); err != nil {
		return fmt.Errorf("encode block for the new epoch: %w", err)
	}
	_, err = tx.ExecContext(ctx, `update block set payload = $1 where rowid = $2`, payload, h.id)
	return err
}
