package api

import (
	"context"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// sessionCookie holds the token of a signed-in browser.
const sessionCookie = "fengsui_session"

// browserCookie marks a browser in which somebody signed in before, see account.Origin.
const browserCookie = "fengsui_browser"

// Identity knows who a credential stands for (account.Service).
type Identity interface {
	// SessionActor is the user of a session token: errs.Unauthenticated when it ended. It notes the use.
	SessionActor(ctx context.Context, token string) (actor.Actor, error)
	// TokenActor is the user of an API token: errs.Unauthenticated when it is unknown or revoked.
	TokenActor(ctx context.Context, token string) (actor.Actor, error)
}

// actorOf asks Identity about a credential.
func (s *Server) actorOf(ctx context.Context, cred credential) (actor.Actor, error) {
	if cred.cookie {
		return s.opts.Identity.SessionActor(ctx, cred.token)
	}
	return s.opts.Identity.TokenActor(ctx, cred.token)
}

// credential is what a request brought to prove who it is.
type credential struct {
	token  string
	cookie bool
}

type credentialKey struct{}

// credentialOf returns the credential of a request that identify has let through.
func credentialOf(ctx context.Context) credential {
	c, _ := ctx.Value(credentialKey{}).(credential)
	return c
}

// identify puts the actor into the request's context. A request without a credential goes on without an
// actor: the services refuse it, except for the few doors that need none.
func (s *Server) identify(c *fiber.Ctx) error {
	ctx, err := s.withActor(c)
	if err != nil {
		return err
	}
	c.SetUserContext(ctx)
	return c.Next()
}

func (s *Server) withActor(c *fiber.Ctx) (context.Context, error) {
	ctx := c.UserContext()
	if s.opts.Identity == nil {
		return ctx, nil
	}
	cred := credential{}
	if token, ok := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), "Bearer "); ok {
		cred.token = token
	} else {
		// Signing in from another site's page is refused too: it would put somebody into a stranger's session.
		if unsafe(c.Method()) && c.Get(fiber.HeaderOrigin) != "" && !s.sameOrigin(c) {
			return nil, errOrigin()
		}
		cred.token, cred.cookie = c.Cookies(sessionCookie), true
	}
	if cred.token == "" {
		return ctx, nil
	}
	if cred.cookie && unsafe(c.Method()) && !s.sameOrigin(c) {
		return nil, errOrigin()
	}
	who, err := s.actorOf(ctx, cred)
	if err != nil {
		// A stale cookie is no reason to refuse the sign-in page's own requests.
		if cred.cookie && errs.KindOf(err) == errs.Unauthenticated {
			return ctx, nil
		}
		return nil, err
	}
	return actor.With(context.WithValue(ctx, credentialKey{}, cred), who), nil
}

func errOrigin() error {
	return errs.E(errs.Denied, "auth.origin", "the request comes from another site")
}

func unsafe(method string) bool {
	return method != fiber.MethodGet && method != fiber.MethodHead && method != fiber.MethodOptions
}

// sameOrigin reports whether the browser's page is the centre's own. Browsers send Origin with every
// request that changes something; a client without one has no business with a cookie.
func (s *Server) sameOrigin(c *fiber.Ctx) bool {
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" {
		return c.Get("Sec-Fetch-Site") == "same-origin"
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	if public, err := url.Parse(s.opts.PublicURL); err == nil && public.Host != "" && strings.EqualFold(public.Host, u.Host) {
		return true
	}
	return strings.EqualFold(u.Host, string(c.Request().Host()))
}
