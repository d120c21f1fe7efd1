package api

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/time/rate"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/shared/wire"
)

// knocking slows down whoever tries many tokens or signatures from one address. It is generous: many
// terminals may share an address.
type knocking struct {
	mu   sync.Mutex
	from map[string]*knocker
}

type knocker struct {
	limit *rate.Limiter
	last  time.Time
}

func (k *knocking) allow(addr string, now time.Time) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.from) > 10_000 {
		for h, one := range k.from {
			if now.Sub(one.last) > time.Minute {
				delete(k.from, h)
			}
		}
	}
	one := k.from[host]
	if one == nil {
		one = &knocker{limit: rate.NewLimiter(2, 60)}
		k.from[host] = one
	}
	one.last = now
	return one.limit.AllowN(now, 1)
}

// caller learns the address of whoever calls.
type caller struct{ addr string }

// Resolve implements huma.Resolver.
func (c *caller) Resolve(ctx huma.Context) []error {
	c.addr = ctx.RemoteAddr()
	return nil
}

// RegisterEnrol adds the two doors through which terminals get their certificates. They need no login:
// the token, or the certificate being renewed, is the credential.
func RegisterEnrol(s *Server, svc *device.Service) {
	knocks := &knocking{from: map[string]*knocker{}}
	op := func(id, path, summary string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodPost, Path: path, Summary: summary, Tags: []string{"enrol"},
			Security: []map[string][]string{}, MaxBodyBytes: 64 << 10,
		}
	}
	guard := func(ctx context.Context, c caller) error {
		if knocks.allow(c.addr, time.Now()) {
			return nil
		}
		return newProblem(ctx, http.StatusTooManyRequests, "device.enrol_rate", "too many requests from this address; try again in a minute")
	}
	register(s, op("enrol", "/enrol", "Trade a one-time token for a certificate"), func(ctx context.Context, in *struct {
		caller
		Body wire.EnrolRequest
	},
	) (*body[wire.EnrolReply], error) {
		if err := guard(ctx, in.caller); err != nil {
			return nil, err
		}
		return reply(svc.Enrol(ctx, in.Body))
	})
	register(s, op("renew", "/enrol/renew", "Trade a valid certificate for a new one"), func(ctx context.Context, in *struct {
		caller
		Body wire.RenewRequest
	},
	) (*body[wire.EnrolReply], error) {
		if err := guard(ctx, in.caller); err != nil {
			return nil, err
		}
		return reply(svc.Renew(ctx, in.Body))
	})
}
