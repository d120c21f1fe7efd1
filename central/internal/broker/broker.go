// Package broker is the MQTT broker inside the centre. Edge agents and simple sensors connect to it,
// ingest reads from it. A front of our own takes every connection, checks who it is (certificate, or
// device name and token) and hands edges on to an embedded nats-server, whose only MQTT listener is on
// loopback and knows a secret of this process; so one server serves both the plain and the TLS port and
// an identity cannot be forged. Simple sensors keep no copy of what they send, so the front answers them
// itself: the PUBACK leaves after the commit. Rule that must never break: a client publishes only under
// its own name.
package broker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/fengsui/fengsui/shared/wire"
)

// Authenticator knows who may connect (device.Service).
type Authenticator interface {
	// Both answer errs.Unauthenticated to a stranger; any other error means: try again later.

	// AuthCertificate returns the edge that holds this certificate, already verified against the centre's
	// authority, when it is neither revoked nor replaced.
	AuthCertificate(ctx context.Context, cert *x509.Certificate) (edge string, err error)
	// AuthToken checks the token of a simple sensor.
	AuthToken(ctx context.Context, device, token string) error
}

// Sensor takes one message of a simple sensor. It owns the payload and calls done exactly once: true when
// the message is stored or refused for good, false when it must be sent again.
type Sensor func(device string, payload []byte, done func(ok bool))

// Options of a broker.
type Options struct {
	Plain     string      // address without TLS, loopback only; empty: none
	TLS       string      // address with TLS; empty: none
	Dir       string      // folder of the embedded server
	TLSConfig *tls.Config // certificate of the server, authority of the clients
	Auth      Authenticator
	Sensor    Sensor
	Presence  func(ctx context.Context, id string, online bool) // first session of an id begins, last one ends
	// Refused counts what a session may not do, on which topic, and connections that are turned away (id is
	// empty then: nobody has shown who they are).
	Refused func(ctx context.Context, id, reason, what string, n uint64)
	Log     *slog.Logger

	MaxConnections int           // 0: 20,000
	MaxPerDevice   int           // sessions of one id; 0: 8
	LoginTimeout   time.Duration // for TLS and CONNECT together; 0: 10 s
}

// Reasons of refusals that the broker itself finds.
const (
	ReasonTopic     = "foreign_topic"
	ReasonOversized = "oversized"
	ReasonSubscribe = "foreign_subscription"
	ReasonQoS       = "qos" // an edge publishes with QoS 1 only
)

// maxPayload leaves room for a little more than the wire allows, so that ingest sees what is just too large.
const maxPayload = wire.MaxPayload + 16<<10

// Broker is a running broker.
type Broker struct {
	opts   Options
	engine *engine

	ctx    context.Context //nolint:containedctx // the life of the sessions, ended by Stop
	cancel context.CancelFunc
	wg     sync.WaitGroup
	slots  chan struct{} // connections
	slow   chan struct{} // failed logins that are being delayed

	mu        sync.Mutex
	closed    bool
	listeners []net.Listener
	addrPlain net.Addr
	addrTLS   net.Addr
	sessions  map[string]map[*session]struct{}
	pending   []presence
	wake      chan struct{}
	probe     probe
}

type presence struct {
	id     string
	online bool
}

// Start starts the embedded server and the in-process client. Listen opens the ports; between the two
// ingest subscribes, so that no greeting of an edge is missed.
func Start(ctx context.Context, opts Options) (*Broker, error) {
	if opts.Auth == nil || opts.Log == nil || opts.Dir == "" {
		return nil, errors.New("start broker: Auth, Log and Dir are needed")
	}
	if opts.Plain != "" {
		if err := loopbackOnly(opts.Plain); err != nil {
			return nil, err
		}
	}
	if opts.TLS != "" && opts.TLSConfig == nil {
		return nil, errors.New("start broker: a TLS address needs a TLS configuration")
	}
	if opts.MaxConnections == 0 {
		opts.MaxConnections = 20_000
	}
	if opts.MaxPerDevice == 0 {
		opts.MaxPerDevice = 8
	}
	if opts.LoginTimeout == 0 {
		opts.LoginTimeout = 10 * time.Second
	}
	if opts.Presence == nil {
		opts.Presence = func(context.Context, string, bool) {}
	}
	if opts.Refused == nil {
		opts.Refused = func(context.Context, string, string, string, uint64) {}
	}
	e, err := startEngine(opts.Dir, maxPayload+maxTopic, opts.Log)
	if err != nil {
		return nil, err
	}
	b := &Broker{
		opts: opts, engine: e,
		slots:    make(chan struct{}, opts.MaxConnections),
		slow:     make(chan struct{}, 64),
		sessions: map[string]map[*session]struct{}{},
		wake:     make(chan struct{}, 1),
	}
	b.ctx, b.cancel = context.WithCancel(context.WithoutCancel(ctx))
	b.wg.Add(1)
	go b.tell()
	return b, nil
}

