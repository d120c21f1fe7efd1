package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

// line is all that the terminal at the sluice has of the centre: its messages, what it asks over HTTP and its pictures.
// It is cut and mended as a whole, as the link of a SIM is.
type line struct {
	messages, web *harness.Link
	pictures      *relay
}

// newLine makes it. Offers and answers of pictures pass through a server of its own, which has both ends send through
// the relay instead of straight to each other.
func newLine(ctx context.Context, h *harness.Host, p ports) (*line, error) {
	pictures, err := newRelay(ctx, p.Video)
	if err != nil {
		return nil, err
	}
	h.Cleanup(pictures.close)
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the terminal: %w", err)
	}
	between := &http.Server{Handler: forward(p, pictures.port()), ReadHeaderTimeout: readyWithin}
	go func() { _ = between.Serve(ln) }() // it ends with its host
	h.Cleanup(func() { between.Close() })
	return &line{messages: harness.NewLink(h, p.TLS), web: harness.NewLink(h, ln.Addr().String()), pictures: pictures}, nil //nolint:contextcheck // they end with their host
}

func (l *line) cut() {
	l.messages.Cut()
	l.web.Cut()
	l.pictures.set(true)
}

func (l *line) mend() {
	l.pictures.set(false)
	l.web.Mend()
	l.messages.Mend()
}

// candidate is one way to reach an end: what stands before address and port, these two, and the rest.
var candidate = regexp.MustCompile(`(?m)^a=candidate:(\S+ \d+) (\S+) (\d+) \S+ \d+ typ host[^\r\n]*\r?\n`)

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
			body := candidate.ReplaceAllString(string(text), "")
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
			body := through(string(text), port)
			r.Body.Close()
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			r.Header.Set("Content-Length", strconv.Itoa(len(body)))
			return nil
		},
		// A centre that is not there answers nothing, and so does this.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
}

// through leaves one way to the centre, through a port of this machine.
func through(answer string, port int) string {
	left := false
	return candidate.ReplaceAllStringFunc(answer, func(c string) string {
		part := candidate.FindStringSubmatch(c)
		if left || !strings.EqualFold(part[2], "udp") {
			return ""
		}
		left = true
		return fmt.Sprintf("a=candidate:%s %s %s 127.0.0.1 %d typ host\r\n", part[1], part[2], part[3], port)
	})
}

// relay passes packets on to one address and the answers back. While it is cut it loses them, as a network does.
type relay struct {
	to  string
	in  net.PacketConn
	mu  sync.Mutex
	cut bool
	far map[string]net.Conn // by address of the near end

	done sync.WaitGroup
}

// quiet is when nobody is expected to say anything more.
const quiet = time.Minute

func newRelay(ctx context.Context, to string) (*relay, error) {
	in, err := (&net.ListenConfig{}).ListenPacket(ctx, "udp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for pictures: %w", err)
	}
	r := &relay{to: to, in: in, far: map[string]net.Conn{}}
	r.done.Go(r.receive)
	return r, nil
}

func (r *relay) port() int {
	addr, _ := r.in.LocalAddr().(*net.UDPAddr)
	return addr.Port
}

func (r *relay) set(cut bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = cut
}

func (r *relay) close() {
	r.in.Close()
	r.mu.Lock()
	for _, far := range r.far {
		far.Close()
	}
	r.mu.Unlock()
	r.done.Wait()
}

func (r *relay) receive() {
	buf := make([]byte, 64<<10)
	for {
		n, near, err := r.in.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an end that is gone
		}
		if far := r.open(near); far != nil {
			_, _ = far.Write(buf[:n]) // a packet may be lost
		}
	}
}

// open is the way of a near end to the centre; nil while nothing passes.
func (r *relay) open(near net.Addr) net.Conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cut {
		return nil
	}
	if far := r.far[near.String()]; far != nil {
		return far
	}
	far, err := (&net.Dialer{}).DialContext(context.Background(), "udp", r.to)
	if err != nil {
		return nil
	}
	r.far[near.String()] = far
	r.done.Go(func() { r.answer(near, far) })
	return far
}

func (r *relay) answer(near net.Addr, far net.Conn) {
	defer func() {
		r.mu.Lock()
		delete(r.far, near.String())
		r.mu.Unlock()
		far.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		if err := far.SetReadDeadline(time.Now().Add(quiet)); err != nil {
			return
		}
		n, err := far.Read(buf)
		if late := net.Error(nil); errors.Is(err, net.ErrClosed) || errors.As(err, &late) && late.Timeout() {
			return
		}
		r.mu.Lock()
		lost := r.cut
		r.mu.Unlock()
		if err != nil || lost {
			continue // a centre that is not there now
		}
		_, _ = r.in.WriteTo(buf[:n], near) // a packet may be lost
	}
}
