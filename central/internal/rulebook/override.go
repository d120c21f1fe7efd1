package rulebook

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/rule"
)

// maxOverrides is how many may hold at once.
const maxOverrides = 5000

// NewOverride is what a person wants to be different, on a device or in a division.
type NewOverride struct {
	Rule     string
	Device   string
	Division string // instead of a device
	rule.Exception
	Reason  string
	Confirm bool // the second confirmation that critical classes want
}

// Override makes a rule something else on a device or in a division of the actor. It takes the place of one
// for the same device or division.
func (s *Service) Override(ctx context.Context, n NewOverride) (RuleOverride, error) {
	a, err := actor.Require(ctx, actor.RulePublish)
	if err != nil {
		return RuleOverride{}, err
	}
	now := time.Now()
	o := RuleOverride{
		ID: uuid.Must(uuid.NewV7()).String(), Rule: n.Rule, Device: n.Device, Division: n.Division, Exception: n.Exception,
		Author: a.ID, AuthorName: a.Name, CreatedAt: event.Stamp(now),
	}
	if o.Reason, err = given(n.Reason); err != nil {
		return RuleOverride{}, err
	}
	s.write.Lock()
	defer s.write.Unlock()
	e, err := s.entry(a, n.Rule)
	if err != nil {
		return RuleOverride{}, err
	}
	if err := s.place(ctx, a, &e, &o); err != nil {
		return RuleOverride{}, err
	}
	if o.Until != nil {
		until := event.Stamp(*o.Until)
		if o.Until = &until; !until.After(now) {
			return RuleOverride{}, errs.Field("rule.until", "until", "must lie ahead")
		}
	}
	if !o.Off && o.Limit == nil && o.For == nil {
		return RuleOverride{}, errs.Field("rule.override", "limit", "say what is different: off, another limit or another duration")
	}
	if o.Off {
		o.Limit, o.Clear, o.For = nil, nil, nil
	} else if o.Limit != nil && o.Clear == nil && !e.Rule.Timed() {
		safe := *o.Limit + e.Rule.Clear - e.Rule.Limit // the same hysteresis
		o.Clear = &safe
	}
	if err := s.bounds(ctx, &e.Rule, &o, n.Confirm, now); err != nil {
		return RuleOverride{}, err
	}
	if err := s.fits(&e, e.Rule, &o); err != nil {
		return RuleOverride{}, err
	}
	s.mu.RLock()
	overs := slices.Clone(s.overs)
	s.mu.RUnlock()
	if len(overs) >= maxOverrides {
		return RuleOverride{}, errs.E(errs.Invalid, "rule.too_many_overrides", "there are %d overrides; end some first", len(overs))
	}
	said := s.overrideNews(ctx, EventOverridden, o)
	err = s.Tx.Do(ctx, func(ctx context.Context) error {
		for _, old := range overs {
			if old.Rule == o.Rule && old.Device == o.Device && (o.Device != "" || old.Division == o.Division) {
				old.EndedAt, old.EndedBy, old.EndedByName = &o.CreatedAt, a.ID, a.Name
				if err := s.Store.EndOverride(ctx, old); err != nil {
					return err
				}
			}
		}
		if !e.Touched {
			was := e.Revision
			e.Touched, e.Revision, e.Seen = true, was+1, e.Shipped
			if err := s.Store.Save(ctx, e, was); err != nil {
				return err
			}
		}
		if err := s.Store.AddOverride(ctx, o); err != nil {
			return err
		}
		return s.Events.Record(ctx, said)
	})
	if err != nil {
		return RuleOverride{}, err
	}
	s.took(ctx, said, o.Reason)
	return o, nil
}

// bounds keeps a rule from being off for ever, and one of a critical class from being weak for ever or by mistake.
func (s *Service) bounds(ctx context.Context, r *rule.Rule, o *RuleOverride, confirmed bool, now time.Time) error {
	critical := s.critical(ctx, r)
	if !o.Off && (!critical || !weaker(r, o)) {
		return nil
	}
	if s.OverrideMax > 0 && (o.Until == nil || o.Until.After(now.Add(s.OverrideMax))) {
		return errs.Field("rule.until", "until", fmt.Sprintf("say until when, at most %d hours ahead", int(s.OverrideMax.Hours())))
	}
	if critical && !confirmed {
		return errs.Field("rule.confirm", "confirm", "this weakens a rule that guards life; confirm it a second time")
	}
	return nil
}

