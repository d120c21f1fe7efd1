package uplink

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/edge/internal/outbox"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	firstWindow = 16
	mostWindow  = 256
	patience    = 10 * time.Second // an unacknowledged block is sent again after at least so long
	mostWait    = time.Minute
	// The backlog fills the link only so far that an alarm behind it waits less than slow; where even leastBytes
	// take longer, one block goes at a time.
	quick      = 300 * time.Millisecond
	slow       = 600 * time.Millisecond
	leastBytes = 4 << 10
	mostBytes  = 4 << 20
	ecoEvery   = 30 * time.Second // readings of so long go out together while data is spared
)

type key struct {
	lane wire.Lane
	from uint64
}

type flight struct {
	block   *outbox.Block
	first   time.Time
	last    time.Time
	tries   int
	backlog bool
}

// flow decides which block goes next: alarms, states, the newest value of each series, live readings,
// then the backlog oldest first, then the rest. It belongs to one session and one goroutine.
type flow struct {
	box     *outbox.Box
	flights map[key]*flight
	window  int
	trip    time.Duration // smoothed

	cursor   [wire.Lanes]uint64 // next number to look at; of lane 2: of the backlog
	live     uint64             // the same of live readings
	liveFrom [wire.Lanes]uint64 // what is numbered from here on is live
	latest   []*outbox.Block    // to be sent before live ones

	level wire.BudgetLevel
	now   time.Time
	eco   time.Time // readings go out again from here

	backlog      int // flights of it
	bulk         int
	backlogBytes int
	budget       int // most of these
}

func newFlow(box *outbox.Box) *flow {
	return &flow{box: box, flights: map[key]*flight{}, window: firstWindow, budget: 2 * leastBytes}
}

// begin looks at the outbox anew, after a hello was answered.
func (f *flow) begin(ctx context.Context) error {
	_, lanes, err := f.box.Lanes(ctx)
	if err != nil {
		return err
	}
	f.cursor = [wire.Lanes]uint64{}
	for _, l := range lanes {
		f.liveFrom[l.Lane] = l.Next
	}
	f.live = f.liveFrom[wire.LaneTelemetry]
	f.latest, err = f.box.Latest(ctx, max(1, f.window/4))
	return err
}

// spare sets how sparing to be.
func (f *flow) spare(level wire.BudgetLevel, now time.Time) { f.level, f.now = level, now }

// next is the block to send now, nil when there is none or the window is full.
func (f *flow) next(ctx context.Context) (*outbox.Block, error) {
	if len(f.flights) >= f.window {
		return nil, nil
	}
	for _, lane := range []wire.Lane{wire.LaneAlarm, wire.LaneState} {
		// Marked as backlog, an old alarm is history at the centre and rings nothing.
		if from := f.liveFrom[lane]; f.cursor[lane] < from {
			if b, err := f.of(ctx, lane, &f.cursor[lane], from, true); b != nil || err != nil {
				return b, err
			}
		}
		if b, err := f.of(ctx, lane, &f.cursor[lane], 0, false); b != nil || err != nil {
			return b, err
		}
	}
	if f.level == wire.BudgetAlarms || (f.level == wire.BudgetEco && f.now.Before(f.eco)) {
		return nil, nil
	}
	for len(f.latest) > 0 {
		b := f.latest[0]
		f.latest = f.latest[1:]
		if !f.flying(b) {
			return b, nil
		}
	}
	if b, err := f.of(ctx, wire.LaneTelemetry, &f.live, 0, false); b != nil || err != nil {
		return b, err
	}
	if f.level == wire.BudgetEco { // the backlog waits
		f.eco = f.now.Add(ecoEvery)
		return nil, nil
	}
	// Room is left for alarms and live readings whatever the backlog is.
	reserve := max(1, f.window/4)
	if len(f.flights) >= max(1, f.window-reserve) {
		return nil, nil
	}
	if f.backlog == 0 || f.backlogBytes < f.budget {
		if b, err := f.of(ctx, wire.LaneTelemetry, &f.cursor[wire.LaneTelemetry], f.liveFrom[wire.LaneTelemetry], true); b != nil || err != nil {
			return b, err
		}
	}
	if f.bulk < max(1, f.window/8) {
		return f.of(ctx, wire.LaneBulk, &f.cursor[wire.LaneBulk], 0, false)
	}
	return nil, nil
}

// of is the next block of a lane that is not on the way.
func (f *flow) of(ctx context.Context, lane wire.Lane, cursor *uint64, limit uint64, backfill bool) (*outbox.Block, error) {
	for {
		b, err := f.box.Next(ctx, lane, *cursor, limit, backfill)
		if b == nil || err != nil {
			return nil, err
		}
		*cursor = b.To + 1
		if !f.flying(b) {
			return b, nil
		}
	}
}

func (f *flow) flying(b *outbox.Block) bool {
	_, ok := f.flights[key{b.Lane, b.From}]
	return ok
}

func (f *flow) sent(b *outbox.Block, now time.Time) {
	fl := &flight{block: b, first: now, last: now, backlog: b.Lane == wire.LaneTelemetry && b.From < f.liveFrom[wire.LaneTelemetry]}
	f.flights[key{b.Lane, b.From}] = fl
	f.count(fl, 1)
}

func (f *flow) count(fl *flight, n int) {
	if fl.backlog {
		f.backlog += n
		f.backlogBytes += n * len(fl.block.Payload)
	}
	if fl.block.Lane == wire.LaneBulk {
		f.bulk += n
	}
}

// overdue are the blocks to be sent again.
func (f *flow) overdue(now time.Time) []*outbox.Block {
	var out []*outbox.Block
	for _, fl := range f.flights {
		wait := max(patience, 4*f.trip) << min(fl.tries, 3)
		if now.Sub(fl.last) < min(wait, max(mostWait, 4*f.trip)) {
			continue
		}
		fl.last = now
		fl.tries++
		out = append(out, fl.block)
	}
	return out
}

// acked takes what is named out of the flights and learns from how long it took.
func (f *flow) acked(a wire.Ack, now time.Time) {
	if a.Window > 0 {
		f.window = min(a.Window, mostWindow)
	}
	for _, l := range a.Lanes {
		for k, fl := range f.flights {
			if k.lane != l.Lane || !within(fl.block, l.Ranges) {
				continue
			}
			delete(f.flights, k)
			f.count(fl, -1)
			if fl.tries == 0 {
				f.learn(now.Sub(fl.first), fl.backlog)
			}
		}
	}
}

func within(b *outbox.Block, ranges []wire.Range) bool {
	for _, r := range ranges {
		if r[0] <= b.From && b.To <= r[1] {
			return true
		}
	}
	return false
}

func (f *flow) learn(took time.Duration, backlog bool) {
	if f.trip == 0 {
		f.trip = took
	}
	f.trip += (took - f.trip) / 8
	if !backlog {
		return
	}
	switch {
	case took < quick:
		f.budget = min(f.budget*5/4, mostBytes)
	case took > slow:
		f.budget = max(f.budget*7/10, leastBytes)
	}
}
