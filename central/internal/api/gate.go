package api

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/time/rate"

	"github.com/fengsui/fengsui/central/internal/account"
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

// pass reports whether one more attempt may be made now; when not, how long until one may. back takes the attempt back,
// at the same time, when it was none in the end.
func (g *gate) pass(addr string, at time.Time) (wait time.Duration, back func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	addr = account.Network(addr)
	l := g.by[addr]
	if l == nil {
		if len(g.by) >= gateMost {
			g.sweep(at)
		}
		l = rate.NewLimiter(rate.Every(g.every), g.burst)
		g.by[addr] = l
	}
	r := l.ReserveN(at, 1)
	if wait = r.DelayFrom(at); wait > 0 {
		r.CancelAt(at)
	}
	return wait, func() { r.CancelAt(at) }
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
		if wait, _ := g.pass(addressOf(ctx.Context()), time.Now()); wait > 0 {
			s.tooMany(ctx, g, wait)
			return
		}
		next(ctx)
	}}
}

// tooMany says when to come again.
func (s *Server) tooMany(ctx huma.Context, g *gate, wait time.Duration) {
	ctx.SetHeader("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	s.writeProblem(ctx, newProblem(ctx.Context(), http.StatusTooManyRequests, g.code, g.text))
}

// sparing is the middleware of operations of which only those count that do something: who mistypes may try again.
func (s *Server) sparing(g *gate, of func(ctx context.Context) string) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		wait, back := g.pass(of(ctx.Context()), time.Now())
		if wait > 0 {
			s.tooMany(ctx, g, wait)
			return
		}
		next(ctx)
		if ctx.Status() >= http.StatusBadRequest {
			back()
		}
	}
}

type overflow struct{}

// overflown reports whether a request came through the second of two gates (see overflowing).
func overflown(ctx context.Context) bool {
	_, ok := ctx.Value(overflow{}).(bool)
	return ok
}

// overflowing is the middleware of an operation that takes what is too much for one gate as long as another lets it
// through, marked as such. Both count for all addresses together, and only what does something.
func (s *Server) overflowing(all, spare *gate) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		now := time.Now()
		wait, back := all.pass("", now)
		if wait > 0 {
			if wait, back = spare.pass("", now); wait > 0 {
				s.tooMany(ctx, spare, wait)
				return
			}
			ctx = huma.WithValue(ctx, overflow{}, true)
		}
		next(ctx)
		if ctx.Status() >= http.StatusBadRequest {
			back()
		}
	}
}
