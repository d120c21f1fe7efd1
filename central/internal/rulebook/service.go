package rulebook

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/desired"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/rule"
)

const (
	maxRules  = 500 // of the book, as of one terminal
	maxReason = 500 // characters
)

// Options of the service.
type Options struct {
	Store     Store
	Tx        Tx
	Devices   Devices
	Judge     Judge     // nil until telemetry stands
	Terminals Terminals // nil until fleet stands
	Events    event.Publisher
	Division  string // of the centre
	// Critical are the classes of devices whose rules are weakened on a second confirmation only, and OverrideMax
	// is how long, as a rule that is off. 0: for any time.
	Critical    []string
	OverrideMax time.Duration
	Log         *slog.Logger
}

// Service is the use cases. Load it before telemetry starts, Start it when terminals can be reached.
type Service struct {
	Options
	schema *desired.Schema
	loop   loop

	write sync.Mutex // one change at a time
	judge sync.Mutex // telemetry is given rules in the order in which they were resolved
	mu    sync.RWMutex
	book  []Kept
	overs []RuleOverride
	rules []rule.Rule // that decide now
}

// New makes a service.
func New(o Options) (*Service, error) {
	schema, err := desired.New()
	if err != nil {
		return nil, err
	}
	return &Service{Options: o, schema: schema, loop: newLoop()}, nil
}

// read takes the book from the store.
func (s *Service) read(ctx context.Context) error {
	book, err := s.Store.Entries(ctx)
	if err != nil {
		return err
	}
	overs, err := s.Store.Overrides(ctx)
	if err != nil {
		return err
	}
	for i := range book {
		e := &book[i]
		e.Offer = e.offer()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.book, s.overs = book, overs
	return nil
}

// Rules are those that decide now, for the start of telemetry.
func (s *Service) Rules() []rule.Rule {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.rules)
}

func (s *Service) find(id string) (Kept, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, e := range s.book {
		if e.ID == id {
			return e, true
		}
	}
	return Kept{}, false
}

// entry finds a rule that the actor may read.
func (s *Service) entry(a actor.Actor, id string) (Kept, error) {
	e, ok := s.find(id)
	if !ok || !a.Meets(e.Division) {
		return Kept{}, errs.E(errs.NotFound, "rule.not_found", "rule %s does not exist", id)
	}
	return e, nil
}

// decision is what becomes of a rule.
type decision struct {
	kind    string
	reason  string
	version *RuleVersion
	remove  bool
}

// modify changes one rule of the actor's own division, if it is still what the actor saw.
func (s *Service) modify(ctx context.Context, id string, seen int64, need actor.Permission, decide func(ctx context.Context, a actor.Actor, e *Kept) (decision, error)) (Kept, error) {
	a, err := actor.Require(ctx, need)
	if err != nil {
		return Kept{}, err
	}
	s.write.Lock()
	defer s.write.Unlock()
	e, err := s.entry(a, id)
	if err != nil {
		return Kept{}, err
	}
	if !a.Covers(e.Division) {
		return Kept{}, errs.E(errs.Denied, "rule.not_yours", "rule %s belongs to division %s; make an exception for your own division instead", id, e.Division)
	}
	if e.Revision != seen {
		return Kept{}, errs.E(errs.Conflict, "rule.changed", "rule %s has changed meanwhile; load it again", id)
	}
	d, err := decide(ctx, a, &e)
	if err != nil {
		return Kept{}, err
	}
	return s.keep(ctx, e, seen, d)
}

// keep writes a change of a rule and its record in one transaction, and lets it take effect. It is called
// with write held.
func (s *Service) keep(ctx context.Context, e Kept, was int64, d decision) (Kept, error) {
	e.Revision, e.UpdatedAt = was+1, event.Stamp(time.Now())
	if d.version != nil {
		d.version.CreatedAt = e.UpdatedAt
	}
	e.Offer = e.offer()
	said := news(ctx, d.kind, e, d.reason)
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if d.remove {
			if err := s.Store.Remove(ctx, e.ID, was); err != nil {
				return err
			}
			return s.Events.Record(ctx, said)
		}
		if err := s.Store.Save(ctx, e, was); err != nil {
			return err
		}
		if d.version != nil {
			if err := s.Store.AddVersion(ctx, *d.version); err != nil {
				return err
			}
		}
		return s.Events.Record(ctx, said)
	})
	if errs.KindOf(err) == errs.Conflict {
		return Kept{}, errs.E(errs.Conflict, "rule.changed", "rule %s has changed meanwhile; load it again", e.ID)
	}
	if err != nil {
		return Kept{}, err
	}
	s.took(ctx, said, d.reason)
	return e, nil
}

