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
	watches  map[Key]*watch
	active   map[Key]*Alarm
	shelves  map[Key]Shelf
	unsaved  []func(context.Context) error // changes that wait for the alarm store
	aside    uint64                        // changes that it refused for good, since the start
	peaked   map[Key]bool                  // active alarms whose peak is newer than the store's
	received time.Time                     // newest message that was evaluated
	replay   bool                          // evaluating again after a start
	crowded  map[string]time.Time          // edges and devices whose own rules raise no more until then
	twins    map[string]time.Time          // edges as which two terminals speak, and when they last took turns
	unheard  map[string]int                // alarms about disks that say whom nobody watches, and of which opening
	ignorant []*watch                      // that begin without what was before; tick tells them
	ticked   int64                         // Unix milliseconds of the last look at who is silent
	escalating
}

// bound is a series with the rules that look at it.
type bound struct {
	looks   []look
	version int64 // of the device register
	until   time.Time
}

// look is what a reading of a series means to a watch.
type look struct {
	*watch
	input string // its name in an expression
}

// watch is one rule on one device. Fresh readings move live; old and late ones move past, which only
// makes retrospective alarms.
type watch struct {
	key      Key
	rule     *rule.Rule
	live     rule.State
	liveFrom time.Time // when the message came that began what live waits for
	told     int64     // when it ended, by the edge's word that the readings had still to bear out
	past     rule.State
	pastFrom time.Time // when the first message of the stretch came
	pastLast time.Time // and the last
	opened   wire.Point
}

