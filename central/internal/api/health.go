package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
)

// readyFor is how long an answer stands, so that nobody who asks often makes the parts work.
const readyFor = time.Second

// readiness is the last answer.
type readiness struct {
	mu     sync.Mutex
	at     time.Time
	status int
	parts  map[string]string
}

// readyTimeout is how long one part may take to answer.
const readyTimeout = 3 * time.Second

func (s *Server) registerHealth() {
	s.fiber.Get("/healthz", func(c *fiber.Ctx) error { return c.SendString("ok\n") })
	s.fiber.Get("/readyz", s.ready)
	if s.opts.Metrics != nil {
		serve := adaptor.HTTPHandler(promhttp.HandlerFor(s.opts.Metrics, promhttp.HandlerOpts{}))
		s.fiber.Get("/metrics", func(c *fiber.Ctx) error {
			if err := s.mayMeasure(c); err != nil {
				return err
			}
			return serve(c)
		})
	}
}

// ServeMetrics shows the metrics to whoever reaches an address, which is one of this machine alone. It
// returns where it listens and how it is ended.
func ServeMetrics(ctx context.Context, listen string, metrics *prometheus.Registry) (net.Addr, func(context.Context) error, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, nil, fmt.Errorf("listen for metrics on %s: %w", listen, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: readTimeout, WriteTimeout: writeTimeout}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	return l.Addr(), func(ctx context.Context) error {
		err := server.Shutdown(ctx)
		if end := <-served; !errors.Is(end, http.ErrServerClosed) {
			err = errors.Join(err, end)
		}
		return err
	}, nil
}

// ready answers 200 when every part works, else 503, and names each. What is wrong stays in the log, but for
// a full disk, which whoever watches can mend.
func (s *Server) ready(c *fiber.Ctx) error {
	r := &s.readiness
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.at) >= readyFor {
		r.status, r.parts = s.try(c.UserContext())
		r.at = time.Now()
	}
	return c.Status(r.status).JSON(r.parts)
}

func (s *Server) try(ctx context.Context) (int, map[string]string) {
	status, parts := http.StatusOK, map[string]string{}
	for name, check := range s.opts.Ready {
		ctx, cancel := context.WithTimeout(ctx, readyTimeout)
		err := check(ctx)
		cancel()
		parts[name] = "ok"
		if err != nil {
			s.opts.Log.Warn("part is not ready", "part", name, "error", err)
			status, parts[name] = http.StatusServiceUnavailable, "down"
			if e, ok := errors.AsType[*errs.Error](err); ok && e.Code == "store.full" {
				parts[name] = "disk full"
			}
		}
	}
	return status, parts
}

// mayMeasure lets whoever has signed in, or holds an API token, read the metrics. That a request comes from
// this machine says nothing: a proxy on it passes on those of everybody.
func (s *Server) mayMeasure(c *fiber.Ctx) error {
	ctx, err := s.withActor(c)
	if err != nil {
		return err
	}
	if _, ok := actor.From(ctx); !ok {
		return errs.E(errs.Unauthenticated, "auth.required", "metrics are for holders of an API token; without one they stand at metrics.listen")
	}
	return nil
}