// critical reports whether a rule guards life: by the class of what it is about, or because it sounds a siren.
func (s *Service) critical(ctx context.Context, r *rule.Rule) bool {
	return slices.Contains(s.Critical, r.Class) || len(r.Actions) > 0 || slices.ContainsFunc(r.Devices, func(id string) bool {
		d, _ := s.Devices.Visible(actor.WithSystem(ctx, "rules"), id)
		return slices.Contains(s.Critical, d.Class)
	})
}

// weaker reports whether an override may let something pass at which the rule would ring.
func weaker(r *rule.Rule, o *RuleOverride) bool {
	if o.For != nil && *o.For > r.For {
		return true
	}
	switch {
	case o.Limit == nil:
		return false
	case r.Condition == rule.Above:
		return *o.Limit > r.Limit
	case r.Condition == rule.Below:
		return *o.Limit < r.Limit
	}
	return *o.Limit != r.Limit
}

// place finds where the override holds and whether the actor may say so there.
func (s *Service) place(ctx context.Context, a actor.Actor, e *Kept, o *RuleOverride) error {
	switch {
	case (o.Device == "") == (o.Division == ""):
		return errs.Field("rule.override", "device", "name a device or a division")
	case e.Version == 0:
		return errs.E(errs.Conflict, "rule.not_published", "rule %s is not published", e.ID)
	case o.Device != "":
		d, ok := s.Devices.Visible(ctx, o.Device)
		if !ok {
			return errs.E(errs.NotFound, "device.not_found", "device %s does not exist", o.Device)
		}
		if !e.watches(&e.Rule, &d, s.Division) {
			return errs.Field("rule.override", "device", "is not watched by this rule")
		}
		if o.Division = d.Division; o.Division == "" {
			o.Division = s.Division
		}
	case !geo.Division(o.Division).Valid():
		return errs.Field("rule.override", "division", "is no division code (GB/T 2260)")
	}
	if !a.Covers(o.Division) {
		return errs.E(errs.Denied, "rule.not_yours", "an override for division %s is not yours to make", o.Division)
	}
	return nil
}

// EndOverride lets a rule be again what it is.
func (s *Service) EndOverride(ctx context.Context, id string) (RuleOverride, error) {
	a, err := actor.Require(ctx, actor.RulePublish)
	if err != nil {
		return RuleOverride{}, err
	}
	s.write.Lock()
	defer s.write.Unlock()
	s.mu.RLock()
	i := slices.IndexFunc(s.overs, func(o RuleOverride) bool { return o.ID == id })
	var o RuleOverride
	if i >= 0 {
		o = s.overs[i]
	}
	s.mu.RUnlock()
	if i < 0 || !a.Meets(o.Division) {
		return RuleOverride{}, errs.E(errs.NotFound, "rule.no_override", "override %s does not hold", id)
	}
	if !a.Covers(o.Division) {
		return RuleOverride{}, errs.E(errs.Denied, "rule.not_yours", "the override for division %s is not yours to end", o.Division)
	}
	now := event.Stamp(time.Now())
	o.EndedAt, o.EndedBy, o.EndedByName = &now, a.ID, a.Name
	return o, s.finish(ctx, EventOverrideEnded, o)
}

// finish writes the end of an override and lets it take effect. It is called with write held.
func (s *Service) finish(ctx context.Context, kind string, o RuleOverride) error {
	said := s.overrideNews(ctx, kind, o)
	err := s.Tx.Do(ctx, func(ctx context.Context) error {
		if err := s.Store.EndOverride(ctx, o); err != nil {
			return err
		}
		return s.Events.Record(ctx, said)
	})
	if err != nil {
		return err
	}
	s.took(ctx, said, ended+o.Reason)
	return nil
}

// ended stands before the reason of an override in what is written because of its end.
const ended = "例外结束 exception ended: "

// expire ends the overrides whose time is over.
func (s *Service) expire(ctx context.Context, now time.Time) error {
	s.write.Lock()
	defer s.write.Unlock()
	s.mu.RLock()
	overs := slices.Clone(s.overs)
	s.mu.RUnlock()
	for _, o := range overs {
		if o.holds(now) {
			continue
		}
		at := event.Stamp(now)
		o.EndedAt = &at
		if err := s.finish(ctx, EventOverrideExpired, o); err != nil {
			return err
		}
	}
	return nil
}
