package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"

	"github.com/fengsui/fengsui/test/harness"
)

// line is all that the terminal at the sluice has of the centre: its messages, what it asks over HTTP and its pictures.
// It is cut and mended as a whole, as the link of a SIM is.
type line struct {
	messages, web *harness.Link
	pictures      *harness.Relay
}

// newLine makes it. Offers and answers of pictures pass through a server of its own, which has both ends send through
// the relay instead of straight to each other.
func newLine(ctx context.Context, h *harness.Host, p ports) (*line, error) {
	pictures := harness.NewRelay(h, p.Video) //nolint:contextcheck // it ends with its host
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the terminal: %w", err)
	}
	between := &http.Server{Handler: forward(p, pictures.Port()), ReadHeaderTimeout: readyWithin}
	go func() { _ = between.Serve(ln) }() // it ends with its host
	h.Cleanup(func() { between.Close() })
	return &line{messages: harness.NewLink(h, p.TLS), web: harness.NewLink(h, ln.Addr().String()), pictures: pictures}, nil //nolint:contextcheck // they end with their host
}

func (l *line) cut() {
	l.messages.Cut()
	l.web.Cut()
	l.pictures.Cut()
}

func (l *line) mend() {
	l.pictures.Mend()
	l.web.Mend()
	l.messages.Mend()
}

const mostSDP = 64 << 10

// forward passes everything on to the centre, and has pictures go through a port of this machine.
func forward(p ports, port int) http.Handler {
	to := &url.URL{Scheme: "http", Host: p.HTTP}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			if r.In.Header.Get("Content-Type") != "application/sdp" {
				return
			}
			r.Out.Header.Del("Accept-Encoding") // so that the answer can be read
			// Without addresses of the terminal the centre waits until it is called.
			text, err := io.ReadAll(io.LimitReader(r.In.Body, mostSDP))
			if err != nil {
				return // the centre refuses what is not whole
			}
			body := harness.WithoutAddresses(string(text))
			r.Out.Body, r.Out.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			r.Out.Header.Set("Content-Length", strconv.Itoa(len(body)))
		},
		ModifyResponse: func(r *http.Response) error {
			if r.Header.Get("Content-Type") != "application/sdp" {
				return nil
			}
			text, err := io.ReadAll(io.LimitReader(r.Body, mostSDP))
			if err != nil {
				return fmt.Errorf("read answer of the centre: %w", err)
			}
			body := harness.Through(string(text), port)
			r.Body.Close()
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			r.Header.Set("Content-Length", strconv.Itoa(len(body)))
			return nil
		},
		// A centre that is not there answers nothing, and so does this.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
}
