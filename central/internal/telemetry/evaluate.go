package telemetry

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

const (
	tickEvery = 10 * time.Second
	// pastIdle ends a stretch of old readings that nothing follows.
	pastIdle = time.Minute
	// rebind is how long the rules of a series are taken as known without asking the register.
	rebind = time.Minute
	// replayed is what a restart evaluates again at most and at least.
	maxReplay, minReplay = 15 * time.Minute, time.Minute
)

// watching is the state of the rules. mu is held briefly, never while readings are stored.
type watching struct {
	mu       sync.Mutex
	watched  map[series]*bound
	active   map[Key]*Alarm
	unsaved  []func(context.Context) error // changes that wait for the alarm store
	peaked   map[Key]bool                  // active alarms whose peak is newer than the store's
	received time.Time                     // newest message that was evaluated
	replay   bool                          // evaluating again after a start
}

// bound is a series with the rules that watch it.
type bound struct {
	watches []*watch
	version int64 // of the device register
	until   time.Time
}

// watch is one rule on one series. Fresh readings move live; old and late ones move past, which only
// makes retrospective alarms.
type watch struct {
	rule     *rule.Rule
	live     rule.State
	liveFrom time.Time // when the message came that began what live waits for
	past     rule.State
	pastFrom time.Time // when the first message of the stretch came
	pastLast time.Time // and the last
	opened   wire.Point
}

// resume rebuilds the state from the alarm store and from the messages that were perhaps not evaluated.
func (s *Service) resume(ctx context.Context, latest []Latest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched, s.active, s.peaked = map[series]*bound{}, map[Key]*Alarm{}, map[Key]bool{}
	alarms, err := s.Alarms.Active(ctx)
	if err != nil {
		return fmt.Errorf("load active alarms: %w", err)
	}
	now := time.Now()
	for _, a := range alarms {
		s.active[a.Key()] = &a
		if !a.Holds() {
			continue
		}
		if s.ruleOf(a.Rule) == nil && a.Origin == Centre {
			s.end(ctx, a.Key(), now, now) // its rule is gone, nothing else would ever end it
			continue
		}
		for _, w := range s.bind(ctx, series{a.Device, a.Property}, now) {
			if w.rule.ID == a.Rule {
				w.live = rule.State{Active: true, Passed: true, Seen: true, Since: a.OpenedAt.UnixMilli(), Last: a.OpenedAt.UnixMilli(), Peak: a.Peak}
			}
		}
	}
	s.replay = true
	defer func() { s.replay = false }()
	if err := s.Store.Replay(ctx, func(in Incoming) error {
		s.one(ctx, &in)
		return nil
	}); err != nil {
		return err
	}
	for _, l := range latest { // a rule may be new
		r := wire.Reading{Device: l.Device, Property: l.Property, At: l.At.UnixMilli(), Value: l.Value, Quality: l.Quality}
		if now.Sub(l.At) <= MaxAge {
			s.reading(ctx, &r, l.ReceivedAt, nil)
		}
	}
	return nil
}

// evaluate lets the rules look at what was just committed.
func (s *Service) evaluate(ctx context.Context, in []Incoming, out []Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range in {
		if !out[i].Duplicate {
			s.one(ctx, &in[i])
		}
	}
}

func (s *Service) one(ctx context.Context, in *Incoming) {
	if in.ReceivedAt.After(s.received) {
		s.received = in.ReceivedAt
	}
	// An edge may know of the alarm before the readings tell: events go first.
	for i := range in.Batch.Events {
		s.event(ctx, in.Edge, &in.Batch.Events[i], in.ReceivedAt)
	}
	var last *wire.Reading
	var watches []*watch
	for i := range in.Batch.Readings {
		r := &in.Batch.Readings[i]
		if last == nil || last.Property != r.Property || last.Device != r.Device {
			watches = s.bind(ctx, series{r.Device, r.Property}, in.ReceivedAt)
		}
		last = r
		if len(watches) > 0 {
			s.reading(ctx, r, in.ReceivedAt, watches)
		}
	}
}

// bind finds the rules of a series. A watch keeps its state when the register changes.
func (s *Service) bind(ctx context.Context, k series, now time.Time) []*watch {
	b := s.watched[k]
	version := s.register.Load()
	if b != nil && b.version == version && now.Before(b.until) {
		return b.watches
	}
	if b == nil {
		b = &bound{}
		s.watched[k] = b
	}
	b.version, b.until = version, now.Add(rebind)
	dev, ok := s.Devices.Visible(ctx, k.device)
	var watches []*watch
	for i := range s.Rules {
		r := &s.Rules[i]
		if !ok || !r.Applies(k.device, dev.Class, k.property) {
			continue
		}
		w := &watch{rule: r}
		for _, old := range b.watches {
			if old.rule == r {
				w = old
			}
		}
		watches = append(watches, w)
	}
	b.watches = watches
	return watches
}

