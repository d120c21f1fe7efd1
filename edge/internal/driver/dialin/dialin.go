// Package dialin is the listening side of protocols in which the device dials the agent: one port for
// many stations, which are told apart by the name in each frame. The drivers of HJ 212 and SL 651 use it.
// Rule that must never break: whatever connects costs a bounded number of connections, bytes and seconds,
// and delays no other.
package dialin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/fengsui/fengsui/edge/internal/driver"
)

// The bounds of one port and of one connection.
const (
	Connections = 256 // at once
	strikes     = 20  // refused frames in a row after which the connection is closed
	writeWithin = 5 * time.Second
	tick        = time.Second
)

// Hub has the ports of one protocol. F is a decoded frame. The zero value of Whole and Named takes their
// defaults.
type Hub[F any] struct {
	Next   func(came []byte) (n int, frame []byte, err error) // cuts the first frame off; n is 0 when more must come
	Decode func(frame []byte) (F, string, error)              // the frame and the station that it names
	Kind   func(error) driver.Kind                            // of the errors of Next and Decode
	Mask   func(raw []byte) []byte                            // a copy without the password, for faults
	Limit  int                                                // bytes of the longest frame
	Whole  time.Duration                                      // a frame that has begun must be there within; 0: 15 s
	Named  time.Duration                                      // a new connection must have named its station within; 0: 30 s

	mu    sync.Mutex
	ports map[string]*port[F]
}

// Station is one device on a port.
type Station[F any] struct {
	Name    string
	Sink    driver.Sink
	Silence time.Duration                           // without a frame for so long it is silent
	Frame   func(ctx context.Context, c *Conn, f F) // one frame of this station; may be called by several connections at once
	Idle    func(ctx context.Context, c *Conn)      // about once a second while its connection is quiet; may be nil

	ctx   context.Context //nolint:containedctx // that of Listen, for the connections
	work  sync.WaitGroup
	heard time.Time
}

// Conn is one connection.
type Conn struct {
	net.Conn
	Raw []byte // the frame in hand, for faults
}

// Send writes an answer.
func (c *Conn) Send(answer []byte) error {
	if err := c.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	if _, err := c.Write(answer); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}

// Listen hears one station until ctx ends or the station has been silent for too long.
func (h *Hub[F]) Listen(ctx context.Context, address string, s *Station[F]) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.ctx, s.heard = ctx, time.Now()
	p, err := h.join(ctx, address, s)
	if err != nil {
		return err
	}
	defer func() {
		cancel()
		h.leave(p, s)
	}()
	every := time.NewTicker(min(tick, s.Silence))
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.failed:
			return fmt.Errorf("%w: listen on %s: %w", driver.ErrUnreachable, address, p.err)
		case <-every.C:
			if p.silent(s) {
				return fmt.Errorf("%w: station %s has said nothing for %s", driver.ErrTimeout, s.Name, s.Silence)
			}
		}
	}
}

// join opens the port for its first station.
func (h *Hub[F]) join(ctx context.Context, address string, s *Station[F]) (*port[F], error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.ports[address]
	if p == nil {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", driver.ErrUnreachable, err)
		}
		p = &port[F]{hub: h, address: address, listener: l, conns: map[*Conn]*Station[F]{}, failed: make(chan struct{})}
		if h.ports == nil {
			h.ports = map[string]*port[F]{}
		}
		h.ports[address] = p
		p.done.Go(p.accept)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, other := range p.stations {
		if other.Name == s.Name {
			return nil, fmt.Errorf("station %s is listened for twice on %s", s.Name, address)
		}
	}
	p.stations = append(p.stations, s)
	return p, nil
}

// leave waits until the station's frames in hand are done, and closes the port after the last one.
func (h *Hub[F]) leave(p *port[F], s *Station[F]) {
	h.mu.Lock()
	last := p.remove(s)
	if last {
		delete(h.ports, p.address)
		_ = p.listener.Close()
		p.closeAll()
	}
	h.mu.Unlock()
	s.work.Wait()
	if last {
		p.done.Wait()
	}
}

// port is one listener.
type port[F any] struct {
	hub      *Hub[F]
	address  string
	listener net.Listener
	done     sync.WaitGroup
	failed   chan struct{}
	err      error // valid once failed is closed

	mu       sync.Mutex
	stations []*Station[F] // in the order in which they came
	closed   bool
	conns    map[*Conn]*Station[F] // nil until a frame named one
}

func (p *port[F]) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				p.err = err
			} else {
				p.err = net.ErrClosed
			}
			close(p.failed)
			return
		}
		conn := &Conn{Conn: c}
		p.mu.Lock()
		full, closed := len(p.conns) >= Connections, p.closed
		if !full && !closed {
			p.conns[conn] = nil
		}
		p.mu.Unlock()
		if full || closed {
			p.fault(conn, driver.NewFault(driver.KindTooFast, nil, "more than %d connections on %s", Connections, p.address)) // nobody hears it once the port is closed
			_ = c.Close()
			continue
		}
		p.done.Go(func() {
			p.serve(conn)
			_ = c.Close()
			p.mu.Lock()
			delete(p.conns, conn)
			p.mu.Unlock()
		})
	}
}

func (p *port[F]) remove(s *Station[F]) (last bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, other := range p.stations {
		if other == s {
			p.stations = append(p.stations[:i:i], p.stations[i+1:]...)
			break
		}
	}
	for c, of := range p.conns {
		if of == s {
			_ = c.Close()
		}
	}
	p.closed = len(p.stations) == 0
	return p.closed
}

func (p *port[F]) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *port[F]) silent(s *Station[F]) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Since(s.heard) > s.Silence
}

// with does something for a station unless that is gone; pick chooses under the lock.
func (p *port[F]) with(pick func() *Station[F], do func(s *Station[F])) bool {
	p.mu.Lock()
	s := pick()
	if s != nil {
		s.work.Add(1)
	}
	p.mu.Unlock()
	if s == nil {
		return false
	}
	defer s.work.Done()
	do(s)
	return true
}

// fault counts what nobody can read at the station of the connection, or, while it has named none, at the
// first of the port.
func (p *port[F]) fault(c *Conn, f *driver.Fault) {
	p.with(func() *Station[F] {
		if s := p.conns[c]; s != nil {
			return s
		}
		if len(p.stations) > 0 {
			return p.stations[0]
		}
		return nil
	}, func(s *Station[F]) { s.Sink.Fault(f) })
}
