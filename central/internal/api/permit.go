package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// ownAccount stands for what whoever is signed in may call, because it is about the caller.
const ownAccount actor.Permission = ""

// needs is the permission without which an operation is refused before anything of the request is looked at:
// what is wrong with it is nobody's business who may not send it. ok is false for an operation that stands
// nowhere; it is refused to everybody. The services ask again; they alone know what may be seen of what.
func needs(operation string) (p actor.Permission, ok bool) {
	switch operation {
	case "about", "get-session", "logout", "change-password", "list-tokens", "create-token", "revoke-token":
		return ownAccount, true
	case "list-devices", "list-contacts", "export-devices", "get-device",
		"get-device-status", "list-outputs", "output-log", "get-config",
		"list-rollouts", "get-rollout", "list-device-kinds", "list-releases", "release-trust", "list-upgrades":
		return actor.DeviceRead, true
	case "create-device", "change-device", "enrol-device", "get-enrolment", "end-enrolment", "create-device-token", "revoke-device", "remove-device", "restore-device",
		"renew-device-certificate", "bulk-template", "check-bulk", "create-bulk",
		"get-config-version", "want-config", "restore-config", "withdraw-config", "start-rollout", "cancel-rollout", "pause-rollout",
		"resume-rollout", "upgrade-device", "withdraw-upgrade", "retry-rejected-readings":
		return actor.DeviceWrite, true
	case "create-release", "upload-release", "remove-release":
		return actor.ReleaseWrite, true
	case "list-diagnoses", "list-questions", "ask-device", "get-question":
		return actor.DeviceProbe, true
	case "latest", "series", "compare-series", "list-readings", "export-readings-csv", "export-readings-parquet", "export-readings-xlsx", "telemetry-stats",
		"telemetry-health", "losses", "list-quarantine", "look-quarantine", "list-holds", "rejected-readings", "export-rejected-readings", "try-rule",
		"list-boards", "get-board", "suggest-board":
		return actor.TelemetryRead, true
	case "release-quarantine", "discard-quarantine":
		return actor.TelemetryMend, true
	case "add-hold", "end-hold":
		return actor.TelemetryHold, true
	case "create-board", "change-board", "remove-board", "restore-board":
		return actor.BoardWrite, true
	case "list-rules", "list-rulebook", "export-rulebook", "get-rule", "list-rule-versions", "compare-rule", "list-rule-exceptions",
		"list-alarms", "export-alarms", "get-alarm", "list-alarm-events", "alarm-events",
		"list-maintenance", "maintenance-limits", "list-escalation-policies":
		return actor.AlarmRead, true
	case "save-rule", "discard-rule-draft":
		return actor.RuleWrite, true
	case "publish-rule", "roll-back-rule", "withdraw-rule", "override-rule", "end-rule-override":
		return actor.RulePublish, true
	case "acknowledge-alarm", "comment-alarm", "shelve-alarm", "unshelve-alarm", "escalate-alarm":
		return actor.AlarmAck, true
	case "plan-maintenance", "extend-maintenance", "end-maintenance", "cancel-maintenance", "confirm-maintenance":
		return actor.AlarmMaintain, true
	case "set-escalation-policy":
		return actor.AlarmPolicy, true
	case "begin-talk", "renew-talk", "end-talk", "set-speaker", "send-crew-message", "withdraw-crew-message", "list-crew-phones":
		return actor.VideoTalk, true
	case "steer-camera", "release-camera":
		return actor.VideoSteer, true
	case "list-steerable", "list-listeners", "list-crew-messages", "get-crew-drawing", "get-crew-picture", "list-streams", "keep-snapshot", "watch-stream", "list-ice-servers", "open-wall", "map-wall", "close-wall", "choose-layer",
		"list-walls", "create-wall", "change-wall", "remove-wall", "restore-wall":
		return actor.VideoWatch, true
	case "list-video-links", "share-video", "show-video-link", "change-video-link", "end-video-link":
		return actor.VideoShare, true
	case "list-recordings", "recording-usage", "recording-timeline", "play-recordings", "read-recording", "list-snapshots", "list-missed-snapshots", "read-snapshot", "list-recording-holds", "list-recording-wishes", "list-incident-scenes":
		return actor.VideoReplay, true
	case "set-recording-policy", "start-recording", "stop-recording", "hold-recording", "end-recording-hold", "change-snapshot", "remove-snapshot", "ask-recording", "recording-cost", "add-incident-scene", "stop-incident-scene":
		return actor.VideoRecord, true
	case "list-clips", "order-clip", "take-clip", "read-clip-note", "remove-clip", "take-snapshot":
		return actor.VideoExport, true
	case "switch-output":
		return actor.OutputSwitch, true
	case "list-users", "export-users", "get-user", "list-roles", "list-orgs":
		return actor.AccountRead, true
	case "create-user", "change-user", "reset-password", "create-org", "change-org":
		return actor.AccountWrite, true
	case "list-audit", "export-audit", "verify-audit":
		return actor.AuditRead, true
	}
	if p, ok := responseNeeds(operation); ok {
		return p, true
	}
	if p, ok := resourceNeeds(operation); ok {
		return p, true
	}
	if p, ok := reviewNeeds(operation); ok {
		return p, true
	}
	if p, ok := opinionNeeds(operation); ok {
		return p, true
	}
	if p, ok := drillNeeds(operation); ok {
		return p, true
	}
	if p, ok := consultNeeds(operation); ok {
		return p, true
	}
	if p, ok := caseNeeds(operation); ok {
		return p, true
	}
	return dutyNeeds(operation)
}

