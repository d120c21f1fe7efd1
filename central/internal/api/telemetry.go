package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/shared/rule"
)

type seriesInput struct {
	Device   string `path:"device" maxLength:"64"`
	Property string `path:"property" maxLength:"64"`
	From     When   `query:"from" doc:"Begin; a day before the end when left out"`
	To       When   `query:"to" doc:"End, not included; now when left out"`
	Points   int    `query:"points" minimum:"0" maximum:"5000" doc:"Most buckets wanted; 0 means 500"`
	Quality  string `query:"quality" enum:"good,usable,all" default:"usable" doc:"good: good readings only; usable: uncertain ones as well; all: bad ones as well"`
}

func (in *seriesInput) query(now time.Time) telemetry.Query {
	to := in.To.or(now.UTC())
	return telemetry.Query{
		Device: in.Device, Property: in.Property, From: in.From.or(to.AddDate(0, 0, -1)), To: to, Points: in.Points, Quality: telemetry.Quality(in.Quality),
	}
}

// AlarmFilter selects alarms, in the list and in its export. It is exported because the document is made
// from exported fields only.
type AlarmFilter struct {
	State string `query:"state" enum:"active,shelved,maintained,escalated,all" default:"active" doc:"active: not cleared; of those shelved: kept from ringing, maintained: under a maintenance window, escalated: passed on"`
	Level int    `query:"level" minimum:"0" maximum:"4" doc:"1 red, 2 orange, 3 yellow, 4 blue; 0: all"`
	ListQuery
}

func (in *AlarmFilter) filter() telemetry.Filter {
	return telemetry.Filter{Request: in.page(), Active: in.State != "all", Shelved: in.State == "shelved", Maintained: in.State == "maintained", Escalated: in.State == "escalated", Level: in.Level}
}

type rulesInput struct {
	Device   string `query:"device" maxLength:"64" doc:"Only rules that decide on this device; needs property"`
	Property string `query:"property" maxLength:"64" doc:"Only rules of this property of the device"`
}

type partInput struct {
	After string `query:"after" maxLength:"64" doc:"Next of the part before"`
	Limit int    `query:"limit" minimum:"0" maximum:"500" doc:"Most items wanted; 0 means 100"`
}

type alarmInput struct {
	ID string `path:"id" maxLength:"64"`
}

type ackInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Note string `json:"note,omitempty" maxLength:"500" doc:"What the person who acknowledges wants to say"`
	}
}

type commentInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Note string `json:"note" minLength:"1" maxLength:"500" doc:"What the person has to say"`
	}
}

type shelveInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Reason string    `json:"reason" minLength:"1" maxLength:"500" doc:"Why the alarm may be silent"`
		Until  time.Time `json:"until" doc:"When it may ring again; telemetry.shelve_max_hours ahead at most"`
	}
}

type trialInput struct {
	Body struct {
		Rule   rule.Rule `json:"rule" doc:"The rule to try; it is not stored"`
		Device string    `json:"device" maxLength:"64" doc:"The device to try it on"`
		Days   int       `json:"days" minimum:"1" maximum:"30" doc:"How far back"`
	}
}

