// Package api is the centre's HTTP: the JSON API with its OpenAPI document, the live view, WHIP and WHEP,
// the console's files and the health endpoints. One file per capability registers routes and nothing
// else; deciding is done by the services. It is the only package that sees fiber and huma. Rule that must
// never break: nothing is done for a caller that the service has not authorised.
package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/compress"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/consult"
	"github.com/fengsui/fengsui/central/internal/crew"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/drill"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/field"
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/intake"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/opinion"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/resource"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/review"
	"github.com/fengsui/fengsui/central/internal/rollcall"
	"github.com/fengsui/fengsui/shared/version"
)

// Limits of every request.
const (
	bodyLimit       = 1 << 20
	requestDeadline = 20 * time.Second
	readTimeout     = 15 * time.Second
	writeTimeout    = 2 * time.Minute // a large export over a thin link
	idleTimeout     = 2 * time.Minute
	// prefix of everything in the OpenAPI document.
	prefix = "/api/v1"
)

// Options of a server. A nil Console serves no pages; without Listen the server only describes itself.
type Options struct {
	Listen    string
	TLS       *tls.Config
	Proxies   []netip.Prefix // whose X-Forwarded-For is believed
	PublicURL string         // an origin that browsers may use besides the host they asked for
	About     About
	Identity  Identity
	Console   fs.FS
	Basemap   string // folder of the offline base map
	Ready     map[string]func(context.Context) error
	Metrics   *prometheus.Registry
	Log       *slog.Logger
}

// Server answers HTTP.
type Server struct {
	opts      Options
	fiber     *fiber.App
	huma      huma.API
	listener  net.Listener
	served    chan error
	live      *live
	readiness readiness
	exports   *semaphore.Weighted
	sheets    sync.Map            // ids of those for whom a workbook of readings is made
	books     *semaphore.Weighted // one workbook that was handed in is read at a time
	prints    *semaphore.Weighted // few documents are laid out at a time
	stopping  chan struct{}       // closed by Stop
	stopOnce  sync.Once
	accounts  *account.Service // set by RegisterAccounts
	worlds    worlds           // set by RegisterDrills
}

// New makes a server with the routes that belong to no capability. Register the others, then Start.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Log = o.Log.With("component", "api")
	s := &Server{opts: o, served: make(chan error, 1), exports: semaphore.NewWeighted(exportSlots), books: semaphore.NewWeighted(1), prints: semaphore.NewWeighted(printSlots), stopping: make(chan struct{})}
	s.fiber = fiber.New(fiber.Config{
		// Without it, a parameter kept past its handler becomes that of the next request.
		Immutable:             true,
		BodyLimit:             bodyLimit,
		ReadTimeout:           readTimeout,
		WriteTimeout:          writeTimeout,
		IdleTimeout:           idleTimeout,
		DisableStartupMessage: true,
		ErrorHandler:          s.fail,
		ReadBufferSize:        16 << 10,
	})
	s.fiber.Use(s.protect, s.trace, s.headers, unpacked, compress.New(compress.Config{Next: uncompressed}))
	s.fiber.Use("/api", s.identify)
	s.fiber.Use("/api/openapi", signedIn)
	c := huma.DefaultConfig("Fengsui 烽燧", version.Version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "/api/openapi", "", ""
	c.CreateHooks = nil
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	c.Transformers = append(c.Transformers, s.shape)
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: sessionCookie},
		"token":   {Type: "http", Scheme: "bearer"},
	}
	c.Security = []map[string][]string{{"session": {}}, {"token": {}}}
	s.huma = humafiber.New(s.fiber, c)
	s.huma.UseMiddleware(s.permitted)
	s.registerAbout()
	s.registerHealth()
	s.registerBasemap()
	return s
}

