package api

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/shared/wire"
)

// enrolment is the secret for an edge in the forms that people use.
type enrolment struct {
	Token    string    `json:"token"`
	CA       string    `json:"ca_sha256" doc:"Fingerprint of the centre's authority, which the edge compares before it shows the token"`
	Server   string    `json:"server" doc:"Where the terminal reaches the centre: http.public_url, else as the browser does"`
	Command  string    `json:"command" doc:"To be typed on the terminal"`
	URL      string    `json:"url" doc:"For the QR code: a page that shows the command; the secret stands behind the #"`
	Expires  time.Time `json:"expires"`
	Warnings []string  `json:"warnings" enum:"loopback,plain" doc:"loopback: only this machine reaches the address; plain: it has no TLS"`
}

// base learns from the request where the centre is reached, for the enrolment command.
type base struct{ origin string }

// hostName keeps anything but a host and port out of a command that a person will paste into a shell.
var hostName = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]{1,5})?$|^\[[0-9A-Fa-f:]+\](:[0-9]{1,5})?$`)

// Resolve implements huma.Resolver.
func (b *base) Resolve(ctx huma.Context) []error {
	if host := ctx.Host(); hostName.MatchString(host) {
		scheme := "http://"
		if ctx.TLS() != nil || ctx.Header("X-Forwarded-Proto") == "https" {
			scheme = "https://"
		}
		b.origin = scheme + host
	}
	return nil
}

// What may be wrong with the address that terminals are told.
const (
	warnLoopback = "loopback" // it reaches nothing but the centre's own machine
	warnPlain    = "plain"    // it has no TLS: a terminal refuses it until told otherwise
)

func (s *Server) enrolment(b base, e device.Enrolment) *enrolment {
	server := strings.TrimSuffix(s.opts.PublicURL, "/")
	if server == "" {
		server = b.origin
	}
	out := &enrolment{Token: e.Token, CA: e.CA, Server: server, Command: e.Command(server), Expires: e.Expires, Warnings: []string{}}
	// Behind the # it stays in the browser: neither a log nor a proxy sees the token.
	out.URL = server + "/enrol#" + url.Values{"edge": {e.Edge}, "token": {e.Token}, "ca": {e.CA}, "until": {e.Expires.UTC().Format(time.RFC3339)}}.Encode()
	if u, err := url.Parse(server); err == nil {
		ip := net.ParseIP(u.Hostname())
		if u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
			out.Warnings = append(out.Warnings, warnLoopback)
		} else if u.Scheme == "http" {
			out.Warnings = append(out.Warnings, warnPlain)
		}
	}
	return out
}

// RevokedPath is where the list of revoked certificates is, in DER form and without a login (RFC 5280, 4.2.1.13).
const RevokedPath = "/pki/revoked.crl"

// RegisterRevoked gives out the list of revoked certificates; brokers fetch it.
func RegisterRevoked(s *Server, list *device.Revocations) {
	s.fiber.Get(RevokedPath, func(c *fiber.Ctx) error {
		der, err := list.DER(c.UserContext(), time.Now())
		if err != nil {
			return s.fail(c, err)
		}
		c.Set(fiber.HeaderContentType, "application/pkix-crl")
		c.Set(fiber.HeaderCacheControl, "max-age=60")
		return c.Send(der)
	})
}

// RegisterEnrol adds the two doors through which terminals get their certificates. They need no login:
// the token, or the certificate being renewed, is the credential.
func RegisterEnrol(s *Server, svc *device.Service) {
	// Generous, for many terminals may share an address: who tries many tokens or signatures is slowed.
	knocks := newGate(500*time.Millisecond, 60, "device.enrol_rate", "too many requests from this address; try again in a minute")
	op := func(id, path, summary string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodPost, Path: path, Summary: summary, Tags: []string{"enrol"},
			Security: []map[string][]string{}, MaxBodyBytes: 64 << 10,
			Middlewares: s.slow(knocks),
		}
	}
	ca := op("enrol-authority", "/enrol/ca", "The authority that signs the certificates of terminals")
	ca.Method = http.MethodGet
	register(s, ca, func(context.Context, *struct{}) (*body[wire.EnrolAuthority], error) {
		return &body[wire.EnrolAuthority]{Body: wire.EnrolAuthority{CA: svc.CA.PEM()}}, nil
	})
	register(s, op("enrol", "/enrol", "Trade a one-time token for a certificate"), func(ctx context.Context, in *struct {
		Body wire.EnrolRequest
	},
	) (*body[wire.EnrolReply], error) {
		return reply(svc.Enrol(ctx, in.Body))
	})
	register(s, op("renew", "/enrol/renew", "Trade a valid certificate for a new one"), func(ctx context.Context, in *struct {
		Body wire.RenewRequest
	},
	) (*body[wire.EnrolReply], error) {
		return reply(svc.Renew(ctx, in.Body))
	})
}
