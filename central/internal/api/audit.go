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
	}, func(ctx context.Context, in *AuditQuery) (*body[page.List[auditView]], error) {
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
	}, "audit", func(ctx context.Context, in *struct {
		AuditQuery
		Language
	},
	) (document.Sheet, error) {
		q := in.query()
		entries, err := whole(ctx, q.Request, func(ctx context.Context, r page.Request) (page.List[audit.Entry], error) {
			q.Request = r
			return svc.List(ctx, q)
		})
		sheet := document.Sheet{Title: in.say("审计", "Audit"), Headings: in.headings(
			[2]string{"时间", "Time"}, [2]string{"操作者", "Actor"}, [2]string{"事件", "Event"}, [2]string{"对象", "Subject"},
			[2]string{"行政区划", "Division"}, [2]string{"内容", "Content"}, [2]string{"校验值", "Hash"},
		)}
		for _, e := range entries {
			sheet.Rows = append(sheet.Rows, []any{e.At, e.ActorName, e.Kind, e.Subject, e.Division, string(e.Data), e.Hash})
		}
		return sheet, err
	})
}

// AuditQuery is the query of the record. It is exported because huma passes over embedded types that are not.
type AuditQuery struct {
	ListQuery
	Kind string `query:"kind" maxLength:"64" doc:"A kind, or how kinds begin: alarm."`
	From When   `query:"from"`
	To   When   `query:"to"`
}

func (q AuditQuery) query() audit.Query {
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
