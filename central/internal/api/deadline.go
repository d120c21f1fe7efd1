package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/page"
)

type breachQuery struct {
	ListQuery
	From time.Time `query:"from" doc:"Clocks that passed since then; left out: the last 31 days"`
}

type runningQuery struct {
	Asked string `query:"asked" maxLength:"64" doc:"Only clocks that ask that organisation now"`
	After string `query:"after" maxLength:"128" doc:"Mark of the last item seen, from next of the answer before"`
	Limit int    `query:"limit" minimum:"0" maximum:"500"`
}

// monthAgo is where the list of breaches begins when nobody says.
const monthAgo = 31 * 24 * time.Hour

func (q breachQuery) from() time.Time {
	if q.From.IsZero() {
		return time.Now().Add(-monthAgo)
	}
	return q.From
}

// RegisterDeadlines adds the clocks by which something must be done.
func RegisterDeadlines(s *Server, svc *deadline.Service) {
	op := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: "/deadlines" + path, Summary: summary, Tags: []string{"deadlines"}}
	}
	register(s, op("list-deadlines", "", "Clocks that run, the next due first"),
		func(ctx context.Context, in *runningQuery) (*body[page.List[deadline.Clock]], error) {
			return reply(svc.Running(ctx, in.Asked, page.Request{After: in.After, Limit: in.Limit}))
		})
	register(s, op("list-breaches", "/breaches", "Clocks that have passed, newest first"),
		func(ctx context.Context, in *breachQuery) (*body[page.List[deadline.Clock]], error) {
			return reply(svc.Breaches(ctx, in.from(), in.page()))
		})
	registerSheet(s, op("export-breaches", "/breaches/export.xlsx", "Clocks that have passed as a workbook"), "deadlines",
		func(ctx context.Context, in *breachQuery) (document.Sheet, error) {
			list, err := whole(ctx, in.page(), func(ctx context.Context, r page.Request) (page.List[deadline.Clock], error) {
				return svc.Breaches(ctx, in.from(), r)
			})
			return breachSheet(list), err
		})
	register(s, op("list-deadline-packs", "/packs", "The packs of limits, each with its source"),
		func(ctx context.Context, _ *nothing) (*body[page.List[deadline.Pack]], error) {
			return listed(svc.Packs(ctx))
		})
}

func breachSheet(list []deadline.Clock) document.Sheet {
	sheet := document.Sheet{Title: "超时", Headings: []string{"事项", "起算", "到期", "完成", "状态", "依据", "最后催办"}}
	for _, c := range list {
		state := map[deadline.State]string{deadline.Running: "未完成", deadline.Met: "逾期完成", deadline.Dropped: "已撤销"}[c.State]
		var ended, asked any
		if c.EndedAt != nil {
			ended = *c.EndedAt
		}
		if c.Asked != nil {
			asked = c.Asked.OrgName
		}
		sheet.Rows = append(sheet.Rows, []any{c.Name, c.BaseAt, c.DueAt, ended, state, c.Rule, asked})
	}
	return sheet
}
