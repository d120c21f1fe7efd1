package maintenance

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/rule"
)

const (
	lookEvery = time.Second
	// remembered is how long an ended window still marks readings that come late.
	remembered = 72 * time.Hour
	// listed is how far back the list of windows goes.
	listed = 90 * 24 * time.Hour
)

// Service plans windows and knows which lie over what. Fill the exported fields, then Start.
type Service struct {
	Store   Store
	Tx      Tx
	Devices Devices
	Rules   Rules
	Book    Book
	Events  event.Publisher
	Limits  Limits
	Log     *slog.Logger

	changing sync.Mutex // one change at a time
	mu       sync.RWMutex
	windows  map[string]Window // as of the last look; those that may still mark readings as well
	sirens   []rule.Rule       // rules that switch something, as of the last look
	any      atomic.Bool

	stop context.CancelFunc
	done chan struct{}
}

// Start loads the windows and begins to watch the clock.
func (s *Service) Start(ctx context.Context) error {
	now := time.Now()
	list, err := s.Store.List(ctx, now.Add(-remembered))
	if err != nil {
		return fmt.Errorf("start maintenance: %w", err)
	}
	s.windows = map[string]Window{}
	for _, w := range list {
		s.windows[w.ID] = w.at(now)
	}
	s.any.Store(len(s.windows) > 0)
	if err := s.weigh(seesAll(ctx)); err != nil {
		return fmt.Errorf("start maintenance: %w", err)
	}
	background, stop := context.WithCancel(seesAll(context.WithoutCancel(ctx)))
	s.stop, s.done = stop, make(chan struct{})
	go s.run(background)
	return nil
}

// Stop ends the watch.
func (s *Service) Stop(ctx context.Context) error {
	s.stop()
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop maintenance: %w", ctx.Err())
	}
}

func (s *Service) run(ctx context.Context) {
	defer close(s.done)
	every, weigh := time.NewTicker(lookEvery), time.NewTicker(weighEvery)
	defer every.Stop()
	defer weigh.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-weigh.C:
			if !s.Any() {
				continue
			}
			if err := s.weigh(ctx); err != nil && ctx.Err() == nil {
				s.Log.ErrorContext(ctx, "what windows do not silence is not known yet", "error", err)
			}
		case now := <-every.C:
			s.look(ctx, now)
		}
	}
}

// look tells which windows have begun and which are over.
func (s *Service) look(ctx context.Context, now time.Time) {
	var events []event.Event
	s.mu.Lock()
	for id, old := range s.windows {
		w := old.at(now)
		s.windows[id] = w
		switch {
		case w.State == Now && old.State != Now:
			events = append(events, happened(ctx, EventBegan, w))
		case w.State != Now && old.State == Now:
			events = append(events, happened(ctx, EventOver, w))
		case w.State == Past && now.Sub(w.To) > remembered:
			delete(s.windows, id)
		}
	}
	s.any.Store(len(s.windows) > 0)
	s.mu.Unlock()
	s.Events.Publish(ctx, events...)
}

// Any reports whether there is any window that Over could find.
func (s *Service) Any() bool { return s.any.Load() }

// Over finds the window that lies over a rule on a device at a time, of several the one that ends last;
// without a rule over the device itself.
func (s *Service) Over(d device.Device, about string, at time.Time) (found Cover, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, w := range s.windows {
		if !w.over(&d, about) || s.withheld(&w, &d) {
			continue
		}
		if w.EndedAt != nil && at.Before(*w.EndedAt) {
			w.EndedAt, w.To = nil, *w.EndedAt // it did lie over it until then
		}
		span, holds := w.next(at)
		if holds && !at.Before(span.From) && span.To.After(found.Until) {
			found, ok = Cover{Window: w.ID, Until: span.To, By: w.CreatedBy, ByName: w.CreatedByName, Reason: w.Reason}, true
		}
	}
	return found, ok
}

