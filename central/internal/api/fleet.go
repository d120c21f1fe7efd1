package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/fleet"
	"github.com/fengsui/fengsui/central/internal/page"
)

// ConfigVersion names a version of an edge in the path. It is exported because huma passes over embedded
// types that are not.
type ConfigVersion struct {
	DeviceID
	Number uint64 `path:"number" minimum:"1"`
}

type configDraft struct {
	Document map[string]any `json:"document" doc:"Whole: what it leaves out has its default"`
	Note     string         `json:"note,omitempty" maxLength:"500"`
	Base     uint64         `json:"base" doc:"Newest version that the author has seen; 0: none"`
}

type rolloutNew struct {
	Edges    []string       `json:"edges,omitempty" maxItems:"1000"`
	Division string         `json:"division,omitempty" maxLength:"12" doc:"All terminals of a division, instead of edges"`
	Parts    map[string]any `json:"parts,omitempty" doc:"budget, log, outbox: in place of the same part of each terminal; null: the default"`
	Version  string         `json:"version,omitempty" maxLength:"40" doc:"Of a program that each is to run, instead of parts"`
	Batch    int            `json:"batch" minimum:"1" maximum:"1000" doc:"Terminals at once"`
	Note     string         `json:"note,omitempty" maxLength:"500"`
}

// configShown is a version with its document as an object.
type configShown struct {
	fleet.Version
	Document map[string]any `json:"document"`
}

type rolloutID struct {
	ID string `path:"id" maxLength:"64"`
}

// RegisterFleet adds the configuration of terminals.
func RegisterFleet(s *Server, svc *fleet.Service) {
	op := func(id, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"fleet"}}
	}
	register(s, op("get-config", http.MethodGet, "/devices/{id}/config", "Show what an edge runs and its versions"),
		func(ctx context.Context, in *DeviceID) (*body[fleet.Settings], error) {
			return reply(svc.Settings(ctx, in.ID))
		})
	register(s, op("get-config-version", http.MethodGet, "/devices/{id}/config/{number}", "Show one version with its document"),
		func(ctx context.Context, in *ConfigVersion) (*body[configShown], error) {
			v, err := svc.Version(ctx, in.ID, in.Number)
			if err != nil {
				return nil, err
			}
			out := configShown{Version: v}
			return reply(out, json.Unmarshal(v.Document, &out.Document))
		})
	create := op("want-config", http.MethodPost, "/devices/{id}/config", "Give an edge a new configuration")
	create.DefaultStatus = http.StatusCreated
	register(s, create, func(ctx context.Context, in *struct {
		DeviceID
		Body configDraft
	},
	) (*body[fleet.Version], error) {
		text, err := json.Marshal(in.Body.Document)
		if err != nil {
			return nil, err
		}
		return reply(svc.Want(ctx, in.ID, fleet.Draft{Document: text, Note: in.Body.Note, Base: in.Body.Base}))
	})
	register(s, op("restore-config", http.MethodPost, "/devices/{id}/config/{number}/restore", "Give an edge again what a kept version said"),
		func(ctx context.Context, in *struct {
			ConfigVersion
			Body struct {
				Note string `json:"note,omitempty" maxLength:"500"`
			}
		},
		) (*body[fleet.Version], error) {
			return reply(svc.Restore(ctx, in.ID, in.Number, in.Body.Note))
		})
	register(s, op("withdraw-config", http.MethodPost, "/devices/{id}/config/{number}/withdraw", "Take back a version that still waits"),
		func(ctx context.Context, in *ConfigVersion) (*body[fleet.Version], error) {
			return reply(svc.Withdraw(ctx, in.ID, in.Number))
		})

	register(s, op("list-device-kinds", http.MethodGet, "/device-kinds", "The kinds of devices that a terminal can read, as a form needs them"),
		func(ctx context.Context, _ *nothing) (*body[page.List[fleet.DeviceKind]], error) {
			return listed(svc.DeviceKinds(ctx))
		})
	register(s, op("list-rollouts", http.MethodGet, "/config-rollouts", "List roll-outs, newest first"),
		func(ctx context.Context, _ *nothing) (*body[page.List[fleet.Rollout]], error) {
			return listed(svc.Rollouts(ctx))
		})
	roll := op("start-rollout", http.MethodPost, "/config-rollouts", "Give the same parts, or the same program, to many edges, in batches")
	roll.DefaultStatus = http.StatusCreated
	register(s, roll, func(ctx context.Context, in *struct{ Body rolloutNew }) (*body[fleet.Rollout], error) {
		parts, err := json.Marshal(in.Body.Parts)
		if err != nil {
			return nil, err
		}
		b := in.Body
		return reply(svc.Roll(ctx, fleet.NewRollout{Edges: b.Edges, Division: b.Division, Parts: parts, Version: b.Version, Batch: b.Batch, Note: b.Note}))
	})
	register(s, op("get-rollout", http.MethodGet, "/config-rollouts/{id}", "Show one roll-out"),
		func(ctx context.Context, in *rolloutID) (*body[fleet.Rollout], error) {
			return reply(svc.Rollout(ctx, in.ID))
		})
	register(s, op("cancel-rollout", http.MethodPost, "/config-rollouts/{id}/cancel", "Begin no further edge"),
		func(ctx context.Context, in *rolloutID) (*body[fleet.Rollout], error) {
			return reply(svc.Cancel(ctx, in.ID))
		})
	register(s, op("pause-rollout", http.MethodPost, "/config-rollouts/{id}/pause", "Begin no further edge for now"),
		func(ctx context.Context, in *rolloutID) (*body[fleet.Rollout], error) {
			return reply(svc.Pause(ctx, in.ID))
		})
	register(s, op("resume-rollout", http.MethodPost, "/config-rollouts/{id}/resume", "Go on with a roll-out that was paused"),
		func(ctx context.Context, in *rolloutID) (*body[fleet.Rollout], error) {
			return reply(svc.Resume(ctx, in.ID))
		})
}
