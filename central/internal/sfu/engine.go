package sfu

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v3"

	"github.com/fengsui/fengsui/central/internal/sfu/train"
)

const (
	// socketBuffer keeps one full socket from holding up every session behind it.
	socketBuffer = 4 << 20
	// A session whose other side is silent is given up after both.
	iceSilent = 3 * time.Second
	iceFailed = 5 * time.Second
	iceBeat   = time.Second
	portTries = 20
	// replayWindow is how many packets behind the newest a packet may be that is sent again: the library's own 64
	// are fewer than one key frame, and what was lost of it would be thrown away unread.
	replayWindow = 4096
)

// engine is the sockets and the two kinds of connections: those that publish and those that watch.
type engine struct {
	yard    *train.Yard
	udp     ice.UDPMux
	tcp     ice.TCPMux
	listen  net.Addr
	public  []net.IP
	cert    webrtc.Certificate
	publish *webrtc.API
	watch   *webrtc.API
	plain   *webrtc.API // takes sound that needs no decoder, and nothing else
}

func newEngine(ctx context.Context, listen string, publicIPs []string) (*engine, error) {
	e := &engine{yard: train.NewYard()}
	for _, text := range publicIPs {
		ip := net.ParseIP(text)
		if ip == nil {
			return nil, fmt.Errorf("public address %q is not an IP address", text)
		}
		e.public = append(e.public, ip)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	cert, err := webrtc.GenerateCertificate(key) // one for all sessions: making keys costs more than a session
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	e.cert = *cert
	if err := e.open(ctx, listen); err != nil {
		return nil, err
	}
	if e.publish, err = e.api(true, soundCodecs()); err == nil {
		e.watch, err = e.api(false, soundCodecs())
	}
	if err == nil {
		e.plain, err = e.api(true, plainCodecs())
	}
	if err != nil {
		_ = e.close()
		return nil, err
	}
	return e, nil
}

// open listens on UDP and TCP with one port number. A port of 0 is tried until both are free.
func (e *engine) open(ctx context.Context, address string) error {
	var err error
	for range portTries {
		err = e.openOnce(ctx, address)
		if _, port, _ := net.SplitHostPort(address); err == nil || port != "0" {
			return err
		}
	}
	return err
}

func (e *engine) openOnce(ctx context.Context, address string) error {
	var lc net.ListenConfig
	tcp, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	at := tcp.Addr().(*net.TCPAddr)
	quiet := logging.NewDefaultLoggerFactory()
	quiet.DefaultLogLevel = logging.LogLevelDisabled // it reports what strangers send to the port
	if e.udp, err = e.openUDP(at, quiet.NewLogger("ice")); err != nil {
		_ = tcp.Close()
		return fmt.Errorf("listen: %w", err)
	}
	e.tcp = ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener: tcp, Logger: quiet.NewLogger("ice"), ReadBufferSize: 32, WriteBufferSize: socketBuffer,
		FirstStunBindTimeout: 5 * time.Second, AliveDurationForConnFromStun: 5 * time.Second,
	})
	e.listen = at
	return nil
}

func (e *engine) openUDP(at *net.TCPAddr, log logging.LeveledLogger) (ice.UDPMux, error) {
	if !at.IP.IsUnspecified() {
		conn, err := e.yard.Listen(&net.UDPAddr{IP: at.IP, Port: at.Port, Zone: at.Zone})
		if err != nil {
			return nil, err
		}
		_ = conn.SetReadBuffer(socketBuffer) // the system may allow less
		_ = conn.SetWriteBuffer(socketBuffer)
		return ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn, Logger: log}), nil
	}
	network, err := e.yard.Net()
	if err != nil {
		return nil, err
	}
	// One socket for each address: an answer must leave from the address that was asked.
	return ice.NewMultiUDPMuxFromPort(at.Port, ice.UDPMuxFromPortWithLoopback(), ice.UDPMuxFromPortWithNet(network),
		ice.UDPMuxFromPortWithReadBufferSize(socketBuffer), ice.UDPMuxFromPortWithWriteBufferSize(socketBuffer),
		ice.UDPMuxFromPortWithLogger(log))
}

func (e *engine) addr() string { return e.listen.String() }

func (e *engine) close() error { return errors.Join(e.udp.Close(), e.tcp.Close()) }

