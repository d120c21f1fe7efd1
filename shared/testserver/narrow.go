package testserver

import (
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// narrowQueue is how long a packet waits at most before a narrow link; what would wait longer is lost.
const narrowQueue = 300 * time.Millisecond

// Narrow is the socket of a client whose link carries so many bits a second towards it, with a queue before it.
type Narrow struct {
	net.PacketConn
	bits  atomic.Int64
	ready chan datagram
}

type datagram struct {
	b    []byte
	from net.Addr
	at   time.Time
}

// NewNarrow makes one on loopback. Whoever gives it to a multiplexer closes it with that.
func NewNarrow(t testing.TB, bits int64) *Narrow {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetReadBuffer(4 << 20)
	n := &Narrow{PacketConn: conn, ready: make(chan datagram, 4096)}
	n.Carry(bits)
	go n.run()
	return n
}

// Carry has it carry so many bits a second from now on.
func (n *Narrow) Carry(bits int64) { n.bits.Store(bits) }

// run stamps each packet with the moment at which it leaves the queue.
func (n *Narrow) run() {
	defer close(n.ready)
	var free time.Time
	for {
		b := make([]byte, 1600)
		size, from, err := n.PacketConn.ReadFrom(b)
		if err != nil {
			return
		}
		now := time.Now()
		if free.Before(now) {
			free = now
		}
		if free.Sub(now) > narrowQueue {
			continue
		}
		free = free.Add(time.Duration(int64(size*8) * int64(time.Second) / n.bits.Load()))
		select {
		case n.ready <- datagram{b[:size], from, free}:
		default:
		}
	}
}

// ReadFrom implements net.PacketConn.
func (n *Narrow) ReadFrom(b []byte) (int, net.Addr, error) {
	d, ok := <-n.ready
	if !ok {
		return 0, nil, net.ErrClosed
	}
	time.Sleep(time.Until(d.at)) // that is what a link does
	return copy(b, d.b), d.from, nil
}
