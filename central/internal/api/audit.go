package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/page"
)

// RegisterAudit adds the record of what has happened.
func RegisterAudit(s *Server, svc *audit.Service) {
	tags := []string{"audit"}
	register(s, huma.Operation{
		OperationID: "list-audit", Method: http.MethodGet, Path: "/audit", Summary: "What has happened, newest first", Tags: tags,
	}, func(ctx context.Context, in *auditQuery) (*body[page.List[auditView]], error) {
		part, err := svc.List(ctx, in.query())
		if err != nil {
			return nil, err
		}
		out := page.List[auditView]{Items: []auditView{}, Next: part.Next}
		for _, e := range part.Items {
			out.Items = append(out.Items, viewAudit(e))
		}
		return reply(out, nil)
	})
	register(s, huma.Operation{
		OperationID: "verify-audit", Method: http.MethodGet, Path: "/audit/verify", Tags: tags,
		Summary: "Whether the record was tampered with",
	}, func(ctx context.Context, _ *nothing) (*body[audit.Report], error) {
		return reply(svc.Verify(ctx, audit.Head{}))
	})
	registerSheet(s, huma.Operation{
		OperationID: "export-audit", Path: "/audit/export.xlsx", Summary: "The record as a workbook", Tags: tags,
	}, "audit", func(ctx context.Context, in *auditQuery) (document.Sheet, error) {
		q := in.query()
		entries, err := whole(ctx, q.Request, func(ctx context.Context, r page.Request) (page.List[audit.Entry], error) {
			q.Request = r
			return svc.List(ctx, q)
		})
		sheet := document.Sheet{Title: "审计", Headings: []string{"时间", "操作者", "事件", "对象", "行政区划", "内容", "校验值"}}
		for _, e := range entries {
			sheet.Rows = append(sheet.Rows, []any{e.At, e.ActorName, e.Kind, e.Subject, e.Division, string(e.Data), e.Hash})
		}
		return sheet, err
	})
}

// auditQuery is the query of the record.
type auditQuery struct {
	ListQuery
	Kind string `query:"kind" maxLength:"64" doc:"A kind, or how kinds begin: alarm."`
	From When   `query:"from"`
	To   When   `query:"to"`
}

func (q auditQuery) query() audit.Query {
	return audit.Query{Request: q.page(), Kind: q.Kind, From: q.From.or(time.Time{}), To: q.To.or(time.Time{})}
}

// auditView is an entry with its data as any JSON.
type auditView struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Actor     string    `json:"actor"`
	ActorName string    `json:"actor_name"`
	Kind      string    `json:"kind"`
	Subject   string    `json:"subject"`
	Division  string    `json:"division"`
	Data      any       `json:"data"`
	PrevHash  string    `json:"prev_hash"`
	Hash      string    `json:"hash"`
}

func viewAudit(e audit.Entry) auditView {
	return auditView{
		ID: e.ID, At: e.At, Actor: e.Actor, ActorName: e.ActorName, Kind: e.Kind, Subject: e.Subject, Division: e.Division,
		Data: e.Data, PrevHash: e.PrevHash, Hash: e.Hash,
	}
}