// caseNeeds is needs for the inbox, incidents and reports.
func caseNeeds(operation string) (p actor.Permission, ok bool) {
	switch operation {
	case "report-desk", "get-report", "read-report-picture", "report-chain", "report-templates", "list-report-tasks", "incident-instructions", "report-stats", "export-report-stats", "report-bulletin", "report-weights", "list-daily-reports", "list-judgements":
		return actor.IncidentRead, true
	case "begin-report", "save-report", "send-report", "discard-report", "phone-report", "open-hop", "accept-hop", "return-hop", "forward-hop", "report-desks", "do-report-task",
		"tell-daily-report", "see-daily-report", "urge-daily-report":
		return actor.ReportWrite, true
	case "order-report", "supervise-report-task":
		return actor.ReportOrder, true
	case "judge-report", "save-report-weights", "excuse-daily-report", "ask-daily-report-again":
		return actor.ReportJudge, true
	case "list-incidents", "export-incidents", "get-incident", "similar-incidents", "list-incident-categories", "list-intake", "export-intake", "get-intake", "like-intake":
		return actor.IncidentRead, true
	case "open-incident", "change-incident", "grade-incident", "respond-incident", "count-incident", "note-incident", "merge-incident", "unmerge-incident", "split-incident", "close-incident",
		"receive-intake", "alarm-intake", "open-intake", "link-intake", "set-aside-intake", "undo-intake":
		return actor.IncidentWrite, true
	}
	return "", false
}

// consultNeeds is needs for consultation rooms. Who leads one the service knows, and what a link allows.
func consultNeeds(operation string) (p actor.Permission, ok bool) {
	switch operation {
	case "list-consults", "get-consult", "enter-consult", "decline-consult", "watch-consult", "sign-consult", "leave-consult", "share-consult", "look-consult":
		return actor.ConsultJoin, true
	case "open-consult", "invite-consult", "revoke-consult", "mute-consult", "remove-consult", "hand-consult", "record-consult", "end-consult":
		return actor.ConsultHold, true
	}
	return "", false
}

// responseNeeds is needs for plans that are carried out.
func responseNeeds(operation string) (p actor.Permission, ok bool) {
	switch operation {
	case "list-plan-proposals", "get-incident-response", "my-tasks", "get-response-text", "get-task", "get-task-photo", "list-scene", "get-scene-photo", "list-incident-tracks":
		return actor.IncidentRead, true
	case "step-task", "add-task-photo":
		return actor.IncidentWrite, true
	case "start-response", "shift-response", "fill-response-seat", "command-incident", "list-commanders", "give-task", "show-task-link", "propose-response", "propose-raise", "decline-motion", "add-response-group", "change-response-group":
		return actor.ResponseOrder, true
	}
	return "", false
}

// resourceNeeds is needs for teams and stock. What of a dispatch only a commander may tell the service knows.
func resourceNeeds(operation string) (p actor.Permission, ok bool) {
	switch operation {
	case "list-teams", "export-teams", "list-resource-words", "list-warehouses", "list-stock", "export-stock", "list-stock-moves",
		"get-incident-resources", "propose-resources", "list-dispatch-steps":
		return actor.ResourceRead, true
	case "create-team", "change-team", "set-team-status", "import-teams", "create-warehouse", "change-warehouse", "move-stock", "import-stock":
		return actor.ResourceWrite, true
	case "ask-resources", "step-dispatch", "show-crew-link":
		return actor.IncidentWrite, true
	case "close-resource-request", "send-resources":
		return actor.ResponseOrder, true
	}
	return "", false
}

// reviewNeeds is needs for what is learned of incidents.
func reviewNeeds(operation string) (p actor.Permission, ok bool) {
	switch operation {
	case "get-review", "list-cases", "export-cases":
		return actor.IncidentRead, true
	case "write-review", "explain-late-task", "conclude-review", "add-lesson", "settle-lesson", "suggest-lesson":
		return actor.IncidentWrite, true
	}
	return "", false
}

// opinionNeeds is needs for what is said of incidents. That signing a statement takes more the service knows.
func opinionNeeds(operation string) (p actor.Permission, ok bool) {
	switch operation {
	case "get-opinions", "list-statement-templates", "print-statement-docx", "print-statement-pdf", "get-expert-file":
		return actor.IncidentRead, true
	case "add-opinion", "judge-opinion", "ask-statement", "settle-statement-task", "draft-statement", "change-statement", "step-statement",
		"add-expert-opinion", "change-expert-opinion", "sign-expert-opinion", "add-expert-file":
		return actor.IncidentWrite, true
	}
	return "", false
}

