package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/talk"
	"github.com/fengsui/fengsui/shared/wire"
)

type talkInput struct {
	Host string `header:"Host"`
	Body struct {
		Listeners []string `json:"listeners" minItems:"1" maxItems:"16" doc:"Terminals with a speaker, or cameras that are phones"`
		SDP       string   `json:"sdp" maxLength:"65536" doc:"Offer of a session that sends sound and no picture"`
		Incident  string   `json:"incident,omitempty" maxLength:"64" doc:"In whose timeline it is written down"`
	}
}

type callID struct {
	ID string `path:"id" maxLength:"64"`
}

// RegisterTalk adds speaking to scenes.
func RegisterTalk(s *Server, svc *talk.Service) {
	register(s, huma.Operation{
		OperationID: "list-listeners", Method: http.MethodGet, Path: "/talk", Summary: "Scenes that can be spoken to, their speakers, and who speaks to them now", Tags: []string{"video"},
	}, func(ctx context.Context, _ *nothing) (*body[page.List[talk.Listener]], error) {
		return listed(svc.List(ctx))
	})
	register(s, huma.Operation{
		OperationID: "begin-talk", Method: http.MethodPost, Path: "/talk", DefaultStatus: http.StatusCreated,
		Summary: "Speak to scenes", Description: "One speaks to a scene at a time. What is spoken ends with the call, with its session, or 8 s after the last renewal.", Tags: []string{"video"},
	}, func(ctx context.Context, in *talkInput) (*body[talk.Call], error) {
		return reply(svc.Begin(ctx, talk.Wish{Listeners: in.Body.Listeners, Incident: in.Body.Incident, SDP: in.Body.SDP, Host: in.Host}))
	})
	register(s, huma.Operation{
		OperationID: "renew-talk", Method: http.MethodPut, Path: "/talk/{id}", Summary: "Go on speaking, and see who hears it", Tags: []string{"video"},
	}, func(ctx context.Context, in *callID) (*body[talk.Call], error) {
		return reply(svc.Renew(ctx, in.ID))
	})
	register(s, huma.Operation{
		OperationID: "end-talk", Method: http.MethodDelete, Path: "/talk/{id}", Summary: "Stop speaking", Tags: []string{"video"},
	}, func(ctx context.Context, in *callID) (*nothing, error) {
		return nil, svc.End(ctx, in.ID)
	})
	type speaker struct {
		ID   string `path:"id" maxLength:"64"`
		Body struct {
			Volume *int  `json:"volume,omitempty" minimum:"0" maximum:"200" doc:"Percent of how the sound comes"`
			Muted  *bool `json:"muted,omitempty"`
		}
	}
	register(s, huma.Operation{
		OperationID: "set-speaker", Method: http.MethodPut, Path: "/speakers/{id}", Summary: "Set volume and mute of a terminal's speaker", Tags: []string{"video"},
	}, func(ctx context.Context, in *speaker) (*nothing, error) {
		return nil, svc.Set(ctx, in.ID, wire.SpeakerSet{Volume: in.Body.Volume, Muted: in.Body.Muted})
	})
}
