package app

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/store"
)

// responses carry plans out; their tasks own clocks.
func (b *base) responses(cfg config.Config, c cases, plans *plan.Service, rosters *duty.Service, clocks *deadline.Service, messages *notice.Service) *response.Service {
	s := response.New(response.Options{
		Store: store.NewResponses(b.db), Tx: b.db, Desks: incident.Desks{Accounts: b.accounts}, People: b.accounts, Incidents: c.incidents, Plans: plans, Roster: rosters,
		Clocks: clocks, Notices: messages, Book: clocks.Book, Events: b.bus, URL: cfg.HTTP.PublicURL, Log: b.centre.log.With("component", "response"),
	})
	clocks.On(response.OwnerKind, s.OnClock)
	clocks.OnMove(response.OwnerKind, s.OnMove)
	clocks.On(response.ReportKind, s.OnReportClock)
	clocks.OnMove(response.ReportKind, s.OnReportMove)
	c.reports.Sent = func(ctx context.Context, r report.Report, org string) error {
		return s.Reported(ctx, response.Sent{IncidentID: r.IncidentID, OrgID: org, ReportID: r.ID, Title: r.Title, Final: r.Kind == report.Final, At: *r.SentAt})
	}
	c.incidents.Parts = append(c.incidents.Parts, s)
	return s
}
