package outbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// loss is what enforce has taken away.
type loss struct {
	lane     wire.Lane
	why      string
	count    uint64
	from, to int64
}

func (l *loss) add(count, from, to int64) {
	if count <= 0 {
		return
	}
	if l.count == 0 || from < l.from {
		l.from = from
	}
	if l.count == 0 || to > l.to {
		l.to = to
	}
	l.count += uint64(count)
}

// enforce brings lanes over their quota five per cent below it: readings are thinned to a minute, then to
// five, then the oldest dropped. What went is said in lane 0 within the same transaction.
func (b *Box) enforce(ctx context.Context, tx *sql.Tx, st *state, batch Batch) error {
	for _, q := range []struct {
		lane  wire.Lane
		limit int64
		drop  int
	}{{wire.LaneTelemetry, b.o.Telemetry, tollDropped}, {wire.LaneBulk, b.o.Bulk, tollBulk}} {
		if q.limit <= 0 || st.unacked[q.lane].bytes <= q.limit {
			if st.unacked[q.lane].bytes <= q.limit/2 {
				st.spared(q.lane)
			}
			continue
		}
		target := q.limit - q.limit/20
		if q.lane == wire.LaneTelemetry {
			for _, minutes := range []int{1, 5} {
				l := loss{lane: q.lane, why: fmt.Sprintf("disk quota: thinned to lowest, highest, last and mean of %d min", minutes)}
				if err := b.thin(ctx, tx, st, minutes, target, &l); err != nil {
					return err
				}
				if err := b.overQuota(st, tollThinned, l, batch); err != nil {
					return err
				}
			}
		}
		l := loss{lane: q.lane, why: "disk quota: oldest dropped"}
		if err := dropOldest(ctx, tx, st, q.lane, target, &l); err != nil {
			return err
		}
		if err := b.overQuota(st, q.drop, l, batch); err != nil {
			return err
		}
	}
	return b.tellLosses(ctx, tx, st, batch)
}

func (b *Box) overQuota(st *state, kind int, l loss, batch Batch) error {
	if l.count == 0 {
		return nil
	}
	st.lost += l.count
	b.o.Log.Warn("readings lost", "lane", l.lane, "count", l.count, "why", l.why)
	return st.lose(kind, l, batch)
}

func lossEvent(id string, at int64, l wire.LossEvent) (wire.Event, error) {
	data, err := json.Marshal(l)
	if err != nil {
		return wire.Event{}, fmt.Errorf("encode loss: %w", err)
	}
	return wire.Event{ID: id, At: at, Kind: wire.EventLoss, Data: data}, nil
}

func dropOldest(ctx context.Context, tx *sql.Tx, st *state, lane wire.Lane, target int64, l *loss) error {
	for st.unacked[lane].bytes > target {
		heads, err := query(ctx, tx, `where lane = $1 and acked is null order by seq_from limit 64`, lane)
		if err != nil || len(heads) == 0 {
			return err
		}
		for _, h := range heads {
			if st.unacked[lane].bytes <= target {
				break
			}
			if err := remove(ctx, tx, st, h); err != nil {
				return err
			}
			l.add(h.records, h.oldest, h.newest)
		}
	}
	return nil
}

// trim deletes acknowledged blocks that are too old, and the oldest until at most limit bytes are left.
func (b *Box) trim(ctx context.Context, tx *sql.Tx, st *state, limit int64) error {
	until := wire.Millis(time.Now().Add(-b.o.Grace))
	for {
		heads, err := query(ctx, tx, `where acked is not null order by acked limit 256`)
		if err != nil || len(heads) == 0 {
			return err
		}
		for _, h := range heads {
			if st.ring <= limit && h.acked.Int64 >= until {
				return nil
			}
			if err := remove(ctx, tx, st, h); err != nil {
				return err
			}
		}
	}
}
