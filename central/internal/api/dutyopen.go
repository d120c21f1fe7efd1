package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/duty"
)

// registerDutyOpen adds what a token opens without a login: the public board and calendars.
func (s *Server) registerDutyOpen(svc *duty.Service) {
	open := []map[string][]string{}
	// A board asks every minute, a calendar every hour; a whole office may share an address.
	asked := newGate(time.Second, 60, "duty.too_many", "too many questions from this address; wait a moment")
	type token struct {
		Token string `path:"token" maxLength:"64"`
	}
	board := dutyOp("duty-board", http.MethodGet, "/board/{token}", "The public board: who is on duty, as far as the desk made it public")
	board.Security, board.Middlewares = open, s.slow(asked)
	register(s, board, func(ctx context.Context, in *token) (*body[duty.Board], error) {
		return reply(svc.Board(ctx, in.Token))
	})
	calendar := dutyOp("duty-calendar", http.MethodGet, "/calendars/{token}", "Shifts as a calendar to subscribe to (iCalendar)")
	calendar.Security, calendar.Middlewares = open, s.slow(asked)
	calendar.Responses = map[string]*huma.Response{"200": {
		Description: "A calendar", Content: map[string]*huma.MediaType{calendarType: {Schema: &huma.Schema{Type: "string"}}},
	}}
	register(s, calendar, func(ctx context.Context, in *token) (*file, error) {
		name, entries, err := svc.Calendar(ctx, strings.TrimSuffix(in.Token, ".ics"))
		if err != nil {
			return nil, err
		}
		return &file{
			ContentType: calendarType, ContentDisposition: `attachment; filename="duty.ics"`,
			Body: document.Calendar(name, time.Now(), entries),
		}, nil
	})
}

const calendarType = "text/calendar; charset=utf-8"