// schemaName names a type in the document. Words that several rooms use carry the name of one of them.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	books := reflect.TypeFor[handover.Desk]().PkgPath()
	for part, of := range map[string]reflect.Type{"Incident": reflect.TypeFor[incident.Step](), "Intake": reflect.TypeFor[intake.Item](), "Report": reflect.TypeFor[report.Report](), "Recording": reflect.TypeFor[recording.Policy](), "Response": reflect.TypeFor[response.Response](), "Review": reflect.TypeFor[review.Review](), "Opinion": reflect.TypeFor[opinion.Entry](), "Drill": reflect.TypeFor[drill.Drill](), "Field": reflect.TypeFor[field.Entry](), "Consult": reflect.TypeFor[consult.Room]()} {
		if strings.Contains(t.Name(), of.PkgPath()+".") {
			return part + name
		}
	}
	if strings.Contains(t.Name(), books+".") {
		return "Handover" + name // a list of them
	}
	if strings.Contains(t.Name(), reflect.TypeFor[resource.Team]().PkgPath()+".") {
		return "Resource" + name // a list of them
	}
	if strings.Contains(t.Name(), reflect.TypeFor[crew.Message]().PkgPath()+".") {
		return "Crew" + name // a list of them
	}
	if strings.Contains(t.Name(), reflect.TypeFor[plan.Plan]().PkgPath()+".") {
		return "Plan" + name // a list of them
	}
	switch t.PkgPath() {
	case reflect.TypeFor[duty.Roster]().PkgPath():
		return "Duty" + name
	case books:
		return "Handover" + name
	case reflect.TypeFor[crew.Message]().PkgPath():
		return "Crew" + name
	case reflect.TypeFor[deadline.Clock]().PkgPath():
		return "Deadline" + name
	case reflect.TypeFor[incident.Step]().PkgPath():
		return "Incident" + strings.TrimPrefix(name, "Incident")
	case reflect.TypeFor[intake.Item]().PkgPath():
		return "Intake" + name
	case reflect.TypeFor[recording.Policy]().PkgPath():
		return "Recording" + name
	case reflect.TypeFor[rollcall.Call]().PkgPath():
		return "Rollcall" + name
	case reflect.TypeFor[notice.Notice]().PkgPath():
		return "Notice" + strings.TrimPrefix(name, "Notice")
	case reflect.TypeFor[plan.Plan]().PkgPath():
		if name == "Body" {
			name = "Text" // of maintenance there is a PlanBody
		}
		return "Plan" + strings.TrimPrefix(name, "Plan")
	case reflect.TypeFor[field.Entry]().PkgPath():
		return "Field" + name
	case reflect.TypeFor[review.Review]().PkgPath():
		return "Review" + strings.TrimPrefix(name, "Review")
	case reflect.TypeFor[opinion.Entry]().PkgPath():
		return "Opinion" + name
	case reflect.TypeFor[response.Response]().PkgPath():
		return "Response" + strings.TrimPrefix(name, "Response")
	case reflect.TypeFor[resource.Team]().PkgPath():
		return "Resource" + name
	case reflect.TypeFor[consult.Room]().PkgPath():
		return "Consult" + name
	case reflect.TypeFor[drill.Drill]().PkgPath():
		return "Drill" + strings.TrimPrefix(name, "Drill")
	case reflect.TypeFor[report.Report]().PkgPath():
		return "Report" + strings.Replace(name, "Report", "Version", 1)
	case reflect.TypeFor[paper.Paper]().PkgPath(), reflect.TypeFor[document.Page]().PkgPath():
		return "Paper" + strings.TrimPrefix(name, "Paper")
	}
	return name
}

// OpenAPI is the document of everything registered, as YAML.
func (s *Server) OpenAPI() ([]byte, error) {
	text, err := s.huma.OpenAPI().YAML()
	if err != nil {
		return nil, fmt.Errorf("write openapi: %w", err)
	}
	return text, nil
}

// Start listens. The console takes every path that nothing else has, so it is registered last.
func (s *Server) Start(ctx context.Context) error {
	s.registerConsole()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.opts.Listen)
	if err != nil {
		return fmt.Errorf("listen for HTTP on %s: %w", s.opts.Listen, err)
	}
	s.listener = l
	if s.opts.TLS != nil {
		l = tls.NewListener(l, s.opts.TLS)
	}
	go func() { s.served <- s.fiber.Listener(l) }()
	return nil
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Stop ends the live views and exports, then waits for the requests under way until ctx ends.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() { close(s.stopping) })
	if s.live != nil {
		s.live.stop()
	}
	if s.listener == nil {
		return nil
	}
	if err := s.fiber.ShutdownWithContext(ctx); err != nil {
		return fmt.Errorf("stop HTTP: %w", err)
	}
	select {
	case err := <-s.served:
		if err != nil && !errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("serve HTTP: %w", err)
		}
	case <-ctx.Done():
	}
	return nil
}

