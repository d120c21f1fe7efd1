package api

import (
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/time/rate"
)

// gateMost is of how many addresses a gate keeps count.
const gateMost = 10_000

// gate refuses more requests from one address than are made in good faith. The address is that of the
// client, also behind a proxy that the configuration names.
type gate struct {
	mu    sync.Mutex
	by    map[string]*rate.Limiter
	every time.Duration
	burst int
	code  string // of the problem
	text  string
}

// newGate allows a burst from each address, then one request in each period.
func newGate(every time.Duration, burst int, code, text string) *gate {
	return &gate{by: map[string]*rate.Limiter{}, every: every, burst: burst, code: code, text: text}
}

// pass reports whether one more attempt may be made now.
func (g *gate) pass(addr string, at time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.by[addr]
	if l == nil {
		if len(g.by) >= gateMost {
			g.sweep(at)
		}
		l = rate.NewLimiter(rate.Every(g.every), g.burst)
		g.by[addr] = l
	}
	return l.AllowN(at, 1)
}

// sweep forgets the addresses that have all their attempts again; when that frees nothing, all of them:
// memory is bounded, and what the gate stands before has a lock of its own.
func (g *gate) sweep(at time.Time) {
	for addr, l := range g.by {
		if l.TokensAt(at) >= float64(g.burst) {
			delete(g.by, addr)
		}
	}
	if len(g.by) >= gateMost {
		clear(g.by)
	}
}

// slow is the middleware of the operations that the gate stands before.
func (s *Server) slow(g *gate) huma.Middlewares {
	return huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		if !g.pass(addressOf(ctx.Context()), time.Now()) {
			ctx.SetHeader("Retry-After", "1") // one is allowed again within it
			s.writeProblem(ctx, newProblem(ctx.Context(), http.StatusTooManyRequests, g.code, g.text))
			return
		}
		next(ctx)
	}}
}
