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

// registerSnapshots adds single pictures that are kept.
func registerSnapshots(s *Server, svc *recording.Service) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/snapshots" + path, Summary: summary, Tags: []string{"recordings"}}
	}
	register(s, op("list-snapshots", http.MethodGet, "", "Pictures that were frozen, or kept of an alarm, the newest first, at most 500"),
		func(ctx context.Context, in *struct {
			Stream    string           `query:"stream" maxLength:"64"`
			Origin    recording.Origin `query:"origin" enum:"live,replay,alarm"`
			Reference string           `query:"reference" maxLength:"400" doc:"Those held for this incident or file"`
			Alarm     string           `query:"alarm" maxLength:"64" doc:"Those of this alarm"`
			From      time.Time        `query:"from"`
			To        time.Time        `query:"to"`
		},
		) (*body[page.List[recording.Snapshot]], error) {
			return listed(svc.Snapshots(ctx, recording.SnapshotFilter{Stream: in.Stream, Origin: in.Origin, Reference: in.Reference, Alarm: in.Alarm, From: in.From, To: in.To}))
		})
	register(s, op("list-missed-snapshots", http.MethodGet, "/missed", "Pictures that alarms should have left and did not, with the reason, the newest first, at most 500"),
		func(ctx context.Context, in *struct {
			Alarm string    `query:"alarm" maxLength:"64" doc:"Those of this alarm"`
			From  time.Time `query:"from" doc:"Of alarms since"`
		},
		) (*body[page.List[recording.Missed]], error) {
			return listed(svc.MissedPictures(ctx, in.Alarm, in.From))
		})
	keep := op("keep-snapshot", http.MethodPost, "", "Keep a picture that was frozen: a JPEG or PNG of at most 1 MiB and 3840 × 2160 pixels; with a reference it needs video.record")
	keep.DefaultStatus, keep.MaxBodyBytes = http.StatusCreated, recording.MaxSnapshot
	register(s, keep, func(ctx context.Context, in *struct {
		Stream    string           `query:"stream" maxLength:"64" required:"true"`
		At        time.Time        `query:"at" required:"true" doc:"Moment of the picture"`
		Origin    recording.Origin `query:"origin" enum:"live,replay" required:"true"`
		Reference string           `query:"reference" maxLength:"400" doc:"The incident or file that it is held for"`
		Note      string           `query:"note" maxLength:"2000"`
		RawBody   []byte           `contentType:"application/octet-stream"`
	},
	) (*body[recording.Snapshot], error) {
		return reply(svc.KeepSnapshot(ctx, recording.Snapshot{Stream: in.Stream, At: in.At, Origin: in.Origin, Reference: in.Reference, Note: in.Note}, in.RawBody))
	})
	register(s, op("change-snapshot", http.MethodPut, "/{id}", "Say for which incident or file a snapshot is held, and what it shows; without a reference age decides"),
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"64"`
			Body struct {
				Reference string `json:"reference" maxLength:"400"`
				Note      string `json:"note" maxLength:"2000"`
			}
		},
		) (*body[recording.Snapshot], error) {
			return reply(svc.ChangeSnapshot(ctx, in.ID, in.Body.Reference, in.Body.Note))
		})
	register(s, op("remove-snapshot", http.MethodDelete, "/{id}", "Delete a snapshot that is not held"),
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"64"`
		},
		) (*struct{}, error) {
			return nil, svc.RemoveSnapshot(ctx, in.ID)
		})
	picture := func(away bool) func(ctx context.Context, in *struct {
		ID string `path:"id" maxLength:"64"`
	}) (*huma.StreamResponse, error) {
		return func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"64"`
		},
		) (*huma.StreamResponse, error) {
			p, got, err := svc.Picture(ctx, in.ID, away)
			if err != nil {
				return nil, err
			}
			return &huma.StreamResponse{Body: func(hc huma.Context) {
				hc.SetHeader("Content-Type", p.Type)
				hc.SetHeader("Cache-Control", "private, max-age=3600")
				hc.SetHeader("X-Content-Type-Options", "nosniff")
				if away {
					hc.SetHeader("Cache-Control", "no-store")
					hc.SetHeader("Content-Disposition", `attachment; filename="`+got.Name+`"`)
				}
				humafiber.Unwrap(hc).Context().SetBodyStream(got, int(got.Size)) // it closes it
			}}, nil
		}
	}
	look := op("read-snapshot", http.MethodGet, "/{id}/picture", "The picture: JPEG, PNG, or a film of one picture")
	take := op("take-snapshot", http.MethodGet, "/{id}/file", "The picture as a file; it is written down who took it")
	for _, o := range []*huma.Operation{&look, &take} {
		binary := &huma.MediaType{Schema: &huma.Schema{Type: "string", Format: "binary"}}
		o.Responses = map[string]*huma.Response{"200": {Description: "The picture", Content: map[string]*huma.MediaType{"image/jpeg": binary, "image/png": binary, filmType: binary}}}
	}
	register(s, look, picture(false))
	register(s, take, picture(true))
}
