// Package statuspage is the small local page by which a technician sees, without the centre, whether the
// terminal measures, keeps and sends, and on which the crew reads messages of the centre. Rule that must never break:
// nothing can be changed through it, but that a person at this machine answers a message; and it holds no secret.
package statuspage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/fengsui/fengsui/edge/internal/crew"
	"github.com/fengsui/fengsui/edge/internal/uplink"
	"github.com/fengsui/fengsui/shared/wire"
)

// Crew is the messages of the centre (crew.Shelf).
type Crew interface {
	Messages() []crew.Message
	Shown(ctx context.Context, ids ...string) error
	Confirm(ctx context.Context, id, by string) error
	Refuse(ctx context.Context, id, by, why string) error
	Picture(id string) string
}

// Page serves / and /messages (HTML, in Chinese; ?lang=en in English), /status.json and /healthz.
type Page struct {
	Edge, Name string
	Status     func(context.Context) wire.Status
	Link       func() uplink.State
	Crew       Crew
	Zone       *time.Location // of the times on the pages, whatever the machine has
	Log        *slog.Logger

	server *http.Server
	done   chan error
}

// view is what both forms show.
type view struct {
	Edge   string       `json:"edge"`
	Name   string       `json:"name"`
	Time   time.Time    `json:"time"`
	Status wire.Status  `json:"status"`
	Link   uplink.State `json:"link"`

	Lang   string `json:"-"`
	Waits  int    `json:"-"` // messages that nobody has answered
	Faulty int    `json:"-"` // sensors and cameras that do not answer

	zone *time.Location
}

// Start listens and returns the address.
func (p *Page) Start(ctx context.Context, listen string) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return "", fmt.Errorf("listen for the status page on %s: %w", listen, err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /status.json", p.json)
	mux.HandleFunc("GET /{$}", p.html)
	mux.HandleFunc("GET /messages", p.messages)
	mux.HandleFunc("GET /messages/{id}/picture", p.picture)
	mux.HandleFunc("POST /messages/{id}", p.answer)
	// A page of somebody else that this machine's browser shows must not answer in the crew's name.
	p.server = &http.Server{Handler: own(http.NewCrossOriginProtection().Handler(mux)), ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	p.done = make(chan error, 1)
	go func() { p.done <- p.server.Serve(l) }()
	return l.Addr().String(), nil
}

// own answers only who asks by an address, or by the name of this machine itself: a page of somebody else whose name
// was pointed at this machine (DNS rebinding) reads and answers nothing.
func own(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err != nil && !strings.EqualFold(host, "localhost") {
			http.Error(w, "open this page by its address, or as localhost", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Stop ends the page.
func (p *Page) Stop(ctx context.Context) error {
	err := p.server.Shutdown(ctx)
	if served := <-p.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func (p *Page) view(r *http.Request) view {
	v := view{Edge: p.Edge, Name: p.Name, Time: time.Now().UTC(), Status: p.Status(r.Context()), Link: p.Link(), Lang: "zh", zone: p.Zone}
	if r.FormValue("lang") == "en" {
		v.Lang = "en"
	}
	for _, m := range p.Crew.Messages() {
		if m.Waiting {
			v.Waits++
		}
	}
	for _, s := range v.Status.Sensors {
		if s.Error != "" {
			v.Faulty++
		}
	}
	for _, c := range v.Status.Cameras {
		if !c.OK {
			v.Faulty++
		}
	}
	return v
}

func (p *Page) json(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(p.view(r)); err != nil {
		p.Log.Debug("status page not sent", "error", err)
	}
}

func (p *Page) html(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	v := p.view(r)
	if _, err := io.WriteString(w, v.write()); err != nil {
		p.Log.Debug("status page not sent", "error", err)
	}
}
