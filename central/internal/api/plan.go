package api

import (
	"context"
	"mime"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/plan"
)

func planOp(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: "/plans" + path, Summary: summary, Tags: []string{"plans"}, MaxBodyBytes: bodyLimit}
}

type planQuery struct {
	ListQuery
	Kind     string `query:"kind" maxLength:"20"`
	State    string `query:"state" maxLength:"20"`
	Category string `query:"category" maxLength:"64" doc:"A category, or the class of several"`
	Org      string `query:"org" maxLength:"64"`
	Overdue  bool   `query:"overdue" doc:"Those of which something should have been done"`
	InForce  bool   `query:"in_force"`
}

func (q planQuery) of() plan.Query {
	return plan.Query{Request: q.page(), Kind: q.Kind, State: q.State, Category: q.Category, OrgID: q.Org, Overdue: q.Overdue, InForce: q.InForce}
}

// PlanID names a plan in the path.
type PlanID struct {
	ID string `path:"id" maxLength:"64"`
}

// PlanHead is what somebody says of a plan.
type PlanHead struct {
	Name     string `json:"name" maxLength:"240"`
	NameEN   string `json:"name_en,omitempty" maxLength:"400"`
	Kind     string `json:"kind" enum:"overall,special,departmental,township,unit,enterprise"`
	Category string `json:"category,omitempty" maxLength:"64"`
	OrgID    string `json:"org_id" maxLength:"64"`
	UpperID  string `json:"upper_id,omitempty" maxLength:"64" doc:"The plan that it follows"`
	Demo     bool   `json:"demo,omitempty" doc:"Invented for show"`
}

func (h PlanHead) of() plan.Head {
	return plan.Head{Name: h.Name, NameEN: h.NameEN, Kind: plan.Kind(h.Kind), Category: h.Category, OrgID: h.OrgID, UpperID: h.UpperID, Demo: h.Demo}
}

// RegisterPlans adds emergency plans.
func RegisterPlans(s *Server, svc *plan.Service) {
	register(s, planOp("list-plans", http.MethodGet, "", "Plans, newest first"),
		func(ctx context.Context, in *planQuery) (*body[page.List[plan.Plan]], error) {
			return reply(svc.List(ctx, in.of()))
		})
	registerSheet(s, planOp("export-plans", http.MethodGet, "/export.xlsx", "The list of plans as a workbook"), "plans",
		func(ctx context.Context, in *planQuery) (document.Sheet, error) {
			list, err := whole(ctx, in.page(), func(ctx context.Context, r page.Request) (page.List[plan.Plan], error) {
				q := in.of()
				q.Request = r
				return svc.List(ctx, q)
			})
			return planSheet(list, svc.Pack), err
		})
	register(s, planOp("plan-rules", http.MethodGet, "/rules", "Limits, reasons for a revision and categories, with their source"),
		func(ctx context.Context, _ *nothing) (*body[plan.Pack], error) { return reply(svc.Rules(ctx)) })
	register(s, planOp("plan-coverage", http.MethodGet, "/coverage", "Which unit has a plan for which category"),
		func(ctx context.Context, _ *nothing) (*body[plan.Matrix], error) { return reply(svc.Coverage(ctx)) })
	s.registerPlanCollections(svc)
	create := planOp("create-plan", http.MethodPost, "", "Begin a plan")
	create.DefaultStatus = http.StatusCreated
	register(s, create, func(ctx context.Context, in *struct{ Body PlanHead }) (*body[plan.Plan], error) {
		return reply(svc.Make(ctx, in.Body.of()))
	})
	register(s, planOp("get-plan", http.MethodGet, "/{id}", "A plan with its life, versions, attachments and neighbours"),
		func(ctx context.Context, in *PlanID) (*body[plan.Detail], error) {
			return reply(svc.Detail(ctx, in.ID))
		})
	register(s, planOp("change-plan", http.MethodPut, "/{id}", "Say something else of a plan"),
		func(ctx context.Context, in *struct {
			PlanID
			Body struct {
				PlanHead
				Edit int `json:"edit" doc:"That was seen; a newer one is a conflict"`
			}
		},
		) (*body[plan.Plan], error) {
			return reply(svc.Change(ctx, in.ID, in.Body.Edit, in.Body.of()))
		})
	s.registerPlanTexts(svc)
	s.registerPlanFiles(svc)
	s.registerPlanPapers(svc)
	s.registerPlanImports(svc)
	s.registerPlanSuggestions(svc)
}

