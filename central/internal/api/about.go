package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// About is what anybody may know of this centre.
type About struct {
	Name         string `json:"name"`
	NameEN       string `json:"name_en"`
	Version      string `json:"version"`
	Demo         bool   `json:"demo"`
	Division     string `json:"division"`
	DivisionName string `json:"division_name"`
}

func (s *Server) registerAbout() {
	register(s, huma.Operation{
		OperationID: "about", Method: http.MethodGet, Path: "/about", Summary: "What this centre is", Tags: []string{"about"},
		Security: []map[string][]string{},
	}, func(context.Context, *nothing) (*body[About], error) { return reply(s.opts.About, nil) })
}

// registerBasemap serves the offline base map, which is public.
func (s *Server) registerBasemap() {
	if s.opts.Basemap != "" {
		s.fiber.Static("/basemap", s.opts.Basemap, fiber.Static{MaxAge: 3600})
	}
}
