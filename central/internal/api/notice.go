package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/page"
)

type noticeQuery struct {
	ListQuery
	State string `query:"state" enum:",queued,sent,delivered,read,answered,failed,unset" doc:"Left out: all"`
}

// RegisterNotices adds messages to people and the channels that they go over.
func RegisterNotices(s *Server, svc *notice.Service) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/notices" + path, Summary: summary, Tags: []string{"notices"}}
	}
	register(s, op("list-notices", http.MethodGet, "", "Messages to people, newest first; addresses are masked"),
		func(ctx context.Context, in *noticeQuery) (*body[page.List[notice.Notice]], error) {
			return reply(svc.List(ctx, notice.State(in.State), in.page()))
		})
	registerSheet(s, op("export-notices", http.MethodGet, "/export.xlsx", "Messages to people as a workbook"), "notices",
		func(ctx context.Context, in *noticeQuery) (document.Sheet, error) {
			list, err := whole(ctx, in.page(), func(ctx context.Context, r page.Request) (page.List[notice.Notice], error) {
				return svc.List(ctx, notice.State(in.State), r)
			})
			return noticeSheet(list), err
		})
	register(s, op("list-notice-channels", http.MethodGet, "/channels", "The channels and how they do"),
		func(ctx context.Context, _ *nothing) (*body[page.List[notice.Health]], error) {
			return listed(svc.States(ctx))
		})
	type noticeTest struct {
		Body struct {
			Channel string `json:"channel" maxLength:"32"`
			Address string `json:"address" maxLength:"128" doc:"Number or mailbox, as the channel takes"`
			Text    string `json:"text" maxLength:"400"`
		}
	}
	register(s, op("test-notice", http.MethodPost, "/test", "Send a message to an address over one channel"),
		func(ctx context.Context, in *noticeTest) (*body[notice.Notice], error) {
			return reply(svc.Test(ctx, in.Body.Channel, in.Body.Address, in.Body.Text))
		})
	register(s, op("get-notice", http.MethodGet, "/{id}", "A message with every try"),
		func(ctx context.Context, in *DutyID) (*body[notice.Detail], error) {
			return reply(svc.Get(ctx, in.ID))
		})
	type noticeSettle struct {
		DutyID
		Body struct {
			How string `json:"how" maxLength:"400" doc:"How the person was told otherwise"`
		}
	}
	register(s, op("settle-notice", http.MethodPost, "/{id}/settle", "Note that somebody has seen to a message that failed"),
		func(ctx context.Context, in *noticeSettle) (*body[notice.Notice], error) {
			return reply(svc.Settle(ctx, in.ID, in.Body.How))
		})
	s.registerNoticeGateway(svc)
}

// registerNoticeGateway adds where gateways tell what became of messages. Nobody is signed in there: the secret in the
// address is the gateway's, and whoever guesses is slowed down.
func (s *Server) registerNoticeGateway(svc *notice.Service) {
	op := huma.Operation{
		OperationID: "notice-gateway", Method: http.MethodPost, Path: "/notices/gateway/{channel}/{secret}",
		Summary: "Receipts and answers that a gateway tells, as a form or JSON", Tags: []string{"notices"}, Security: []map[string][]string{},
	}
	op.Middlewares = s.slow(newGate(50*time.Millisecond, 200, "duty.too_many", "too many questions from this address; wait a moment"))
	op.SkipValidateBody = true // gateways write forms and JSON of their own shapes: the channel reads them
	register(s, op, func(ctx context.Context, in *struct {
		Channel     string `path:"channel" maxLength:"32"`
		Secret      string `path:"secret" maxLength:"128"`
		ContentType string `header:"Content-Type"`
		RawBody     []byte `contentType:"application/json"`
	},
	) (*nothing, error) {
		return done(svc.Hear(ctx, in.Channel, in.Secret, in.ContentType, in.RawBody))
	})
}

func noticeSheet(list []notice.Notice) document.Sheet {
	states := map[notice.State]string{
		notice.Queued: "待发", notice.Sent: "已发出", notice.Delivered: "已送达", notice.Read: "已读", notice.Answered: "已答复", notice.Failed: "未送到", notice.Unset: "未配置渠道",
	}
	sheet := document.Sheet{Title: "通知", Headings: []string{"时间", "收件人", "标题", "内容", "渠道", "地址", "状态", "发出", "原因", "补办"}}
	for _, n := range list {
		var way notice.Way
		if n.Way < len(n.Ways) {
			way = n.Ways[n.Way]
		}
		var sent any
		if n.SentAt != nil {
			sent = *n.SentAt
		}
		sheet.Rows = append(sheet.Rows, []any{n.CreatedAt, n.Name, n.Title, n.Text, way.Channel, way.Address, states[n.State], sent, n.Reason, n.SettledHow})
	}
	return sheet
}
