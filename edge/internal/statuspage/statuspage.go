// Package statuspage is the small local page by which a technician sees, without the centre, whether the
// terminal measures, keeps and sends. Rule that must never break: it only shows; nothing can be changed
// through it, and it holds no secret.
package statuspage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// Page serves / (HTML), /status.json and /healthz.
type Page struct {
	Edge, Name, Version string
	Status              func(context.Context) wire.Status
	Link                func() any
	Certificate         func() (from, to time.Time, err error)
	Log                 *slog.Logger

	server *http.Server
	done   chan error
}

// view is what both forms show.
type view struct {
	Edge        string      `json:"edge"`
	Name        string      `json:"name"`
	Version     string      `json:"version"`
	Time        time.Time   `json:"time"`
	Status      wire.Status `json:"status"`
	Link        any         `json:"link"`
	Certificate string      `json:"certificate"`
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
	p.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	p.done = make(chan error, 1)
	go func() { p.done <- p.server.Serve(l) }()
	return l.Addr().String(), nil
}

// Stop ends the page.
func (p *Page) Stop(ctx context.Context) error {
	err := p.server.Shutdown(ctx)
	if served := <-p.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func (p *Page) view(ctx context.Context) view {
	v := view{Edge: p.Edge, Name: p.Name, Version: p.Version, Time: time.Now().UTC(), Status: p.Status(ctx), Link: p.Link()}
	_, to, err := p.Certificate()
	if err != nil {
		v.Certificate = err.Error()
	} else {
		v.Certificate = to.UTC().Format(time.DateOnly)
	}
	return v
}

func (p *Page) json(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(p.view(r.Context())); err != nil {
		p.Log.Debug("status page not sent", "error", err)
	}
}

func (p *Page) html(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	if err := page.Execute(w, p.view(r.Context())); err != nil {
		p.Log.Debug("status page not sent", "error", err)
	}
}

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"stand": func(on *bool) string {
		switch {
		case on == nil:
			return "未知 not known"
		case *on:
			return "开 on"
		}
		return "关 off"
	},
	"at": func(ms int64) string {
		if ms == 0 {
			return "–"
		}
		return wire.Time(ms).Local().Format("2006-01-02 15:04:05")
	},
}).Parse(`<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta http-equiv="refresh" content="5">
<meta name="viewport" content="width=device-width"><title>{{.Edge}}</title>
<style>body{font:15px/1.6 system-ui;margin:1.5rem;max-width:46rem}table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #ccc;padding:.3rem .6rem;text-align:left}b{font-weight:600}</style>
<h1>{{.Name}} <small>{{.Edge}}</small></h1>
<table>
<tr><th>待传 Backlog<td>{{.Status.Backlog.Records}} 条 records, {{.Status.Backlog.Bytes}} B, 最早 oldest {{at .Status.Backlog.Oldest}}
<tr><th>时钟 Clock<td>{{if .Status.Synced}}已校时 set{{else}}未校时 not set{{end}}
<tr><th>丢弃 Lost<td>{{.Status.Lost}}
<tr><th>拒收 Refused<td>{{.Status.Refused}}
<tr><th>证书 Certificate<td>{{.Certificate}}
<tr><th>版本 Version<td>{{.Version}}
</table>
<h2>传感器 Sensors</h2><table>{{range .Status.Sensors}}
<tr><td>{{.ID}}<td>{{if .OK}}正常 OK{{else}}<b>故障 fault</b> {{.Error}}{{end}}<td>{{at .At}}{{end}}</table>
{{if .Status.Outputs}}<h2>警笛与继电器 Outputs</h2><table>{{range .Status.Outputs}}
<tr><td>{{.Device}} / {{.Name}} {{.NameEN}}<td>{{stand .On}} {{.Error}}<td>{{if .Until}}至 until {{at .Until}}{{end}}{{end}}</table>{{end}}
<h2>摄像机 Cameras</h2><table>{{range .Status.Cameras}}
<tr><td>{{.ID}}<td>{{if .OK}}正常 OK{{else}}<b>故障 fault</b> {{.Error}}{{end}}<td>{{if .Sending}}正在发送 sending{{else}}未发送 idle{{end}}{{end}}</table>
`))