// drillNeeds is needs for exercises.
func drillNeeds(operation string) (p actor.Permission, ok bool) {
	switch operation {
	case "list-drills", "drill-programme", "get-drill", "drill-inbox", "drill-measures", "list-drill-items", "list-drill-sheets", "print-drill-docx", "print-drill-pdf":
		return actor.DrillRead, true
	case "drill-people", "create-drill", "change-drill", "run-drill", "add-drill-item", "settle-drill-item", "hand-drill-sheet":
		return actor.DrillWrite, true
	}
	return "", false
}

// dutyNeeds is needs for rosters. Duty people ask for swaps and make their own calendar with no more than
// the right to read.
func dutyNeeds(operation string) (p actor.Permission, ok bool) {
	switch operation {
	case "duty-now", "duty-mine", "duty-orgs", "duty-roster", "duty-year", "export-duty", "get-duty-desk",
		"list-deadlines", "list-breaches", "export-breaches", "list-deadline-packs",
		"list-duty-leaves", "list-duty-links", "list-duty-people", "list-duty-periods", "list-duty-posts", "list-duty-swaps",
		"ask-duty-swap", "move-duty-swap", "make-duty-link", "revoke-duty-link",
		"list-rollcalls", "score-rollcalls", "export-rollcalls", "list-notices", "export-notices", "list-notice-channels", "get-notice":
		return actor.DutyRead, true
	case "test-notice":
		return actor.NoticeTest, true
	case "add-duty-leave", "drop-duty-leave", "cancel-duty-period", "create-duty-person", "create-duty-post", "declare-duty-period",
		"drop-duty-day", "drop-duty-rule", "drop-duty-temp", "import-duty", "preview-duty-rule", "save-duty-desk", "save-duty-person",
		"save-duty-post", "list-rollcall-plans", "save-rollcall-plan", "save-duty-rule", "save-duty-temp", "set-duty-cells", "set-duty-days", "verify-duty-phone":
		return actor.DutyPlan, true
	case "get-handover", "open-handover", "list-shifts", "get-shift", "export-shift", "leave-handover", "take-handover",
		"write-log", "search-log", "add-item", "change-item", "item-steps", "settle-notice", "begin-rollcall", "my-rollcalls", "answer-rollcall", "place-rollcall", "voice-rollcall":
		return actor.DutyLog, true
	case "list-papers", "export-papers", "get-paper", "paper-pages", "preview-paper", "get-letterhead", "list-paper-numbers", "export-paper-numbers",
		"get-paper-docx", "get-paper-pdf", "get-paper-draft", "get-paper-picture":
		return actor.PaperRead, true
	case "create-paper", "compose-paper", "change-paper", "discard-paper", "number-paper", "void-paper-number", "withdraw-paper", "replace-paper", "refresh-paper":
		return actor.PaperWrite, true
	case "sign-paper", "save-letterhead":
		return actor.PaperSign, true
	case "publish-duty":
		return actor.DutyApprove, true
	case "take-over-duty", "hand-back-duty":
		return actor.DutyTake, true
	}
	return planNeeds(operation)
}

// planNeeds is needs for plans. Which step needs an approver the service knows.
func planNeeds(operation string) (p actor.Permission, ok bool) {
	switch operation {
	case "list-plans", "export-plans", "plan-rules", "plan-coverage", "get-plan", "get-plan-text", "compare-plan", "get-plan-file",
		"get-plan-paper", "get-plan-flow", "export-plan-table", "print-plan-flow", "print-plan-pdf", "print-plan-docx",
		"list-plan-suggestions", "collect-plans-pdf", "collect-plans-docx", "export-plan-actions":
		return actor.PlanRead, true
	case "create-plan", "change-plan", "write-plan", "check-plan", "move-plan", "file-plan-version", "note-plan-drill", "answer-plan-suggestion", "add-plan-file", "remove-plan-file",
		"import-plan-text", "import-plan-actions":
		return actor.PlanWrite, true
	}
	return "", false
}

// permitted refuses a stranger, and whoever lacks the permission, before parameters and body are read.
func (s *Server) permitted(ctx huma.Context, next func(huma.Context)) {
	op := ctx.Operation()
	open := op.Security != nil && len(op.Security) == 0
	if err := permit(ctx.Context(), op.OperationID); err != nil && !open {
		s.writeProblem(ctx, s.problem(ctx.Context(), err))
		return
	}
	if open { // an address leads into the world of what it was made for
		next(ctx)
		return
	}
	s.enter(ctx, next)
}

func permit(ctx context.Context, operation string) error {
	p, ok := needs(operation)
	switch {
	case !ok:
		return errs.E(errs.Denied, "auth.denied", "nobody may do %s; name its permission", operation)
	case p == ownAccount:
		return known(ctx)
	}
	_, err := actor.Require(ctx, p)
	return err
}

// known refuses a stranger.
func known(ctx context.Context) error {
	if _, ok := actor.From(ctx); !ok {
		return errs.E(errs.Unauthenticated, "auth.required", "sign in first")
	}
	return nil
}
