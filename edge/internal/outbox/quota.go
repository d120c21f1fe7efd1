package outbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

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
func (b *Box) enforce(ctx context.Context, tx *sql.Tx, st *state, boot string) error {
	var losses []*loss
	for _, q := range []struct {
		lane  wire.Lane
		limit int64
	}{{wire.LaneTelemetry, b.o.Telemetry}, {wire.LaneBulk, b.o.Bulk}} {
		if q.limit <= 0 || st.unacked[q.lane].bytes <= q.limit {
			continue
		}
		target := q.limit - q.limit/20
		if q.lane == wire.LaneTelemetry {
			for _, minutes := range []int{1, 5} {
				l := &loss{lane: q.lane, why: fmt.Sprintf("disk quota: thinned to lowest, highest, last and mean of %d min", minutes)}
				if err := b.thin(ctx, tx, st, minutes, target, l); err != nil {
					return err
				}
				losses = append(losses, l)
			}
		}
		l := &loss{lane: q.lane, why: "disk quota: oldest dropped"}
		if err := dropOldest(ctx, tx, st, q.lane, target, l); err != nil {
			return err
		}
		losses = append(losses, l)
	}
	losses = slices.DeleteFunc(losses, func(l *loss) bool { return l.count == 0 })
	if len(losses) == 0 {
		return nil
	}
	events := make([]wire.Event, 0, len(losses))
	for _, l := range losses {
		e, err := LossEvent(time.Now(), wire.LossEvent{Lane: l.lane, From: l.from, To: l.to, Count: l.count, Why: l.why})
		if err != nil {
			return err
		}
		events = append(events, e)
		st.lost += l.count
		b.o.Log.Warn("readings lost", "lane", l.lane, "count", l.count, "why", l.why)
	}
	if err := setLost(ctx, tx, st.lost); err != nil {
		return err
	}
	entry := Entry{Lane: wire.LaneAlarm, Events: events}
	return b.appendEntry(ctx, tx, st, Batch{Boot: boot, Synced: true}, entry, map[series]uint64{})
}

// LossEvent is the record of a loss.
func LossEvent(at time.Time, l wire.LossEvent) (wire.Event, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return wire.Event{}, fmt.Errorf("make id: %w", err)
	}
	data, err := json.Marshal(l)
	if err != nil {
		return wire.Event{}, fmt.Errorf("encode loss: %w", err)
	}
	return wire.Event{ID: id.String(), At: wire.Millis(at), Kind: wire.EventLoss, Data: data}, nil
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
