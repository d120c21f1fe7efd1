package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/video"
)

// layerWish is how much of a picture somebody wants.
type layerWish struct {
	Layer  string `json:"layer" enum:"main,sub,thin" doc:"The most that is wanted; thin, which is key frames alone, only when it is pinned"`
	Pinned bool   `json:"pinned,omitempty" doc:"Neither more nor less, whatever the link carries"`
}

func (w layerWish) wish() video.Wish {
	return video.Wish{Layer: video.Layer(w.Layer), Pinned: w.Pinned}
}

// RegisterVideo adds the pictures: what there is, and tickets to watch them.
func RegisterVideo(s *Server, svc *video.Service) {
	type streams struct {
		Items []video.Stream `json:"items"`
	}
	register(s, huma.Operation{
		OperationID: "list-streams", Method: http.MethodGet, Path: "/streams", Summary: "Pictures of cameras", Tags: []string{"video"},
	}, func(ctx context.Context, _ *nothing) (*body[streams], error) {
		items, err := svc.Streams(ctx)
		return reply(streams{items}, err)
	})
	type one struct {
		ID   string `path:"id" maxLength:"64"`
		Body *struct {
			Reason string `json:"reason,omitempty" maxLength:"200" doc:"Why the picture is needed although the data budget of the terminal is used up; written down"`
		}
	}
	register(s, huma.Operation{
		OperationID: "watch-stream", Method: http.MethodPost, Path: "/streams/{id}/watch",
		Summary: "Ask the terminal for a picture and get a ticket for one viewer", Tags: []string{"video"},
	}, func(ctx context.Context, in *one) (*body[video.Ticket], error) {
		reason := ""
		if in.Body != nil {
			reason = in.Body.Reason
		}
		return reply(svc.Watch(ctx, in.ID, reason))
	})
	register(s, huma.Operation{
		OperationID: "list-ice-servers", Method: http.MethodGet, Path: "/ice-servers", Tags: []string{"video"},
		Summary: "Relays for whoever does not reach the video port, with a credential of 12 hours",
	}, func(ctx context.Context, in *struct {
		Host string `header:"Host"`
	},
	) (*body[page.List[video.ICEServer]], error) {
		return listed(svc.ICEServers(ctx, in.Host))
	})
	register(s, huma.Operation{
		OperationID: "choose-layer", Method: http.MethodPut, Path: "/video-sessions/{session}/layer", Tags: []string{"video"},
		Summary: "Say how much of its picture a viewer wants; what it gets is told by the live view",
	}, func(ctx context.Context, in *struct {
		Session string `path:"session" maxLength:"64"`
		Body    layerWish
	},
	) (*body[video.Sent], error) {
		return reply(svc.Choose(ctx, in.Session, in.Body.wish()))
	})
	registerLinks(s, svc)
	registerWallSessions(s, svc)
	registerWHIP(s, svc)
}
