package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/recording"
)

// registerScenes adds what is recorded with incidents.
func registerScenes(s *Server, svc *recording.Service) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"recordings"}}
	}
	register(s, op("list-incident-scenes", http.MethodGet, "/incidents/{id}/scenes", "The cameras that are recorded with an incident, and those that were"),
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"64"`
		},
		) (*body[recording.SceneList], error) {
			return reply(svc.Scenes(ctx, in.ID))
		})
	add := op("add-incident-scene", http.MethodPost, "/incidents/{id}/scenes", "Record a camera with an incident until it is closed")
	add.DefaultStatus = http.StatusCreated
	register(s, add, func(ctx context.Context, in *struct {
		ID   string `path:"id" maxLength:"64"`
		Body struct {
			Stream string `json:"stream" maxLength:"64" doc:"Id of the camera"`
		}
	},
	) (*body[recording.Scene], error) {
		return reply(svc.AddScene(ctx, in.ID, in.Body.Stream))
	})
	register(s, op("stop-incident-scene", http.MethodPost, "/recordings/scenes/{id}/stop", "End the recording of a camera before its incident is closed; what was recorded stays held"),
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"64"`
			Body struct {
				Reason string `json:"reason" minLength:"1" maxLength:"800" doc:"Stands in the timeline and in the audit record"`
			}
		},
		) (*body[recording.Scene], error) {
			return reply(svc.StopScene(ctx, in.ID, in.Body.Reason))
		})
	register(s, op("recording-cost", http.MethodGet, "/recordings/{stream}/cost", "What recording a camera takes of the data of its terminal"),
		func(ctx context.Context, in *RecordingStream) (*body[recording.Cost], error) {
			return reply(svc.Cost(ctx, in.Stream))
		})
}
