// Package httppush hears devices that post JSON. Several share one port and are told apart by the path.
// Rule that must never break: a device is answered 204 only when what it said is durable; anything else
// means that it must send again, or that its message will never be read.
package httppush

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
	"github.com/fengsui/fengsui/shared/profile"
)

// The bounds of one port and of one request.
const (
	connections = 128 // at once
	head        = 8 << 10
	whole       = 15 * time.Second
	idle        = 2 * time.Minute
	tick        = time.Second
)

// Ports are the ports of all devices of this protocol.
type Ports struct {
	mu    sync.Mutex
	ports map[string]*port
}

// New makes ports; nothing is opened yet.
func New() *Ports { return &Ports{ports: map[string]*port{}} }

// device is one that posts.
type device struct {
	ports   *Ports
	address string
	path    string
	token   string
	json    *profile.JSON
	silence time.Duration
}

// Open makes a device: address is where the agent listens, Station the path that it posts to, Secret its
// token, which it shows as "Authorization: Bearer TOKEN".
func (ps *Ports) Open(o driver.Options) (driver.Device, error) {
	switch {
	case o.Profile.JSON == nil:
		return nil, fmt.Errorf("open %s: profile %s is not for JSON", o.ID, o.Profile.ID)
	case !strings.HasPrefix(o.Station, "/") || strings.ContainsAny(o.Station, " ?#{}"):
		return nil, fmt.Errorf("open %s: station %q is not a path such as /%s", o.ID, o.Station, o.ID)
	case o.Secret == "":
		return nil, fmt.Errorf("open %s: secret_file with the token of the device is missing", o.ID)
	}
	return &device{
		ports: ps, address: o.Address, path: o.Station, token: o.Secret, json: o.Profile.JSON,
		silence: driver.Silences * time.Duration(o.Profile.Every),
	}, nil
}

// Close implements driver.Device.
func (*device) Close() error { return nil }

// listener is a device that listens now.
type listener struct {
	*device
	ctx  context.Context //nolint:containedctx // that of Listen, for the requests
	sink driver.Sink

	mu    sync.Mutex
	heard time.Time
}

// Listen implements driver.Source.
func (d *device) Listen(ctx context.Context, sink driver.Sink) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := &listener{device: d, ctx: ctx, sink: sink, heard: time.Now()}
	p, err := d.ports.join(ctx, l)
	if err != nil {
		return err
	}
	defer func() { cancel(); d.ports.leave(context.WithoutCancel(ctx), p, l) }()
	every := time.NewTicker(min(tick, d.silence))
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.done:
			return fmt.Errorf("%w: listen on %s: %w", driver.ErrUnreachable, d.address, p.err)
		case <-every.C:
			l.mu.Lock()
			silent := time.Since(l.heard) > d.silence
			l.mu.Unlock()
			if silent {
				return fmt.Errorf("%w: nothing was posted to %s for %s", driver.ErrTimeout, d.path, d.silence)
			}
		}
	}
}

// port is one listening server.
type port struct {
	server *http.Server
	done   chan struct{}
	err    error // valid once done is closed

	mu        sync.RWMutex
	listeners []*listener // in the order in which they came
}

func (ps *Ports) join(ctx context.Context, l *listener) (*port, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p := ps.ports[l.address]
	if p == nil {
		open, err := (&net.ListenConfig{}).Listen(ctx, "tcp", l.address)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", driver.ErrUnreachable, err)
		}
		p = &port{done: make(chan struct{})}
		p.server = &http.Server{
			Handler: p, ReadTimeout: whole, WriteTimeout: 2 * whole, IdleTimeout: idle, MaxHeaderBytes: head,
			ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), // what strangers send is no news
		}
		ps.ports[l.address] = p
		go func() {
			p.err = p.server.Serve(&limited{Listener: open, free: make(chan struct{}, connections)})
			close(p.done)
		}()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, other := range p.listeners {
		if other.path == l.path {
			return nil, fmt.Errorf("path %s is listened for twice on %s", l.path, l.address)
		}
	}
	p.listeners = append(p.listeners, l)
	return p, nil
}

