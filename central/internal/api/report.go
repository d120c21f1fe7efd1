package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/report"
)

func reportOp(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"reports"}}
}

// RegisterReports adds how incidents are told upward, what comes back down, and how it is judged.
func RegisterReports(s *Server, svc *report.Service) {
	register(s, reportOp("report-desk", http.MethodGet, "/reports", "The reports of the own desk: waiting, being written, received, sent"),
		func(ctx context.Context, _ *nothing) (*body[report.Desk], error) { return reply(svc.Desk(ctx)) })
	register(s, reportOp("report-templates", http.MethodGet, "/reports/templates", "What reports must say, with its source"),
		func(_ context.Context, _ *nothing) (*body[report.Templates], error) {
			return reply(*svc.Templates, nil)
		})
	type reportDesks struct {
		Below bool `query:"below" doc:"only those that may be given tasks and are judged"`
	}
	register(s, reportOp("report-desks", http.MethodGet, "/reports/desks", "Organisations to which copies and tasks may go"),
		func(ctx context.Context, in *reportDesks) (*body[page.List[account.Org]], error) {
			return listed(svc.Others(ctx, in.Below))
		})
	register(s, reportOp("get-report", http.MethodGet, "/reports/{id}", "A report with its hops and what a draft lacks"),
		func(ctx context.Context, in *IncidentID) (*body[report.View], error) {
			return reply(svc.Get(ctx, in.ID))
		})
	look := reportOp("read-report-picture", http.MethodGet, "/reports/{id}/pictures/{picture}", "A picture of a report: JPEG, PNG, or a film of one picture; for who may read the report")
	binary := &huma.MediaType{Schema: &huma.Schema{Type: "string", Format: "binary"}}
	look.Responses = map[string]*huma.Response{"200": {Description: "The picture", Content: map[string]*huma.MediaType{"image/jpeg": binary, "image/png": binary, filmType: binary}}}
	register(s, look, func(ctx context.Context, in *struct {
		IncidentID
		Picture string `path:"picture" maxLength:"64"`
	},
	) (*huma.StreamResponse, error) {
		p, file, size, err := svc.Picture(ctx, in.ID, in.Picture)
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			hc.SetHeader("Content-Type", p.Type)
			hc.SetHeader("Cache-Control", "private, no-store")
			hc.SetHeader("X-Content-Type-Options", "nosniff")
			humafiber.Unwrap(hc).Context().SetBodyStream(file, int(size)) // it closes it
		}}, nil
	})
	register(s, reportOp("report-chain", http.MethodGet, "/incidents/{id}/reports", "The reports of an incident that the own desk wrote or received"),
		func(ctx context.Context, in *IncidentID) (*body[report.Chain], error) {
			return reply(svc.Chain(ctx, in.ID))
		})
	type reportBegins struct {
		IncidentID
		Body struct {
			Kind string `json:"kind,omitempty" enum:"first,follow,final,correction" doc:"Left out: what comes next"`
		}
	}
	register(s, reportOp("begin-report", http.MethodPost, "/incidents/{id}/reports", "Begin the next version, or go on with the draft"),
		func(ctx context.Context, in *reportBegins) (*body[report.View], error) {
			return reply(svc.Begin(ctx, in.ID, report.Kind(in.Body.Kind)))
		})
	type reportCalls struct {
		IncidentID
		Body struct {
			At   *time.Time `json:"at,omitempty" doc:"Left out: now"`
			Text string     `json:"text" maxLength:"8000" doc:"Who told whom what"`
		}
	}
	register(s, reportOp("phone-report", http.MethodPost, "/incidents/{id}/calls", "Write down that the desk above was told on the phone"),
		func(ctx context.Context, in *reportCalls) (*body[report.Hop], error) {
			return reply(svc.Phoned(ctx, in.ID, report.Call{At: moment(in.Body.At), Text: in.Body.Text}))
		})
	registerReportDraft(s, svc)
	registerReportHops(s, svc)
	registerReportTasks(s, svc)
	registerReportStats(s, svc)
	registerReportDaily(s, svc)
}

