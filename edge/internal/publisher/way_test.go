package publisher_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/transport/v2"
	"github.com/pion/transport/v2/stdnet"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/edge/internal/camera"
	"github.com/fengsui/fengsui/edge/internal/camera/cameratest"
	"github.com/fengsui/fengsui/edge/internal/publisher"
)

// Where UDP gets through nothing the picture goes over TCP, and what it costs is counted all the same.
func TestPictureGoesOverTCPWhereUDPIsBlocked(t *testing.T) {
	// What is sent over UDP arrives, and nobody answers.
	hole, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hole.Close() })
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mux := ice.NewTCPMuxDefault(ice.TCPMuxParams{Listener: ln, ReadBufferSize: 32, WriteBufferSize: 1 << 20})
	c, cam := newCentre(t), cameratest.Start(t, "")
	t.Cleanup(func() { _ = mux.Close() })
	c.set = func(s *webrtc.SettingEngine) {
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
		s.SetICETCPMux(mux)
	}
	c.change = func(answer string) string {
		blocked := fmt.Sprintf("a=candidate:7 1 udp 2130706431 127.0.0.1 %d typ host\r\n", hole.LocalAddr().(*net.UDPAddr).Port)
		return strings.Replace(answer, "a=candidate:", blocked+"a=candidate:", 1)
	}
	var streamed atomic.Int64
	startWith(t, publisher.Options{
		Log: slog.New(slog.DiscardHandler), BaseURL: c.URL, Client: c.Client(), Cameras: []camera.Options{{ID: "cam-1", URL: cam.URL}},
		TCP: func(n int) { streamed.Add(int64(n)) },
	})
	eventually(t, "packets", func() bool { return c.arrived() > 50 })
	c.mu.Lock()
	got := 0
	for _, p := range c.first {
		got += p.MarshalSize()
	}
	c.mu.Unlock()
	eventually(t, "all that came is counted", func() bool { return streamed.Load() >= int64(got) })
}

// What goes over UDP is counted by the network, and not a second time.
func TestPictureOverUDPIsNotCountedAsTCP(t *testing.T) {
	c, cam := newCentre(t), cameratest.Start(t, "")
	var streamed atomic.Int64
	p := startWith(t, publisher.Options{
		Log: slog.New(slog.DiscardHandler), BaseURL: c.URL, Client: c.Client(), Cameras: []camera.Options{{ID: "cam-1", URL: cam.URL}},
		TCP: func(n int) { streamed.Add(int64(n)) },
	})
	eventually(t, "packets", func() bool { return c.arrived() > 50 })
	if err := p.MediaStop("cam-1"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the session has ended", func() bool { _, n, _ := c.numbers(); return n == 1 })
	if n := streamed.Load(); n != 0 {
		t.Errorf("%d bytes over TCP", n)
	}
}

// A terminal whose address changes has sockets that lead nowhere: the session is made anew.
func TestSessionIsMadeAnewWhenTheTerminalsAddressChanges(t *testing.T) {
	c, cam := newCentre(t), cameratest.Start(t, "")
	std, err := stdnet.NewNet()
	if err != nil {
		t.Fatal(err)
	}
	m := &moving{Net: std}
	startWith(t, publisher.Options{
		Log: slog.New(slog.DiscardHandler), BaseURL: c.URL, Client: c.Client(), Cameras: []camera.Options{{ID: "cam-1", URL: cam.URL}}, Net: m,
	})
	eventually(t, "packets", func() bool { return c.arrived() > 50 })
	m.move()
	secondSession(t, c, cam, 50)
}

// startWith starts a publisher and leases its camera.
func startWith(t *testing.T, o publisher.Options) *publisher.Publisher {
	t.Helper()
	p := publisher.New(o)
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := p.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	ask(t, p, lease(60))
	return p
}

// moving is a network of a terminal that gets another address.
type moving struct {
	transport.Net
	mu   sync.Mutex
	open []*socket
}

func (m *moving) ListenUDP(kind string, at *net.UDPAddr) (transport.UDPConn, error) {
	c, err := m.Net.ListenUDP(kind, at)
	if err != nil {
		return nil, err
	}
	s := &socket{UDPConn: c}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open = append(m.open, s)
	return s, nil
}

// move leaves the sockets of before with an address that nothing reaches.
func (m *moving) move() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.open {
		s.dead.Store(true)
	}
}

type socket struct {
	transport.UDPConn
	dead atomic.Bool
}

func (s *socket) WriteTo(p []byte, to net.Addr) (int, error) {
	if s.dead.Load() {
		return len(p), nil
	}
	return s.UDPConn.WriteTo(p, to)
}

func (s *socket) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		if n, from, err := s.UDPConn.ReadFrom(p); err != nil || !s.dead.Load() {
			return n, from, err
		}
	}
}
