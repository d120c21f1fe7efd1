package api

import (
	"context"
	"net/http"
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
	}, "alarms", func(ctx context.Context, in *struct {
		AlarmFilter
		Language
	},
	) (document.Sheet, error) {
		return alarmSheet(ctx, t, in.filter(), in.Language)
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
