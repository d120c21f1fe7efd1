package outbox

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// Block is one batch as it goes out.
type Block struct {
	Lane     wire.Lane
	From, To uint64
	Payload  []byte
}

// Next is the oldest unacknowledged block of a lane that begins at from or later and before the limit
// (0: no limit); nil when there is none. Blocks that were never offered are joined to larger ones, and
// from then on keep their range.
func (b *Box) Next(ctx context.Context, lane wire.Lane, from, limit uint64, backfill bool) (*Block, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.st.unacked[lane].blocks == 0 {
		return nil, nil
	}
	if limit == 0 {
		limit = b.st.next[lane]
	}
	heads, err := query(ctx, b.db, `where lane = $1 and acked is null and seq_from >= $2 and seq_from < $3 order by seq_from limit 200`, lane, int64(from), int64(limit)) //nolint:gosec // below 2^63
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	if len(heads) == 0 {
		return nil, nil
	}
	return b.offer(ctx, joinable(heads), backfill)
}

// offer fixes the range of a run and reads it.
func (b *Box) offer(ctx context.Context, run []head, backfill bool) (*Block, error) {
	h := run[0]
	out := &Block{Lane: h.lane, From: h.from, To: run[len(run)-1].to}
	if h.offered {
		if err := b.db.QueryRowContext(ctx, `select payload from block where rowid = $1`, h.id).Scan(&out.Payload); err != nil {
			return nil, fmt.Errorf("read block: %w", err)
		}
		return out, b.stamp(out, backfill)
	}
	err := b.write(ctx, func(tx *sql.Tx, st *state) error {
		whole, err := b.join(ctx, tx, st, run)
		if err != nil {
			return err
		}
		whole.offered = true
		if whole.payload, err = whole.batch.Encode(); err != nil {
			return fmt.Errorf("encode joined block: %w", err)
		}
		out.Payload = whole.payload
		return b.insert(ctx, tx, st, whole)
	})
	if err != nil {
		return nil, fmt.Errorf("join blocks: %w", err)
	}
	return out, b.stamp(out, backfill)
}

// stamp marks a block that comes from the backlog. The range and the records are as on disk.
func (b *Box) stamp(out *Block, backfill bool) error {
	if !backfill {
		return nil
	}
	batch, err := wire.Decode(out.Payload)
	if err != nil {
		batch = &wire.Batch{Epoch: b.epoch, Lane: out.Lane, SeqFrom: out.From, SeqTo: out.To}
		b.o.Log.Error("block is damaged", "lane", out.Lane, "from", out.From, "error", err)
	}
	batch.Backfill = true
	out.Payload, err = batch.Encode()
	return err
}

// Latest are the blocks with the newest reading of each series that this start of the agent has taken,
// or the newest block when it has taken none: what a duty officer wants to see first after an outage.
func (b *Box) Latest(ctx context.Context, limit int) ([]*Block, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	const lane = wire.LaneTelemetry
	numbers := map[uint64]bool{b.st.next[lane] - 1: true}
	for _, seq := range b.latest {
		numbers[seq] = true
	}
	var out []*Block
	taken := map[uint64]bool{}
	for seq := range numbers {
		if len(out) >= limit {
			break
		}
		heads, err := query(ctx, b.db, `where lane = $1 and acked is null and seq_from <= $2 and seq_from > $3 order by seq_from desc limit 1`, lane, int64(seq), int64(seq)-wire.MaxRecords) //nolint:gosec // below 2^63
		if err != nil {
			return nil, fmt.Errorf("read outbox: %w", err)
		}
		if len(heads) == 0 || heads[0].to < seq || taken[heads[0].from] {
			continue
		}
		taken[heads[0].from] = true
		block, err := b.offer(ctx, heads, false)
		if err != nil {
			return nil, err
		}
		out = append(out, block)
	}
	return out, nil
}

// Lanes is what a hello says of the lanes, and the epoch it is true for.
func (b *Box) Lanes(ctx context.Context) (epoch uint64, lanes []wire.LaneHello, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for lane := range wire.Lane(wire.Lanes) {
		h := wire.LaneHello{Lane: lane, First: b.st.next[lane], Next: b.st.next[lane]}
		heads, err := query(ctx, b.db, `where lane = $1 order by seq_from limit 1`, lane)
		if err != nil {
			return 0, nil, fmt.Errorf("read outbox: %w", err)
		}
		if len(heads) > 0 {
			h.First = heads[0].from
		}
		lanes = append(lanes, h)
	}
	return b.epoch, lanes, nil
}

// Stats is what is held.
type Stats struct {
	wire.Backlog
	Lost  uint64 // readings dropped for good because of the quota
	Grace int64  // bytes that the centre has and that are kept for it
}

// Stats counts what the centre has not acknowledged.
func (b *Box) Stats(ctx context.Context) (Stats, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Stats{Lost: b.st.lost, Grace: b.st.ring}
	for lane, u := range b.st.unacked {
		if u.blocks == 0 {
			continue
		}
		s.Records += uint64(u.records) //nolint:gosec // not negative
		s.Bytes += uint64(u.bytes)     //nolint:gosec // not negative
		heads, err := query(ctx, b.db, `where lane = $1 and acked is null order by seq_from limit 1`, lane)
		if err != nil {
			return s, fmt.Errorf("read outbox: %w", err)
		}
		if len(heads) > 0 && (s.Oldest == 0 || heads[0].oldest < s.Oldest) {
			s.Oldest = heads[0].oldest
		}
	}
	s.Drain = b.pace.drain(time.Now(), s.Bytes)
	return s, nil
}

// pace is how fast the centre takes what is sent.
type pace struct {
	since time.Time // of the present minute
	bytes int64
	rate  float64 // bytes a second in the minute before
}

const paceOver = time.Minute

func (p *pace) add(now time.Time, bytes int64) {
	if age := now.Sub(p.since); age >= paceOver {
		p.rate = 0
		if age < 2*paceOver {
			p.rate = float64(p.bytes) / age.Seconds()
		}
		p.since, p.bytes = now, 0
	}
	p.bytes += bytes
}

// drain is the estimated number of seconds until so many bytes are sent, 0 when nothing is known.
func (p *pace) drain(now time.Time, bytes uint64) int64 {
	rate := p.rate
	if age := now.Sub(p.since).Seconds(); age >= 1 && age < 2*paceOver.Seconds() {
		rate = max(rate, float64(p.bytes)/age)
	}
	if rate < 1 || bytes == 0 {
		return 0
	}
	return int64(float64(bytes)/rate) + 1
}
