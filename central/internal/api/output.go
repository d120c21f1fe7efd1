package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/output"
	"github.com/fengsui/fengsui/central/internal/page"
)

type orderInput struct {
	Device string `path:"device" maxLength:"64"`
	Output string `path:"output" maxLength:"64"`
	Body   struct {
		On      bool   `json:"on" doc:"Switching to the safe state also silences alarms"`
		Seconds int    `json:"seconds,omitempty" minimum:"0" maximum:"86400" doc:"Away from the safe state; 0: as long as the output allows"`
		Note    string `json:"note,omitempty" maxLength:"200" doc:"Why; written down"`
	}
}

type outputID struct {
	Device string `path:"device" maxLength:"64"`
	Output string `path:"output" maxLength:"64"`
}

// RegisterOutputs adds sirens and relays.
func RegisterOutputs(s *Server, svc *output.Service) {
	register(s, huma.Operation{
		OperationID: "list-outputs", Method: http.MethodGet, Path: "/outputs", Summary: "Sirens and relays as their terminals last reported them", Tags: []string{"outputs"},
	}, func(ctx context.Context, _ *nothing) (*body[page.List[output.Output]], error) {
		return listed(svc.List(ctx))
	})
	register(s, huma.Operation{
		OperationID: "switch-output", Method: http.MethodPost, Path: "/outputs/{device}/{output}",
		Summary: "Switch a siren or a relay and wait for what becomes of it", Tags: []string{"outputs"},
	}, func(ctx context.Context, in *orderInput) (*body[output.Outcome], error) {
		return reply(svc.Switch(ctx, output.Order{Device: in.Device, Output: in.Output, On: in.Body.On, Seconds: in.Body.Seconds, Note: in.Body.Note}))
	})
	register(s, huma.Operation{
		OperationID: "output-log", Method: http.MethodGet, Path: "/outputs/{device}/{output}/log",
		Summary: "Who switched a siren or a relay, newest first, and what became of it", Tags: []string{"outputs"},
	}, func(ctx context.Context, in *outputID) (*body[page.List[output.Switching]], error) {
		return listed(svc.Switchings(ctx, in.Device, in.Output))
	})
}
