package telemetry

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// Use puts other rules in place of those that decide now. What was seen stays known where a rule looks at
// the same values as before; where its limit has changed the next reading decides. The alarm of a rule that
// is no more, or is off on the device, ends with a step that names the actor of ctx and says why.
func (s *Service) Use(ctx context.Context, rules []rule.Rule, why string) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.Rules
	s.Rules = withOwn(rules)
	clear(s.watched)
	for k, w := range s.watches {
		switch r := s.ruleFor(k, now); {
		case r == nil || !s.concerns(ctx, r, k) || !r.SameCondition(w.rule):
			s.endWith(ctx, k, now, now, StepRuleGone, why)
			delete(s.watches, k)
		case !r.SameVerdict(w.rule):
			w.live.Rejudge()
			w.past = rule.State{}
			w.rule = r
		default:
			w.rule = r
		}
	}
	for k, a := range s.active { // those that an edge has raised by a rule that was here
		had := slices.ContainsFunc(before, func(r rule.Rule) bool { return r.ID == k.Rule && r.Property == k.Property })
		if r := s.ruleFor(k, now); had && a.Holds() && (r == nil || r.Property != k.Property || !s.concerns(ctx, r, k)) {
			s.endWith(ctx, k, now, now, StepRuleGone, why)
		}
	}
	known := maps.Clone(s.watches)
	s.readings(actor.WithSystem(ctx, "rules"), s.fresh(now), now, true) // a rule may be new
	s.looksBack(known)
}

// fresh is the newest value of every series that is fresh enough to ring.
func (s *Service) fresh(now time.Time) []wire.Reading {
	s.latestMu.RLock()
	defer s.latestMu.RUnlock()
	var out []wire.Reading
	for _, l := range s.latest {
		if now.Sub(l.At) <= MaxAge {
			out = append(out, wire.Reading{Device: l.Device, Property: l.Property, At: l.At.UnixMilli(), Value: l.Value, Quality: l.Quality})
		}
	}
	return out
}

// withOwn adds the rules of the centre itself, unless the list has them.
func withOwn(rules []rule.Rule) []rule.Rule {
	out := slices.Clone(rules)
	for _, own := range []rule.Rule{wrongClock(), tooManyAlarms(), fullDisk(), failingDisk(), oneIdentity()} {
		if !slices.ContainsFunc(out, func(r rule.Rule) bool { return r.ID == own.ID }) {
			out = append(out, own)
		}
	}
	return out
}

// concerns reports whether the rule is about the device of the key. The centre's own rules name no devices.
func (s *Service) concerns(ctx context.Context, r *rule.Rule, k Key) bool {
	if r.Class == anyClass {
		return true
	}
	d, ok := s.Devices.Visible(actor.WithSystem(ctx, "rules"), k.Device)
	return !ok || r.On(d.ID, d.Class) // a device that is gone is looked after by the tick
}

func (s *Service) ruleOf(id string) *rule.Rule {
	for i := range s.Rules {
		if s.Rules[i].ID == id {
			return &s.Rules[i]
		}
	}
	return nil
}

// ruleFor is the rule of a key as it is on the device: nil when there is none or it is off there.
func (s *Service) ruleFor(k Key, at time.Time) *rule.Rule {
	r := s.ruleOf(k.Rule)
	if r == nil {
		return nil
	}
	return r.Of(k.Device, at)
}