// took lets a change take effect that is committed: nothing may cut that off.
func (s *Service) took(ctx context.Context, said *event.Event, reason string) {
	ctx = context.WithoutCancel(ctx)
	err := s.read(ctx)
	stale := err != nil
	if err == nil {
		err = s.apply(ctx, time.Now(), reason)
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "rules do not decide yet; the next look will see to it", "error", err)
	}
	s.Events.Publish(ctx, *said)
	a, _ := actor.From(ctx)
	s.loop.look(change{who: a, note: reason}, stale)
}

// apply hands the rules that decide now to telemetry, if they are others than before.
func (s *Service) apply(ctx context.Context, now time.Time, why string) error {
	s.judge.Lock()
	defer s.judge.Unlock()
	devices, err := s.Devices.All(actor.WithSystem(ctx, "rules"))
	if err != nil {
		return err
	}
	s.mu.Lock()
	rules := s.sound(resolve(s.book, s.overs, devices, s.Division, now))
	changed := text(rules) != text(s.rules)
	s.rules = rules
	s.mu.Unlock()
	if changed && s.Judge != nil {
		s.Judge.Use(ctx, slices.Clone(rules), why)
	}
	return nil
}

// sound leaves out what this version of the program cannot judge, and makes expressions ready.
func (s *Service) sound(rules []rule.Rule) []rule.Rule {
	return slices.DeleteFunc(rules, func(r rule.Rule) bool {
		err := r.Validate()
		if err != nil {
			s.Log.Error("a published rule cannot be judged and is left out; publish it anew", "rule", r.ID, "error", err)
		}
		return err != nil
	})
}

// Save writes the draft of a rule. A rule that is not there yet is made, for the division or, without one,
// the actor's own; then seen is 0. unit, when given, must be that of the property.
func (s *Service) Save(ctx context.Context, r rule.Rule, division, unit string, seen int64) (Kept, error) {
	a, err := actor.Require(ctx, actor.RuleWrite)
	if err != nil {
		return Kept{}, err
	}
	if _, ok := s.find(r.ID); !ok && seen == 0 {
		if division == "" {
			division = a.DivisionCode
		}
		return s.create(ctx, a, r, division, unit)
	}
	return s.modify(ctx, r.ID, seen, actor.RuleWrite, func(ctx context.Context, a actor.Actor, e *Kept) (decision, error) {
		if division != "" && division != e.Division {
			return decision{}, errs.Field("rule.division", "division", "of a rule cannot be changed; make a rule of another id")
		}
		if err := s.check(ctx, &r, e.Division, unit); err != nil {
			return decision{}, err
		}
		e.Draft = &Draft{Rule: r, Author: a.ID, AuthorName: a.Name, At: event.Stamp(time.Now())}
		if e.Version == 0 {
			e.Rule = r
		}
		return decision{kind: EventDrafted}, nil
	})
}

func (s *Service) create(ctx context.Context, a actor.Actor, r rule.Rule, division, unit string) (Kept, error) {
	if !geo.Division(division).Valid() || !a.Covers(division) {
		return Kept{}, errs.Field("rule.division", "division", "must be your own division or one below it")
	}
	if err := s.check(ctx, &r, division, unit); err != nil {
		return Kept{}, err
	}
	s.write.Lock()
	defer s.write.Unlock()
	s.mu.RLock()
	n := len(s.book)
	s.mu.RUnlock()
	if n >= maxRules {
		return Kept{}, errs.E(errs.Invalid, "rule.too_many", "the book has %d rules, no more fit; withdraw some or join them", n)
	}
	e := Kept{ID: r.ID, Division: division, State: Drafted, Rule: r, Touched: true}
	e.Draft = &Draft{Rule: r, Author: a.ID, AuthorName: a.Name, At: event.Stamp(time.Now())}
	return s.keep(ctx, e, 0, decision{kind: EventDrafted})
}

