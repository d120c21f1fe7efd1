// Package train sends the packets of a picture to a viewer with one call of the system instead of one
// each: on Linux the kernel cuts them apart again (UDP generic segmentation offload, kernel 4.18 and
// later), which halves what a forwarded packet costs. The router lays it under its sockets. Rules that
// must never break: what is held leaves in its order as soon as its holder lets go, only packets of the
// stream that is held wait, and where the kernel does not take them together they leave one by one.
package train

import (
	"encoding/binary"
	"net"
	"sync"
)

const (
	// most is how many packets of one call the kernel takes (UDP_MAX_SEGMENTS).
	most = 64
	// room is what a train holds: the packets of one batch of the router.
	room = 32 << 10
)

// Yard knows the trains by the SSRC of their streams, which stands unencrypted in every packet.
type Yard struct {
	mu     sync.RWMutex
	trains map[uint32]*Train
	spare  sync.Pool // of *[]byte
}

// NewYard makes an empty yard.
func NewYard() *Yard {
	y := &Yard{trains: map[uint32]*Train{}}
	y.spare.New = func() any {
		b := make([]byte, 0, room)
		return &b
	}
	return y
}

// Add makes the train of a stream. Should another stream have the same SSRC, nothing of this one waits.
func (y *Yard) Add(ssrc uint32) *Train {
	t := &Train{yard: y, ssrc: ssrc}
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.trains[ssrc] == nil {
		y.trains[ssrc] = t
	}
	return t
}

// of finds the train that a packet may wait for.
func (y *Yard) of(packet []byte) *Train {
	if !isRTP(packet) {
		return nil
	}
	y.mu.RLock()
	defer y.mu.RUnlock()
	return y.trains[binary.BigEndian.Uint32(packet[8:])]
}

// isRTP tells media from what shares its port: STUN, DTLS, RTCP (RFC 7983 §7, RFC 5761 §4).
func isRTP(packet []byte) bool {
	return len(packet) >= 12 && packet[0]>>6 == 2 && (packet[1] < 192 || packet[1] > 223)
}

// Train gathers packets of one stream between Hold and Go.
type Train struct {
	yard *Yard
	ssrc uint32

	mu     sync.Mutex
	held   bool
	socket *socket // of the packets below
	to     *net.UDPAddr
	buf    *[]byte
	size   int  // of each packet but the last
	n      int  // packets
	closed bool // the last is shorter: none may follow
}

// Hold lets packets wait until Go.
func (t *Train) Hold() {
	t.mu.Lock()
	t.held = true
	t.mu.Unlock()
}

// Go sends what waits. An error is of the session, which notices by itself that nothing arrives.
func (t *Train) Go() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = false
	t.leave()
}

// End forgets the train; what waits leaves.
func (t *Train) End() {
	t.Go()
	t.yard.mu.Lock()
	defer t.yard.mu.Unlock()
	if t.yard.trains[t.ssrc] == t {
		delete(t.yard.trains, t.ssrc)
	}
}

// board takes a packet along. It reports false when the train is not held.
func (t *Train) board(s *socket, packet []byte, to *net.UDPAddr) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.held || len(packet) > room {
		return false
	}
	if t.n > 0 && (t.closed || t.n == most || len(packet) > t.size || len(*t.buf)+len(packet) > room || t.socket != s || !same(t.to, to)) {
		t.leave()
	}
	if t.n == 0 {
		t.buf, _ = t.yard.spare.Get().(*[]byte)
		t.socket, t.to, t.size = s, to, len(packet)
	}
	*t.buf = append(*t.buf, packet...)
	t.n++
	t.closed = len(packet) < t.size
	return true
}

// leave sends what waits. The caller holds the lock.
func (t *Train) leave() {
	if t.n == 0 {
		return
	}
	t.socket.send(*t.buf, t.size, t.to)
	*t.buf = (*t.buf)[:0]
	t.yard.spare.Put(t.buf)
	t.socket, t.to, t.buf, t.n, t.closed = nil, nil, nil, 0, false
}

func same(a, b *net.UDPAddr) bool {
	return a == b || (a.Port == b.Port && a.Zone == b.Zone && a.IP.Equal(b.IP))
}