func (s *Service) reading(ctx context.Context, r *wire.Reading, received time.Time, watches []*watch) {
	k := series{r.Device, r.Property}
	if watches == nil {
		watches = s.bind(ctx, k, received)
	}
	p := wire.Point{At: r.At, Value: r.Value, Quality: r.Quality}
	for _, w := range watches {
		if w.live.Seen && p.At == w.live.Last {
			continue
		}
		key := Key{w.rule.ID, r.Device, r.Property}
		if (w.live.Seen && p.At < w.live.Last) || received.UnixMilli()-p.At > MaxAge.Milliseconds() {
			s.stepPast(ctx, w, key, p, received)
			continue
		}
		waiting := w.live.Passed
		switch w.rule.Step(&w.live, p) {
		case rule.Raised:
			s.raise(ctx, raising{key: key, rule: w.rule, at: p.At, value: p.Value, peak: w.live.Peak, received: received, origin: Centre})
		case rule.Ended:
			s.end(ctx, key, wire.Time(p.At), received)
		case rule.None:
			if w.live.Active {
				s.peak(key, w.live.Peak)
			}
		}
		if !waiting {
			w.liveFrom = received
		}
	}
}

// stepPast lets the rule look at an old or late reading. It follows stretches that are in order; a jump
// back in time begins a new one.
func (s *Service) stepPast(ctx context.Context, w *watch, key Key, p wire.Point, received time.Time) {
	if !rule.Counts(p) {
		return
	}
	if w.past.Seen && p.At < w.past.Last {
		s.closePast(ctx, w, key, w.past.Last, received)
	}
	if !w.past.Passed {
		w.pastFrom = received
	}
	w.pastLast = received
	switch w.rule.Step(&w.past, p) {
	case rule.Raised:
		w.opened = p
	case rule.Ended:
		w.past.Active = true // closePast looks at it
		s.closePast(ctx, w, key, p.At, received)
		w.past = rule.State{Seen: true, Last: p.At}
	case rule.None:
	}
}

// closePast records the stretch of old readings that passed the limit, if there is one, as history.
func (s *Service) closePast(ctx context.Context, w *watch, key Key, end int64, received time.Time) {
	if w.past.Active {
		s.record(ctx, raising{key: key, rule: w.rule, at: w.opened.At, value: w.opened.Value, peak: w.past.Peak, received: received, origin: Centre}, wire.Time(end))
	}
	w.past = rule.State{}
}

// tick does what no reading triggers: it stores what could not be stored, closes stretches of old
// readings and tells the store what a restart need not evaluate again.
func (s *Service) tick(ctx context.Context, now time.Time) error {
	ctx = actor.WithSystem(ctx, "rules")
	s.mu.Lock()
	before := s.received.Add(-minReplay)
	for k, b := range s.watched {
		for _, w := range b.watches {
			if w.past.Seen && now.Sub(w.pastLast) > pastIdle {
				s.closePast(ctx, w, Key{w.rule.ID, k.device, k.property}, w.past.Last, now)
			}
			if w.past.Passed && w.pastFrom.Before(before) {
				before = w.pastFrom
			}
			if w.live.Passed && !w.live.Active && w.liveFrom.Before(before) {
				before = w.liveFrom
			}
		}
	}
	if oldest := s.received.Add(-maxReplay); before.Before(oldest) {
		before = oldest
	}
	s.savePeaks(ctx)
	s.endOrphans(ctx, now)
	err := s.flush(ctx)
	known := !s.received.IsZero()
	s.mu.Unlock()
	if err != nil || !known {
		return err
	}
	return s.Store.Evaluated(ctx, before)
}

// endOrphans ends the alarms of devices that were removed: nothing else would.
func (s *Service) endOrphans(ctx context.Context, now time.Time) {
	for k, a := range s.active {
		if _, ok := s.Devices.Visible(ctx, k.Device); !ok && a.Holds() {
			s.end(ctx, k, now, now)
			delete(s.watched, series{k.Device, k.Property}) // should it come back, its rules begin anew
		}
	}
}

// flush stores what could not be stored before, in order.
func (s *Service) flush(ctx context.Context) error {
	for len(s.unsaved) > 0 {
		if err := s.unsaved[0](ctx); err != nil {
			return fmt.Errorf("store %d changes of alarms: %w", len(s.unsaved), err)
		}
		s.unsaved = s.unsaved[1:]
	}
	return nil
}

func (s *Service) ruleOf(id string) *rule.Rule {
	for i := range s.Rules {
		if s.Rules[i].ID == id {
			return &s.Rules[i]
		}
	}
	return nil
}
