package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/event"
)

// file is an answer that the browser saves.
type file struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte
}

// registerSheet adds GET path, which exports a list as XLSX; name is the file's name without ending.
func registerSheet[I any](s *Server, op huma.Operation, name string, fill func(context.Context, *I) (document.Sheet, error)) {
	op.Method = http.MethodGet
	op.Responses = map[string]*huma.Response{"200": {
		Description: "An XLSX workbook",
		Content:     map[string]*huma.MediaType{sheetType: {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}}
	register(s, op, func(ctx context.Context, in *I) (*file, error) {
		sheet, err := fill(ctx, in)
		if err != nil {
			return nil, err
		}
		var out bytes.Buffer
		if err := sheet.Write(&out, event.China()); err != nil {
			return nil, err
		}
		day := time.Now().In(event.China()).Format("20060102-1504")
		return &file{
			ContentType:        sheetType,
			ContentDisposition: `attachment; filename="` + name + "-" + day + `.xlsx"`,
			Body:               out.Bytes(),
		}, nil
	})
}

const sheetType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
