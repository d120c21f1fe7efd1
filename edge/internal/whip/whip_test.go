package whip_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/fengsui/fengsui/edge/internal/whip"
)

func TestReachWaitsUntilTheCentreAnswersAnything(t *testing.T) {
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	ln.Close() // nobody is there
	done := make(chan error, 1)
	go func() { done <- whip.Reach(t.Context(), http.DefaultClient, "http://"+address+"/whip/cam-1?token=1") }()
	if ln, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", address); err != nil {
		t.Fatal(err)
	}
	asked := make(chan *http.Request, 8)
	s := &httptest.Server{Listener: ln, Config: &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r
		http.Error(w, "no", http.StatusNotFound)
	})}}
	s.Start()
	t.Cleanup(s.Close)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if r := <-asked; r.Method != http.MethodHead || r.URL.Path != "/healthz" || r.URL.RawQuery != "" || r.Header.Get("Authorization") != "" {
		t.Errorf("asked %s %s", r.Method, r.URL)
	}
}

func TestReachEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if whip.Reach(ctx, http.DefaultClient, "http://127.0.0.1:1/whip/cam-1") == nil {
		t.Error("nobody answered")
	}
}