// RegisterTelemetry adds values, charts, alarms and rules.
func RegisterTelemetry(s *Server, t *telemetry.Service) {
	register(s, huma.Operation{
		OperationID: "latest", Method: http.MethodGet, Path: "/telemetry/latest", Summary: "The newest value of every series", Tags: []string{"telemetry"},
	}, func(ctx context.Context, _ *nothing) (*body[page.List[telemetry.Latest]], error) {
		return listed(t.Latest(ctx))
	})
	register(s, huma.Operation{
		OperationID: "series", Method: http.MethodGet, Path: "/telemetry/series/{device}/{property}", Summary: "One series for a chart", Tags: []string{"telemetry"},
	}, func(ctx context.Context, in *seriesInput) (*body[telemetry.Chart], error) {
		return reply(t.Series(ctx, in.query(time.Now())))
	})
	register(s, huma.Operation{
		OperationID: "telemetry-stats", Method: http.MethodGet, Path: "/telemetry/stats", Summary: "How much is stored", Tags: []string{"telemetry"},
	}, func(ctx context.Context, _ *nothing) (*body[telemetry.Stats], error) { return reply(t.Stats(ctx)) })
	registerForward(s, t)

	register(s, huma.Operation{
		OperationID: "losses", Method: http.MethodGet, Path: "/devices/{id}/losses", Summary: "Readings that an edge had to thin or drop, newest first", Tags: []string{"telemetry"},
	}, func(ctx context.Context, in *alarmInput) (*body[page.List[telemetry.Loss]], error) {
		return listed(t.Losses(ctx, in.ID))
	})

	registerReadings(s, t)
	registerKeeping(s, t)
	registerSheet(s, huma.Operation{
		OperationID: "export-alarms", Path: "/alarms/export.xlsx", Summary: "The list of alarms as a workbook", Tags: []string{"alarms"},
	}, "alarms", func(ctx context.Context, in *AlarmFilter) (document.Sheet, error) {
		return alarmSheet(ctx, t, in.filter())
	})
	register(s, huma.Operation{
		OperationID: "list-alarms", Method: http.MethodGet, Path: "/alarms", Summary: "Alarms, newest first", Tags: []string{"alarms"},
	}, func(ctx context.Context, in *AlarmFilter) (*body[page.List[telemetry.Alarm]], error) {
		return reply(t.ListAlarms(ctx, in.filter()))
	})
	register(s, huma.Operation{
		OperationID: "list-alarm-events", Method: http.MethodGet, Path: "/alarms/events", Summary: "What happened to all alarms, newest first", Tags: []string{"alarms"},
	}, func(ctx context.Context, in *partInput) (*body[page.List[telemetry.Line]], error) {
		return reply(t.ListSteps(ctx, telemetry.StepFilter{Request: page.Request{After: in.After, Limit: in.Limit}}))
	})
	register(s, huma.Operation{
		OperationID: "get-alarm", Method: http.MethodGet, Path: "/alarms/{id}", Summary: "One alarm", Tags: []string{"alarms"},
	}, func(ctx context.Context, in *alarmInput) (*body[telemetry.Alarm], error) {
		return reply(t.Alarm(ctx, in.ID))
	})
	register(s, huma.Operation{
		OperationID: "alarm-events", Method: http.MethodGet, Path: "/alarms/{id}/events", Summary: "What happened to one alarm, in order", Tags: []string{"alarms"},
	}, func(ctx context.Context, in *alarmInput) (*body[page.List[telemetry.Step]], error) {
		return listed(t.Steps(ctx, in.ID))
	})
	register(s, huma.Operation{
		OperationID: "acknowledge-alarm", Method: http.MethodPost, Path: "/alarms/{id}/ack", Summary: "Acknowledge an alarm by name", Tags: []string{"alarms"},
	}, func(ctx context.Context, in *ackInput) (*body[telemetry.Alarm], error) {
		return reply(t.Ack(ctx, in.ID, in.Body.Note))
	})
	registerHandling(s, t)
	register(s, huma.Operation{
		OperationID: "try-rule", Method: http.MethodPost, Path: "/rules/trial", Summary: "What a rule would have raised on one device", Tags: []string{"alarms"},
	}, func(ctx context.Context, in *trialInput) (*body[telemetry.Trial], error) {
		return reply(t.TryRule(ctx, in.Body.Rule, in.Body.Device, in.Body.Days, time.Now()))
	})
	register(s, huma.Operation{
		OperationID: "list-rules", Method: http.MethodGet, Path: "/rules", Summary: "The alarm rules of the centre, or those of one series", Tags: []string{"alarms"},
	}, func(ctx context.Context, in *rulesInput) (*body[page.List[rule.Rule]], error) {
		switch {
		case in.Device == "" && in.Property == "":
			return listed(t.ListRules(ctx))
		case in.Device == "" || in.Property == "":
			return nil, errs.Field("telemetry.rules", "property", "goes with device: name both or neither")
		}
		return listed(t.RulesOf(ctx, in.Device, in.Property))
	})
}

