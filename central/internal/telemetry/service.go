package telemetry

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// MaxAge is how old a reading may be to ring; what is older makes retrospective alarms only.
const MaxAge = rule.MaxAge

// Service takes readings in, answers for them, and keeps the alarms. Fill the exported fields, then
// Start; Commit may be called from then on.
type Service struct {
	Store      Store
	Forward    Forwarder
	Alarms     AlarmStore
	Quarantine QuarantineStore
	LegalHolds HoldStore
	Policies   PolicyStore
	Tx         Tx      // of Alarms, Quarantine, LegalHolds and Policies
	Windows    Windows // nil: nothing is ever worked on
	Desks      Desks   // nil: ByDivision
	Devices    Devices
	Rules      []rule.Rule // that decide at the start; later Use
	Events     event.Publisher
	Log        *slog.Logger
	// ShelveMax is how long an alarm may be kept from ringing.
	ShelveMax time.Duration
	// Escalation is the policy that holds until somebody changes it.
	Escalation Policy
	// Top is the division of the centre: what holds everywhere is changed there.
	Top string

	trials chan struct{} // rules that are being tried now

	// commit keeps commits in one order for the rules as well.
	commit sync.Mutex

	latestMu sync.RWMutex
	latest   map[series]*Latest

	watching      // evaluate.go
	watchedHealth // health.go

	acting  sync.Mutex // one act on the quarantine at a time
	apartMu sync.Mutex
	apart   map[string]int64 // readings kept apart, by device
	dropped map[string]int64 // and those that found no room

	register atomic.Int64 // counts changes of the device register
	stop     context.CancelFunc
	done     chan struct{}
}

// series names one observed property of one device.
type series struct{ device, property string }

// Start loads what is known, evaluates again what was committed but perhaps not evaluated when the centre
// last ended, and begins to watch over time.
func (s *Service) Start(ctx context.Context) error {
	ctx = actor.WithSystem(ctx, "rules")
	s.Rules = withOwn(s.Rules)
	if s.Desks == nil {
		s.Desks = ByDivision{s.Top}
	}
	s.trials = make(chan struct{}, trialsAtOnce)
	s.latest = map[series]*Latest{}
	values, err := s.Store.Latest(ctx)
	if err != nil {
		return fmt.Errorf("start telemetry: %w", err)
	}
	for _, l := range values {
		s.latest[series{l.Device, l.Property}] = &l
	}
	if err := s.loadPolicy(ctx); err != nil {
		return fmt.Errorf("start telemetry: load escalation policy: %w", err)
	}
	if err := s.loadApart(ctx); err != nil {
		return fmt.Errorf("start telemetry: %w", err)
	}
	if err := s.resume(ctx); err != nil {
		return fmt.Errorf("start telemetry: %w", err)
	}
	s.checkHealth(ctx, time.Now())
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop, s.done = stop, make(chan struct{})
	go s.run(background)
	return nil
}

// Stop ends the watch over time. Call it after the last Commit.
func (s *Service) Stop(ctx context.Context) error {
	if s.stop == nil {
		return nil
	}
	s.stop()
	select {
	case <-s.done:
	case <-ctx.Done():
		return fmt.Errorf("stop telemetry: %w", ctx.Err())
	}
	return s.tick(actor.WithSystem(ctx, "rules"), time.Now())
}

// run does over time what no reading triggers.
func (s *Service) run(ctx context.Context) {
	defer close(s.done)
	s.remember(ctx, time.Now())
	every, often, began := time.NewTicker(tickEvery), time.NewTicker(escalateEvery), time.Now()
	defer every.Stop()
	defer often.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-often.C:
			s.watchTimes(ctx, now, now.Sub(began))
		case now := <-every.C:
			if err := s.tick(ctx, now); err != nil && ctx.Err() == nil {
				s.Log.Error("alarms wait to be stored", "error", err)
			}
		}
	}
}

// OnEvent keeps the service up to date with the device register. Register it with the bus.
func (s *Service) OnEvent(_ context.Context, e event.Event) {
	if !e.Ephemeral && strings.HasPrefix(e.Kind, "device.") {
		s.register.Add(1)
	}
}