// Listen opens the ports.
func (b *Broker) Listen(ctx context.Context) error {
	var lc net.ListenConfig
	if b.opts.Plain != "" {
		l, err := lc.Listen(ctx, "tcp", b.opts.Plain)
		if err != nil {
			return fmt.Errorf("listen for MQTT on %s: %w", b.opts.Plain, err)
		}
		b.addrPlain = l.Addr()
		b.accept(l, nil) //nolint:contextcheck // sessions outlive the start
	}
	if b.opts.TLS != "" {
		l, err := lc.Listen(ctx, "tcp", b.opts.TLS)
		if err != nil {
			return fmt.Errorf("listen for MQTT on %s: %w", b.opts.TLS, err)
		}
		b.addrTLS = l.Addr()
		b.accept(l, b.opts.TLSConfig) //nolint:contextcheck // sessions outlive the start
	}
	return nil
}

// PlainAddr is the address without TLS, nil when there is none.
func (b *Broker) PlainAddr() net.Addr { return b.addrPlain }

// TLSAddr is the address with TLS, nil when there is none.
func (b *Broker) TLSAddr() net.Addr { return b.addrTLS }

// Conn is the centre's own connection, which may publish and subscribe anything.
func (b *Broker) Conn() *nats.Conn { return b.engine.nc }

// Receive hands over what edges publish (ingest.Broker).
func (b *Broker) Receive(fn func(topic string, payload []byte)) (stop func(), err error) {
	sub, err := b.engine.nc.QueueSubscribe("fs.v1.*.up.>", "ingest", func(m *nats.Msg) {
		fn(strings.ReplaceAll(m.Subject, ".", "/"), m.Data)
	})
	if err == nil {
		err = b.engine.nc.Flush()
	}
	if err != nil {
		return nil, fmt.Errorf("subscribe to edges: %w", err)
	}
	return func() { _ = sub.Unsubscribe() }, nil
}

// Publish sends to an edge (ingest.Broker).
func (b *Broker) Publish(topic string, payload []byte) error {
	return b.engine.nc.Publish(strings.ReplaceAll(topic, "/", "."), payload)
}

// Flush waits until the embedded server has what was published (ingest.Broker).
func (b *Broker) Flush(timeout time.Duration) error { return b.engine.nc.FlushTimeout(timeout) }

// Connected reports whether an edge or a sensor has a session.
func (b *Broker) Connected(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.sessions[id]) > 0
}

// Disconnect ends every session of an edge or a sensor at once.
func (b *Broker) Disconnect(id string) {
	b.mu.Lock()
	var all []*session
	for s := range b.sessions[id] {
		all = append(all, s)
	}
	b.mu.Unlock()
	for _, s := range all {
		s.close()
	}
}

// Stop closes the ports and every session and stops the embedded server.
func (b *Broker) Stop(context.Context) error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	for _, l := range b.listeners {
		_ = l.Close()
	}
	var all []*session
	for _, set := range b.sessions {
		for s := range set {
			all = append(all, s)
		}
	}
	b.mu.Unlock()
	b.cancel()
	for _, s := range all {
		s.close()
	}
	b.wg.Wait()
	b.engine.stop()
	return nil
}

// tell reports presence in order, apart from the sessions, which must not wait for whoever listens.
func (b *Broker) tell() {
	defer b.wg.Done()
	for {
		select {
		case <-b.wake:
		case <-b.ctx.Done():
			return
		}
		b.mu.Lock()
		pending := b.pending
		b.pending = nil
		b.mu.Unlock()
		for _, p := range pending {
			b.opts.Presence(b.ctx, p.id, p.online)
		}
	}
}

// enter adds a session; false when the broker stops. A device that has too many loses its oldest: over a
// bad link those are the ones whose end nobody has noticed yet.
func (b *Broker) enter(s *session) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	set := b.sessions[s.id]
	if set == nil {
		set = map[*session]struct{}{}
		b.sessions[s.id] = set
		b.announce(s.id, true)
	}
	if len(set) >= b.opts.MaxPerDevice {
		var oldest *session
		for one := range set {
			if oldest == nil || one.since.Before(oldest.since) {
				oldest = one
			}
		}
		delete(set, oldest)
		go oldest.close()
	}
	set[s] = struct{}{}
	return true
}

func (b *Broker) leave(s *session) {
	b.mu.Lock()
	defer b.mu.Unlock()
	set := b.sessions[s.id]
	if _, ok := set[s]; !ok {
		return
	}
	delete(set, s)
	if len(set) == 0 {
		delete(b.sessions, s.id)
		b.announce(s.id, false)
	}
}

// announce queues a presence. The lock is held.
func (b *Broker) announce(id string, online bool) {
	b.pending = append(b.pending, presence{id, online})
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func loopbackOnly(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("MQTT address %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("MQTT address %s: without TLS only loopback is allowed", addr)
	}
	return nil
}