// List is the windows that the actor may see: those of now, those to come by their next time, then past ones,
// the newest first.
func (s *Service) List(ctx context.Context) ([]Window, error) {
	who, err := actor.Require(ctx, actor.AlarmRead)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	all, err := s.Store.List(ctx, now.Add(-listed))
	if err != nil {
		return nil, err
	}
	out := []Window{}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, w := range all {
		w.Needs, w.Withheld = s.windows[w.ID].Needs, s.windows[w.ID].Withheld
		if w = w.at(now); w.VisibleTo(who) {
			out = append(out, w)
		}
	}
	order := map[State]int{Now: 0, Coming: 1, Past: 2}
	slices.SortFunc(out, func(a, b Window) int {
		if a.Span != nil && b.Span != nil {
			return cmp.Or(cmp.Compare(order[a.State], order[b.State]), a.Span.From.Compare(b.Span.From), cmp.Compare(a.ID, b.ID))
		}
		return cmp.Or(cmp.Compare(order[a.State], order[b.State]), cmp.Compare(b.ID, a.ID))
	})
	return out, nil
}

// Bounds says what a window may be at most, and for what it needs a second confirmation.
func (s *Service) Bounds(ctx context.Context) (Limits, error) {
	_, err := actor.Require(ctx, actor.AlarmRead)
	return s.Limits, err
}

// Plan makes a window. A zero From is now. What silences a critical class is made only with confirm.
func (s *Service) Plan(ctx context.Context, w Window, confirm bool) (Window, error) {
	who, err := actor.Require(ctx, actor.AlarmMaintain)
	if err != nil {
		return Window{}, err
	}
	now := event.Stamp(time.Now())
	w.Reason = strings.TrimSpace(w.Reason)
	if w.Reason == "" || !errs.Text(w.Reason, maxReason) {
		return Window{}, errs.Field("maintenance.window", "reason", "1 to 500 characters")
	}
	if w.From.IsZero() {
		w.From = now
	}
	w.From, w.To = event.Stamp(w.From), event.Stamp(w.To)
	if err := w.aim(); err != nil {
		return Window{}, err
	}
	if err := w.check(s.Limits, now); err != nil {
		return Window{}, err
	}
	if w.Critical, err = s.admit(ctx, who, &w); err != nil {
		return Window{}, err
	}
	if w.Critical && !confirm {
		return Window{}, errs.Field("maintenance.confirm", "confirm", "this silences a critical class; confirm it a second time")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Window{}, fmt.Errorf("make id: %w", err)
	}
	w.ID, w.CreatedAt, w.CreatedBy, w.CreatedByName, w.UpdatedAt = id.String(), now, who.ID, who.Name, now
	w.Changed, w.EndedAt, w.EndedBy, w.EndedByName = nil, nil, "", ""
	return s.keep(ctx, EventPlanned, w, func(ctx context.Context) error { return s.Store.Add(ctx, w) })
}

// admit finds what the window is about, fills in its division, and says whether that is critical.
func (s *Service) admit(ctx context.Context, who actor.Actor, w *Window) (critical bool, err error) {
	if w.Target == Device || w.Target == Terminal {
		d, ok := s.Devices.Visible(ctx, w.Subject)
		if !ok || (w.Target == Terminal) != (d.Kind == device.Edge) {
			return false, errs.E(errs.NotFound, "device.not_found", "there is no %s %s", w.Target, w.Subject)
		}
		w.Division = d.Division
	} else if !who.Covers(w.Division) {
		return false, errs.E(errs.Denied, "auth.denied", "division %s is not yours", w.Division)
	}
	if w.Target != Rule {
		all, err := s.Devices.All(seesAll(ctx))
		sirens := s.sounding()
		return (w.Target == Class && s.grave(w.Subject)) || slices.ContainsFunc(all, func(d device.Device) bool {
			return w.over(&d, "") && (s.grave(d.Class) || loud(sirens, &d))
		}), err
	}
	rules, err := s.Rules.ListRules(seesAll(ctx))
	if err != nil {
		return false, err
	}
	for i := range rules {
		if rules[i].ID == w.Subject {
			r := &rules[i]
			return r.Class == "" || r.Class == "*" || s.grave(r.Class) || r.Condition == rule.Silent || len(r.Actions) > 0, nil
		}
	}
	return false, errs.E(errs.NotFound, "maintenance.no_rule", "there is no rule %s", w.Subject)
}

