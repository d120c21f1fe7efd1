// Package turn relays pictures for terminals and browsers that do not reach the video port (TURN, RFC 8656), over
// UDP and TCP. Rules that must never break: it relays to the centre's own video port and to nothing else, public or
// private; and only for whoever was given a credential by the centre, for a time.
package turn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/pion/logging"
	pion "github.com/pion/turn/v5"
)

const (
	realm = "fengsui"
	// life of a credential: a shift and its handover. A session that lasts longer loses its relay and connects anew.
	life = 12 * time.Hour
	// Limits, so that one who has a credential cannot use up the centre.
	perUser   = 8
	inAll     = 500
	bytesRate = 4 << 20 // a second of one relay, either way
	portTries = 20
)

// Options is what the relay needs.
type Options struct {
	Log       *slog.Logger
	Listen    string   // UDP and TCP, ":3478"; port 0 takes a free one
	PublicIPs []string // addresses that reach the centre from outside, besides those of this machine
	VideoPort int      // the only port that is relayed to
	Key       []byte   // signs the credentials
}

// Relay is the server.
type Relay struct {
	o      Options
	log    *slog.Logger
	public []net.IP
	server *pion.Server
	addr   *net.UDPAddr

	mu    sync.Mutex
	users map[string]int // relays by user
	all   int
}

// New makes a relay.
func New(o Options) *Relay {
	return &Relay{o: o, log: o.Log.With("component", "turn"), users: map[string]int{}}
}

// Start listens.
func (r *Relay) Start(ctx context.Context) error {
	for _, text := range r.o.PublicIPs {
		ip := net.ParseIP(text)
		if ip == nil {
			return fmt.Errorf("start relay: public address %q is not an IP address", text)
		}
		r.public = append(r.public, ip)
	}
	udp, tcp, err := listen(ctx, r.o.Listen)
	if err != nil {
		return fmt.Errorf("start relay on %s (video.turn): %w", r.o.Listen, err)
	}
	r.addr, _ = udp.LocalAddr().(*net.UDPAddr)
	quiet := logging.NewDefaultLoggerFactory()
	quiet.DefaultLogLevel = logging.LogLevelDisabled // it reports what strangers send to the port
	r.server, err = pion.NewServer(pion.ServerConfig{
		Realm: realm, LoggerFactory: quiet,
		AuthHandler:       pion.LongTermTURNRESTAuthHandler(string(r.o.Key), quiet.NewLogger("turn")),
		QuotaHandler:      r.allowed,
		EventHandler:      pion.EventHandler{OnAllocationCreated: r.made, OnAllocationDeleted: r.ended},
		PacketConnConfigs: []pion.PacketConnConfig{{PacketConn: udp, RelayAddressGenerator: generator{r}, PermissionHandler: r.permitted}},
		ListenerConfigs:   []pion.ListenerConfig{{Listener: tcp, RelayAddressGenerator: generator{r}, PermissionHandler: r.permitted}},
	})
	if err != nil {
		return errors.Join(fmt.Errorf("start relay: %w", err), udp.Close(), tcp.Close())
	}
	r.log.Info("relay listens", "address", r.addr.String())
	return nil
}

// listen takes one port number for UDP and TCP. A port of 0 is tried until both are free.
func listen(ctx context.Context, address string) (net.PacketConn, net.Listener, error) {
	var lc net.ListenConfig
	var failed error
	for range portTries {
		tcp, err := lc.Listen(ctx, "tcp4", address)
		if err != nil {
			return nil, nil, fmt.Errorf("listen: %w", err)
		}
		udp, err := lc.ListenPacket(ctx, "udp4", tcp.Addr().String())
		if err == nil {
			return udp, tcp, nil
		}
		failed = errors.Join(fmt.Errorf("listen: %w", err), tcp.Close())
		if _, port, _ := net.SplitHostPort(address); port != "0" {
			break
		}
	}
	return nil, nil, failed
}

// Stop ends all relays.
func (r *Relay) Stop(context.Context) error {
	if r.server == nil {
		return nil
	}
	return r.server.Close()
}

// Port is where it listens.
func (r *Relay) Port() int { return r.addr.Port }

// Hosts are the addresses under which it is reached; none: the one that the centre itself was reached under.
func (r *Relay) Hosts() []string { return r.o.PublicIPs }

// Credential lets one user relay for a while.
func (r *Relay) Credential(user string) (name, password string, err error) {
	name, password, err = pion.GenerateLongTermTURNRESTCredentials(string(r.o.Key), user, life)
	if err != nil {
		return "", "", fmt.Errorf("make credential: %w", err)
	}
	return name, password, nil
}

func (r *Relay) allowed(user, _ string, _ net.Addr) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.users[user] < perUser && r.all < inAll
}

func (r *Relay) made(_, _ net.Addr, _, user, _ string, _ net.Addr, _ int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.users[user]++
	r.all++
}

func (r *Relay) ended(_, _ net.Addr, _, user, _ string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all--
	if r.users[user]--; r.users[user] <= 0 {
		delete(r.users, user)
	}
}

// permitted reports whether an address is one of the centre's own.
func (r *Relay) permitted(_ net.Addr, ip net.IP) bool {
	return local(ip) || slices.ContainsFunc(r.public, ip.Equal)
}

// local reports whether an address is one of this machine.
func local(ip net.IP) bool {
	if ip.IsLoopback() {
		return true
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	return slices.ContainsFunc(addresses, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(ip)
	})
}

// generator makes the sockets of the relays.
type generator struct{ r *Relay }

// Validate implements turn.RelayAddressGenerator.
func (generator) Validate() error { return nil }

// AllocatePacketConn implements turn.RelayAddressGenerator.
func (g generator) AllocatePacketConn(pion.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	at := net.JoinHostPort(g.host().String(), "0")
	conn, err := (&net.ListenConfig{}).ListenPacket(context.Background(), "udp4", at)
	if err != nil {
		return nil, nil, fmt.Errorf("open relay: %w", err)
	}
	guarded := &guard{PacketConn: conn, relay: g.r, up: newBucket(bytesRate), down: newBucket(bytesRate)}
	shown := *conn.LocalAddr().(*net.UDPAddr) //nolint:forcetypeassert // what ListenPacket makes for UDP
	if shown.IP.IsUnspecified() {
		shown.IP = net.IPv4(127, 0, 0, 1)
	}
	return guarded, &shown, nil
}

// host is the address that relays are opened on.
func (g generator) host() net.IP { return g.r.addr.IP }

// AllocateListener implements turn.RelayAddressGenerator: TCP is not relayed.
func (generator) AllocateListener(pion.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errors.ErrUnsupported
}

// AllocateConn implements turn.RelayAddressGenerator: TCP is not relayed.
func (generator) AllocateConn(pion.AllocateConnConfig) (net.Conn, error) {
	return nil, errors.ErrUnsupported
}