func registerReportDraft(s *Server, svc *report.Service) {
	type reportSaves struct {
		IncidentID
		Body struct {
			Edits []report.Edit `json:"edits" maxItems:"200" doc:"What was seen and what was written, field by field"`
		}
	}
	register(s, reportOp("save-report", http.MethodPatch, "/reports/{id}", "Save fields of a draft; those that somebody else has changed come back as conflicts"),
		func(ctx context.Context, in *reportSaves) (*body[report.Saved], error) {
			return reply(svc.Save(ctx, in.ID, in.Body.Edits))
		})
	type reportSends struct {
		IncidentID
		Body struct {
			Version int      `json:"version" doc:"Of the draft that was read"`
			How     string   `json:"how" enum:"self,oral" doc:"self: the own signature; oral: a leader has agreed"`
			Signer  string   `json:"signer,omitempty" maxLength:"128" doc:"The leader who has agreed"`
			Copies  []string `json:"copies,omitempty" maxItems:"50" doc:"Organisations that have it as well"`
			Out     string   `json:"out,omitempty" maxLength:"400" doc:"At the top: who has it beyond this centre, and how"`
		}
	}
	register(s, reportOp("send-report", http.MethodPost, "/reports/{id}/send", "Sign a draft and send it to the desk above; it never changes again"),
		func(ctx context.Context, in *reportSends) (*body[report.View], error) {
			b := in.Body
			return reply(svc.Send(ctx, in.ID, report.Sending{Version: b.Version, Signer: b.Signer, How: b.How, Copies: b.Copies, Out: b.Out}))
		})
	register(s, reportOp("discard-report", http.MethodDelete, "/reports/{id}", "Throw a draft away"),
		func(ctx context.Context, in *IncidentID) (*nothing, error) { return done(svc.Discard(ctx, in.ID)) })
}

func registerReportHops(s *Server, svc *report.Service) {
	register(s, reportOp("open-hop", http.MethodPost, "/hops/{id}/open", "Say that a report was seen"),
		func(ctx context.Context, in *IncidentID) (*body[report.Hop], error) {
			return reply(svc.Open(ctx, in.ID))
		})
	register(s, reportOp("accept-hop", http.MethodPost, "/hops/{id}/accept", "Accept a report"),
		func(ctx context.Context, in *IncidentID) (*body[report.Hop], error) {
			return reply(svc.Accept(ctx, in.ID))
		})
	type hopReturns struct {
		IncidentID
		Body struct {
			Reason string `json:"reason" maxLength:"400"`
		}
	}
	register(s, reportOp("return-hop", http.MethodPost, "/hops/{id}/return", "Send a report back to be done better"),
		func(ctx context.Context, in *hopReturns) (*body[report.Hop], error) {
			return reply(svc.Return(ctx, in.ID, in.Body.Reason))
		})
	register(s, reportOp("forward-hop", http.MethodPost, "/hops/{id}/forward", "Begin the own report from one that came from below"),
		func(ctx context.Context, in *IncidentID) (*body[report.View], error) {
			return reply(svc.Forward(ctx, in.ID))
		})
}

func registerReportTasks(s *Server, svc *report.Service) {
	type taskQuery struct {
		All bool `query:"all" doc:"Also what is closed"`
	}
	register(s, reportOp("list-report-tasks", http.MethodGet, "/report-tasks", "Tasks that the own desk has given or has to do, by the clock"),
		func(ctx context.Context, in *taskQuery) (*body[page.List[report.Task]], error) {
			return listed(svc.Board(ctx, !in.All))
		})
	register(s, reportOp("incident-instructions", http.MethodGet, "/incidents/{id}/instructions", "What was instructed about an incident"),
		func(ctx context.Context, in *IncidentID) (*body[report.Ordered], error) {
			return reply(svc.Ordered(ctx, in.ID))
		})
	type orders struct {
		IncidentID
		Body struct {
			Leader string     `json:"leader" maxLength:"128"`
			At     *time.Time `json:"at,omitempty" doc:"Left out: now"`
			Text   string     `json:"text" maxLength:"8000"`
			Orgs   []string   `json:"orgs" maxItems:"50"`
			DueAt  time.Time  `json:"due_at"`
		}
	}
	register(s, reportOp("order-report", http.MethodPost, "/incidents/{id}/instructions", "Write down an instruction and give its tasks"),
		func(ctx context.Context, in *orders) (*body[report.Instruction], error) {
			b := in.Body
			return reply(svc.Order(ctx, in.ID, report.NewInstruction{Leader: b.Leader, At: moment(b.At), Text: b.Text, Orgs: b.Orgs, DueAt: b.DueAt}))
		})
	type doesTask struct {
		IncidentID
		Body struct {
			Act     string `json:"act" enum:"take,answer"`
			Text    string `json:"text,omitempty" maxLength:"8000"`
			Version int    `json:"version"`
		}
	}
	register(s, reportOp("do-report-task", http.MethodPost, "/report-tasks/{id}/do", "Take a task, or say what came of it"),
		func(ctx context.Context, in *doesTask) (*body[report.Task], error) {
			return reply(svc.MoveTask(ctx, in.ID, report.TaskAct(in.Body.Act), in.Body.Text, in.Body.Version))
		})
	type supervisesTask struct {
		IncidentID
		Body struct {
			Act     string `json:"act" enum:"close,back,urge"`
			Text    string `json:"text,omitempty" maxLength:"8000"`
			Version int    `json:"version"`
		}
	}
	register(s, reportOp("supervise-report-task", http.MethodPost, "/report-tasks/{id}/supervise", "Close a task, send it back, or ask for it"),
		func(ctx context.Context, in *supervisesTask) (*body[report.Task], error) {
			return reply(svc.MoveTask(ctx, in.ID, report.TaskAct(in.Body.Act), in.Body.Text, in.Body.Version))
		})
}
