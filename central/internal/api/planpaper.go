package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/plan"
)

// registerPlanPapers adds what is printed of a plan.
func (s *Server) registerPlanPapers(svc *plan.Service) {
	register(s, planOp("get-plan-paper", http.MethodGet, "/{id}/paper", "A plan as it is printed: whole, short, as booklet, or its table"),
		func(ctx context.Context, in *planPaperKind) (*body[plan.Paper], error) {
			return reply(svc.Paper(ctx, in.ID, in.Version, in.Kind))
		})
	chart := planOp("get-plan-flow", http.MethodGet, "/{id}/flow.svg", "The flow chart of a response level, drawn from the structure")
	chart.Responses = map[string]*huma.Response{"200": {
		Description: "An SVG drawing", Content: map[string]*huma.MediaType{"image/svg+xml": {Schema: &huma.Schema{Type: "string"}}},
	}}
	register(s, chart, func(ctx context.Context, in *struct {
		PlanID
		Version int `query:"version" minimum:"0" doc:"0 or left out: the draft"`
		Level   int `query:"level" minimum:"1" maximum:"4"`
	},
	) (*file, error) {
		drawing, err := svc.Chart(ctx, in.ID, in.Version, in.Level)
		if err != nil {
			return nil, err
		}
		return &file{ContentType: "image/svg+xml", ContentDisposition: fmt.Sprintf(`inline; filename="flow-%d.svg"`, in.Level), Body: []byte(drawing.SVG())}, nil
	})
	registerPlanFile(s, planOp("print-plan-flow", http.MethodGet, "/{id}/flow.pdf", "The flow charts of a version, each on a sheet that it can be read on: A4, A3, or as large as itself"), plan.PDF,
		func(ctx context.Context, in *struct {
			PlanID
			Version int `query:"version" minimum:"0" doc:"0 or left out: the draft"`
			Level   int `query:"level" minimum:"0" maximum:"4" doc:"0 or left out: all"`
		},
		) (plan.Output, error) {
			return svc.PrintCharts(ctx, in.ID, in.Version, in.Level)
		})
	for _, form := range []string{plan.PDF, plan.DOCX} {
		registerPlanFile(s, planOp("print-plan-"+form, http.MethodGet, "/{id}/paper."+form, "A plan as "+strings.ToUpper(form)+", as official documents are printed"), form,
			func(ctx context.Context, in *planPaperKind) (plan.Output, error) {
				return svc.Print(ctx, in.ID, in.Version, in.Kind, form)
			})
	}
	registerSheet(s, planOp("export-plan-table", http.MethodGet, "/{id}/table.xlsx", "Duties and contacts of a plan as a workbook"), "plan-table",
		func(ctx context.Context, in *planPaperVersion) (document.Sheet, error) {
			p, err := svc.Paper(ctx, in.ID, in.Version, plan.PaperTable)
			return paperSheet("职责与联络表", p), err
		})
}

// registerPlanCollections adds the short forms of many plans as one document.
func (s *Server) registerPlanCollections(svc *plan.Service) {
	for _, form := range []string{plan.PDF, plan.DOCX} {
		registerPlanFile(s, planOp("collect-plans-"+form, http.MethodGet, "/collection."+form, "The short forms of the plans in force as one "+strings.ToUpper(form)), form,
			func(ctx context.Context, in *planQuery) (plan.Output, error) {
				return svc.Collection(ctx, in.of(), form)
			})
	}
}

// planFile is a printed plan.
type planFile struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Missing            string `header:"Fengsui-Missing" doc:"Characters that no font has, percent-encoded; they are printed as 〓"`
	Body               []byte
}

// registerPlanFile adds a room that answers with a document.
func registerPlanFile[I any](s *Server, op huma.Operation, form string, work func(context.Context, *I) (plan.Output, error)) {
	kind := map[string]string{plan.PDF: "application/pdf", plan.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}[form]
	op.Responses = map[string]*huma.Response{"200": {
		Description: "The file", Content: map[string]*huma.MediaType{kind: {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}}
	register(s, op, func(ctx context.Context, in *I) (*planFile, error) {
		out, err := work(ctx, in)
		if err != nil {
			return nil, err
		}
		return &planFile{
			ContentType: kind, Missing: url.PathEscape(out.Missing), Body: out.Bytes,
			ContentDisposition: `attachment; filename="plan.` + form + `"; filename*=UTF-8''` + url.PathEscape(out.Name),
		}, nil
	})
}

type planPaperVersion struct {
	PlanID
	Version int `query:"version" minimum:"0" doc:"0 or left out: the draft"`
}

type planPaperKind struct {
	PlanID
	Version int    `query:"version" minimum:"0" doc:"0 or left out: the draft"`
	Kind    string `query:"kind" enum:"full,brief,booklet,table"`
}

// paperSheet puts the tables of a paper below each other.
func paperSheet(title string, p plan.Paper) document.Sheet {
	sheet := document.Sheet{Title: title, Headings: []string{p.Name, p.Mark, "", "", ""}}
	row := func(cells []string) {
		out := make([]any, len(cells))
		for i, c := range cells {
			out[i] = c
		}
		sheet.Rows = append(sheet.Rows, out)
	}
	for _, b := range p.Blocks {
		switch b.Kind {
		case "heading":
			row([]string{b.Text})
		case "table":
			row(b.Head)
			for _, r := range b.Rows {
				row(r)
			}
		}
	}
	return sheet
}
