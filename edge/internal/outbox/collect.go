package outbox

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

const (
	commitRecords = 500   // readings that are committed at once, without waiting for the time
	waitRecords   = 20000 // readings that wait in memory at most while the disk does not take them
	waitKeeps     = 256   // devices that wait at once at most
)

// ErrBusy says that too many devices wait for the disk.
var ErrBusy = errors.New("too many devices wait for the disk")

// Collector gathers readings for a group commit. Take never waits for the disk, so a full one does not
// stop the measuring; what could not be kept is counted and, once there is room again, said in lane 0.
type Collector struct {
	Box   *Box
	Boot  string
	Every time.Duration
	Now   func() (time.Time, bool)
	Log   *slog.Logger

	mu      sync.Mutex
	set     []wire.Reading // taken with the clock set
	unset   []wire.Reading
	kept    []*keep
	refused refusal
	total   uint64
	failing bool
	wake    chan struct{}
	cancel  context.CancelFunc
	done    chan struct{}
	commit  sync.Mutex // one at a time
}

// refusal is what was not kept since the last report.
type refusal struct {
	count    uint64
	from, to int64
}

func (r *refusal) add(readings []wire.Reading) {
	for _, x := range readings {
		if r.count == 0 || x.At < r.from {
			r.from = x.At
		}
		if r.count == 0 || x.At > r.to {
			r.to = x.At
		}
		r.count++
	}
}

// Start begins to commit.
func (c *Collector) Start(ctx context.Context) error {
	c.wake, c.done = make(chan struct{}, 1), make(chan struct{})
	ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go c.run(ctx)
	return nil
}

// Stop commits what waits and ends.
func (c *Collector) Stop(ctx context.Context) error {
	c.cancel()
	<-c.done
	return c.Flush(ctx)
}

func (c *Collector) run(ctx context.Context) {
	defer close(c.done)
	tick := time.NewTicker(c.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-c.wake:
		}
		_ = c.Flush(ctx) // counted and logged there
	}
}

// Take adds readings; synced says whether their times are set.
func (c *Collector) Take(readings []wire.Reading, synced bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.set)+len(c.unset)+len(readings) > waitRecords {
		c.refuse(readings)
		return
	}
	if synced {
		c.set = append(c.set, readings...)
	} else {
		c.unset = append(c.unset, readings...)
	}
	if len(c.set)+len(c.unset) >= commitRecords {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

func (c *Collector) refuse(readings []wire.Reading) {
	c.refused.add(readings)
	c.total += uint64(len(readings))
}

// Refused is how many readings could not be kept since the start.
func (c *Collector) Refused() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}

// keep are readings whose device waits until they are durable.
type keep struct {
	readings []wire.Reading
	lane     wire.Lane
	synced   bool
	values   map[string][]byte
	done     chan error
}

// Keep commits readings together with values to keep and returns when they are durable. An error means
// that they are not and are counted nowhere: the device that waits has them still. Those who come while
// the disk is busy share the next commit.
func (c *Collector) Keep(ctx context.Context, readings []wire.Reading, lane wire.Lane, synced bool, values map[string][]byte) error {
	k := &keep{readings: readings, lane: lane, synced: synced, values: values, done: make(chan error, 1)}
	c.mu.Lock()
	if len(c.kept) >= waitKeeps {
		c.mu.Unlock()
		return ErrBusy
	}
	c.kept = append(c.kept, k)
	c.mu.Unlock()
	// Another's readings may be in this commit: whoever gives up waiting must not undo them.
	_ = c.Flush(context.WithoutCancel(ctx)) // what concerns us comes through done
	return <-k.done
}

// Flush commits what waits, now.
func (c *Collector) Flush(ctx context.Context) error { return c.Event(ctx, nil, nil) }

// Event commits events of the alarm lane together with the readings that wait and with values to keep,
// and returns when they are durable.
func (c *Collector) Event(ctx context.Context, events []wire.Event, values map[string][]byte) error {
	c.commit.Lock()
	defer c.commit.Unlock()
	c.mu.Lock()
	set, unset, refused, kept := c.set, c.unset, c.refused, c.kept
	c.set, c.unset, c.refused, c.kept = nil, nil, refusal{}, nil
	c.mu.Unlock()
	if len(set)+len(unset)+len(events)+len(values)+len(kept) == 0 && refused.count == 0 {
		return nil
	}
	err := c.write(ctx, set, unset, refused, events, values, kept)
	for _, k := range kept {
		k.done <- err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		if c.failing {
			c.failing = false
			c.Log.Info("outbox takes readings again")
		}
		return nil
	}
	if !c.failing {
		c.failing = true
		c.Log.Error("outbox takes no readings", "error", err)
	}
	// The report of what was refused before is made with the next commit that succeeds.
	if refused.count > 0 {
		again := refused
		if c.refused.count > 0 {
			again.from, again.to = min(again.from, c.refused.from), max(again.to, c.refused.to)
			again.count += c.refused.count
		}
		c.refused = again
	}
	// A cancelled commit is made by the one at the end; a full disk does not get better by holding on.
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		c.set, c.unset = append(set, c.set...), append(unset, c.unset...)
		return err
	}
	c.refuse(set)
	c.refuse(unset)
	return err
}

// write makes one append, or two when the clock was set in between.
func (c *Collector) write(ctx context.Context, set, unset []wire.Reading, refused refusal, events []wire.Event, values map[string][]byte, kept []*keep) error {
	now, synced := c.Now()
	if refused.count > 0 {
		e, err := LossEvent(now, wire.LossEvent{Lane: wire.LaneTelemetry, From: refused.from, To: refused.to, Count: refused.count, Why: "disk full: not taken"})
		if err != nil {
			return err
		}
		events = append([]wire.Event{e}, events...)
	}
	var before, with []Entry // of readings taken before the clock was set, and of all others
	add := func(lane wire.Lane, readings []wire.Reading, stamped bool) {
		switch e := (Entry{Lane: lane, Readings: readings}); {
		case len(readings) == 0:
		case synced && !stamped:
			before = append(before, e)
		default:
			with = append(with, e)
		}
	}
	if len(events) > 0 {
		with = append(with, Entry{Lane: wire.LaneAlarm, Events: events})
	}
	all := maps.Clone(values)
	for _, k := range kept {
		add(k.lane, k.readings, k.synced)
		if all == nil {
			all = map[string][]byte{}
		}
		maps.Copy(all, k.values)
	}
	add(wire.LaneTelemetry, unset, false)
	add(wire.LaneTelemetry, set, true)
	if len(before) > 0 {
		if err := c.Box.Append(ctx, Batch{Boot: c.Boot, Entries: before}); err != nil {
			return err
		}
	}
	if len(with)+len(all) == 0 {
		return nil
	}
	return c.Box.Append(ctx, Batch{Boot: c.Boot, Synced: synced, Keep: all, Entries: with})
}
