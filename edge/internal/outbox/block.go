package outbox

import (
	"context"
	"database/sql"

	"github.com/fengsui/fengsui/shared/wire"
)

// head is a row without its payload.
type head struct {
	id             int64
	lane           wire.Lane
	from, to       uint64
	acked          sql.NullInt64
	oldest, newest int64
	records, bytes int64
	synced         bool
	boot           string
	offered        bool
	thin           int
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func query(ctx context.Context, q querier, where string, args ...any) ([]head, error) {
	rows, err := q.QueryContext(ctx, `select rowid, lane, seq_from, seq_to, acked, oldest, newest, records, bytes, synced, boot, offered, thin from block `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []head
	for rows.Next() {
		var h head
		if err := rows.Scan(&h.id, &h.lane, &h.from, &h.to, &h.acked, &h.oldest, &h.newest, &h.records, &h.bytes, &h.synced, &h.boot, &h.offered, &h.thin); err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, rows.Err()
}

func remove(ctx context.Context, tx *sql.Tx, st *state, h head) error {
	if _, err := tx.ExecContext(ctx, `delete from block where rowid = $1`, h.id); err != nil {
		return err
	}
	if h.acked.Valid {
		st.ring -= h.bytes
	} else {
		st.unacked[h.lane].add(-1, -h.records, -h.bytes)
	}
	return nil
}

// joinable is the longest beginning of the blocks that may become one: none of them was offered, their
// numbers follow each other and their clock was in the same state. It has at least one.
func joinable(heads []head) []head {
	n, records, bytes := 1, heads[0].records, heads[0].bytes
	for n < len(heads) && !heads[0].offered {
		h, before := heads[n], heads[n-1]
		records, bytes = records+h.records, bytes+h.bytes-overhead
		if h.offered || h.from != before.to+1 || h.synced != heads[0].synced || h.boot != heads[0].boot ||
			h.thin != heads[0].thin || records > blockRecords || bytes > blockBytes || h.to-heads[0].from >= wire.MaxRecords/2 {
			break
		}
		n++
	}
	return heads[:n]
}

// join takes the blocks out of the file and returns them as one, which the caller inserts again.
func (b *Box) join(ctx context.Context, tx *sql.Tx, st *state, run []head) (row, error) {
	whole := row{boot: run[0].boot, offered: run[0].offered, thin: run[0].thin}
	for i, h := range run {
		var payload []byte
		if err := tx.QueryRowContext(ctx, `select payload from block where rowid = $1`, h.id).Scan(&payload); err != nil {
			return row{}, err
		}
		part, err := wire.Decode(payload)
		if err != nil {
			// A block that the disk has damaged must not stop all others: its numbers go out empty.
			b.o.Log.Error("block is damaged", "lane", h.lane, "from", h.from, "records", h.records, "error", err)
			st.lost += uint64(h.records) //nolint:gosec // not negative
			part = &wire.Batch{Epoch: b.epoch, Lane: h.lane, Synced: h.synced, SeqFrom: h.from, SeqTo: h.to}
		}
		if i == 0 {
			whole.batch = part
		} else {
			whole.batch.Readings = append(whole.batch.Readings, part.Readings...)
			whole.batch.Events = append(whole.batch.Events, part.Events...)
			whole.batch.SeqTo = part.SeqTo
		}
		if err := remove(ctx, tx, st, h); err != nil {
			return row{}, err
		}
	}
	return whole, nil
}
