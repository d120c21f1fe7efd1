package api

import (
	"context"
	"net/http"

	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/report"
)

// DailyDay names a daily report of the own desk.
type DailyDay struct {
	Day string `path:"day" maxLength:"10" doc:"2026-10-01"`
}

// DailyOf names a daily report of a desk below.
type DailyOf struct {
	DailyDay
	Org string `path:"org" maxLength:"64"`
}

// registerReportDaily adds daily and zero reports of special periods.
func registerReportDaily(s *Server, svc *report.Service) {
	type dailyQuery struct {
		Day string `query:"day" maxLength:"10" doc:"Left out: today"`
	}
	register(s, reportOp("list-daily-reports", http.MethodGet, "/daily-reports", "What the own desk owes of a day of a special period, and what those below owe it"),
		func(ctx context.Context, in *dailyQuery) (*body[report.DailyBoard], error) {
			return reply(svc.Dailies(ctx, duty.Day(in.Day)))
		})
	type tellsDaily struct {
		DailyDay
		Body struct {
			Zero bool   `json:"zero" doc:"Nothing has happened"`
			Text string `json:"text,omitempty" maxLength:"8000"`
		}
	}
	register(s, reportOp("tell-daily-report", http.MethodPost, "/daily-reports/{day}", "Tell the desk above of a day, or that there was nothing"),
		func(ctx context.Context, in *tellsDaily) (*body[report.Daily], error) {
			return reply(svc.TellDaily(ctx, duty.Day(in.Day), in.Body.Zero, in.Body.Text))
		})
	register(s, reportOp("see-daily-report", http.MethodPost, "/daily-reports/{day}/{org}/see", "Say that what a desk below told was read"),
		func(ctx context.Context, in *DailyOf) (*body[report.Daily], error) {
			return reply(svc.SeeDaily(ctx, in.Org, duty.Day(in.Day)))
		})
	register(s, reportOp("urge-daily-report", http.MethodPost, "/daily-reports/{day}/{org}/urge", "Ask a desk below for what it owes"),
		func(ctx context.Context, in *DailyOf) (*body[report.Daily], error) {
			return reply(svc.UrgeDaily(ctx, in.Org, duty.Day(in.Day)))
		})
	type excusesDaily struct {
		DailyOf
		Body struct {
			Reason string `json:"reason" maxLength:"400" doc:"Why they owe nothing; it stays beside it"`
		}
	}
	register(s, reportOp("excuse-daily-report", http.MethodPost, "/daily-reports/{day}/{org}/excuse", "Let a desk below owe nothing of a day, for a reason"),
		func(ctx context.Context, in *excusesDaily) (*body[report.Daily], error) {
			return reply(svc.ExcuseDaily(ctx, in.Org, duty.Day(in.Day), in.Body.Reason))
		})
	register(s, reportOp("ask-daily-report-again", http.MethodDelete, "/daily-reports/{day}/{org}/excuse", "Take an excuse back: the report is owed as before"),
		func(ctx context.Context, in *DailyOf) (*body[report.Daily], error) {
			return reply(svc.AskDailyAgain(ctx, in.Org, duty.Day(in.Day)))
		})
}