// registerHandling adds what a person does with an alarm beside acknowledging it.
func registerHandling(s *Server, t *telemetry.Service) {
	register(s, huma.Operation{
		OperationID: "comment-alarm", Method: http.MethodPost, Path: "/alarms/{id}/comments", Summary: "Write a remark to an alarm", Tags: []string{"alarms"},
	}, func(ctx context.Context, in *commentInput) (*body[telemetry.Alarm], error) {
		return reply(t.Comment(ctx, in.ID, in.Body.Note))
	})
	register(s, huma.Operation{
		OperationID: "shelve-alarm", Method: http.MethodPost, Path: "/alarms/{id}/shelf", Summary: "Keep an alarm from ringing until a time", Tags: []string{"alarms"},
	}, func(ctx context.Context, in *shelveInput) (*body[telemetry.Alarm], error) {
		return reply(t.Shelve(ctx, in.ID, in.Body.Reason, in.Body.Until))
	})
	register(s, huma.Operation{
		OperationID: "unshelve-alarm", Method: http.MethodDelete, Path: "/alarms/{id}/shelf", Summary: "Let a shelved alarm ring again", Tags: []string{"alarms"},
	}, func(ctx context.Context, in *alarmInput) (*body[telemetry.Alarm], error) {
		return reply(t.Unshelve(ctx, in.ID))
	})
}

// alarmSheet reads all pages of a list.
func alarmSheet(ctx context.Context, t *telemetry.Service, f telemetry.Filter) (document.Sheet, error) {
	sheet := document.Sheet{Title: "告警", Headings: []string{
		"级别", "状态", "规则", "设备", "设备编号", "监测项", "限值", "报警值", "峰值", "单位", "越限次数", "发生时间", "确认时间", "确认人", "处置说明",
		"恢复时间", "解除时间", "行政区划", "来源", "限值依据", "搁置至", "搁置原因", "检修至", "检修原因", "检修人", "升级次数", "升级至", "升级时间", "升级人", "升级说明", "补记", "演示数据", "编号", "规则英文名称", "设备英文名称",
	}}
	alarms, err := whole(ctx, f.Request, func(ctx context.Context, r page.Request) (page.List[telemetry.Alarm], error) {
		f.Request = r
		return t.ListAlarms(ctx, f)
	})
	for _, a := range alarms {
		var until *time.Time
		var reason string
		state, returned := stateNames[a.State], a.ReturnedAt
		if a.RuleGone {
			state, returned = ruleGoneNames[a.State], nil
		}
		if a.Shelf != nil {
			until, reason = &a.Shelf.Until, a.Shelf.Reason
		}
		dev, _ := t.Devices.Visible(ctx, a.Device)
		sheet.Rows = append(sheet.Rows, append([]any{
			levelNames[a.Level], state, a.RuleName, a.DeviceName, a.Device, a.Property, a.Limit, a.Value, a.Peak, a.Unit, a.Openings,
			a.OpenedAt, a.AckedAt, a.AckedByName, a.AckNote, returned, a.ClearedAt, a.Division, a.Origin, a.Source, until, reason,
		}, slices.Concat(workCells(a.Maintenance), escalationCells(a.Escalation), []any{yes(a.Retrospective), yes(a.Demo), a.ID, a.RuleNameEN, dev.NameEN})...))
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
func escalationCells(e *telemetry.Escalation) []any {
	if e == nil {
		return []any{"", "", "", "", ""}
	}
	return []any{e.Tier, deskNames[e.Desk.Role] + " " + e.Desk.Division, e.At, e.ByName, e.Note}
}

var deskNames = map[string]string{telemetry.DeskDuty: "值班员", telemetry.DeskLeader: "带班领导"}

var levelNames = map[int]string{1: "红色", 2: "橙色", 3: "黄色", 4: "蓝色"}

var stateNames = map[telemetry.AlarmState]string{
	telemetry.Open: "未确认", telemetry.Acknowledged: "已确认", telemetry.Returned: "已恢复未确认", telemetry.Cleared: "已解除",
}

// ruleGoneNames are the states of what has not returned: it is not judged any more.
var ruleGoneNames = map[telemetry.AlarmState]string{telemetry.Returned: "规则已停用未确认", telemetry.Cleared: "规则已停用已解除"}

func yes(v bool) string {
	if v {
		return "是"
	}
	return ""
}
