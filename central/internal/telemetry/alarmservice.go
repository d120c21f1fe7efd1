package telemetry

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/shared/rule"
)

// ListAlarms is one page of the alarms the actor may see, newest first.
func (s *Service) ListAlarms(ctx context.Context, f Filter) (page.List[Alarm], error) {
	who, err := actor.Require(ctx, actor.AlarmRead)
	if err != nil {
		return page.List[Alarm]{}, err
	}
	if f.Level < 0 || f.Level > 4 {
		return page.List[Alarm]{}, errs.Field("alarm.filter", "level", "must be 1 to 4")
	}
	f.Scope = who.Scope()
	return s.Alarms.List(ctx, f)
}

// ActiveAlarms lists every alarm the actor may see that is not cleared, newest first.
func (s *Service) ActiveAlarms(ctx context.Context) ([]Alarm, error) {
	who, err := actor.Require(ctx, actor.AlarmRead)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	out := make([]Alarm, 0, len(s.active))
	for _, a := range s.active {
		if who.Sees(a.Division) {
			out = append(out, *a)
		}
	}
	s.mu.Unlock()
	slices.SortFunc(out, func(a, b Alarm) int { return strings.Compare(b.ID, a.ID) })
	return out, nil
}

// Alarm finds one alarm.
func (s *Service) Alarm(ctx context.Context, id string) (Alarm, error) {
	who, err := actor.Require(ctx, actor.AlarmRead)
	if err != nil {
		return Alarm{}, err
	}
	return s.visible(ctx, who, id)
}

func (s *Service) visible(ctx context.Context, who actor.Actor, id string) (Alarm, error) {
	a, err := s.Alarms.Get(ctx, id)
	if err != nil {
		return Alarm{}, err
	}
	if !who.Sees(a.Division) {
		return Alarm{}, errs.E(errs.NotFound, "alarm.not_found", "alarm %s", id)
	}
	return a, nil
}

// ListRules lists the rules of the centre.
func (s *Service) ListRules(ctx context.Context) ([]rule.Rule, error) {
	if _, err := actor.Require(ctx, actor.AlarmRead); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.Rules), nil
}

// RulesOf lists the rules that decide on one property of one device: their alarms are about this series.
// Errors: errs.NotFound for a device that the actor may not see.
func (s *Service) RulesOf(ctx context.Context, deviceID, property string) ([]rule.Rule, error) {
	if _, err := actor.Require(ctx, actor.AlarmRead); err != nil {
		return nil, err
	}
	dev, ok := s.Devices.Visible(ctx, deviceID)
	if !ok {
		return nil, errs.E(errs.NotFound, "device.not_found", "device %s", deviceID)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []rule.Rule
	for i := range s.Rules {
		r := &s.Rules[i]
		if here := r.Of(dev.ID, time.Now()); here != nil && r.On(dev.ID, dev.Class) && r.Property == property {
			out = append(out, *here)
		}
	}
	return out, nil
}
