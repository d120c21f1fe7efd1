package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/crew"
	"github.com/fengsui/fengsui/central/internal/page"
)

// registerCrewPhones adds what a phone at the scene reaches of its messages with its link, without a login.
func registerCrewPhones(s *Server, svc *crew.Service) {
	asked := newGate(100*time.Millisecond, 200, "field.too_many", "too much from this address at once; it goes on by itself")
	open := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/field/{stream}/messages" + path, Summary: summary, Tags: []string{"field"}, Security: []map[string][]string{}, Middlewares: s.slow(asked), MaxBodyBytes: 4 << 10}
	}
	register(s, open("list-field-messages", http.MethodGet, "", "Messages of the command centre to this phone, newest first"), func(ctx context.Context, in *FieldLink) (*body[page.List[crew.PhoneMessage]], error) {
		return listed(svc.ForPhone(ctx, in.Token, in.Stream))
	})
	register(s, open("tell-field-receipt", http.MethodPut, "/{id}/receipt", "Say that a message is kept, was shown, is confirmed or cannot be done; the same again changes nothing"), func(ctx context.Context, in *struct {
		FieldLink
		ID   string `path:"id" maxLength:"64"`
		Body struct {
			State  string    `json:"state" enum:"delivered,shown,confirmed,refused"`
			Why    string    `json:"why,omitempty" maxLength:"100" doc:"It was refused"`
			At     time.Time `json:"at" doc:"When that was, by the clock of the phone"`
			SentAt time.Time `json:"sent_at" doc:"Now, by the same clock"`
		}
	},
	) (*body[crew.PhoneMessage], error) {
		b := in.Body
		return reply(svc.FromPhone(ctx, in.Token, in.Stream, crew.PhoneReceipt{Message: in.ID, State: b.State, Why: b.Why, At: b.At, SentAt: b.SentAt}))
	})
	get := open("get-field-picture", http.MethodGet, "/{id}/picture", "The picture of a message")
	get.Responses = map[string]*huma.Response{"200": {
		Description: "The picture", Content: map[string]*huma.MediaType{"image/jpeg": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
	}}
	register(s, get, func(ctx context.Context, in *struct {
		FieldLink
		ID string `path:"id" maxLength:"64"`
	},
	) (*file, error) {
		text, err := svc.PhonePicture(ctx, in.Token, in.Stream, in.ID)
		if err != nil {
			return nil, err
		}
		return &file{ContentType: "image/jpeg", ContentDisposition: `inline; filename="crew.jpg"`, Body: text}, nil
	})
}
