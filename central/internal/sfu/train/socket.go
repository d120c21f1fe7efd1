package train

import (
	"fmt"
	"net"
	"sync/atomic"

	"github.com/pion/transport/v2"
	"github.com/pion/transport/v2/stdnet"
)

// socket is a UDP socket whose packets of a held stream leave together.
type socket struct {
	*net.UDPConn
	yard *Yard
	// together: the kernel takes several packets with one call.
	together atomic.Bool
}

// Listen opens a UDP socket.
func (y *Yard) Listen(at *net.UDPAddr) (transport.UDPConn, error) {
	conn, err := net.ListenUDP("udp", at)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s := &socket{UDPConn: conn, yard: y}
	s.together.Store(segments(conn))
	return s, nil
}

// WriteTo implements net.PacketConn.
func (s *socket) WriteTo(packet []byte, to net.Addr) (int, error) {
	if at, ok := to.(*net.UDPAddr); ok && s.together.Load() {
		if t := s.yard.of(packet); t != nil && t.board(s, packet, at) {
			return len(packet), nil
		}
	}
	return s.UDPConn.WriteTo(packet, to)
}

// send sends packets of one size, the last of which may be shorter.
func (s *socket) send(packets []byte, size int, to *net.UDPAddr) {
	if len(packets) > size && s.together.Load() {
		err := sendSegments(s.UDPConn, packets, size, to)
		if err == nil {
			return
		}
		if lacking(err) {
			s.together.Store(false)
		}
	}
	for len(packets) > 0 {
		n := min(size, len(packets))
		_, _ = s.WriteToUDP(packets[:n], to)
		packets = packets[n:]
	}
}

// network opens the sockets of a library that opens them by itself.
type network struct {
	transport.Net
	yard *Yard
}

// Net is the machine's network with sockets of the yard.
func (y *Yard) Net() (transport.Net, error) {
	n, err := stdnet.NewNet()
	if err != nil {
		return nil, fmt.Errorf("look at the network: %w", err)
	}
	return &network{Net: n, yard: y}, nil
}

// ListenUDP implements transport.Net.
func (n *network) ListenUDP(_ string, at *net.UDPAddr) (transport.UDPConn, error) {
	return n.yard.Listen(at)
}
