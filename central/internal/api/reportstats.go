package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/report"
)

// ReportSpan is the time that statistics are about. It is exported because huma passes over embedded types that are
// not.
type ReportSpan struct {
	From time.Time `query:"from" required:"true" doc:"Incidents that occurred since then"`
	To   time.Time `query:"to" required:"true" doc:"and before then; at most 400 days"`
}

func registerReportStats(s *Server, svc *report.Service) {
	register(s, reportOp("report-stats", http.MethodGet, "/report-stats", "How the desks of a time reported: assessment table, findings with evidence, counts"),
		func(ctx context.Context, in *ReportSpan) (*body[report.Stats], error) {
			return reply(svc.Stats(ctx, in.From, in.To))
		})
	registerSheet(s, reportOp("export-report-stats", http.MethodGet, "/report-stats/export.xlsx", "The assessment table and its findings as a workbook"), "assessment",
		func(ctx context.Context, in *ReportSpan) (document.Sheet, error) {
			st, err := svc.Stats(ctx, in.From, in.To)
			return statsSheet(st), err
		})
	register(s, reportOp("report-bulletin", http.MethodGet, "/report-stats/bulletin", "The draft of a bulletin about a time"),
		func(ctx context.Context, in *ReportSpan) (*body[report.Bulletin], error) {
			st, err := svc.Stats(ctx, in.From, in.To)
			return reply(st.Bulletin(), err)
		})
	register(s, reportOp("report-weights", http.MethodGet, "/report-weights", "The weights of the assessment"),
		func(ctx context.Context, _ *nothing) (*body[report.Weights], error) { return reply(svc.Weights(ctx)) })
	type weights struct {
		Body struct {
			Full   float64            `json:"full"`
			Points map[string]float64 `json:"points"`
			Source string             `json:"source" maxLength:"400" doc:"The document that gives them"`
		}
	}
	register(s, reportOp("save-report-weights", http.MethodPut, "/report-weights", "Set the weights of the assessment"),
		func(ctx context.Context, in *weights) (*body[report.Weights], error) {
			w := report.Weights{Full: in.Body.Full, Source: in.Body.Source, Points: map[report.Fault]float64{}}
			for f, n := range in.Body.Points {
				w.Points[report.Fault(f)] = n
			}
			return reply(svc.SaveWeights(ctx, w))
		})
	type judges struct {
		IncidentID
		Body struct {
			OrgID    string `json:"org_id" maxLength:"64"`
			Fault    string `json:"fault" enum:"late,incomplete,contradiction,omitted,reversed,returned,concealed,false"`
			Aside    bool   `json:"aside,omitempty" doc:"What the rule found does not count"`
			Reason   string `json:"reason" maxLength:"800"`
			Evidence string `json:"evidence,omitempty" maxLength:"800" doc:"The document, record or person that shows it; not needed for what is set aside"`
		}
	}
	register(s, reportOp("list-judgements", http.MethodGet, "/incidents/{id}/judgements", "What people have found about how an incident was reported, or set aside"),
		func(ctx context.Context, in *IncidentID) (*body[page.List[report.Judgement]], error) {
			return listed(svc.Judgements(ctx, in.ID))
		})
	register(s, reportOp("judge-report", http.MethodPost, "/incidents/{id}/judgements", "Find what only a person finds, or set a finding aside"),
		func(ctx context.Context, in *judges) (*body[report.Judgement], error) {
			b := in.Body
			return reply(svc.Judge(ctx, in.ID, report.NewJudgement{OrgID: b.OrgID, Fault: report.Fault(b.Fault), Aside: b.Aside, Reason: b.Reason, Evidence: b.Evidence}))
		})
}

func statsSheet(s report.Stats) document.Sheet {
	sheet := document.Sheet{Title: "报告考核", Headings: []string{"单位", "事件数", "报告数", "按时", "平均用时（分）", "应报日报"}}
	for _, f := range report.Faults() {
		sheet.Headings = append(sheet.Headings, report.FaultName(f))
	}
	sheet.Headings = append(sheet.Headings, "得分", "依据")
	for _, one := range s.Scores {
		row := []any{one.OrgName, one.Incidents, one.Reports, one.InTime, fmt.Sprintf("%.0f", one.Minutes), one.Dailies}
		var why []string
		for _, f := range report.Faults() {
			row = append(row, one.Faults[f])
		}
		for _, f := range s.Findings {
			if f.OrgID == one.OrgID {
				why = append(why, strings.TrimSpace(f.IncidentNo+" "+f.Title)+" "+report.FaultName(f.Fault))
			}
		}
		sheet.Rows = append(sheet.Rows, append(row, one.Points, strings.Join(why, "；")))
	}
	return sheet
}