func (s *Server) registerPlanTexts(svc *plan.Service) {
	register(s, planOp("get-plan-text", http.MethodGet, "/{id}/text", "Chapters and structure of a version, with what the check says"),
		func(ctx context.Context, in *struct {
			PlanID
			Version int `query:"version" minimum:"0" doc:"0 or left out: the draft"`
		},
		) (*body[plan.Draft], error) {
			return reply(svc.Body(ctx, in.ID, in.Version))
		})
	register(s, planOp("write-plan", http.MethodPut, "/{id}/text", "Keep the draft; 409 plan.written when somebody has written meanwhile"),
		func(ctx context.Context, in *struct {
			PlanID
			Body struct {
				Revision int       `json:"revision" doc:"From which the writer began"`
				Body     plan.Body `json:"body"`
			}
		},
		) (*body[plan.Plan], error) {
			return reply(svc.Write(ctx, in.ID, in.Body.Revision, in.Body.Body))
		})
	register(s, planOp("check-plan", http.MethodPost, "/check", "Check a text that nobody has kept yet"),
		func(ctx context.Context, in *struct{ Body plan.Body }) (*body[page.List[plan.Fault]], error) {
			return listed(svc.Try(ctx, in.Body))
		})
	register(s, planOp("compare-plan", http.MethodGet, "/{id}/compare", "What differs between two versions"),
		func(ctx context.Context, in *struct {
			PlanID
			From int `query:"from" minimum:"0" doc:"0: the draft"`
			To   int `query:"to" minimum:"0" doc:"0: the draft"`
		},
		) (*body[page.List[plan.Change]], error) {
			return listed(svc.Compare(ctx, in.ID, in.From, in.To))
		})
	register(s, planOp("move-plan", http.MethodPost, "/{id}/steps", "Take a plan one step on, or back with a reason"),
		func(ctx context.Context, in *struct {
			PlanID
			Body struct {
				To      string `json:"to" enum:"drafting,consulting,reviewing,approving,published,filing,filed,assessing,revising,abolished"`
				Edit    int    `json:"edit" doc:"Of the plan that was seen; a newer one is a conflict"`
				Note    string `json:"note,omitempty" maxLength:"4000"`
				Number  string `json:"number,omitempty" maxLength:"240" doc:"Number of the document by which it is published, or of the receipt"`
				Trigger string `json:"trigger,omitempty" maxLength:"64" doc:"What makes a revision necessary"`
			}
		},
		) (*body[plan.Plan], error) {
			b := in.Body
			return reply(svc.Move(ctx, in.ID, plan.NewStep{To: plan.State(b.To), Edit: b.Edit, Note: b.Note, Number: b.Number, Trigger: b.Trigger}))
		})
	register(s, planOp("file-plan-version", http.MethodPost, "/{id}/versions/{no}/filing", "File a published version that the steps of its plan do not reach: one that was replaced, or while the next is written"),
		func(ctx context.Context, in *struct {
			PlanID
			No   int `path:"no" minimum:"1"`
			Body struct {
				Do     string `json:"do" enum:"hand,return,receipt"`
				Edit   int    `json:"edit" doc:"Of the plan that was seen; a newer one is a conflict"`
				Note   string `json:"note,omitempty" maxLength:"4000" doc:"Why it was given back"`
				Number string `json:"number,omitempty" maxLength:"240" doc:"Of the receipt"`
			}
		},
		) (*body[plan.Plan], error) {
			b := in.Body
			return reply(svc.FileVersion(ctx, in.ID, in.No, plan.NewFiling{Do: b.Do, Edit: b.Edit, Note: b.Note, Number: b.Number}))
		})
	register(s, planOp("note-plan-drill", http.MethodPost, "/{id}/drills", "Note the day on which a plan was drilled"),
		func(ctx context.Context, in *struct {
			PlanID
			Body struct {
				Day  string `json:"day" maxLength:"10"`
				Note string `json:"note,omitempty" maxLength:"4000"`
			}
		},
		) (*body[plan.Plan], error) {
			return reply(svc.Drilled(ctx, in.ID, in.Body.Day, in.Body.Note))
		})
}

