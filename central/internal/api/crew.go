package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/crew"
	"github.com/fengsui/fengsui/central/internal/page"
)

type crewInput struct {
	Body struct {
		Key      string       `json:"key" minLength:"1" maxLength:"64" doc:"The sender's own: the same again sends nothing twice"`
		Targets  []string     `json:"targets" minItems:"1" maxItems:"16" doc:"Terminals, cameras behind them, or the pictures of phones"`
		Incident string       `json:"incident_id,omitempty" maxLength:"64" doc:"In whose timeline it is written down"`
		Text     string       `json:"text" minLength:"1" maxLength:"300"`
		Urgent   bool         `json:"urgent,omitempty"`
		Confirm  bool         `json:"confirm,omitempty" doc:"A person at the scene must confirm it"`
		Picture  *crew.Frozen `json:"picture,omitempty" doc:"A frozen picture with a drawing"`
		Minutes  int          `json:"minutes" minimum:"1" maximum:"1440" doc:"That it is of use: so long it waits for a terminal that is away, and for an answer"`
	}
}

type crewMessageID struct {
	ID string `path:"id" maxLength:"64"`
}

// RegisterCrew adds short orders to the people at the scenes.
func RegisterCrew(s *Server, svc *crew.Service) {
	register(s, huma.Operation{
		OperationID: "list-crew-messages", Method: http.MethodGet, Path: "/crew-messages", Summary: "Messages to the crews at the scenes and what became of them, newest first", Tags: []string{"video"},
	}, func(ctx context.Context, in *struct {
		Target   string `query:"target" maxLength:"64" doc:"Terminal, a camera behind it, or the picture of a phone"`
		Incident string `query:"incident_id" maxLength:"64"`
	},
	) (*body[page.List[crew.Message]], error) {
		return listed(svc.List(ctx, crew.Filter{Target: in.Target, Incident: in.Incident}))
	})
	register(s, huma.Operation{
		OperationID: "send-crew-message", Method: http.MethodPost, Path: "/crew-messages", DefaultStatus: http.StatusCreated,
		Summary: "Send a short order to the crews at scenes", Description: "It is kept while a terminal is away, until its time is over, and is shown there once.", Tags: []string{"video"},
	}, func(ctx context.Context, in *crewInput) (*body[page.List[crew.Message]], error) {
		b := in.Body
		return listed(svc.Send(ctx, crew.Draft{Key: b.Key, Targets: b.Targets, Incident: b.Incident, Text: b.Text, Urgent: b.Urgent, Confirm: b.Confirm, Minutes: b.Minutes, Frozen: b.Picture}))
	})
	register(s, huma.Operation{
		OperationID: "withdraw-crew-message", Method: http.MethodDelete, Path: "/crew-messages/{id}", DefaultStatus: http.StatusOK, Summary: "Take a message back that nobody has answered", Tags: []string{"video"},
	}, func(ctx context.Context, in *crewMessageID) (*body[crew.Message], error) {
		return reply(svc.Withdraw(ctx, in.ID))
	})
	register(s, huma.Operation{
		OperationID: "get-crew-drawing", Method: http.MethodGet, Path: "/crew-messages/{id}/drawing", Summary: "What was drawn on the picture of a message, and its snapshots", Tags: []string{"video"},
	}, func(ctx context.Context, in *crewMessageID) (*body[crew.Frozen], error) {
		k, err := svc.Drawing(ctx, in.ID)
		return reply(crew.Frozen{Original: k.Original, Flat: k.Flat, Shapes: k.Shapes}, err)
	})
	register(s, huma.Operation{
		OperationID: "list-crew-phones", Method: http.MethodGet, Path: "/crew-phones", Summary: "Phones at scenes that messages can be sent to", Tags: []string{"video"},
	}, func(ctx context.Context, _ *struct{}) (*body[page.List[crew.Reached]], error) {
		return listed(svc.Phones(ctx))
	})
	registerCrewPhones(s, svc)
	get := huma.Operation{OperationID: "get-crew-picture", Method: http.MethodGet, Path: "/crew-messages/{id}/picture", Summary: "The picture of a message as the crew sees it", Tags: []string{"video"}}
	get.Responses = map[string]*huma.Response{"200": {
		Description: "The picture", Content: map[string]*huma.MediaType{"image/jpeg": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}}
	register(s, get, func(ctx context.Context, in *crewMessageID) (*file, error) {
		k, err := svc.Drawing(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &file{ContentType: "image/jpeg", ContentDisposition: `inline; filename="crew.jpg"`, Body: k.Picture}, nil
	})
}
