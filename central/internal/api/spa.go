package api

import (
	"errors"
	"io/fs"
	"mime"
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// registerConsole serves the console's files; a path that is no file is a page of the console itself.
func (s *Server) registerConsole() {
	if s.opts.Console == nil {
		return
	}
	// Use, not Get: a POST to a path that nothing has is unknown, not a wrong method.
	s.fiber.Use(func(c *fiber.Ctx) error {
		name := strings.TrimPrefix(path.Clean("/"+c.Path()), "/")
		if reserved(name) || unsafe(c.Method()) {
			return c.Next() // to fiber's own end, which tells an unknown path from a wrong method
		}
		if name == "" {
			name = "index.html"
		}
		text, err := fs.ReadFile(s.opts.Console, name)
		if err != nil {
			if path.Ext(name) != "" {
				return fiber.ErrNotFound
			}
			name = "index.html"
			if text, err = fs.ReadFile(s.opts.Console, name); err != nil {
				return consoleMissing(c, err)
			}
		}
		// Files under assets/ carry the hash of their content in their name.
		cache := "no-cache"
		if strings.HasPrefix(name, "assets/") {
			cache = "public, max-age=31536000, immutable"
		}
		c.Set(fiber.HeaderCacheControl, cache)
		c.Set(fiber.HeaderContentType, mime.TypeByExtension(path.Ext(name)))
		return c.Send(text)
	})
}

// reserved are the paths of the API, where an unknown one is an error and no page.
func reserved(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return first == "api" || first == "whip" || first == "whep" || first == "basemap"
}

func consoleMissing(c *fiber.Ctx, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return c.Status(fiber.StatusServiceUnavailable).SendString("this program was built without the console: make build\n")
}
