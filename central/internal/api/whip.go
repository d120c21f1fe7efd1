package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/video"
)

const (
	sdpType      = "application/sdp"
	fragmentType = "application/trickle-ice-sdpfrag"
	maxSDP       = 64 << 10
	maxLayerWish = 256
)

// registerWHIP adds WHIP (RFC 9725) and WHEP. They need no login: the token names the stream and what may
// be done with it. There is no CORS: pages of other sites have no business here.
func registerWHIP(s *Server, svc *video.Service) {
	play := func(ctx context.Context, token, stream, offer string, _ bool) (video.Answer, error) {
		return svc.Play(ctx, token, stream, offer)
	}
	knocks := newGate(50*time.Millisecond, 400, "video.too_many", "too many connections from this address at once; wait a moment")
	for path, open := range map[string]opener{"/whip": svc.Publish, "/whep": play} {
		s.fiber.Post(path+"/:stream", s.knock(knocks), s.openSession(svc, path, open))
		s.fiber.Patch(path+"/:stream/:session", s.patchSession(svc))
		s.fiber.Delete(path+"/:stream/:session", s.endSession(svc))
		s.fiber.Options(path+"/:stream", methods("OPTIONS, POST", "Accept-Post", sdpType))
		if path == "/whep" {
			s.fiber.Get(path+"/:stream/:session/layer", s.sentLayer(svc))
			s.fiber.Put(path+"/:stream/:session/layer", s.chooseLayer(svc))
		}
		s.fiber.Options(path+"/:stream/:session", methods("DELETE, OPTIONS, PATCH", "Accept-Patch", fragmentType))
	}
}

// opener answers an offer; over: the caller wants to take over from whoever sends now.
type opener func(ctx context.Context, token, stream, offer string, over bool) (video.Answer, error)

func methods(names, header, kind string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderAllow, names)
		c.Set(header, kind)
		return c.SendStatus(http.StatusNoContent)
	}
}

// knock is the gate before sessions: each costs keys and candidates, also when its other side never comes. A terminal
// with all its cameras, or a county behind one address, stays far below.
func (s *Server) knock(g *gate) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if wait, _ := g.pass(addressOf(c.UserContext()), time.Now()); wait > 0 {
			return s.refuse(c, errs.E(errs.Unavailable, g.code, "%s", g.text))
		}
		return c.Next()
	}
}

// openSession answers an offer.
func (s *Server) openSession(svc *video.Service, path string, open opener) fiber.Handler {
	return func(c *fiber.Ctx) error {
		offer, err := sdpBody(c, sdpType)
		if err != nil {
			return err
		}
		stream := c.Params("stream")
		answer, err := open(c.UserContext(), bearer(c), stream, offer, c.QueryBool("takeover"))
		if err != nil {
			return s.refuse(c, err)
		}
		c.Set(fiber.HeaderContentType, sdpType)
		c.Set(fiber.HeaderLocation, path+"/"+stream+"/"+answer.Session)
		c.Set(fiber.HeaderETag, answer.ETag)
		c.Set("Accept-Patch", fragmentType)
		c.Set(fiber.HeaderCacheControl, "no-store")
		if err := linkRelays(c, svc, answer.User); err != nil {
			return s.refuse(c, err)
		}
		return c.Status(http.StatusCreated).SendString(answer.SDP)
	}
}

// linkRelays names the relays in Link headers (RFC 9725 §4.6).
func linkRelays(c *fiber.Ctx, svc *video.Service, user string) error {
	relays, err := svc.RelaysFor(user, c.Hostname())
	if err != nil {
		return err
	}
	for _, r := range relays {
		for _, u := range r.URLs {
			c.Append(fiber.HeaderLink, fmt.Sprintf(`<%s>; rel="ice-server"; username="%s"; credential="%s"; credential-type="password"`, u, r.Username, r.Credential))
		}
	}
	return nil
}

// patchSession takes candidates or restarts ICE.
func (s *Server) patchSession(svc *video.Service) fiber.Handler {
	return func(c *fiber.Ctx) error {
		fragment, err := sdpBody(c, fragmentType)
		if err != nil {
			return err
		}
		patch, err := svc.Patch(c.UserContext(), bearer(c), c.Params("stream"), c.Params("session"), c.Get(fiber.HeaderIfMatch), fragment)
		if err != nil {
			return s.refuse(c, err)
		}
		if !patch.Restarted {
			return c.SendStatus(http.StatusNoContent)
		}
		c.Set(fiber.HeaderContentType, fragmentType)
		c.Set(fiber.HeaderETag, patch.ETag)
		return c.Status(http.StatusOK).SendString(patch.Fragment)
	}
}

// endSession hangs up.
func (s *Server) endSession(svc *video.Service) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := svc.Hang(c.UserContext(), bearer(c), c.Params("stream"), c.Params("session")); err != nil {
			return s.refuse(c, err)
		}
		return c.SendStatus(http.StatusOK)
	}
}

// sentLayer tells how much of its picture a viewer gets.
func (s *Server) sentLayer(svc *video.Service) fiber.Handler {
	return func(c *fiber.Ctx) error {
		sent, err := svc.SentBy(bearer(c), c.Params("stream"), c.Params("session"))
		if err != nil {
			return s.refuse(c, err)
		}
		c.Set(fiber.HeaderCacheControl, "no-store")
		return c.JSON(sent)
	}
}

// chooseLayer takes how much of its picture a viewer wants.
func (s *Server) chooseLayer(svc *video.Service) fiber.Handler {
	return func(c *fiber.Ctx) error {
		var w layerWish
		if len(c.Body()) > maxLayerWish || json.Unmarshal(c.Body(), &w) != nil {
			return fiber.NewError(http.StatusBadRequest, `send {"layer": "main", "pinned": false}`)
		}
		sent, err := svc.ChooseBy(c.UserContext(), bearer(c), c.Params("stream"), c.Params("session"), w.wish())
		if err != nil {
			return s.refuse(c, err)
		}
		return c.JSON(sent)
	}
}

func bearer(c *fiber.Ctx) string {
	token, _ := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), "Bearer ")
	return token
}

// sdpBody is the body when it is of a kind and not too long.
func sdpBody(c *fiber.Ctx, kind string) (string, error) {
	got, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	if err != nil || got != kind {
		return "", fiber.NewError(http.StatusUnsupportedMediaType, "send "+kind)
	}
	text := c.Request().Body()
	if len(text) > maxSDP {
		return "", fiber.NewError(http.StatusRequestEntityTooLarge, "the description is too long")
	}
	return string(text), nil
}

// refuse gives the errors of sessions the status that RFC 9725 wants.
func (s *Server) refuse(c *fiber.Ctx, err error) error {
	if errs.KindOf(err) == errs.Unauthenticated {
		c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
	}
	p := s.problem(c.UserContext(), err)
	if e, ok := errors.AsType[*errs.Error](err); ok {
		switch e.Code {
		case "video.etag_missing":
			p = newProblem(c.UserContext(), http.StatusPreconditionRequired, e.Code, e.Msg)
		case "video.etag":
			p = newProblem(c.UserContext(), http.StatusPreconditionFailed, e.Code, e.Msg)
		case "video.offer":
			p = newProblem(c.UserContext(), http.StatusBadRequest, e.Code, e.Msg)
		}
	}
	if p.Status == http.StatusServiceUnavailable {
		c.Set(fiber.HeaderRetryAfter, "2")
	}
	return p
}