// leave ends the port with its last device; requests in hand are done first.
func (ps *Ports) leave(ctx context.Context, p *port, l *listener) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p.mu.Lock()
	for i, other := range p.listeners {
		if other == l {
			p.listeners = append(p.listeners[:i:i], p.listeners[i+1:]...)
			break
		}
	}
	last := len(p.listeners) == 0
	p.mu.Unlock()
	if last {
		delete(ps.ports, l.address)
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if p.server.Shutdown(ctx) != nil {
			_ = p.server.Close()
		}
		<-p.done
	}
}

// ServeHTTP implements http.Handler.
func (p *port) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.RLock()
	defer p.mu.RUnlock() // while a request is in hand its device does not leave
	var l *listener
	for _, one := range p.listeners {
		if one.path == r.URL.Path {
			l = one
		}
	}
	if l == nil {
		if len(p.listeners) > 0 {
			p.listeners[0].sink.Fault(driver.NewFault(driver.KindUnit, []byte(r.URL.Path), "no device is set up for the path %.64q", r.URL.Path))
		}
		http.Error(w, "no such device", http.StatusNotFound)
		return
	}
	defer func() {
		if failed := recover(); failed != nil {
			l.sink.Fault(&driver.Fault{Kind: driver.KindPanic, Err: fmt.Errorf("driver failed: %v", failed)})
			panic(http.ErrAbortHandler) // the device hears nothing and sends again
		}
	}()
	status, err := l.take(w, r)
	switch status {
	case http.StatusNoContent:
		w.WriteHeader(status)
		return
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
	}
	http.Error(w, err.Error(), status)
}

// take reads one request and hands it on.
func (l *listener) take(w http.ResponseWriter, r *http.Request) (status int, err error) {
	fault := func(status int, f *driver.Fault) (int, error) {
		l.sink.Fault(f)
		return status, f
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return http.StatusMethodNotAllowed, errors.New("post the readings")
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if subtle.ConstantTimeCompare([]byte(token), []byte(l.token)) != 1 {
		return fault(http.StatusUnauthorized, driver.NewFault(driver.KindDenied, nil, "wrong token from %s", r.RemoteAddr))
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, profile.MaxJSON))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return fault(http.StatusRequestEntityTooLarge, driver.NewFault(driver.KindOversized, body, "more than %d bytes", profile.MaxJSON))
	}
	if err != nil {
		return fault(http.StatusBadRequest, driver.NewFault(driver.KindShort, body, "body is not whole: %w", err))
	}
	m, err := driver.FromJSON(l.json, body)
	if err != nil {
		return fault(http.StatusUnprocessableEntity, driver.FaultOf(err))
	}
	switch err := l.sink.Take(l.ctx, m); {
	case errors.Is(err, driver.ErrTooFast):
		return http.StatusTooManyRequests, driver.ErrTooFast
	case err != nil:
		return http.StatusServiceUnavailable, errors.New("the readings are not kept, send them again")
	}
	l.mu.Lock()
	l.heard = time.Now()
	l.mu.Unlock()
	return http.StatusNoContent, nil
}

// limited takes so many connections at once; others wait.
type limited struct {
	net.Listener
	free chan struct{}
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err //nolint:wrapcheck // the server knows this error
	}
	select {
	case l.free <- struct{}{}:
		return &counted{Conn: c, free: l.free}, nil
	default: // a full port refuses at once instead of letting devices wait for their own timeout
		_ = c.Close()
		return l.Accept()
	}
}

type counted struct {
	net.Conn
	free chan struct{}
	once sync.Once
}

// Close implements net.Conn.
func (c *counted) Close() error {
	c.once.Do(func() { <-c.free })
	return c.Conn.Close() //nolint:wrapcheck // the server knows this error
}
