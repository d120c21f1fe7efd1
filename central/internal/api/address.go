package api

import (
	"bytes"
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

type addressKey struct{}

// addressOf is the address of whoever sent the request of a context, without port.
func addressOf(ctx context.Context) string {
	a, _ := ctx.Value(addressKey{}).(string)
	return a
}

// client is the address of whoever sent a request. Behind proxies that the configuration names it is the
// last one in X-Forwarded-For that is no such proxy: what stands before it anybody may have written.
func (s *Server) client(c *fiber.Ctx) string {
	at, err := netip.ParseAddrPort(c.Context().RemoteAddr().String())
	if err != nil {
		return c.Context().RemoteAddr().String()
	}
	ip := at.Addr().Unmap().WithZone("")
	if !s.proxy(ip) {
		return ip.String()
	}
	said := strings.Split(string(bytes.Join(c.Request().Header.PeekAll(fiber.HeaderXForwardedFor), []byte(","))), ",")
	for _, one := range slices.Backward(said) {
		next, err := netip.ParseAddr(strings.TrimSpace(one))
		if err != nil {
			break
		}
		if ip = next.Unmap().WithZone(""); !s.proxy(ip) {
			break
		}
	}
	return ip.String()
}

func (s *Server) proxy(ip netip.Addr) bool {
	return slices.ContainsFunc(s.opts.Proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}
