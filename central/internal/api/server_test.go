package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/fengsui/fengsui/central/internal/errs"
)

func TestParametersKeptPastTheirHandlerStayTheSame(t *testing.T) {
	c := newCentre(t)
	if !c.server.fiber.Config().Immutable {
		t.Fatal("fiber is not immutable")
	}
	s := New(Options{Listen: "127.0.0.1:0"})
	var kept []string
	s.fiber.Get("/i/:id", func(c *fiber.Ctx) error {
		kept = append(kept, c.Params("id"))
		return nil
	})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	for _, id := range []string{"aaaa", "bbbb", "cccc"} {
		res, err := http.Get("http://" + s.Addr().String() + "/i/" + id)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	if got := strings.Join(kept, " "); got != "aaaa bbbb cccc" {
		t.Errorf("kept %q", got)
	}
}

func TestEveryErrorIsAProblem(t *testing.T) {
	c := newCentre(t)
	b := c.browser()
	b.want(404, "request.no_such_path", http.MethodGet, "/api/v1/nothing", nil, nil)
	b.want(404, "request.no_such_path", http.MethodGet, "/whip/none", nil, nil)
	b.want(404, "request.no_such_path", http.MethodGet, "/assets/none.js", nil, nil)
	b.want(404, "request.no_such_path", http.MethodPost, "/nothing", nil, nil)
	b.want(405, "request.method", http.MethodDelete, "/api/v1/about", nil, nil)
	b.want(422, "request.invalid", http.MethodPost, "/api/v1/session", map[string]string{"username": "a"}, nil)
	b.want(401, "auth.required", http.MethodGet, "/api/v1/live", nil, nil)
	b.token = "fst_unknown"
	b.want(401, "account.session_ended", http.MethodGet, "/api/v1/about", nil, nil)
}

func TestBodyTooLargeIsRefusedBeforeItIsSent(t *testing.T) {
	c := newCentre(t)
	conn, err := net.Dial("tcp", c.server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", bodyLimit+1)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var p Problem
	if err := json.NewDecoder(res.Body).Decode(&p); err != nil || res.StatusCode != http.StatusRequestEntityTooLarge || p.Code != "request.too_large" || p.RequestID == "" {
		t.Errorf("%d %+v, %v", res.StatusCode, p, err)
	}
}

func TestPanicIsAProblemAndTheServerGoesOn(t *testing.T) {
	s := New(Options{Listen: "127.0.0.1:0"})
	s.fiber.Get("/panic", func(*fiber.Ctx) error { panic("secret detail") })
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	for range 2 {
		res, err := http.Get("http://" + s.Addr().String() + "/panic")
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != http.StatusInternalServerError || strings.Contains(string(text), "secret") || !strings.Contains(string(text), "request_id") {
			t.Errorf("%d %s", res.StatusCode, text)
		}
	}
}

func TestPagesOfTheConsoleAreServedWithTheRightHeaders(t *testing.T) {
	c := newCentre(t)
	for path, want := range map[string]string{
		"/": "no-cache", "/map": "no-cache", "/assets/a-1.js": "public, max-age=31536000, immutable",
	} {
		res, err := http.Get(c.url + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != want {
			t.Errorf("%s: %d, Cache-Control %q, want %q", path, res.StatusCode, res.Header.Get("Cache-Control"), want)
		}
		if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") {
			t.Errorf("%s: Content-Security-Policy %q", path, csp)
		}
	}
}

func TestOnlyThePagesOfPhonesAndRoomsMayUseACamera(t *testing.T) {
	c := newCentre(t)
	for path, want := range map[string]string{"/": "camera=(),", "/video": "camera=(),", "/field/phone-1": "camera=(self),", "/consult/r": "camera=(self),", "/meet/r": "camera=(self),"} {
		res, err := http.Get(c.url + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if policy := res.Header.Get("Permissions-Policy"); !strings.HasPrefix(policy, want) {
			t.Errorf("%s: Permissions-Policy %q, want %q", path, policy, want)
		}
	}
}

func TestReadyNamesThePartThatIsDown(t *testing.T) {
	s := New(Options{Listen: "127.0.0.1:0", Ready: map[string]func(context.Context) error{
		"database": func(context.Context) error { return nil },
		"broker":   func(context.Context) error { return errors.New("password=x refused") },
		"readings": func(context.Context) error {
			return fmt.Errorf("write: %w", errs.E(errs.Unavailable, "store.full", "full"))
		},
	}})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	res, err := http.Get("http://" + s.Addr().String() + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(text), `"broker":"down"`) || !strings.Contains(string(text), `"database":"ok"`) ||
		!strings.Contains(string(text), `"readings":"disk full"`) {
		t.Errorf("%d %s", res.StatusCode, text)
	}
}

func TestTheDocumentIsWrittenWithoutListening(t *testing.T) {
	s := New(Options{})
	RegisterAccounts(s, nil)
	RegisterAudit(s, nil)
	text, err := s.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/api/v1/session:", "/api/v1/audit/verify:", "application/problem+json", "Problem:"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the document lacks %s", want)
		}
	}
}

func TestAStrangerLearnsNothingOfTheAPIOrTheMetrics(t *testing.T) {
	c := newCentre(t)
	b := c.browser()
	b.want(401, "auth.required", http.MethodPost, "/api/v1/users", map[string]any{"username": 7}, nil)
	for _, path := range []string{"/api/openapi.json", "/api/openapi.yaml", "/api/openapi-3.0.json", "/metrics"} {
		b.want(401, "auth.required", http.MethodGet, path, nil, nil)
	}
}

func TestMetricsHaveAnAddressOfTheirOwn(t *testing.T) {
	r := prometheus.NewRegistry()
	r.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "fengsui_test_total", Help: "x"}))
	addr, stop, err := ServeMetrics(t.Context(), "127.0.0.1:0", r)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Get("http://" + addr.String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil || !strings.Contains(string(text), "fengsui_test_total 0") {
		t.Errorf("%s, %v", text, err)
	}
	if err := stop(context.Background()); err != nil {
		t.Error(err)
	}
	if _, err := http.Get("http://" + addr.String() + "/metrics"); err == nil {
		t.Error("it answers after the end")
	}
}