// register adds one operation. An error of the handler becomes a problem.
func register[I, O any](s *Server, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	op.Path = prefix + op.Path
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	op.Responses["default"] = &huma.Response{
		Description: "Problem", Content: map[string]*huma.MediaType{problemType: {
			Schema: s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem"),
		}},
	}
	huma.Register(s.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

// body is an answer with a JSON body.
type body[T any] struct{ Body T }

// reply wraps what a service returned.
func reply[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{Body: v}, nil
}

// nothing is an empty input or answer.
type nothing struct{}

// done is the answer of a use case that returns only an error.
func done(err error) (*nothing, error) {
	if err != nil {
		return nil, err
	}
	return &nothing{}, nil
}

// waiting is the context of a question that waits longer than a request may take; the end of the server ends it.
func (s *Server) waiting(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		select {
		case <-s.stopping:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// signedIn refuses a stranger.
func signedIn(c *fiber.Ctx) error {
	if err := known(c.UserContext()); err != nil {
		return err
	}
	return c.Next()
}

type requestKey struct{}

// requestID is the id of the request of a context, for the log and the problem shown.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// protect gives every request an id and a deadline, and turns a panic into a problem.
func (s *Server) protect(c *fiber.Ctx) (err error) {
	id := uuid.NewString()
	ctx := context.WithValue(context.WithValue(context.Background(), requestKey{}, id), addressKey{}, s.client(c))
	ctx, cancel := context.WithTimeout(ctx, requestDeadline)
	defer cancel()
	c.SetUserContext(ctx)
	c.Set("X-Request-Id", id)
	defer func() {
		if r := recover(); r != nil {
			s.opts.Log.Error("request panicked", "request", id, "method", c.Method(), "panic", r, "stack", string(debug.Stack()))
			err = s.fail(c, errors.New("panic"))
		}
	}()
	return c.Next()
}

// unpacked refuses a body that is compressed: fiber unpacks it without a limit, so a megabyte would become
// a gigabyte of memory before anybody asked who sent it. Neither console nor terminals compress theirs.
func unpacked(c *fiber.Ctx) error {
	if kind := c.Get(fiber.HeaderContentEncoding); kind != "" && !strings.EqualFold(kind, "identity") {
		return newProblem(c.UserContext(), http.StatusUnsupportedMediaType, "request.encoding", "send the body without Content-Encoding")
	}
	return c.Next()
}

// trace logs each request for whoever looks for a fault. The path alone: a query may hold a name.
func (s *Server) trace(c *fiber.Ctx) error {
	if !s.opts.Log.Enabled(c.UserContext(), slog.LevelDebug) {
		return c.Next()
	}
	start := time.Now()
	err := c.Next()
	status := c.Response().StatusCode()
	if err != nil {
		status = s.problem(c.UserContext(), unframed(c.UserContext(), err)).Status
	}
	s.opts.Log.DebugContext(c.UserContext(), "request answered", "request", requestID(c.UserContext()), "method", c.Method(),
		"route", c.Route().Path, "status", status, "took_ms", time.Since(start).Milliseconds())
	return err
}

// These pages are the only ones that may use a camera: those of phones that send the scene, and consultation rooms.
const (
	fieldPages   = "/field/"
	consultPages = "/consult/"
	meetPages    = "/meet/"
)

// headers keep the browser on the safe side. The map draws in a worker made from a blob.
func (s *Server) headers(c *fiber.Ctx) error {
	c.Set("X-Content-Type-Options", "nosniff")
	c.Set("X-Frame-Options", "DENY")
	c.Set("Referrer-Policy", "same-origin")
	camera := "()"
	if p := c.Path(); strings.HasPrefix(p, fieldPages) || strings.HasPrefix(p, consultPages) || strings.HasPrefix(p, meetPages) {
		camera = "(self)"
	}
	c.Set("Permissions-Policy", "camera="+camera+", microphone=(self), geolocation=(self)")
	c.Set("Content-Security-Policy", "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "+
		"img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; media-src 'self' blob:; "+
		"object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'")
	if s.opts.TLS != nil {
		c.Set("Strict-Transport-Security", "max-age=31536000")
	}
	return c.Next()
}

// uncompressed tells the compressing middleware to leave alone a connection that becomes a WebSocket.
func uncompressed(c *fiber.Ctx) bool {
	return c.Get(fiber.HeaderUpgrade) != ""
}
