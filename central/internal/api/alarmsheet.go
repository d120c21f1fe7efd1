package api

import (
	"context"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// alarmSheet reads all pages of a list.
func alarmSheet(ctx context.Context, t *telemetry.Service, f telemetry.Filter, l Language) (document.Sheet, error) {
	sheet := document.Sheet{Title: l.say("告警", "Alarms"), Headings: l.headings(
		[2]string{"级别", "Level"}, [2]string{"状态", "State"}, [2]string{"规则", "Rule (Chinese)"}, [2]string{"设备", "Device (Chinese)"}, [2]string{"设备编号", "Device ID"},
		[2]string{"监测项", "Property"}, [2]string{"限值", "Limit"}, [2]string{"报警值", "Value at alarm"}, [2]string{"峰值", "Peak"}, [2]string{"单位", "Unit"},
		[2]string{"越限次数", "Openings"}, [2]string{"发生时间", "Opened"}, [2]string{"确认时间", "Acknowledged"}, [2]string{"确认人", "Acknowledged by"}, [2]string{"处置说明", "Note"},
		[2]string{"恢复时间", "Back to normal"}, [2]string{"解除时间", "Cleared"}, [2]string{"行政区划", "Division"}, [2]string{"来源", "Origin"}, [2]string{"限值依据", "Source of the limit"},
		[2]string{"搁置至", "Shelved until"}, [2]string{"搁置原因", "Reason of the shelf"}, [2]string{"检修至", "Maintenance until"}, [2]string{"检修原因", "Reason of the maintenance"}, [2]string{"检修人", "Maintained by"},
		[2]string{"升级次数", "Escalations"}, [2]string{"升级至", "Escalated to"}, [2]string{"升级时间", "Escalated"}, [2]string{"升级人", "Escalated by"}, [2]string{"升级说明", "Note of the escalation"},
		[2]string{"补记", "Recorded late"}, [2]string{"演示数据", "Demo data"}, [2]string{"编号", "ID"}, [2]string{"规则英文名称", "Rule"}, [2]string{"设备英文名称", "Device"},
	)}
	alarms, err := whole(ctx, f.Request, func(ctx context.Context, r page.Request) (page.List[telemetry.Alarm], error) {
		f.Request = r
		return t.ListAlarms(ctx, f)
	})
	for _, a := range alarms {
		var until *time.Time
		var reason string
		state, returned := l.state(a.State), a.ReturnedAt
		if a.RuleGone {
			state, returned = l.ruleGone(a.State), nil
		}
		if a.Shelf != nil {
			until, reason = &a.Shelf.Until, a.Shelf.Reason
		}
		dev, _ := t.Devices.Visible(ctx, a.Device)
		sheet.Rows = append(sheet.Rows, append([]any{
			l.level(a.Level), state, a.RuleName, a.DeviceName, a.Device, a.Property, a.Limit, a.Value, a.Peak, a.Unit, a.Openings,
			a.OpenedAt, a.AckedAt, a.AckedByName, a.AckNote, returned, a.ClearedAt, a.Division, a.Origin, a.Source, until, reason,
		}, slices.Concat(workCells(a.Maintenance), escalationCells(a.Escalation, l), []any{l.yes(a.Retrospective), l.yes(a.Demo), a.ID, a.RuleNameEN, dev.NameEN})...))
	}
	return sheet, err
}

func workCells(m *telemetry.Maintained) []any {
	if m == nil {
		return []any{"", "", ""}
	}
	return []any{m.Until, m.Reason, m.ByName}
}

// escalationCells name who has passed an alarm on; nobody when the time did.
func escalationCells(e *telemetry.Escalation, l Language) []any {
	if e == nil {
		return []any{"", "", "", "", ""}
	}
	return []any{e.Tier, l.desk(e.Desk.Role) + " " + e.Desk.Division, e.At, e.ByName, e.Note}
}

func (l Language) desk(role string) string {
	if role == telemetry.DeskLeader {
		return l.say("带班领导", "Duty leader")
	}
	return l.say("值班员", "Duty officer")
}

func (l Language) level(n int) string {
	return []string{"", l.say("红色", "red"), l.say("橙色", "orange"), l.say("黄色", "yellow"), l.say("蓝色", "blue")}[min(max(n, 0), 4)]
}

func (l Language) state(s telemetry.AlarmState) string {
	switch s {
	case telemetry.Acknowledged:
		return l.say("已确认", "acknowledged")
	case telemetry.Returned:
		return l.say("已恢复未确认", "back to normal, unacknowledged")
	case telemetry.Cleared:
		return l.say("已解除", "cleared")
	case telemetry.Open:
	}
	return l.say("未确认", "unacknowledged")
}

// ruleGone is the state of what has not returned: it is not judged any more.
func (l Language) ruleGone(s telemetry.AlarmState) string {
	if s == telemetry.Cleared {
		return l.say("规则已停用已解除", "rule ended, cleared")
	}
	return l.say("规则已停用未确认", "rule ended, unacknowledged")
}

func (l Language) yes(v bool) string {
	if v {
		return l.say("是", "yes")
	}
	return ""
}
