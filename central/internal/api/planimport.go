package api

import (
	"context"
	"net/http"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/plan"
)

// planUpload is a file that would change a draft.
type planUpload struct {
	PlanID
	Mode    string `query:"mode" maxLength:"10" doc:"replace: in place of what is there; append: behind it"`
	RawBody []byte `contentType:"application/octet-stream"`
}

// registerPlanImports adds what reads files into a draft. Nothing is kept: whoever has looked at the answer writes
// its body with write-plan.
func (s *Server) registerPlanImports(svc *plan.Service) {
	register(s, planOp("import-plan-text", http.MethodPost, "/{id}/import/text", "What the chapters of a DOCX of at most 1 MB would make of the draft; nothing is kept"),
		func(ctx context.Context, in *planUpload) (*body[plan.Import], error) {
			return reply(svc.ImportText(ctx, in.ID, in.Mode, func() ([]plan.Paragraph, error) {
				return readBook(ctx, s, in.RawBody, document.ReadDOCX)
			}))
		})
	register(s, planOp("import-plan-actions", http.MethodPost, "/{id}/import/actions", "What an XLSX of actions would make of the draft; every fault of every cell is answered, nothing is kept"),
		func(ctx context.Context, in *planUpload) (*body[plan.Import], error) {
			return reply(svc.ImportActions(ctx, in.ID, in.Mode, func() ([][]string, error) {
				return readBook(ctx, s, in.RawBody, document.ReadTable)
			}))
		})
	registerSheet(s, planOp("export-plan-actions", http.MethodGet, "/{id}/actions.xlsx", "The actions of a version as a workbook that can be imported again; empty, it is the template"), "plan-actions",
		func(ctx context.Context, in *planPaperVersion) (document.Sheet, error) {
			d, err := svc.Body(ctx, in.ID, in.Version)
			if err != nil {
				return document.Sheet{}, err
			}
			table := plan.ActionTable(d.Body)
			sheet := document.Sheet{Title: "行动", Headings: table[0]}
			for _, row := range table[1:] {
				cells := make([]any, len(row))
				for i, c := range row {
					cells[i] = c
				}
				sheet.Rows = append(sheet.Rows, cells)
			}
			return sheet, nil
		})
}
