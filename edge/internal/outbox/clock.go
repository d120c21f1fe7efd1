package outbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// Rebase adds an offset to the records of this start that were taken while the clock was not set and were
// never offered: they were counted on by the monotonic clock, so the first set time holds for all.
func (b *Box) Rebase(ctx context.Context, boot string, behind time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.write(ctx, func(tx *sql.Tx, st *state) error {
		for lane := range wire.Lane(wire.Lanes) {
			heads, err := unset(ctx, tx, lane, `boot = $2`, boot)
			if err != nil {
				return err
			}
			if err := b.retime(ctx, tx, st, heads, behind.Milliseconds(), true); err != nil {
				return err
			}
		}
		return st.retimeTolls(ctx, tx, behind.Milliseconds())
	})
}

// Bound puts the records of earlier starts whose clock was never set between their neighbours: each start is
// moved as a whole so that it begins after what was taken before it and, above that, ends before what was
// taken after it. Nobody knows the true time: they stay uncertain. Call it after Rebase.
func (b *Box) Bound(ctx context.Context, boot string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.write(ctx, func(tx *sql.Tx, st *state) error {
		for lane := range wire.Lane(wire.Lanes) {
			heads, err := unset(ctx, tx, lane, `boot <> $2`, boot)
			if err != nil {
				return err
			}
			// The last start first: it bounds the one before it.
			for len(heads) > 0 {
				last := len(heads) - 1
				first := last
				for first > 0 && heads[first-1].boot == heads[last].boot {
					first--
				}
				run := heads[first:]
				heads = heads[:first]
				by, err := bound(ctx, tx, run)
				if err != nil {
					return err
				}
				if err := b.retime(ctx, tx, st, run, by, false); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// unset are the blocks of a lane that were taken without a set clock and that nobody has been offered.
func unset(ctx context.Context, tx *sql.Tx, lane wire.Lane, which, boot string) ([]head, error) {
	return query(ctx, tx, `where lane = $1 and `+which+` and acked is null and synced = 0 and offered = 0 order by seq_from`, lane, boot)
}

// bound is by how many milliseconds a run of one start must be moved.
func bound(ctx context.Context, tx *sql.Tx, run []head) (int64, error) {
	oldest, newest := run[0].oldest, run[0].newest
	for _, h := range run {
		oldest, newest = min(oldest, h.oldest), max(newest, h.newest)
	}
	var before, after sql.NullInt64
	lane, from, to := run[0].lane, int64(run[0].from), int64(run[len(run)-1].to) //nolint:gosec // below 2^63
	if err := tx.QueryRowContext(ctx, `select max(newest) from block where lane = $1 and synced = 1 and seq_to < $2`, lane, from).Scan(&before); err != nil {
		return 0, err
	}
	if err := tx.QueryRowContext(ctx, `select min(oldest) from block where lane = $1 and seq_from > $2`, lane, to).Scan(&after); err != nil {
		return 0, err
	}
	var by int64
	// A millisecond apart: two readings of one series at the same time would be one.
	if before.Valid && oldest <= before.Int64 {
		by = before.Int64 + 1 - oldest
	}
	if after.Valid && newest+by >= after.Int64 {
		by = after.Int64 - 1 - newest
	}
	return by, nil
}

// retime moves blocks in time; set says that this is their true time.
func (b *Box) retime(ctx context.Context, tx *sql.Tx, st *state, heads []head, by int64, set bool) error {
	was, is := wire.Good, wire.Uncertain
	if set {
		was, is = is, was
	}
	for len(heads) > 0 {
		run := joinable(heads)
		heads = slices.Clone(heads[len(run):])
		whole, err := b.join(ctx, tx, st, run)
		if err != nil {
			return err
		}
		for i := range whole.batch.Readings {
			r := &whole.batch.Readings[i]
			r.At += by
			if r.Quality == was {
				r.Quality = is
			}
		}
		for i := range whole.batch.Events {
			e := &whole.batch.Events[i]
			e.At += by
			if e.Kind != wire.EventLoss {
				continue
			}
			var l wire.LossEvent
			if err := json.Unmarshal(e.Data, &l); err != nil {
				return fmt.Errorf("read loss: %w", err)
			}
			shift(&l, by)
			if *e, err = lossEvent(e.ID, e.At, l); err != nil {
				return err
			}
		}
		whole.batch.Synced = set
		if whole.payload, err = whole.batch.Encode(); err != nil {
			return fmt.Errorf("encode block with its time set: %w", err)
		}
		if err := b.insert(ctx, tx, st, whole); err != nil {
			return err
		}
	}
	return nil
}
