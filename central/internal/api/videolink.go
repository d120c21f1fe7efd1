package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/shared/wire"
)

// VideoLinkID names a link in the path.
type VideoLinkID struct {
	ID string `path:"id" maxLength:"64"`
}

type videoLinkDraft struct {
	Action   video.Action `json:"action" enum:"publish,watch"`
	Title    string       `json:"title" maxLength:"80" doc:"For whom it is; also the name of a new picture"`
	Stream   string       `json:"stream,omitempty" maxLength:"64" doc:"The picture; empty with publish: a new one, which stands among the cameras"`
	Division string       `json:"division,omitempty" maxLength:"12" doc:"Of a new picture; empty: your own"`
	Place    *wire.Place  `json:"place,omitempty" doc:"Of a new picture"`
	Hours    int          `json:"hours" minimum:"1" maximum:"168" doc:"How long it lives"`
	Incident string       `json:"incident_id,omitempty" maxLength:"64" doc:"With publish: where what the phone tells is written"`
	Person   string       `json:"person_id,omitempty" maxLength:"64" doc:"With publish: of the roster, whose tasks the phone shows"`
}

type videoLinkChange struct {
	Hours    int     `json:"hours,omitempty" minimum:"0" maximum:"168" doc:"How long it lives from now on, no shorter than before; 0: as it is"`
	Incident *string `json:"incident_id,omitempty" maxLength:"64"`
	Person   *string `json:"person_id,omitempty" maxLength:"64"`
}

// registerLinks adds the links by which pictures are sent and watched without an account.
func registerLinks(s *Server, svc *video.Service) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/video-links" + path, Summary: summary, Tags: []string{"video"}}
	}
	register(s, op("list-video-links", http.MethodGet, "", "List links to send and watch pictures, of the last thirty days"), func(ctx context.Context, _ *nothing) (*body[page.List[video.StreamLink]], error) {
		return listed(svc.Links(ctx))
	})
	create := op("share-video", http.MethodPost, "", "Make a link by which somebody without an account sends or watches one picture")
	create.DefaultStatus = http.StatusCreated
	register(s, create, func(ctx context.Context, in *struct{ Body videoLinkDraft }) (*body[video.Shared], error) {
		d := in.Body
		return reply(svc.Share(ctx, video.LinkDraft{Stream: d.Stream, Action: d.Action, Title: d.Title, Division: d.Division, Place: d.Place, Hours: d.Hours, IncidentID: d.Incident, PersonID: d.Person}))
	})
	register(s, op("show-video-link", http.MethodPost, "/{id}/token", "Show the token of an open link once more; written down"), func(ctx context.Context, in *VideoLinkID) (*body[video.Shared], error) {
		return reply(svc.ShowLink(ctx, in.ID))
	})
	register(s, op("change-video-link", http.MethodPatch, "/{id}", "Let an open link live longer, or say for which incident and person it is"), func(ctx context.Context, in *struct {
		VideoLinkID
		Body videoLinkChange
	},
	) (*body[video.StreamLink], error) {
		return reply(svc.ChangeLink(ctx, in.ID, video.LinkChange{Hours: in.Body.Hours, IncidentID: in.Body.Incident, PersonID: in.Body.Person}))
	})
	end := op("end-video-link", http.MethodDelete, "/{id}", "End a link and all that is sent or watched by it; without late nothing more is taken in")
	end.DefaultStatus = http.StatusNoContent
	register(s, end, func(ctx context.Context, in *struct {
		VideoLinkID
		Late bool `query:"late" doc:"What the phone wrote down before is taken in for 72 hours more"`
	},
	) (*nothing, error) {
		return nil, svc.EndLink(ctx, in.ID, in.Late)
	})
}
