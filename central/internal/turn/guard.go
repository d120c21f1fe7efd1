package turn

import (
	"net"
	"sync"
	"time"
)

// guard is the socket of one relay. It passes packets between the client and the video port of the centre, at a
// limited rate, and nothing else.
type guard struct {
	net.PacketConn
	relay *Relay

	up, down *bucket

	mu    sync.Mutex
	alias net.IP // the public address that the client takes for the centre's
}

// WriteTo passes a packet of the client on. One for anybody else, or too many, are dropped: UDP promises nothing.
func (g *guard) WriteTo(p []byte, to net.Addr) (int, error) {
	at, ok := to.(*net.UDPAddr)
	if !ok || at.Port != g.relay.o.VideoPort || !g.relay.permitted(nil, at.IP) || !g.up.take(len(p), time.Now()) {
		return len(p), nil
	}
	if !local(at.IP) {
		// A public address of ours is on some router outside: what is meant is this machine.
		g.mu.Lock()
		g.alias = at.IP
		g.mu.Unlock()
		at = &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: at.Port}
	}
	return g.PacketConn.WriteTo(p, at)
}

// ReadFrom takes what the video port answers.
func (g *guard) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		n, from, err := g.PacketConn.ReadFrom(p)
		if err != nil {
			return n, from, err
		}
		at, ok := from.(*net.UDPAddr)
		if !ok || at.Port != g.relay.o.VideoPort || !g.relay.permitted(nil, at.IP) || !g.down.take(n, time.Now()) {
			continue
		}
		g.mu.Lock()
		if g.alias != nil && at.IP.IsLoopback() {
			at = &net.UDPAddr{IP: g.alias, Port: at.Port}
		}
		g.mu.Unlock()
		return n, at, nil
	}
}

// bucket lets so many bytes a second through, and as many at once.
type bucket struct {
	rate float64

	mu   sync.Mutex
	left float64
	at   time.Time
}

func newBucket(rate int) *bucket { return &bucket{rate: float64(rate), left: float64(rate)} }

func (b *bucket) take(n int, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.at.IsZero() {
		b.left = min(b.rate, b.left+b.rate*now.Sub(b.at).Seconds())
	}
	b.at = now
	if b.left < float64(n) {
		return false
	}
	b.left -= float64(n)
	return true
}
