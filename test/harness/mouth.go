package harness

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// mouth is the way of what a seat sends and receives, through a socket of its own that can be cut.
type mouth struct {
	cut   atomic.Bool
	mu    sync.Mutex
	socks []net.PacketConn
}

var candidate = regexp.MustCompile(`(?m)^a=candidate:\S+ \d+ udp \d+ (\S+) (\d+) typ host.*\r?\n`)

// hide keeps the seat's own addresses from the centre, which answers to where packets come from.
func (m *mouth) hide(offer string) string { return candidate.ReplaceAllString(offer, "") }

// through puts a socket between in the place of the centre's.
func (m *mouth) through(answer string) (string, error) {
	at := candidate.FindStringSubmatch(answer)
	if at == nil {
		return "", errors.New("the answer names no address")
	}
	centre, err := net.ResolveUDPAddr("udp4", net.JoinHostPort(at[1], at[2]))
	if err != nil {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	near, err := net.ListenPacket("udp4", "127.0.0.1:0") //nolint:noctx // it is closed below
	if err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}
	far, err := net.ListenPacket("udp4", "127.0.0.1:0") //nolint:noctx // as above
	if err != nil {
		return "", errors.Join(fmt.Errorf("listen: %w", err), near.Close())
	}
	var seat atomic.Pointer[net.UDPAddr]
	go m.carry(near, far, func(from net.Addr) net.Addr {
		if a, ok := from.(*net.UDPAddr); ok {
			seat.Store(a)
		}
		return centre
	})
	go m.carry(far, near, func(net.Addr) net.Addr {
		if a := seat.Load(); a != nil {
			return a
		}
		return nil
	})
	m.mu.Lock()
	m.socks = append(m.socks, near, far)
	m.mu.Unlock()
	own, ok := near.LocalAddr().(*net.UDPAddr)
	if !ok {
		return "", errors.New("a socket without a port")
	}
	return strings.ReplaceAll(answer, " "+at[1]+" "+at[2]+" typ host", " 127.0.0.1 "+strconv.Itoa(own.Port)+" typ host"), nil
}

func (m *mouth) carry(from, to net.PacketConn, whither func(net.Addr) net.Addr) {
	buf := make([]byte, 1<<16)
	for {
		n, addr, err := from.ReadFrom(buf)
		if err != nil {
			return
		}
		if dest := whither(addr); dest != nil && !m.cut.Load() {
			_, _ = to.WriteTo(buf[:n], dest) // a network may lose packets
		}
	}
}

func (m *mouth) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.socks {
		_ = s.Close()
	}
}
