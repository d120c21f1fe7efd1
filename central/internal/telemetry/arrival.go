package telemetry

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// A device whose clock is wrong must still ring. What is live is happening now, so rules take it in the
// order and, when its own time cannot be believed, at the time of its arrival. Only what is marked as
// backlog keeps its time, put right by what its edge's clock is known to be off.
const (
	slowClock = 2 * time.Minute  // a live time further behind than this is not believed
	fastClock = 10 * time.Second // nor one further ahead: until then it would hide what follows
)

// clockRule watches the clocks themselves. Its value is by how many seconds one is off.
const clockRule = "clock-wrong"

// anyClass is the class of the centre's own rules: no device has it, the centre itself finds whom they are about.
const anyClass = "*"

func wrongClock() rule.Rule {
	return rule.Rule{
		ID: clockRule, Name: "时钟不准", NameEN: "Clock is wrong", Class: anyClass, Property: "clock", Condition: rule.Above,
		Limit: slowClock.Seconds(), Clear: slowClock.Seconds() / 2, For: rule.Duration(10 * time.Second), Level: 4,
		Source: "本项目约定：设备时间与到达时间相差 2 分钟以上，规则按到达时间判断。A figure of this project, docs/protocol.md section 6.",
	}
}

// arrival is one message as the rules see it.
type arrival struct {
	edge     string
	received time.Time
	old      bool  // of the backlog, or evaluated again after a start: it proves nothing about now
	off      int64 // ms by which the clock of the edge is known to be wrong; 0 when it is right or unknown
}

func (s *Service) arrival(ctx context.Context, in *Incoming) arrival {
	a := arrival{edge: in.Edge, received: in.ReceivedAt, old: in.Batch.Backfill || s.replay}
	if in.Mended {
		return a
	}
	if dev, ok := s.Devices.Visible(ctx, in.Edge); ok && dev.Agent != nil && !s.replay {
		if off := dev.Agent.Offset; off < -slowClock.Milliseconds() || off > slowClock.Milliseconds() {
			a.off = off
		}
		s.clock(ctx, a, in.Edge, float64(dev.Agent.Offset))
	}
	return a
}

// shift is what is added to device times of which the newest is given.
func (a arrival) shift(newest int64) int64 {
	behind := wire.Millis(a.received) - newest
	switch {
	case a.old && behind+a.off > -fastClock.Milliseconds():
		return -a.off
	case !a.old && behind > slowClock.Milliseconds(), behind < -fastClock.Milliseconds():
		return behind
	}
	return 0
}

// at is the time that rules take for something that happened by the device's clock.
func (a arrival) at(ms int64) int64 { return ms + a.shift(ms) }

// late reports whether it was learned of too late to ring.
func (a arrival) late(at int64) bool { return a.old && tooOld(at, a.received) }

// retime gives the readings of a message the times that rules take. The readings themselves keep theirs.
func (s *Service) retime(ctx context.Context, a arrival, list []wire.Reading) []wire.Reading {
	out := list
	for from := 0; from < len(list); {
		to, newest := from, int64(math.MinInt64)
		for ; to < len(list) && list[to].Device == list[from].Device && list[to].Property == list[from].Property; to++ {
			newest = max(newest, list[to].At)
		}
		if !a.old && a.off == 0 {
			s.clock(ctx, a, list[from].Device, float64(newest-wire.Millis(a.received)))
		}
		if d := a.shift(newest); d != 0 {
			if &out[0] == &list[0] {
				out = slices.Clone(list)
			}
			for i := from; i < to; i++ {
				out[i].At += d
			}
		}
		from = to
	}
	return out
}

// judgeApart lets the rules judge what is live although its time is so wrong that it is stored apart: at the time
// of its arrival. The clock itself is an alarm from the first such reading on.
func (s *Service) judgeApart(ctx context.Context, a arrival, list []Suspect) {
	if a.old {
		return
	}
	for i := range list {
		one := &list[i]
		_, newest := one.At()
		if off := float64(newest) - float64(wire.Millis(a.received)); a.off == 0 {
			before := a
			before.received = a.received.Add(-time.Duration(s.ruleOf(clockRule).For)) // sure at once
			s.clock(ctx, before, one.Device, off)
			s.clock(ctx, a, one.Device, off)
		}
		if one.Event != nil {
			if e := *one.Event; e.Kind == wire.EventAlarm {
				e.At = wire.Millis(a.received)
				s.event(ctx, a, &e)
			}
			continue
		}
		s.readings(ctx, one.arrived(a.received), a.received, false)
	}
}

// arrived are the readings of an entry as if the newest had been taken when they came. Those that are too old
// beside it to ring are left out.
func (s *Suspect) arrived(received time.Time) []wire.Reading {
	_, newest := s.At()
	var out []wire.Reading
	for _, p := range s.Points {
		behind := uint64(newest) - uint64(p.At) //nolint:gosec // the difference fits, whatever the two are
		if behind > uint64(MaxAge.Milliseconds()) {
			continue
		}
		out = append(out, wire.Reading{Device: s.Device, Property: s.Property, At: wire.Millis(received) - int64(behind), Value: p.Value, Quality: p.Quality, Count: p.Count}) //nolint:gosec // at most MaxAge
	}
	slices.SortStableFunc(out, func(a, b wire.Reading) int { return cmp.Compare(a.At, b.At) })
	return out
}

// clock looks at by how many milliseconds the clock of a device is off.
func (s *Service) clock(ctx context.Context, a arrival, device string, off float64) {
	k := Key{clockRule, device, "clock"}
	seconds := math.Round(math.Abs(off) / 1000)
	if s.watches[k] == nil && seconds < slowClock.Seconds() {
		return
	}
	w := s.watch(k, s.ruleOf(clockRule))
	s.changed(ctx, w, w.rule.Step(&w.live, wire.Point{At: wire.Millis(a.received), Value: seconds}), wire.Millis(a.received), a.received)
}