// Commit stores what ingest brings, all or nothing. When it returns without an error everything is
// durable and may be acknowledged to the sender. Rules are evaluated and events published before it
// returns; a trouble there never fails the commit.
func (s *Service) Commit(ctx context.Context, in []Incoming) ([]Outcome, error) {
	ctx = actor.WithSystem(ctx, "ingest")
	s.commit.Lock()
	defer s.commit.Unlock()
	for i := range in {
		if err := s.KeepApart(ctx, in[i].Apart); err != nil {
			return nil, fmt.Errorf("commit readings: %w", err)
		}
	}
	s.mark(ctx, in)
	out, err := s.Store.Commit(ctx, in)
	// What follows belongs to what is durable now; the caller's deadline must not cut it off.
	later := context.WithoutCancel(ctx)
	if err != nil {
		s.checkHealth(later, time.Now())
		return nil, fmt.Errorf("commit readings: %w", err)
	}
	if s.ill() {
		s.checkHealth(later, time.Now())
	}
	s.tell(later, in, out)
	return out, nil
}

// tell passes on what has been committed: to whoever looks at the newest values, and to the rules.
func (s *Service) tell(ctx context.Context, in []Incoming, out []Outcome) {
	var received time.Time
	var changed []Latest
	for i := range in {
		if in[i].ReceivedAt.After(received) {
			received = in[i].ReceivedAt
		}
		if !out[i].Duplicate {
			changed = s.note(changed, &in[i])
		}
	}
	s.publishLatest(ctx, received, unique(changed))
	s.evaluate(actor.WithSystem(ctx, "rules"), in, out)
}

// note takes the newest values of a message and appends those that changed.
func (s *Service) note(changed []Latest, in *Incoming) []Latest {
	s.latestMu.Lock()
	defer s.latestMu.Unlock()
	var k series
	var l *Latest
	dirty := false
	flush := func() {
		if dirty {
			changed = append(changed, *l)
		}
		dirty = false
	}
	take := func(r *wire.Reading, clockOff int64) {
		if l == nil || k.property != r.Property || k.device != r.Device {
			flush()
			k = series{r.Device, r.Property}
			if l = s.latest[k]; l == nil {
				l = &Latest{Device: r.Device, Property: r.Property, At: time.UnixMilli(math.MinInt64)}
				s.latest[k] = l
			}
		}
		if r.At <= shown(l) {
			return
		}
		l.At, l.ReceivedAt, l.Value, l.Quality, l.ClockOff, dirty = wire.Time(r.At), in.ReceivedAt, r.Value, r.Quality, clockOff, true
		if math.IsNaN(r.Value) || math.IsInf(r.Value, 0) { // nothing that could be shown
			l.Value, l.Quality = 0, wire.Bad
		}
	}
	for i := range in.Batch.Readings {
		take(&in.Batch.Readings[i], 0)
	}
	for i := range in.Apart {
		one := &in.Apart[i]
		if one.Event != nil || in.Batch.Backfill {
			continue
		}
		list := one.arrived(in.ReceivedAt)
		for j := range list {
			list[j].Quality = max(list[j].Quality, wire.Uncertain)
			take(&list[j], one.clockOff())
		}
	}
	flush()
	return changed
}

// clockOff is by how many seconds the clock of the device is wrong, bounded to 100 years.
func (s *Suspect) clockOff() int64 {
	const most = 100 * 365.25 * 24 * 3600
	_, newest := s.At()
	return int64(min(max((float64(newest)-float64(wire.Millis(s.ReceivedAt)))/1000, -most), most))
}

// shown is the time that a newer reading must pass. A time ahead of its arrival hides nothing that follows.
func shown(l *Latest) int64 {
	if l.At.After(l.ReceivedAt) {
		return l.ReceivedAt.UnixMilli()
	}
	return l.At.UnixMilli()
}

