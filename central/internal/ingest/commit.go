package ingest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/wire"
)

// commits gathers messages and commits them together: one write to the disk for all that came meanwhile.
func (i *Ingest) commits() {
	for first := range i.ready {
		group := i.gather(first)
		i.store(group)
	}
}

// gather takes what is decoded and waits only while more is still being decoded than that: the disk never rests
// while there is work, what is left is decoded while the disk writes, and whoever sends alone and waits for
// the answer is not held up.
func (i *Ingest) gather(first committable) []committable {
	group := []committable{first}
	readings := len(first.Batch.Readings)
	end := time.Now().Add(i.opts.Gather)
	look := time.NewTimer(i.opts.Gather)
	defer look.Stop()
	for len(group) < groupMessages && readings < groupReadings {
		if len(i.ready) == 0 {
			left := time.Until(end)
			if left <= 0 || i.queue.coming() <= len(group) {
				return group
			}
			look.Reset(min(left, gatherLook)) // what is refused does not come
		}
		select {
		case c, ok := <-i.ready:
			if !ok {
				return group
			}
			group = append(group, c)
			readings += len(c.Batch.Readings)
		case <-look.C:
		}
	}
	return group
}

// store commits a group and acknowledges it. When the group fails, each message is tried alone, so that
// one that cannot be stored does not hold up the rest.
func (i *Ingest) store(group []committable) {
	start := time.Now()
	outcomes, err := i.try(group)
	i.metrics.commit.Observe(time.Since(start).Seconds())
	if err == nil {
		i.settle(group, outcomes)
		return
	}
	// Of a full disk telemetry tells everybody, once; it has room left for alarms.
	if e, ok := errors.AsType[*errs.Error](err); !ok || e.Code != telemetry.CodeDiskFull {
		i.opts.Log.Error("commit", "messages", len(group), "error", err)
	}
	if errs.KindOf(err) == errs.Unavailable {
		urgent, rest := sift(group)
		if len(urgent) > 0 && len(rest) > 0 {
			i.fail(rest, err)
			i.store(urgent)
			return
		}
	}
	if len(group) == 1 || errs.KindOf(err) == errs.Unavailable {
		i.fail(group, err)
		return
	}
	for n := range group {
		one := group[n : n+1]
		if outcomes, err := i.try(one); err != nil {
			i.fail(one, err)
		} else {
			i.settle(one, outcomes)
		}
	}
}

// sift parts alarms and states from the rest.
func sift(group []committable) (urgent, rest []committable) {
	for _, c := range group {
		if c.Urgent() {
			urgent = append(urgent, c)
		} else {
			rest = append(rest, c)
		}
	}
	return urgent, rest
}

func (i *Ingest) try(group []committable) ([]telemetry.Outcome, error) {
	in := make([]telemetry.Incoming, len(group))
	for n := range group {
		in[n] = group[n].Incoming
	}
	ctx, cancel := context.WithTimeout(i.ctx, commitTimeout)
	defer cancel()
	return i.opts.Telemetry.Commit(ctx, in)
}

// fail leaves edges without an ack, so they send again, and ends the sessions of simple sensors, so they
// do as well. What can never be stored is refused.
func (i *Ingest) fail(group []committable, err error) {
	i.metrics.failed.Add(float64(len(group)))
	never := errs.KindOf(err) == errs.Invalid
	for _, c := range group {
		if never {
			i.Refused(i.ctx, c.Edge, ReasonMalformed, err.Error(), 1)
		}
		if c.done != nil {
			c.done(never)
		}
	}
}

// settle acknowledges what is committed: to edges the ranges, to simple sensors the message.
func (i *Ingest) settle(group []committable, outcomes []telemetry.Outcome) {
	type life struct {
		edge  string
		epoch uint64
	}
	acks := map[life]*[wire.Lanes][]wire.Range{}
	for n, c := range group {
		i.metrics.messages.Inc()
		i.metrics.readings.Add(float64(outcomes[n].Readings))
		if outcomes[n].Duplicate {
			i.metrics.duplicates.Inc()
		}
		if c.done != nil {
			c.done(true)
		}
		if !c.seq {
			continue
		}
		key := life{c.Edge, c.Batch.Epoch}
		if acks[key] == nil {
			acks[key] = &[wire.Lanes][]wire.Range{}
		}
		acks[key][c.Batch.Lane] = append(acks[key][c.Batch.Lane], wire.Range{c.Batch.SeqFrom, c.Batch.SeqTo})
		if !outcomes[n].Duplicate {
			i.results(c)
		}
	}
	for key, lanes := range acks {
		a := wire.Ack{Epoch: key.epoch, Lanes: []wire.LaneRanges{}, Time: wire.Millis(time.Now()), Window: i.opts.Window}
		for lane, ranges := range lanes {
			if len(ranges) > 0 {
				a.Lanes = append(a.Lanes, wire.LaneRanges{Lane: wire.Lane(lane), Ranges: merge(ranges)})
			}
		}
		if err := i.publish(wire.AckTopic(key.edge), a); err != nil {
			i.opts.Log.Warn("acknowledge", "edge", key.edge, "error", err)
		}
	}
}

// merge joins ranges that touch or overlap.
func merge(ranges []wire.Range) []wire.Range {
	slices.SortFunc(ranges, func(a, b wire.Range) int { return cmp.Compare(a[0], b[0]) })
	out := ranges[:1]
	for _, r := range ranges[1:] {
		last := &out[len(out)-1]
		if r[0] <= last[1] || r[0] == last[1]+1 {
			last[1] = max(last[1], r[1])
			continue
		}
		out = append(out, r)
	}
	return out
}

// results hands the outcomes of commands to whoever asked.
func (i *Ingest) results(c committable) {
	for _, e := range c.Batch.Events {
		if e.Kind == wire.EventConfig {
			var t wire.ConfigTold
			if json.Unmarshal(e.Data, &t) != nil {
				i.Refused(i.ctx, c.Edge, ReasonMalformed, e.Device+" "+e.Kind, 1)
				continue
			}
			i.opts.Devices.Told(i.ctx, c.Edge, t)
		}
		if e.Kind == wire.EventCrew {
			var r wire.CrewReceipt
			if json.Unmarshal(e.Data, &r) != nil || r.Check() != nil {
				i.Refused(i.ctx, c.Edge, ReasonMalformed, e.Device+" "+e.Kind, 1)
				continue
			}
			i.opts.Devices.Crew(i.ctx, c.Edge, r)
		}
		if e.Kind != wire.EventResult {
			continue
		}
		var r wire.CommandResult
		if json.Unmarshal(e.Data, &r) != nil || !wire.ValidID(r.Command) {
			i.Refused(i.ctx, c.Edge, ReasonMalformed, e.Device+" "+e.Kind, 1)
			continue
		}
		i.opts.Devices.Result(i.ctx, c.Edge, r)
	}
}