// resume rebuilds the state from the alarm store and from the messages that were perhaps not evaluated.
func (s *Service) resume(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched, s.watches, s.active, s.peaked = map[series]*bound{}, map[Key]*watch{}, map[Key]*Alarm{}, map[Key]bool{}
	s.crowded, s.twins, s.unheard = map[string]time.Time{}, map[string]time.Time{}, map[string]int{}
	now := time.Now()
	s.shelves = map[Key]Shelf{}
	shelved, err := s.Alarms.Shelved(ctx, now)
	if err != nil {
		return fmt.Errorf("load shelved alarms: %w", err)
	}
	for _, a := range shelved {
		s.shelves[a.Key()] = *a.Shelf
	}
	alarms, err := s.Alarms.Active(ctx)
	if err != nil {
		return fmt.Errorf("load active alarms: %w", err)
	}
	for _, a := range alarms {
		if err := s.since(ctx, &a); err != nil {
			return err
		}
		a.BelowFirst = s.belowFirst(ctx, &a)
		s.active[a.Key()] = &a
		if a.Shelf != nil { // one that has ended meanwhile is unshelved by the next tick
			s.shelves[a.Key()] = *a.Shelf
		}
		if !a.Holds() {
			continue
		}
		switch r := s.ruleFor(a.Key(), now); {
		case r == nil && a.Origin == Centre:
			s.endWith(ctx, a.Key(), now, now, StepRuleGone, "") // nothing else would ever end it
		case r == nil, r.Condition == rule.Silent && a.Origin != Centre: // the edge will say when it ends
		default:
			s.watch(a.Key(), r).live = taken(r, &a)
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
	s.readings(ctx, s.fresh(now), now, true) // a rule may be new
	s.looksBack(nil)
	return nil
}

// taken is the state of a rule whose alarm holds.
func taken(r *rule.Rule, a *Alarm) rule.State {
	opened := min(a.since.UnixMilli(), time.Now().UnixMilli()) // a time ahead would hide what follows
	st := rule.State{Active: true, Passed: true, Seen: true, Since: opened, Last: opened, Peak: a.Peak}
	switch r.Condition {
	case rule.Stuck:
		st.Seen = false // where the value stood is not known
	case rule.Silent:
		st.Heard = opened
	default:
	}
	return st
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
	a := s.arrival(ctx, in)
	s.judgeApart(ctx, a, in.Apart)
	for i := range in.Batch.Events {
		s.event(ctx, a, &in.Batch.Events[i])
	}
	s.readings(ctx, s.retime(ctx, a, in.Batch.Readings), in.ReceivedAt, in.Batch.Backfill)
}

// readings lets the rules look at the readings of one message; old says that they prove nothing about now.
func (s *Service) readings(ctx context.Context, list []wire.Reading, received time.Time, old bool) {
	var last *wire.Reading
	var looks []look
	var joint joint
	for i := range list {
		r := &list[i]
		if last == nil || last.Property != r.Property || last.Device != r.Device {
			looks = s.bind(ctx, series{r.Device, r.Property}, received)
		}
		last = r
		p := wire.Point{At: r.At, Value: r.Value, Quality: r.Quality}
		for _, l := range looks {
			switch l.rule.Condition {
			case rule.Silent:
				if !old {
					s.spoke(ctx, l.watch, p, received)
				}
			case rule.Expression:
				joint.add(l, p)
			default:
				s.reading(ctx, l.watch, p, received)
			}
		}
	}
	for _, w := range joint.order {
		s.join(ctx, w, joint.values[w], received)
	}
}

// bind finds the rules of a series. A watch keeps its state when the register changes.
func (s *Service) bind(ctx context.Context, k series, now time.Time) []look {
	b := s.watched[k]
	version := s.register.Load()
	if b != nil && b.version == version && now.Before(b.until) {
		return b.looks
	}
	b = &bound{version: version, until: now.Add(rebind)}
	s.watched[k] = b
	dev, ok := s.Devices.Visible(ctx, k.device)
	if !ok {
		return nil
	}
	for i := range s.Rules {
		r := &s.Rules[i]
		for _, one := range r.Subjects(k.device, dev.Class, k.property) {
			if here := r.Of(one.Device, now); here != nil {
				b.looks = append(b.looks, look{s.watch(Key{r.ID, one.Device, r.Property}, here), one.Input})
			}
		}
	}
	return b.looks
}

func (s *Service) watch(k Key, r *rule.Rule) *watch {
	w := s.watches[k]
	if w == nil {
		w = &watch{key: k, rule: r}
		s.watches[k] = w
	}
	return w
}

// reading lets a rule look at the next reading of its series.
func (s *Service) reading(ctx context.Context, w *watch, p wire.Point, received time.Time) {
	if w.live.Seen && p.At == w.live.Last {
		return
	}
	if (w.live.Seen && p.At < w.live.Last) || tooOld(p.At, received) {
		s.stepPast(ctx, w, p, received)
		return
	}
	waiting, before, at := w.live.Passed, w.live.Last, p.At
	change := w.rule.Step(&w.live, p)
	if change == rule.Ended && before < w.told && w.told < at {
		at = w.told // the link was away between its word and this reading
	}
	s.changed(ctx, w, change, at, received)
	if !waiting {
		w.liveFrom = received
	}
}

func tooOld(at int64, received time.Time) bool {
	return received.UnixMilli()-at > MaxAge.Milliseconds()
}

// changed raises or ends the alarm of a watch, as its live state has just become.
func (s *Service) changed(ctx context.Context, w *watch, change rule.Change, at int64, received time.Time) {
	switch change {
	case rule.Raised:
		s.raise(ctx, raising{key: w.key, rule: w.rule, at: at, value: w.live.Value, peak: w.live.Peak, received: received, origin: Centre})
	case rule.Ended:
		s.end(ctx, w.key, wire.Time(at), received)
	case rule.None:
		if w.live.Active {
			s.peak(w.key, w.live.Peak)
		}
	}
}

// joint gathers the readings of expressions of one message.
type joint struct {
	values map[*watch][]rule.Value
	order  []*watch
}

func (j *joint) add(l look, p wire.Point) {
	if j.values == nil {
		j.values = map[*watch][]rule.Value{}
	}
	if len(j.values[l.watch]) == 0 {
		j.order = append(j.order, l.watch)
	}
	j.values[l.watch] = append(j.values[l.watch], rule.Value{Input: l.input, Point: p})
}

// join lets an expression look at the readings of one message.
func (s *Service) join(ctx context.Context, w *watch, values []rule.Value, received time.Time) {
	var old, fresh []rule.Value
	for _, v := range values {
		if tooOld(v.At, received) {
			old = append(old, v)
		} else {
			fresh = append(fresh, v)
		}
	}
	waiting := w.live.Passed
	w.rule.Join(&w.live, fresh, func(change rule.Change, at int64) { s.changed(ctx, w, change, at, received) })
	if !waiting {
		w.liveFrom = received
	}
	if len(old) > 0 {
		s.beginPast(ctx, w, old[0].At, received)
		w.rule.Join(&w.past, old, func(change rule.Change, at int64) { s.changedPast(ctx, w, change, at, received) })
	}
}

// stepPast lets the rule look at an old or late reading. It follows stretches that are in order; a jump
// back in time begins a new one.
func (s *Service) stepPast(ctx context.Context, w *watch, p wire.Point, received time.Time) {
	if rule.Counts(p) {
		s.beginPast(ctx, w, p.At, received)
		s.changedPast(ctx, w, w.rule.Step(&w.past, p), p.At, received)
	}
}

func (s *Service) beginPast(ctx context.Context, w *watch, at int64, received time.Time) {
	if w.past.Seen && at < w.past.Last {
		s.closePast(ctx, w, received)
	}
	if !w.past.Passed {
		w.pastFrom = received
	}
	w.pastLast = received
}

func (s *Service) changedPast(ctx context.Context, w *watch, change rule.Change, at int64, received time.Time) {
	switch change {
	case rule.Raised:
		w.opened = wire.Point{At: at, Value: w.past.Value}
	case rule.Ended:
		s.recordPast(ctx, w, at, received)
	case rule.None:
	}
}

// closePast ends a stretch of old readings; when it ends with the condition holding, that is history, too.
func (s *Service) closePast(ctx context.Context, w *watch, received time.Time) {
	if w.past.Active {
		s.recordPast(ctx, w, w.past.Last, received)
	}
	w.past = rule.State{}
}

func (s *Service) recordPast(ctx context.Context, w *watch, end int64, received time.Time) {
	s.record(ctx, raising{key: w.key, rule: w.rule, at: w.opened.At, value: w.opened.Value, peak: w.past.Peak, received: received, origin: Centre}, wire.Time(end))
}

// tick does what no reading triggers: it notices silence, stores what could not be stored, closes
// stretches of old readings and tells the store what a restart need not evaluate again.
func (s *Service) tick(ctx context.Context, now time.Time) error {
	ctx = actor.WithSystem(ctx, "rules")
	s.checkHealth(ctx, now)
	s.remember(ctx, now)
	all, err := s.Devices.All(ctx)
	if err != nil {
		return fmt.Errorf("list devices: %w", err)
	}
	s.mu.Lock()
	before := s.received.Add(-minReplay)
	for _, w := range s.watches {
		if w.past.Seen && now.Sub(w.pastLast) > pastIdle {
			s.closePast(ctx, w, now)
		}
		if w.past.Passed && w.pastFrom.Before(before) {
			before = w.pastFrom
		}
		if w.live.Passed && !w.live.Active && w.liveFrom.Before(before) {
			before = w.liveFrom
		}
	}
	if oldest := s.received.Add(-maxReplay); before.Before(oldest) {
		before = oldest
	}
	s.listen(ctx, all, now)
	s.thin(ctx, now)
	s.single(ctx, now)
	s.unshelve(ctx, now)
	s.savePeaks(ctx)
	s.endOrphans(ctx, now)
	err = s.flush(ctx)
	known := !s.received.IsZero()
	s.mu.Unlock()
	if err != nil || !known {
		return err
	}
	return s.Store.Evaluated(ctx, before)
}

// endOrphans ends the alarms of devices that were removed: nothing else would. Should one come back, its
// rules begin anew.
func (s *Service) endOrphans(ctx context.Context, now time.Time) {
	for k, a := range s.active {
		if _, ok := s.Devices.Visible(ctx, k.Device); !ok && a.Holds() {
			s.end(ctx, k, now, now)
		}
	}
	for k := range s.watches {
		if _, ok := s.Devices.Visible(ctx, k.Device); !ok {
			delete(s.watches, k)
			clear(s.watched)
		}
	}
}
