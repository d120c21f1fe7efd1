package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/world"
)

// exerciseHeader names the exercise in whose world a request is made; exerciseQuery does so for what a browser
// fetches by an address alone. Without either a request is real.
const (
	exerciseHeader = "Fengsui-Exercise"
	exerciseQuery  = "exercise"
)

// worlds lets people into exercises (drill.Service).
type worlds interface {
	Enter(ctx context.Context, id string, act bool) error
}

// rehearsed reports whether an operation may be done inside an exercise: what keeps its rows apart by worlds, and
// what only reads. Everything else is barred, also what nobody has thought of yet.
func rehearsed(method, operation string) bool {
	switch operation {
	case "open-incident", "change-incident", "grade-incident", "respond-incident", "count-incident", "note-incident", "merge-incident", "unmerge-incident", "split-incident", "close-incident",
		"begin-report", "save-report", "send-report", "discard-report", "phone-report", "open-hop", "accept-hop", "return-hop", "forward-hop", "do-report-task",
		"order-report", "supervise-report-task",
		"start-response", "propose-response", "propose-raise", "decline-motion", "add-response-group", "change-response-group", "shift-response", "fill-response-seat", "command-incident", "give-task", "show-task-link", "step-task", "add-task-photo",
		"add-opinion", "judge-opinion", "ask-statement", "settle-statement-task", "draft-statement", "change-statement", "step-statement",
		"add-expert-opinion", "change-expert-opinion", "sign-expert-opinion", "add-expert-file",
		"open-consult", "invite-consult", "revoke-consult", "mute-consult", "remove-consult", "hand-consult", "record-consult", "end-consult",
		"enter-consult", "decline-consult", "sign-consult", "leave-consult", "share-consult", "look-consult",
		"watch-stream", "open-wall", "map-wall", "close-wall", "choose-layer", "logout":
		return true
	}
	// These rooms keep nothing of exercises, and what is real of them has no place on the screens of one.
	for _, room := range []string{"intake", "paper", "daily", "judgement", "rollcall", "export-", "print-", "collect-"} {
		if strings.Contains(operation, room) && operation != "export-incidents" {
			return false
		}
	}
	return method == http.MethodGet
}

// acts reports whether an operation does something inside, which who looks on may not.
func acts(method, operation string) bool {
	switch operation {
	case "watch-stream", "open-wall", "map-wall", "close-wall", "logout":
		return false
	}
	return method != http.MethodGet
}

// enter puts a request that names an exercise into its world.
func (s *Server) enter(ctx huma.Context, next func(huma.Context)) {
	id := ctx.Header(exerciseHeader)
	if id == "" {
		id = ctx.Query(exerciseQuery)
	}
	if id == "" {
		next(ctx)
		return
	}
	op := ctx.Operation()
	inside, err := s.inside(ctx.Context(), id, op.Method, op.OperationID)
	if err != nil {
		s.writeProblem(ctx, s.problem(ctx.Context(), err))
		return
	}
	next(huma.WithContext(ctx, inside))
}

func (s *Server) inside(ctx context.Context, id, method, operation string) (context.Context, error) {
	if s.worlds == nil {
		return ctx, errs.E(errs.NotFound, "drill.not_found", "there is no such exercise among those that you see")
	}
	if err := s.worlds.Enter(ctx, id, acts(method, operation)); err != nil {
		return ctx, err
	}
	if !rehearsed(method, operation) {
		return ctx, errs.E(errs.Denied, "drill.barred", "this stays outside exercises; leave the exercise first")
	}
	return world.Into(ctx, world.World(id)), nil
}
