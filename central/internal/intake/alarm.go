package intake

import (
	"context"
	"fmt"
	"strings"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/rule"
	"github.com/fengsui/fengsui/shared/wire"
)

// FromAlarm turns an alarm into an item: what was measured, where and how grave. The same alarm again gives the item
// that the desk has of it.
func (s *Service) FromAlarm(ctx context.Context, id string) (Item, error) {
	a, o, err := s.Desks.Own(ctx, actor.IncidentWrite)
	if err != nil {
		return Item{}, err
	}
	alarm, err := s.Alarms.Alarm(ctx, id)
	if err != nil {
		return Item{}, err
	}
	there, err := s.Store.BySource(ctx, o.ID, "alarm "+alarm.ID)
	if errs.KindOf(err) != errs.NotFound {
		return there, err
	}
	i := Item{
		Kind: Alarm, OccurredAt: &alarm.OpenedAt, Division: alarm.Division, Place: alarm.DeviceName, Level: alarm.Level, Source: "alarm " + alarm.ID,
		Text: s.Categories.AlarmTitle(alarm.DeviceName, alarm.RuleName) + "\n" + measured(alarm),
	}
	if i.Category, err = s.category(ctx, alarm); err != nil {
		return Item{}, err
	}
	var at *wire.Place
	if at, i.Unit = s.stands(ctx, alarm); at != nil {
		i.Lon, i.Lat = &at.Lon, &at.Lat
	}
	if i.Unit == "" {
		if i.Unit, err = s.answers(ctx, alarm.Division); err != nil {
			return Item{}, err
		}
	}
	return s.add(ctx, o, a.Name, i)
}

// stands is where the sensor of an alarm is registered, else its terminal, and the name of the terminal.
func (s *Service) stands(ctx context.Context, alarm telemetry.Alarm) (*wire.Place, string) {
	sensor, ok := s.Devices.Visible(ctx, alarm.Device)
	if !ok {
		return nil, ""
	}
	terminal, ok := s.Devices.Visible(ctx, sensor.Parent)
	if !ok {
		return sensor.Place, ""
	}
	if sensor.Place == nil {
		return terminal.Place, terminal.Name
	}
	return sensor.Place, terminal.Name
}

// answers is the name of the organisation that answers for a division.
func (s *Service) answers(ctx context.Context, division string) (string, error) {
	tree, err := s.Desks.Tree(ctx)
	if err != nil {
		return "", err
	}
	o, _ := incident.Of(tree, division)
	return o.Name, nil
}

// category is what the alarm says of its kind. That a sensor is silent or stuck says nothing of what happened there.
func (s *Service) category(ctx context.Context, alarm telemetry.Alarm) (string, error) {
	rules, err := s.Alarms.ListRules(ctx)
	if err != nil {
		return "", err
	}
	for _, r := range rules {
		if r.ID == alarm.Rule && (r.Condition == rule.Silent || r.Condition == rule.Stuck) {
			return "", nil
		}
	}
	return s.Categories.OfProperty(alarm.Property), nil
}

// measured is the value with its time and the rule by its whole name.
func measured(a telemetry.Alarm) string {
	unit := strings.TrimSuffix(" "+a.Unit, " 1")
	text := fmt.Sprintf("%s：%s 测得 %g%s", a.RuleName, a.OpenedAt.In(event.China()).Format("2006-01-02 15:04:05"), a.Value, unit)
	if a.Peak != a.Value {
		text += fmt.Sprintf("，至接报时极值 %g%s", a.Peak, unit)
	}
	return text
}
