package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

type escalateInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Note string `json:"note" minLength:"1" maxLength:"500" doc:"What the desk above has to know"`
	}
}

type policyInput struct {
	Body struct {
		Number     int64                 `json:"number" minimum:"0" doc:"The version that was changed; another one by now is a conflict"`
		Source     string                `json:"source" minLength:"1" maxLength:"500" doc:"Where the figures come from"`
		Unverified bool                  `json:"unverified"`
		Entries    []telemetry.Escalates `json:"entries" maxItems:"200"`
		Upper      *telemetry.Upper      `json:"upper,omitempty" doc:"What rings at the desks above at once; as before when left out"`
		Note       string                `json:"note" minLength:"1" maxLength:"500" doc:"Why it is changed"`
	}
}

// RegisterEscalation adds the passing on of alarms and the policy of it.
func RegisterEscalation(s *Server, t *telemetry.Service) {
	tags := []string{"alarms"}
	register(s, huma.Operation{
		OperationID: "escalate-alarm", Method: http.MethodPost, Path: "/alarms/{id}/escalation", Tags: tags,
		Summary: "Pass an alarm on to the desk above; it waits for somebody again",
	}, func(ctx context.Context, in *escalateInput) (*body[telemetry.Alarm], error) {
		return reply(t.Escalate(ctx, in.ID, in.Body.Note))
	})
	register(s, huma.Operation{
		OperationID: "list-escalation-policies", Method: http.MethodGet, Path: "/escalation", Tags: tags,
		Summary: "The escalation policy that holds, those before it, and last that of the file",
	}, func(ctx context.Context, _ *nothing) (*body[page.List[telemetry.Policy]], error) {
		return listed(t.EscalationPolicies(ctx))
	})
	register(s, huma.Operation{
		OperationID: "set-escalation-policy", Method: http.MethodPut, Path: "/escalation", Tags: tags, Summary: "Make the next version of the escalation policy",
	}, func(ctx context.Context, in *policyInput) (*body[telemetry.Policy], error) {
		b := in.Body
		return reply(t.SetEscalationPolicy(ctx, telemetry.Policy{Number: b.Number, Source: b.Source, Unverified: b.Unverified, Entries: b.Entries, Upper: b.Upper, Note: b.Note}))
	})
}
