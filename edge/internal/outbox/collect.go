package outbox

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

const (
	commitRecords = 500   // readings that are committed at once, without waiting for the time
	waitRecords   = 20000 // readings that wait in memory at most while the disk does not take them
	waitKeeps     = 256   // devices that wait at once at most
	burstCommits  = 4     // commits at once before they are spaced by Every
	idle          = 20    // parts of the time that the disk rests for one that it writes
	keepTail      = "tail"
)

// ErrBusy says that too many devices wait for the disk.
var ErrBusy = errors.New("too many devices wait for the disk")

// Collector gathers readings. Each is in the tail when Take returns, which the death of the agent does not
// take away, and is committed at once as long as little comes in. When more comes, or the disk is slow,
// commits are made together, at the latest after Every: flash memory wears with each of them. Take never
// waits for the disk, so a full one does not stop the measuring; what could not be kept is counted and,
// once there is room again, said in lane 0.
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
	gen     uint64 // of the readings that wait
	tail    *tail  // nil while there is none
	wake    chan struct{}
	full    chan struct{}
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

func (r *refusal) join(o refusal) {
	switch {
	case o.count == 0:
	case r.count == 0:
		*r = o
	default:
		r.count, r.from, r.to = r.count+o.count, min(r.from, o.from), max(r.to, o.to)
	}
}

// Start takes over what an earlier life had not committed, and begins to commit. Without a tail it goes on:
// measuring is worth more.
func (c *Collector) Start(ctx context.Context) error {
	c.wake, c.full, c.done = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{})
	if err := c.recover(ctx); err != nil {
		c.Log.Error("readings wait for their commit in memory only", "error", err)
	}
	ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go c.run(ctx)
	return nil
}

// recover opens the tail and commits what is in it and not in the file.
func (c *Collector) recover(ctx context.Context) error {
	c.gen = 1
	if c.Box.o.File == "" {
		return nil
	}
	t, err := openTail(c.Box.o.File)
	if err != nil {
		return err
	}
	found, err := t.read()
	if err != nil {
		return errors.Join(err, t.close())
	}
	var mark uint64
	if raw, err := c.Box.Get(ctx, keepTail); err != nil {
		return errors.Join(err, t.close())
	} else if len(raw) == 8 {
		mark = binary.BigEndian.Uint64(raw)
	}
	last, recovered := mark, 0
	for _, f := range found {
		last = max(last, f.gen)
	}
	slices.SortStableFunc(found, func(a, b frame) int { return cmp.Compare(a.gen, b.gen) })
	for _, f := range found {
		if f.gen <= mark {
			continue
		}
		entry := Entry{Lane: wire.LaneTelemetry, Readings: f.batch.Readings}
		if err := c.Box.Append(ctx, Batch{Boot: f.boot, Synced: f.batch.Synced, Entries: []Entry{entry}}); err != nil {
			return errors.Join(err, t.close())
		}
		recovered += len(f.batch.Readings)
	}
	if err := c.Box.Append(ctx, Batch{Keep: map[string][]byte{keepTail: binary.BigEndian.AppendUint64(nil, last)}}); err != nil {
		return errors.Join(err, t.close())
	}
	if recovered > 0 {
		c.Log.Info("readings of the last life are taken over", "count", recovered)
	}
	c.gen, c.tail = last+1, t
	return nil
}

// Stop commits what waits and ends.
func (c *Collector) Stop(ctx context.Context) error {
	c.cancel()
	<-c.done
	err := c.Flush(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tail != nil {
		err = errors.Join(err, c.tail.close())
		c.tail = nil
	}
	return err
}

// run commits whenever something waits, with a rest after each commit: none for the first few, so that
// little is committed at once, then Every; and always so long that the disk is mostly idle.
func (c *Collector) run(ctx context.Context) {
	defer close(c.done)
	credit, before := float64(burstCommits), time.Now()
	look := time.NewTicker(reserveAgain)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			if err := c.Box.Look(ctx, c.Boot); err != nil && ctx.Err() == nil {
				c.Log.Warn("losses are not told yet", "error", err)
			}
			continue
		case <-c.wake:
		}
		begun := time.Now()
		_ = c.Flush(ctx) // counted and logged there
		now := time.Now()
		credit = min(burstCommits, credit+now.Sub(before).Seconds()/c.Every.Seconds()) - 1
		before = now
		rest := min(idle*now.Sub(begun), c.Every)
		if credit < 1 {
			rest = c.Every
		}
		select {
		case <-ctx.Done():
			return
		case <-c.full:
		case <-time.After(rest):
		}
	}
}

