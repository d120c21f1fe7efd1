package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/steer"
)

type steerInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Act    string  `json:"act" enum:"move,stop,go,save,remove" doc:"move: until stop, or until no move has come for 1.5 s; go: to a preset; save: makes one of where the camera looks; remove: forgets one"`
		Pan    float64 `json:"pan,omitempty" minimum:"-1" maximum:"1" doc:"Right is positive; 1 is the fastest the camera can"`
		Tilt   float64 `json:"tilt,omitempty" minimum:"-1" maximum:"1" doc:"Up is positive"`
		Zoom   float64 `json:"zoom,omitempty" minimum:"-1" maximum:"1" doc:"In is positive"`
		Preset string  `json:"preset,omitempty" maxLength:"64" doc:"Token of a preset, of go and remove"`
		Name   string  `json:"name,omitempty" maxLength:"64" doc:"Of save"`
	}
}

// RegisterSteering adds cameras that turn and zoom.
func RegisterSteering(s *Server, svc *steer.Service) {
	register(s, huma.Operation{
		OperationID: "list-steerable", Method: http.MethodGet, Path: "/steering", Summary: "Cameras that turn and zoom, their presets, and who turns them now", Tags: []string{"video"},
	}, func(ctx context.Context, _ *nothing) (*body[page.List[steer.Head]], error) {
		return listed(svc.List(ctx))
	})
	register(s, huma.Operation{
		OperationID: "steer-camera", Method: http.MethodPost, Path: "/steering/{id}",
		Summary: "Turn or zoom a camera and wait for what becomes of it", Description: "One turns a camera at a time; it is theirs until they give it back, or for 15 s after the last order.", Tags: []string{"video"},
	}, func(ctx context.Context, in *steerInput) (*body[steer.Taken], error) {
		b := in.Body
		return reply(svc.Steer(ctx, steer.Order{Camera: in.ID, Act: b.Act, Pan: b.Pan, Tilt: b.Tilt, Zoom: b.Zoom, Preset: b.Preset, Name: b.Name}))
	})
	register(s, huma.Operation{
		OperationID: "release-camera", Method: http.MethodDelete, Path: "/steering/{id}", Summary: "Give a camera back to others", Tags: []string{"video"},
	}, func(ctx context.Context, in *DeviceID) (*nothing, error) {
		return nil, svc.Release(ctx, in.ID)
	})
}
