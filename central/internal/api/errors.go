package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sort"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Problem is every error of the API (RFC 9457). The console shows its own sentence for Code, in the
// reader's language.
type Problem struct { //nolint:errname // the name that RFC 9457 gives
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail"`
	Code      string         `json:"code"`
	Errors    []ProblemField `json:"errors,omitempty"`
	RequestID string         `json:"request_id"`
}

// ProblemField says what is wrong with one part of the input.
type ProblemField struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

// problem turns any error into what the caller may know. An internal one is logged whole and shown as one
// sentence.
func (s *Server) problem(ctx context.Context, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if status, ok := errors.AsType[huma.StatusError](err); ok {
		return newProblem(ctx, status.GetStatus(), "request.invalid", status.Error())
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = errs.Wrap(err, errs.Unavailable, "request.timeout", "the request took too long")
	}
	var e *errs.Error
	if !errors.As(err, &e) || e.Kind == errs.Internal {
		s.opts.Log.Error("request failed", "request", requestID(ctx), "error", err)
		return newProblem(ctx, http.StatusInternalServerError, "internal", "something went wrong; give the request id to the administrator")
	}
	out := newProblem(ctx, statusOf(e.Kind), e.Code, e.Msg)
	for field, message := range e.Fields {
		out.Errors = append(out.Errors, ProblemField{Location: "body." + field, Message: message})
	}
	sort.Slice(out.Errors, func(i, j int) bool { return out.Errors[i].Location < out.Errors[j].Location })
	return out
}

func newProblem(ctx context.Context, status int, code, detail string) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: code, RequestID: requestID(ctx)}
}

func statusOf(kind errs.Kind) int {
	switch kind {
	case errs.Invalid:
		return http.StatusUnprocessableEntity
	case errs.Unauthenticated:
		return http.StatusUnauthorized
	case errs.Denied:
		return http.StatusForbidden
	case errs.NotFound:
		return http.StatusNotFound
	case errs.Conflict:
		return http.StatusConflict
	case errs.Unavailable:
		return http.StatusServiceUnavailable
	case errs.Internal:
	}
	return http.StatusInternalServerError
}

// shape gives huma's own errors (validation) the form of all others.
func (s *Server) shape(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	out := newProblem(ctx.Context(), m.Status, "request.invalid", m.Detail)
	for _, e := range m.Errors {
		out.Errors = append(out.Errors, ProblemField{Location: e.Location, Message: e.Message})
	}
	return out, nil
}

// writeProblem answers from a middleware of huma.
func (s *Server) writeProblem(ctx huma.Context, p *Problem) {
	text, err := json.Marshal(p)
	if err != nil {
		text = []byte(`{"status":500}`)
	}
	ctx.SetHeader(fiber.HeaderContentType, problemType)
	ctx.SetStatus(p.Status)
	_, _ = ctx.BodyWriter().Write(text)
}

// fail is the last resort for plain fiber handlers: unknown paths, bodies too large, handlers' errors.
func (s *Server) fail(c *fiber.Ctx, err error) error {
	p := s.problem(c.UserContext(), unframed(c.UserContext(), err))
	if p.RequestID == "" {
		p.RequestID = uuid.NewString() // the request was refused before protect saw it
	}
	c.Status(p.Status)
	c.Set(fiber.HeaderContentType, problemType)
	return c.JSON(p, problemType)
}

func unframed(ctx context.Context, err error) error {
	var f *fiber.Error
	if !errors.As(err, &f) {
		return err
	}
	code := "request.invalid"
	switch f.Code {
	case http.StatusNotFound:
		code = "request.no_such_path"
	case http.StatusMethodNotAllowed:
		code = "request.method"
	case http.StatusRequestEntityTooLarge:
		code = "request.too_large"
	case http.StatusUpgradeRequired:
		code = "request.upgrade"
	}
	return newProblem(ctx, f.Code, code, f.Message)
}