// Take adds readings; synced says whether their times are set.
func (c *Collector) Take(readings []wire.Reading, synced bool) {
	if len(readings) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.set)+len(c.unset)+len(readings) > waitRecords {
		c.refuse(readings)
		return
	}
	if c.tail != nil {
		if err := c.tail.put(c.gen, c.Boot, readings, synced); err != nil && !c.failing {
			c.Log.Error("readings wait for their commit in memory only", "error", err)
		}
	}
	if synced {
		c.set = append(c.set, readings...)
	} else {
		c.unset = append(c.unset, readings...)
	}
	poke(c.wake)
	if len(c.set)+len(c.unset) >= commitRecords {
		poke(c.full)
	}
}

func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
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
func (c *Collector) Event(ctx context.Context, events []wire.Event, values map[string][]byte) (err error) {
	c.commit.Lock()
	defer c.commit.Unlock()
	c.mu.Lock()
	set, unset, refused, kept := c.set, c.unset, c.refused, c.kept
	if len(set)+len(unset)+len(events)+len(values)+len(kept) == 0 && refused.count == 0 {
		c.mu.Unlock()
		return nil
	}
	c.set, c.unset, c.refused, c.kept = nil, nil, refusal{}, nil
	gen := c.gen
	c.gen++
	c.mu.Unlock()
	err = c.write(ctx, gen, set, unset, refused, events, values, kept)
	cancelled := err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err())
	if err != nil && !cancelled {
		// What waits with them must not hold the alarms back, and what is lost is written down at once.
		refused.add(set)
		refused.add(unset)
		if urgent := c.write(ctx, gen, nil, nil, refused, events, values, nil); urgent == nil {
			refused = refusal{}
			if len(events)+len(values) > 0 {
				defer func() { err = nil }()
			}
		}
	}
	for _, k := range kept {
		k.done <- err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		if c.tail != nil {
			c.tail.reuse(gen)
		}
		// Alarms alone may have used the reserve: that says nothing of the room for readings.
		if c.failing && len(set)+len(unset)+len(kept) > 0 {
			c.failing = false
			c.Log.Info("outbox takes readings again")
		}
		return nil
	}
	if !c.failing {
		c.failing = true
		c.Log.Error("outbox takes no readings", "error", err)
	}
	// What could not be written down yet is with the next commit.
	c.refused.join(refused)
	// A cancelled commit is made by the one at the end; a full disk does not get better by holding on.
	if cancelled {
		c.set, c.unset = append(set, c.set...), append(unset, c.unset...)
		return err
	}
	c.total += uint64(len(set) + len(unset))
	if c.tail != nil {
		c.tail.reuse(gen)
	}
	return err
}

// write makes one append of everything that waits.
func (c *Collector) write(ctx context.Context, gen uint64, set, unset []wire.Reading, refused refusal, events []wire.Event, values map[string][]byte, kept []*keep) error {
	now, synced := c.Now()
	batch := Batch{Boot: c.Boot, Synced: synced, refused: refused, at: now, Keep: map[string][]byte{keepTail: binary.BigEndian.AppendUint64(nil, gen)}}
	maps.Copy(batch.Keep, values)
	add := func(lane wire.Lane, readings []wire.Reading, stamped bool) {
		if len(readings) > 0 {
			batch.Entries = append(batch.Entries, Entry{Lane: lane, Readings: readings, Unset: !stamped})
		}
	}
	if len(events) > 0 {
		batch.Entries = append(batch.Entries, Entry{Lane: wire.LaneAlarm, Events: events})
	}
	for _, k := range kept {
		add(k.lane, k.readings, k.synced)
		maps.Copy(batch.Keep, k.values)
	}
	add(wire.LaneTelemetry, unset, false)
	add(wire.LaneTelemetry, set, true)
	return c.Box.Append(ctx, batch)
}
