package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/maintenance"
	"github.com/fengsui/fengsui/central/internal/page"
)

// PlanBody is a new maintenance window. It is exported because the document is made from exported types only.
type PlanBody struct {
	Target   maintenance.Target  `json:"target" enum:"device,terminal,class,rule"`
	Subject  string              `json:"subject" maxLength:"64" doc:"Id of the device, terminal or rule, or the class"`
	Division string              `json:"division,omitempty" maxLength:"12" doc:"Where a class or a rule is meant"`
	From     time.Time           `json:"from,omitzero" doc:"Now when left out; of a weekly window the first day"`
	To       time.Time           `json:"to" doc:"The end; of a weekly window of its repetition"`
	Weekly   *maintenance.Weekly `json:"weekly,omitempty" doc:"Every week at a time of day (UTC+8)"`
	Reason   string              `json:"reason" minLength:"1" maxLength:"500"`
	Confirm  bool                `json:"confirm,omitempty" doc:"The second confirmation that critical classes want"`
}

type planInput struct{ Body PlanBody }

type windowInput struct {
	ID string `path:"id" maxLength:"64"`
}

type extendInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		To time.Time `json:"to" doc:"The new end, later than the old one"`
	}
}

type confirmInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body maintenance.Shown
}

// RegisterMaintenance adds maintenance windows.
func RegisterMaintenance(s *Server, m *maintenance.Service) {
	tags := []string{"alarms"}
	register(s, huma.Operation{
		OperationID: "list-maintenance", Method: http.MethodGet, Path: "/maintenance", Tags: tags,
		Summary: "Maintenance windows: now, to come, and past of 90 days",
	}, func(ctx context.Context, _ *nothing) (*body[page.List[maintenance.Window]], error) {
		return listed(m.List(ctx))
	})
	register(s, huma.Operation{
		OperationID: "maintenance-limits", Method: http.MethodGet, Path: "/maintenance/limits", Tags: tags,
		Summary: "What a maintenance window may be at most",
	}, func(ctx context.Context, _ *nothing) (*body[maintenance.Limits], error) { return reply(m.Bounds(ctx)) })
	register(s, huma.Operation{
		OperationID: "plan-maintenance", Method: http.MethodPost, Path: "/maintenance", Tags: tags, DefaultStatus: http.StatusCreated,
		Summary: "Plan a maintenance window, or begin one now",
	}, func(ctx context.Context, in *planInput) (*body[maintenance.Window], error) {
		b := in.Body
		return reply(m.Plan(ctx, maintenance.Window{
			Target: b.Target, Subject: b.Subject, Division: b.Division, From: b.From, To: b.To, Weekly: b.Weekly, Reason: b.Reason,
		}, b.Confirm))
	})
	register(s, huma.Operation{
		OperationID: "extend-maintenance", Method: http.MethodPost, Path: "/maintenance/{id}/extend", Tags: tags, Summary: "Move the end of a window",
	}, func(ctx context.Context, in *extendInput) (*body[maintenance.Window], error) {
		return reply(m.Extend(ctx, in.ID, in.Body.To))
	})
	register(s, huma.Operation{
		OperationID: "end-maintenance", Method: http.MethodPost, Path: "/maintenance/{id}/end", Tags: tags,
		Summary: "End a window early; a weekly one goes on with its next time",
	}, func(ctx context.Context, in *windowInput) (*body[maintenance.Window], error) {
		return reply(m.End(ctx, in.ID))
	})
	register(s, huma.Operation{
		OperationID: "confirm-maintenance", Method: http.MethodPost, Path: "/maintenance/{id}/confirm", Tags: tags,
		Summary: "Let a window hold for what nobody confirmed it for; a conflict when it wants something else than was shown",
	}, func(ctx context.Context, in *confirmInput) (*body[maintenance.Window], error) {
		return reply(m.Confirm(ctx, in.ID, in.Body))
	})
	register(s, huma.Operation{
		OperationID: "cancel-maintenance", Method: http.MethodDelete, Path: "/maintenance/{id}", Tags: tags, Summary: "Take a whole window away",
	}, func(ctx context.Context, in *windowInput) (*body[maintenance.Window], error) {
		return reply(m.Cancel(ctx, in.ID))
	})
}