// Discard throws a draft away; a rule that was never published goes with it.
func (s *Service) Discard(ctx context.Context, id string, seen int64) (Kept, error) {
	return s.modify(ctx, id, seen, actor.RuleWrite, func(_ context.Context, _ actor.Actor, e *Kept) (decision, error) {
		if e.Draft == nil {
			return decision{}, errs.E(errs.Conflict, "rule.no_draft", "rule %s has no draft", id)
		}
		e.Draft = nil
		return decision{kind: EventDiscarded, remove: e.Version == 0}, nil
	})
}

// Publish makes the draft the next version. It decides from the next reading on.
func (s *Service) Publish(ctx context.Context, id string, seen int64, reason string) (Kept, error) {
	return s.modify(ctx, id, seen, actor.RulePublish, func(ctx context.Context, a actor.Actor, e *Kept) (decision, error) {
		if e.Draft == nil {
			return decision{}, errs.E(errs.Conflict, "rule.no_draft", "rule %s has no draft to publish", id)
		}
		return s.publish(ctx, a, e, e.Draft.Rule, reason)
	})
}

// RollBack publishes again what a version said. A draft stays.
func (s *Service) RollBack(ctx context.Context, id string, seen int64, number int, reason string) (Kept, error) {
	return s.modify(ctx, id, seen, actor.RulePublish, func(ctx context.Context, a actor.Actor, e *Kept) (decision, error) {
		old, err := s.version(ctx, id, number)
		if err != nil {
			return decision{}, err
		}
		draft := e.Draft
		d, err := s.publish(ctx, a, e, old.Body, reason)
		e.Draft = draft
		return d, err
	})
}

func (s *Service) publish(ctx context.Context, a actor.Actor, e *Kept, r rule.Rule, reason string) (decision, error) {
	reason, err := given(reason)
	if err != nil {
		return decision{}, err
	}
	if err := s.check(ctx, &r, e.Division, ""); err != nil {
		return decision{}, err
	}
	if err := s.fits(e, r, nil); err != nil {
		return decision{}, err
	}
	e.Version++
	e.State, e.Rule, e.Draft, e.Touched, e.Seen = Published, r, nil, true, e.Shipped
	return decision{EventPublished, reason, &RuleVersion{Rule: e.ID, Number: e.Version, Body: r, Origin: Person, Author: a.ID, AuthorName: a.Name, Reason: reason}, false}, nil
}

// Withdraw ends a rule: its alarms end, and it judges nothing any more. Its versions stay.
func (s *Service) Withdraw(ctx context.Context, id string, seen int64, reason string) (Kept, error) {
	return s.modify(ctx, id, seen, actor.RulePublish, func(_ context.Context, _ actor.Actor, e *Kept) (decision, error) {
		reason, err := given(reason)
		if err != nil {
			return decision{}, err
		}
		if e.State != Published {
			return decision{}, errs.E(errs.Conflict, "rule.not_published", "rule %s is not published", id)
		}
		e.State, e.Touched = Withdrawn, true
		return decision{kind: EventWithdrawn, reason: reason}, nil
	})
}

// given is a reason as it is kept.
func given(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || !errs.Text(reason, maxReason) {
		return "", errs.Field("rule.reason", "reason", "say why, in at most 500 characters")
	}
	return reason, nil
}

func (s *Service) version(ctx context.Context, id string, number int) (RuleVersion, error) {
	list, err := s.Store.Versions(ctx, id)
	if err != nil {
		return RuleVersion{}, err
	}
	for _, v := range list {
		if v.Number == number {
			return v, nil
		}
	}
	return RuleVersion{}, errs.E(errs.NotFound, "rule.no_version", "rule %s has no version %d", id, number)
}

// around lists the devices that a rule is about and the terminals that they are behind.
func (s *Service) around(e *Kept, r *rule.Rule, devices []device.Device) (about, terminals []string) {
	for i := range devices {
		d := &devices[i]
		if d.State == device.Revoked || !e.watches(r, d, s.Division) {
			continue
		}
		about = append(about, d.ID)
		if d.Parent != "" && !slices.Contains(terminals, d.Parent) {
			terminals = append(terminals, d.Parent)
		}
	}
	return about, terminals
}