// Extend moves the end of a window, of a weekly one that of the time that holds now: at most Limits.MaxHours
// from now, and not beyond the end of the whole.
func (s *Service) Extend(ctx context.Context, id string, to time.Time) (Window, error) {
	to = event.Stamp(to)
	return s.change(ctx, id, EventExtended, func(w *Window, _ actor.Actor, now time.Time) error {
		end := w.To
		if w.Weekly != nil && w.State == Now {
			end = w.Span.To
		}
		switch {
		case w.Weekly != nil && w.State != Now:
			return errs.E(errs.Conflict, "maintenance.not_now", "the window does not hold now; only the time that holds can be extended")
		case w.Weekly != nil && to.After(w.To):
			return errs.Field("maintenance.window", "to", "lies beyond the end of the weekly window; begin another one beside it")
		case !to.After(end):
			return errs.Field("maintenance.window", "to", "must be later than the end that is planned")
		case to.Sub(now) > time.Duration(s.Limits.MaxHours)*time.Hour:
			return errs.Field("maintenance.window", "to", fmt.Sprintf("at most %d hours ahead", s.Limits.MaxHours))
		}
		if w.Weekly != nil {
			w.Changed = &Span{w.Span.From, to}
			return nil
		}
		w.To = to
		return nil
	})
}

// End ends the time that holds now; a weekly window goes on with its next.
func (s *Service) End(ctx context.Context, id string) (Window, error) {
	return s.change(ctx, id, EventEnded, func(w *Window, who actor.Actor, now time.Time) error {
		if w.State != Now {
			return errs.E(errs.Conflict, "maintenance.not_now", "the window does not hold now")
		}
		if w.Weekly != nil {
			w.Changed = &Span{w.Span.From, now}
			return nil
		}
		w.EndedAt, w.EndedBy, w.EndedByName = &now, who.ID, who.Name
		return nil
	})
}

// Cancel takes the whole window away, the time that holds now as well.
func (s *Service) Cancel(ctx context.Context, id string) (Window, error) {
	return s.change(ctx, id, EventCancelled, func(w *Window, who actor.Actor, now time.Time) error {
		w.EndedAt, w.EndedBy, w.EndedByName = &now, who.ID, who.Name
		return nil
	})
}

// change lets a person change a window that is not past.
func (s *Service) change(ctx context.Context, id, kind string, do func(*Window, actor.Actor, time.Time) error) (Window, error) {
	who, err := actor.Require(ctx, actor.AlarmMaintain)
	if err != nil {
		return Window{}, err
	}
	s.changing.Lock()
	defer s.changing.Unlock()
	now := event.Stamp(time.Now())
	s.mu.RLock()
	w, ok := s.windows[id]
	s.mu.RUnlock()
	if !ok || !who.Sees(w.Division) {
		return Window{}, errs.E(errs.NotFound, "maintenance.not_found", "maintenance window %s", id)
	}
	if w = w.at(now); w.State == Past {
		return Window{}, errs.E(errs.Conflict, "maintenance.past", "the window is over")
	}
	if err := do(&w, who, now); err != nil {
		return Window{}, err
	}
	was := w.UpdatedAt
	if w.UpdatedAt = now; !now.After(was) {
		w.UpdatedAt = was.Add(time.Microsecond)
	}
	return s.keep(ctx, kind, w, func(ctx context.Context) error { return s.Store.Save(ctx, w, was) })
}

// keep stores a window with its trace, and takes it over.
func (s *Service) keep(ctx context.Context, kind string, w Window, save func(context.Context) error) (Window, error) {
	w = w.at(w.UpdatedAt)
	devices, err := s.Devices.All(seesAll(ctx))
	if err != nil {
		return Window{}, err
	}
	s.mu.Lock()
	s.judge(&w, devices)
	s.mu.Unlock()
	done := happened(ctx, kind, w)
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := save(ctx); err != nil {
			return err
		}
		return s.Events.Record(ctx, &done)
	})
	if err != nil {
		return Window{}, err
	}
	s.mu.Lock()
	s.windows[w.ID] = w
	s.any.Store(true)
	s.mu.Unlock()
	s.Events.Publish(ctx, done)
	return w, nil
}