func (s *Server) registerPlanFiles(svc *plan.Service) {
	add := planOp("add-plan-file", http.MethodPost, "/{id}/files", "Attach a file of at most 1 MB")
	add.DefaultStatus = http.StatusCreated
	register(s, add, func(ctx context.Context, in *struct {
		PlanID
		Kind    string `query:"kind" maxLength:"20"`
		Name    string `query:"name" maxLength:"240"`
		RawBody []byte `contentType:"application/octet-stream"`
	},
	) (*body[plan.File], error) {
		return reply(svc.AddFile(ctx, in.ID, plan.File{Kind: in.Kind, Name: in.Name, Type: http.DetectContentType(in.RawBody), Bytes: in.RawBody}))
	})
	type one struct {
		PlanID
		File string `path:"file" maxLength:"64"`
	}
	get := planOp("get-plan-file", http.MethodGet, "/{id}/files/{file}", "An attachment")
	get.Responses = map[string]*huma.Response{"200": {
		Description: "The file", Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}}
	register(s, get, func(ctx context.Context, in *one) (*file, error) {
		f, err := svc.File(ctx, in.ID, in.File)
		if err != nil {
			return nil, err
		}
		// It is saved and never shown: what somebody has uploaded runs nowhere in the console.
		return &file{ContentType: "application/octet-stream", ContentDisposition: mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}), Body: f.Bytes}, nil
	})
	register(s, planOp("remove-plan-file", http.MethodDelete, "/{id}/files/{file}", "Take an attachment away"),
		func(ctx context.Context, in *one) (*nothing, error) { return done(svc.RemoveFile(ctx, in.ID, in.File)) })
}

func planStates() map[plan.State]string {
	return map[plan.State]string{
		plan.Drafting: "编制", plan.Consulting: "征求意见", plan.Reviewing: "评审", plan.Approving: "审批", plan.Published: "已发布",
		plan.Filing: "报备中", plan.Filed: "已备案", plan.Assessing: "评估", plan.Revising: "修订", plan.Abolished: "废止",
	}
}

func planKinds() map[plan.Kind]string {
	return map[plan.Kind]string{
		plan.Overall: "总体预案", plan.Special: "专项预案", plan.Departmental: "部门预案", plan.Township: "乡镇（街道）预案",
		plan.Unit: "单位和基层组织预案", plan.Enterprise: "企业预案",
	}
}

func planSheet(list []plan.Plan, pack plan.Pack) document.Sheet {
	names := map[string]string{}
	for _, c := range pack.Categories {
		names[c.Code] = c.Name
	}
	sheet := document.Sheet{Title: "预案目录", Headings: []string{"名称", "种类", "类别", "编制单位", "状态", "现行版本", "文号", "发布时间", "备案时间", "下一期限", "最近演练"}}
	for _, p := range list {
		sheet.Rows = append(sheet.Rows, []any{p.Name, planKinds()[p.Kind], names[p.Category], p.OrgName, planStates()[p.State], p.Version, p.Number, p.Published, p.FiledAt, p.DueAt, p.DrilledOn})
	}
	return sheet
}
