package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// needs is the permission without which an operation is refused before anything of the request is looked at:
// what is wrong with it is nobody's business who may not send it. Empty: whoever is signed in, because it is
// about their own account. The services ask again; they alone know what may be seen of what.
func needs(operation string) actor.Permission {
	switch operation {
	case "list-devices", "export-devices", "get-device", "get-device-status", "list-outputs", "output-log", "get-config",
		"list-rollouts", "get-rollout":
		return actor.DeviceRead
	case "create-device", "change-device", "enrol-device", "create-device-token", "revoke-device", "remove-device", "restore-device",
		"get-config-version", "want-config", "restore-config", "withdraw-config", "start-rollout", "cancel-rollout", "retry-rejected-readings":
		return actor.DeviceWrite
	case "list-diagnoses", "list-questions", "ask-device", "get-question":
		return actor.DeviceProbe
	case "latest", "series", "compare-series", "list-readings", "export-readings-csv", "export-readings-parquet", "telemetry-stats",
		"telemetry-health", "losses", "list-quarantine", "look-quarantine", "list-holds", "rejected-readings", "export-rejected-readings", "try-rule",
		"list-boards", "get-board", "suggest-board":
		return actor.TelemetryRead
	case "release-quarantine", "discard-quarantine":
		return actor.TelemetryMend
	case "add-hold", "end-hold":
		return actor.TelemetryHold
	case "create-board", "change-board", "remove-board", "restore-board":
		return actor.BoardWrite
	case "list-rules", "export-rulebook", "list-alarms", "export-alarms", "get-alarm", "list-alarm-events", "alarm-events",
		"list-maintenance", "maintenance-limits", "list-escalation-policies":
		return actor.AlarmRead
	case "acknowledge-alarm", "comment-alarm", "shelve-alarm", "unshelve-alarm", "escalate-alarm":
		return actor.AlarmAck
	case "plan-maintenance", "extend-maintenance", "end-maintenance", "cancel-maintenance":
		return actor.AlarmMaintain
	case "set-escalation-policy":
		return actor.AlarmPolicy
	case "list-streams", "watch-stream":
		return actor.VideoWatch
	case "switch-output":
		return actor.OutputSwitch
	case "list-users", "export-users", "get-user", "list-roles", "list-orgs":
		return actor.AccountRead
	case "create-user", "change-user", "reset-password", "create-org", "change-org":
		return actor.AccountWrite
	case "list-audit", "export-audit", "verify-audit":
		return actor.AuditRead
	default:
		return ""
	}
}

// permitted refuses a stranger, and whoever lacks the permission, before parameters and body are read.
func (s *Server) permitted(ctx huma.Context, next func(huma.Context)) {
	op := ctx.Operation()
	open := op.Security != nil && len(op.Security) == 0
	if err := permit(ctx.Context(), op.OperationID); err != nil && !open {
		s.writeProblem(ctx, s.problem(ctx.Context(), err))
		return
	}
	next(ctx)
}

func permit(ctx context.Context, operation string) error {
	if p := needs(operation); p != "" {
		_, err := actor.Require(ctx, p)
		return err
	}
	return known(ctx)
}

// known refuses a stranger.
func known(ctx context.Context) error {
	if _, ok := actor.From(ctx); !ok {
		return errs.E(errs.Unauthenticated, "auth.required", "sign in first")
	}
	return nil
}