// connect makes a connection of one kind.
func (e *engine) connect(api *webrtc.API) (*connection, error) {
	pc, err := api.NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{e.cert}})
	if err != nil {
		return nil, fmt.Errorf("make connection: %w", err)
	}
	return &connection{id: newSession(), pc: pc, extra: e.candidates, most: 1}, nil
}

// candidates are the lines for the public addresses, which this machine does not know of itself.
func (e *engine) candidates(mid bool) []string {
	port := strconv.Itoa(e.listen.(*net.TCPAddr).Port)
	prefix := "candidate:"
	if mid {
		prefix = "a=candidate:"
	}
	var out []string
	for i, ip := range e.public {
		n := strconv.Itoa(9000 + i)
		out = append(out,
			prefix+n+" 1 udp 2130706431 "+ip.String()+" "+port+" typ host",
			prefix+n+" 1 tcp 1671430143 "+ip.String()+" "+port+" typ host tcptype passive")
	}
	return out
}

// profiles of H.264 that are taken, the best first. What a camera really sends is decided by its stream;
// browsers decode it whichever of these was agreed.
var profiles = []string{"42e01f", "42001f", "4d001f", "4d0032", "64001f", "640032"}

const firstPayloadType = 102

// api makes the settings of one kind of connection. There is nothing in it but H.264, Opus and PCMA:
// no H.265, no data channels.
func (e *engine) api(publish bool, sounds []soundCodec) (*webrtc.API, error) {
	media := &webrtc.MediaEngine{}
	feedback := []webrtc.RTCPFeedback{
		{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}, {Type: webrtc.TypeRTCPFBTransportCC},
	}
	for i, profile := range profiles {
		codec := webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{
				MimeType: webrtc.MimeTypeH264, ClockRate: 90000, RTCPFeedback: feedback,
				SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=" + profile,
			},
			PayloadType: webrtc.PayloadType(firstPayloadType + i),
		}
		if err := media.RegisterCodec(codec, webrtc.RTPCodecTypeVideo); err != nil {
			return nil, fmt.Errorf("register H.264: %w", err)
		}
	}
	for _, c := range sounds {
		codec := webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: c.mime, ClockRate: c.clock, Channels: c.channels, SDPFmtpLine: c.line},
			PayloadType:        c.pt,
		}
		if err := media.RegisterCodec(codec, webrtc.RTPCodecTypeAudio); err != nil {
			return nil, fmt.Errorf("register %s: %w", c.mime, err)
		}
	}
	chain := &interceptor.Registry{}
	extension := webrtc.RTPHeaderExtensionCapability{URI: sdp.TransportCCURI}
	if err := media.RegisterHeaderExtension(extension, webrtc.RTPCodecTypeVideo); err != nil {
		return nil, fmt.Errorf("register extension: %w", err)
	}
	if publish {
		if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: sdp.AudioLevelURI}, webrtc.RTPCodecTypeAudio); err != nil {
			return nil, fmt.Errorf("register extension: %w", err)
		}
		feedback, err := twcc.NewSenderInterceptor()
		if err != nil {
			return nil, fmt.Errorf("make interceptor: %w", err)
		}
		receipts, err := report.NewReceiverInterceptor()
		if err != nil {
			return nil, fmt.Errorf("make interceptor: %w", err)
		}
		chain.Add(feedback)
		chain.Add(receipts)
	} // A viewer needs none: it is told the times by timing, and what it lost comes from the ring.
	settings, err := e.settings()
	if err != nil {
		return nil, err
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(chain), webrtc.WithSettingEngine(settings)), nil
}

func (e *engine) settings() (webrtc.SettingEngine, error) {
	s := webrtc.SettingEngine{}
	quiet := logging.NewDefaultLoggerFactory()
	quiet.DefaultLogLevel = logging.LogLevelDisabled
	s.LoggerFactory = quiet
	s.SetLite(true)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetICEUDPMux(e.udp)
	s.SetICETCPMux(e.tcp)
	s.SetNetworkTypes([]webrtc.NetworkType{
		webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6,
	})
	s.SetIncludeLoopbackCandidate(true)
	s.SetICETimeouts(iceSilent, iceFailed, iceBeat)
	s.SetSRTPReplayProtectionWindow(replayWindow)
	s.SetDTLSInsecureSkipHelloVerify(true) // the address was proven by ICE
	if err := s.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return s, fmt.Errorf("set role: %w", err)
	}
	return s, nil
}
