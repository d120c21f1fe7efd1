package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// accepted says how many refused readings were taken when they were sent again.
type accepted struct {
	Accepted int64 `json:"accepted"`
}

// registerForward adds what a time-series server behind the inbox refuses.
func registerForward(s *Server, t *telemetry.Service) {
	register(s, huma.Operation{
		OperationID: "rejected-readings", Method: http.MethodGet, Path: "/telemetry/rejected", Summary: "Readings that the time-series server refuses for good, by reason", Tags: []string{"telemetry"},
	}, func(ctx context.Context, _ *nothing) (*body[page.List[telemetry.Rejection]], error) {
		return listed(t.Rejections(ctx))
	})
	registerSheet(s, huma.Operation{
		OperationID: "export-rejected-readings", Path: "/telemetry/rejected/export.xlsx", Summary: "These readings as a workbook", Tags: []string{"telemetry"},
	}, "rejected", func(ctx context.Context, in *Language) (document.Sheet, error) { return rejectedSheet(ctx, t, *in) })
	register(s, huma.Operation{
		OperationID: "retry-rejected-readings", Method: http.MethodPost, Path: "/telemetry/rejected/retry", Summary: "Send the refused readings again", Tags: []string{"telemetry"},
	}, func(ctx context.Context, _ *nothing) (*body[accepted], error) {
		n, err := t.RetryRejected(ctx)
		return reply(accepted{n}, err)
	})
}

var errSheetFull = errors.New("the workbook is full")

func rejectedSheet(ctx context.Context, t *telemetry.Service, l Language) (document.Sheet, error) {
	sheet := document.Sheet{Title: l.say("被拒数据", "Refused readings"), Headings: l.headings(
		[2]string{"设备编号", "Device ID"}, [2]string{"监测项", "Property"}, [2]string{"时间", "Time"}, [2]string{"值", "Value"},
		[2]string{"质量", "Quality"}, [2]string{"接收时间", "Received"}, [2]string{"原因", "Reason"}, [2]string{"说明", "Message"},
	)}
	err := t.RejectedReadings(ctx, func(reason telemetry.RejectReason, message string, one telemetry.Sample) error {
		if len(sheet.Rows) == document.MaxRows-1 {
			return errSheetFull
		}
		sheet.Rows = append(sheet.Rows, []any{one.Device, one.Property, one.At, strconv.FormatFloat(one.Value, 'f', -1, 64), int(one.Quality), one.ReceivedAt, string(reason), message})
		return nil
	})
	if errors.Is(err, errSheetFull) {
		err = nil
	}
	return sheet, err
}
