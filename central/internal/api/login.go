package api

import (
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/time/rate"
)

// Sign-ins from one address: a burst for a shift that begins, then one a second.
const (
	loginBurst   = 20
	loginEvery   = time.Second
	loginMostIPs = 10_000
)

// gate counts attempts by address.
type gate struct {
	mu   sync.Mutex
	by   map[string]*rate.Limiter
	rate rate.Limit
	most int // burst
}

func newGate(every time.Duration, burst int) *gate {
	return &gate{by: map[string]*rate.Limiter{}, rate: rate.Every(every), most: burst}
}

// pass reports whether one more attempt may be made now.
func (g *gate) pass(addr string, at time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.by[addr]
	if l == nil {
		if len(g.by) >= loginMostIPs {
			g.sweep(at)
		}
		l = rate.NewLimiter(g.rate, g.most)
		g.by[addr] = l
	}
	return l.AllowN(at, 1)
}

// sweep forgets the addresses that have all their attempts again; when that frees nothing, all of them:
// memory is bounded, and the lock of each account still holds.
func (g *gate) sweep(at time.Time) {
	for addr, l := range g.by {
		if l.TokensAt(at) >= float64(g.most) {
			delete(g.by, addr)
		}
	}
	if len(g.by) >= loginMostIPs {
		clear(g.by)
	}
}

// slowLogins refuses more sign-ins from one address than people make.
func (s *Server) slowLogins(ctx huma.Context, next func(huma.Context)) {
	if !s.logins.pass(addressOf(ctx.Context()), time.Now()) {
		ctx.SetHeader("Retry-After", "1")
		s.writeProblem(ctx, newProblem(ctx.Context(), http.StatusTooManyRequests, "auth.too_many", "too many sign-ins from this address; wait a moment"))
		return
	}
	next(ctx)
}
