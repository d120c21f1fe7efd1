package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

type lookInput struct {
	Device  string `path:"device" maxLength:"64"`
	Through string `query:"through" required:"true" maxLength:"64" doc:"through of the list"`
}

type releaseInput struct {
	Device string `path:"device" maxLength:"64"`
	Body   struct {
		Through string `json:"through" maxLength:"64" doc:"through of the list: what came later is left alone"`
		Shift   int64  `json:"shift_ms" doc:"Added to every time: minus offset_ms of the list when the clock was wrong by that"`
		Note    string `json:"note" minLength:"1" maxLength:"500" doc:"How it was proven"`
	}
}

type discardInput struct {
	Device string `path:"device" maxLength:"64"`
	Body   struct {
		Through string `json:"through" maxLength:"64" doc:"through of the list: what came later is left alone"`
		Note    string `json:"note" minLength:"1" maxLength:"500" doc:"Why"`
	}
}

type holdInput struct {
	Body struct {
		From   time.Time `json:"from"`
		To     time.Time `json:"to"`
		Reason string    `json:"reason" minLength:"1" maxLength:"500"`
	}
}

type holdEndInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"500"`
	}
}

// registerKeeping adds the health of the store, the quarantine and legal holds.
func registerKeeping(s *Server, t *telemetry.Service) {
	tags := []string{"telemetry"}
	register(s, huma.Operation{
		OperationID: "telemetry-health", Method: http.MethodGet, Path: "/telemetry/health", Summary: "Whether readings are taken", Tags: tags,
	}, func(ctx context.Context, _ *nothing) (*body[telemetry.Health], error) { return reply(t.Health(ctx)) })

	register(s, huma.Operation{
		OperationID: "list-quarantine", Method: http.MethodGet, Path: "/telemetry/quarantine", Tags: tags,
		Summary: "Readings and events kept apart because their time cannot be true, by device",
	}, func(ctx context.Context, _ *nothing) (*body[page.List[telemetry.Apart]], error) {
		return listed(t.ListApart(ctx))
	})
	register(s, huma.Operation{
		OperationID: "look-quarantine", Method: http.MethodGet, Path: "/telemetry/quarantine/{device}", Tags: tags,
		Summary: "What is kept apart of one device, the oldest first, 500 at most",
	}, func(ctx context.Context, in *lookInput) (*body[page.List[telemetry.ApartRow]], error) {
		return listed(t.LookApart(ctx, in.Device, in.Through))
	})
	register(s, huma.Operation{
		OperationID: "release-quarantine", Method: http.MethodPost, Path: "/telemetry/quarantine/{device}/release", Tags: tags,
		Summary: "Store what was kept apart with its times shifted",
	}, func(ctx context.Context, in *releaseInput) (*body[telemetry.Acted], error) {
		return reply(t.ReleaseApart(ctx, telemetry.ActOnApart{Device: in.Device, Through: in.Body.Through, Shift: in.Body.Shift, Note: in.Body.Note}))
	})
	register(s, huma.Operation{
		OperationID: "discard-quarantine", Method: http.MethodPost, Path: "/telemetry/quarantine/{device}/discard", Tags: tags,
		Summary: "Delete what was kept apart",
	}, func(ctx context.Context, in *discardInput) (*body[telemetry.Acted], error) {
		return reply(t.DiscardApart(ctx, telemetry.ActOnApart{Device: in.Device, Through: in.Body.Through, Note: in.Body.Note}))
	})

	register(s, huma.Operation{
		OperationID: "list-holds", Method: http.MethodGet, Path: "/telemetry/holds", Summary: "Legal holds on readings, newest first", Tags: tags,
	}, func(ctx context.Context, _ *nothing) (*body[page.List[telemetry.Hold]], error) {
		return listed(t.ListHolds(ctx))
	})
	register(s, huma.Operation{
		OperationID: "add-hold", Method: http.MethodPost, Path: "/telemetry/holds", Summary: "Keep readings from being deleted by age", Tags: tags,
		DefaultStatus: http.StatusCreated,
	}, func(ctx context.Context, in *holdInput) (*body[telemetry.Hold], error) {
		return reply(t.AddHold(ctx, in.Body.From, in.Body.To, in.Body.Reason))
	})
	register(s, huma.Operation{
		OperationID: "end-hold", Method: http.MethodPost, Path: "/telemetry/holds/{id}/end", Summary: "End a legal hold", Tags: tags,
	}, func(ctx context.Context, in *holdEndInput) (*body[telemetry.Hold], error) {
		return reply(t.EndHold(ctx, in.ID, in.Body.Reason))
	})
}
