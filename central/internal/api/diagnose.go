package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/diagnose"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/shared/wire"
)

type diagnosisNew struct {
	Name   string `json:"name" maxLength:"32" doc:"One of /diagnoses"`
	Device string `json:"device,omitempty" maxLength:"64" doc:"The sensor or camera that it is about"`
	Lines  int    `json:"lines,omitempty" minimum:"0" maximum:"500" doc:"Of the log; 0: 200"`
}

type diagnosisID struct {
	DeviceID
	Question string `path:"question" maxLength:"64"`
}

// RegisterDiagnoses adds questions to terminals about themselves.
func RegisterDiagnoses(s *Server, svc *diagnose.Service) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"diagnoses"}}
	}
	register(s, op("list-diagnoses", http.MethodGet, "/diagnoses", "What a terminal may be asked about itself"),
		func(context.Context, *nothing) (*body[page.List[wire.Diagnosis]], error) {
			return listed(wire.Diagnoses(), nil)
		})
	register(s, op("list-questions", http.MethodGet, "/devices/{id}/diagnoses", "What an edge was asked of late, newest first"),
		func(ctx context.Context, in *DeviceID) (*body[page.List[diagnose.Question]], error) {
			return listed(svc.List(ctx, in.ID))
		})
	ask := op("ask-device", http.MethodPost, "/devices/{id}/diagnoses", "Ask an edge about itself; the answer comes later")
	ask.DefaultStatus = http.StatusCreated
	register(s, ask, func(ctx context.Context, in *struct {
		DeviceID
		Body diagnosisNew
	},
	) (*body[diagnose.Question], error) {
		return reply(svc.Ask(ctx, in.ID, diagnose.Ask{Name: in.Body.Name, Device: in.Body.Device, Lines: in.Body.Lines}))
	})
	register(s, op("get-question", http.MethodGet, "/devices/{id}/diagnoses/{question}", "One question to an edge, with the text of its answer"),
		func(ctx context.Context, in *diagnosisID) (*body[diagnose.Answer], error) {
			return reply(svc.Get(ctx, in.ID, in.Question))
		})
}
