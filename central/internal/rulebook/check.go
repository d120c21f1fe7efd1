package rulebook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/geo"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/strict"
)

// check says what is wrong with a rule, by the field. It also makes the expression ready.
func (s *Service) check(ctx context.Context, r *rule.Rule, division, unit string) error {
	if len(r.Exceptions) > 0 {
		return errs.Field("rule.invalid", "exceptions", "do not belong to the rule; make an override instead")
	}
	if err := valid(r); err != nil {
		return err
	}
	if _, err := s.schema.Check([]byte(`{"rules":[` + text(*r) + `]}`)); err != nil {
		key, why, _ := strings.Cut(strings.TrimPrefix(err.Error(), "rules.0."), ": ")
		return errs.Field("rule.invalid", key, why)
	}
	if err := s.checkUnit(ctx, r, unit); err != nil {
		return err
	}
	for _, id := range r.Devices {
		if d, ok := s.Devices.Visible(ctx, id); !ok || (division != s.Division && !geo.Division(division).Covers(geo.Division(d.Division))) {
			return errs.Field("rule.invalid", "devices", fmt.Sprintf("%s is no device of division %s", id, division))
		}
	}
	for name, in := range r.Inputs {
		if d, ok := s.Devices.Visible(ctx, in.Device); !ok || !has(&d, in.Property) {
			return errs.Field("rule.invalid", "inputs", fmt.Sprintf("%s: there is no %s of %s", name, in.Property, in.Device))
		}
	}
	for i, a := range r.Actions {
		if _, ok := s.Devices.Visible(ctx, a.Device); !ok {
			return errs.Field("rule.invalid", fmt.Sprintf("actions.%d", i), "there is no device "+a.Device)
		}
	}
	return nil
}

func valid(r *rule.Rule) error {
	err := r.Validate()
	if p, ok := errors.AsType[*strict.Problem](err); ok {
		return errs.Field("rule.invalid", p.Key, p.Err.Error())
	}
	if err != nil {
		return errs.Wrap(err, errs.Invalid, "rule.invalid", "the rule is not valid")
	}
	return nil
}

func has(d *device.Device, property string) bool {
	return slices.ContainsFunc(d.Series, func(one device.Series) bool { return one.Property == property })
}

// checkUnit compares the unit in which a person has written the limit with that of the property.
func (s *Service) checkUnit(ctx context.Context, r *rule.Rule, unit string) error {
	if unit == "" || r.Condition == rule.Silent || r.Condition == rule.Expression {
		return nil
	}
	devices, err := s.Devices.All(actor.WithSystem(ctx, "rules"))
	if err != nil {
		return err
	}
	for _, d := range devices {
		for _, one := range d.Series {
			if r.On(d.ID, d.Class) && one.Property == r.Property && one.Unit != unit {
				return errs.Field("rule.unit", "unit", fmt.Sprintf("the limit is in %s, but %s of %s is measured in %s; convert the limit", unit, r.Property, d.ID, one.Unit))
			}
		}
	}
	return nil
}

// fits checks that the overrides of a rule, and one more, make sense with its text.
func (s *Service) fits(e *Kept, r rule.Rule, more *RuleOverride) error {
	s.mu.RLock()
	list := slices.Clone(s.overs)
	s.mu.RUnlock()
	if more != nil {
		list = []RuleOverride{*more}
	}
	for _, o := range list {
		if o.Rule != e.ID {
			continue
		}
		r.Exceptions = map[string]rule.Exception{"one": o.Exception}
		err := r.Validate()
		if err == nil {
			continue
		}
		if p, ok := errors.AsType[*strict.Problem](err); ok && more != nil {
			return errs.Field("rule.invalid", strings.TrimPrefix(p.Key, "exceptions.one."), p.Err.Error())
		}
		where := o.Device
		if where == "" {
			where = o.Division
		}
		return errs.Wrap(err, errs.Conflict, "rule.override_misfit", fmt.Sprintf("the override for %s does not fit this text; end it first", where))
	}
	return nil
}
