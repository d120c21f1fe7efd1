package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"

	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/recording"
)

type clipOrder struct {
	Stream    string    `json:"stream" maxLength:"64"`
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Reference string    `json:"reference" maxLength:"400" doc:"The incident or file that it is for"`
	Mute      bool      `json:"mute,omitempty" doc:"Without sound"`
	Burn      bool      `json:"burn,omitempty" doc:"A second copy has time and watermark in the picture"`
}

// registerClips adds spans of recordings that people take away.
func registerClips(s *Server, svc *recording.Service) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"recordings"}}
	}
	register(s, op("list-clips", http.MethodGet, "/clips", "Spans of recordings as files, until they expire, the newest first"),
		func(ctx context.Context, _ *nothing) (*body[page.List[recording.Clip]], error) {
			return listed(svc.Clips(ctx))
		})
	order := op("order-clip", http.MethodPost, "/clips", "Have a span of two hours at most made into MP4 files with a note of their SHA-256, in the background")
	order.DefaultStatus = http.StatusCreated
	register(s, order, func(ctx context.Context, in *struct{ Body clipOrder }) (*body[recording.Clip], error) {
		b := in.Body
		return reply(svc.OrderClip(ctx, recording.Clip{Stream: b.Stream, From: b.From, To: b.To, Reference: b.Reference, Mute: b.Mute, Burn: b.Burn}))
	})
	register(s, op("remove-clip", http.MethodDelete, "/clips/{id}", "Delete a clip before it expires, or stop its making"),
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"64"`
		},
		) (*struct{}, error) {
			return nil, svc.RemoveClip(ctx, in.ID)
		})
	take := op("take-clip", http.MethodGet, "/clips/{id}/files/{name}", "A file of a clip; it is written down who took it")
	take.Responses = map[string]*huma.Response{"200": {
		Description: "MP4", Content: map[string]*huma.MediaType{filmType: {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}}
	register(s, take, func(ctx context.Context, in *struct {
		ID   string `path:"id" maxLength:"64"`
		Name string `path:"name" maxLength:"200"`
	},
	) (*huma.StreamResponse, error) {
		got, err := svc.TakeClip(ctx, in.ID, in.Name)
		if err != nil {
			return nil, err
		}
		return film(got.Size, got.Name, got), nil
	})
	note := op("read-clip-note", http.MethodGet, "/clips/{id}/note", "What the files of a clip are, who made them, and their SHA-256, as sha256sum -c reads it")
	note.Responses = map[string]*huma.Response{"200": {
		Description: "Text", Content: map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: "string"}}},
	}}
	register(s, note, func(ctx context.Context, in *struct {
		ID string `path:"id" maxLength:"64"`
	},
	) (*huma.StreamResponse, error) {
		got, err := svc.TakeClip(ctx, in.ID, "")
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			hc.SetHeader("Content-Type", "text/plain; charset=utf-8")
			hc.SetHeader("Cache-Control", "no-store")
			hc.SetHeader("Content-Disposition", `attachment; filename="`+got.Name+`"`)
			humafiber.Unwrap(hc).Context().SetBodyStream(got, int(got.Size)) // it closes it
		}}, nil
	})
}
