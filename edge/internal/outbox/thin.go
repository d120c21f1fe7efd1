package outbox

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"github.com/fengsui/fengsui/shared/wire"
)

const (
	thinRuns = 32                     // blocks thinned in one transaction at most
	fresh    = int64(10 * 60 * 1_000) // ms; readings younger than the newest by less are not thinned
)

// thin goes through the oldest blocks that are not yet thinned so far. Extremes stay: the highest water
// of a night is what everybody asks for.
func (b *Box) thin(ctx context.Context, tx *sql.Tx, st *state, minutes int, target int64, l *loss) error {
	var newest int64
	if err := tx.QueryRowContext(ctx, `select coalesce(max(newest), 0) from (select newest from block where lane = $1 and acked is null order by seq_from desc limit 8)`, wire.LaneTelemetry).Scan(&newest); err != nil {
		return err
	}
	for range thinRuns {
		if st.unacked[wire.LaneTelemetry].bytes <= target {
			return nil
		}
		heads, err := query(ctx, tx, `where lane = $1 and acked is null and thin < $2 and newest < $3 order by seq_from limit 500`, wire.LaneTelemetry, minutes, newest-fresh)
		if err != nil || len(heads) == 0 {
			return err
		}
		run := joinable(heads)
		whole, err := b.join(ctx, tx, st, run)
		if err != nil {
			return err
		}
		before := len(whole.batch.Readings)
		whole.batch.Readings = thinned(whole.batch.Readings, int64(minutes)*60_000)
		whole.thin = minutes
		if whole.payload, err = whole.batch.Encode(); err != nil {
			return fmt.Errorf("encode thinned block: %w", err)
		}
		if err := b.insert(ctx, tx, st, whole); err != nil {
			return err
		}
		l.add(int64(before-len(whole.batch.Readings)), run[0].oldest, run[len(run)-1].newest)
	}
	return nil
}

// kind is what is thinned together: readings of one series, bucket and sort.
type kind struct {
	series
	bucket int64
	bad    bool
}

// pick is what stays of a kind: three readings, as their places, and the mean of all others.
type pick struct {
	low, high, last int
	others          []int
}

// thinned keeps of each series and bucket the lowest, the highest and the last reading, and in place of the
// others their mean with their count, at the time of the middle one: so no extreme is lost, and sums and
// means are what they were. Bad readings, whose values mean nothing, keep only the last. The order stays.
func thinned(readings []wire.Reading, bucket int64) []wire.Reading {
	picks := map[kind]*pick{}
	for i, r := range readings {
		bad := r.Quality == wire.Bad || math.IsNaN(r.Value) || math.IsInf(r.Value, 0)
		k := kind{series{r.Device, r.Property}, floor(r.At, bucket), bad}
		p := picks[k]
		if p == nil {
			p = &pick{low: -1, high: -1, last: -1}
			picks[k] = p
		}
		if p.others = append(p.others, i); r.Count > 0 && !bad {
			continue // a mean is no extreme
		}
		p.last = i
		if bad {
			continue
		}
		if p.low < 0 || r.Value < readings[p.low].Value {
			p.low = i
		}
		if p.high < 0 || r.Value > readings[p.high].Value {
			p.high = i
		}
	}
	kept := map[int]wire.Reading{}
	for k, p := range picks {
		var others []int
		for _, i := range p.others {
			switch {
			case i == p.low || i == p.high || i == p.last:
				kept[i] = readings[i]
			case !k.bad:
				others = append(others, i)
			}
		}
		if len(others) > 0 {
			list := make([]wire.Reading, len(others))
			for n, i := range others {
				list[n] = readings[i]
			}
			kept[others[len(others)/2]] = wire.Merge(list)
		}
	}
	out := make([]wire.Reading, 0, len(kept))
	for i := range readings {
		if r, ok := kept[i]; ok {
			out = append(out, r)
		}
	}
	return out
}

func floor(at, bucket int64) int64 {
	q := at / bucket
	if at%bucket < 0 {
		q--
	}
	return q
}