// unique keeps the last of each series.
func unique(changed []Latest) []Latest {
	if len(changed) < 2 {
		return changed
	}
	seen := make(map[series]int, len(changed))
	out := changed[:0]
	for _, l := range changed {
		k := series{l.Device, l.Property}
		if i, ok := seen[k]; ok {
			out[i] = l
			continue
		}
		seen[k] = len(out)
		out = append(out, l)
	}
	return out
}

// Have lists what is committed of one epoch of an edge.
func (s *Service) Have(ctx context.Context, edge string, epoch uint64) ([]wire.LaneRanges, error) {
	return s.Store.Have(ctx, edge, epoch)
}

// Holds reports whether a range of an edge is committed.
func (s *Service) Holds(edge string, epoch uint64, lane wire.Lane, r wire.Range) bool {
	return s.Store.Holds(edge, epoch, lane, r)
}

// Latest is the newest value of every series the actor may see, by device and property.
func (s *Service) Latest(ctx context.Context) ([]Latest, error) {
	if _, err := actor.Require(ctx, actor.TelemetryRead); err != nil {
		return nil, err
	}
	s.latestMu.RLock()
	all := make([]Latest, 0, len(s.latest))
	for _, l := range s.latest {
		all = append(all, *l)
	}
	s.latestMu.RUnlock()
	visible := map[string]bool{}
	all = slices.DeleteFunc(all, func(l Latest) bool {
		ok, known := visible[l.Device]
		if !known {
			_, ok = s.Devices.Visible(ctx, l.Device)
			visible[l.Device] = ok
		}
		return !ok
	})
	slices.SortFunc(all, func(a, b Latest) int {
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.Property, b.Property))
	})
	return all, nil
}

// Forget drops newest values of some devices and properties from before a time, by whole days (UTC) as the store does.
func (s *Service) Forget(devices, properties []string, before time.Time) {
	until := before.UTC().Truncate(24 * time.Hour)
	s.latestMu.Lock()
	defer s.latestMu.Unlock()
	for _, d := range devices {
		for _, p := range properties {
			k := series{d, p}
			if l := s.latest[k]; l != nil && l.At.Before(until) {
				delete(s.latest, k)
			}
		}
	}
}

// Series reads one series for a chart.
func (s *Service) Series(ctx context.Context, q Query) (Chart, error) {
	if _, err := actor.Require(ctx, actor.TelemetryRead); err != nil {
		return Chart{}, err
	}
	switch {
	case !wire.ValidID(q.Device):
		return Chart{}, errs.Field("telemetry.query", "device", "is not a device id")
	case !wire.ValidID(q.Property):
		return Chart{}, errs.Field("telemetry.query", "property", "is not a property")
	case !q.From.Before(q.To):
		return Chart{}, errs.Field("telemetry.query", "to", "must be after from")
	case q.Points < 0 || q.Points > maxPoints:
		return Chart{}, errs.Field("telemetry.query", "points", fmt.Sprintf("must be at most %d", maxPoints))
	}
	dev, ok := s.Devices.Visible(ctx, q.Device)
	if !ok {
		return Chart{}, errs.E(errs.NotFound, "device.not_found", "device %s", q.Device)
	}
	out, err := s.Store.Query(ctx, q)
	if err != nil {
		return Chart{}, err
	}
	for _, p := range dev.Series {
		if p.Property == q.Property {
			out.Unit = p.Unit
		}
	}
	return out, nil
}

// Stats counts what is stored.
func (s *Service) Stats(ctx context.Context) (Stats, error) {
	if _, err := actor.Require(ctx, actor.TelemetryRead); err != nil {
		return Stats{}, err
	}
	out, err := s.Store.Stats(ctx)
	if err != nil {
		return out, err
	}
	holds, err := s.LegalHolds.List(ctx)
	if err != nil {
		return out, err
	}
	for i := range out.Months {
		m := &out.Months[i]
		from, err := time.Parse("2006-01", m.Month)
		if err != nil {
			return out, fmt.Errorf("read month %s: %w", m.Month, err)
		}
		m.Held = slices.ContainsFunc(holds, func(h Hold) bool { return h.covers(from, from.AddDate(0, 1, 0)) })
	}
	return out, nil
}
