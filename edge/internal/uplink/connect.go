package uplink

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/fengsui/fengsui/shared/wire"
)

func (s *session) connect(ctx context.Context) error {
	o := s.u.o
	address, scheme := o.Address(), "tcp"
	var config *tls.Config
	if o.TLS != nil {
		var err error
		if config, err = o.TLS(); err != nil {
			return err
		}
		scheme = "ssl"
	}
	will, err := json.Marshal(wire.Status{State: "offline"})
	if err != nil {
		return fmt.Errorf("encode status: %w", err)
	}
	opts := mqtt.NewClientOptions().AddBroker(scheme+"://"+address).SetClientID(o.Edge).
		SetProtocolVersion(4).SetCleanSession(true).SetOrderMatters(false).
		SetAutoReconnect(false).SetConnectRetry(false).SetConnectTimeout(dialTimeout).SetWriteTimeout(writeTimeout).
		SetKeepAlive(o.KeepAlive[1]).SetPingTimeout(10*time.Second).
		SetBinaryWill(wire.StatusTopic(o.Edge), will, 1, true).
		SetDefaultPublishHandler(func(mqtt.Client, mqtt.Message) {}).
		SetConnectionLostHandler(func(_ mqtt.Client, err error) { s.lost <- err }).
		SetCustomOpenConnectionFn(func(*url.URL, mqtt.ClientOptions) (net.Conn, error) { return s.dial(ctx, address, config) })
	s.client = mqtt.NewClient(opts)
	if err := s.wait(ctx, s.client.Connect(), "connect to "+address); err != nil {
		s.client.Disconnect(0)
		return err
	}
	return nil
}

// dial connects. What is counted and heard is what goes over the wire, with TLS.
func (s *session) dial(ctx context.Context, address string, config *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	// The kernel's own probes would keep the way open and cost data: the heartbeat is ours.
	c, err := (&net.Dialer{KeepAlive: -1}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	s.address = ownEnd(c.LocalAddr())
	if s.u.o.Conn != nil {
		c = s.u.o.Conn(c)
	}
	c = &heardConn{Conn: c, at: &s.heard, quiet: &s.quiet}
	if config == nil {
		return c, nil
	}
	if config.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, errors.Join(err, c.Close())
		}
		config = config.Clone()
		config.ServerName = host
	}
	secure := tls.Client(c, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return secure, nil
}

// ownEnd is an address of this machine with that of its network card, which no copy of a disk has in common.
func ownEnd(at net.Addr) string {
	text := at.String()
	tcp, ok := at.(*net.TCPAddr)
	cards, err := net.Interfaces()
	if !ok || err != nil {
		return text
	}
	for _, card := range cards {
		own, err := card.Addrs()
		if err != nil || len(card.HardwareAddr) == 0 {
			continue
		}
		for _, one := range own {
			if n, ok := one.(*net.IPNet); ok && n.IP.Equal(tcp.IP) {
				return tcp.IP.String() + " " + card.HardwareAddr.String()
			}
		}
	}
	return text
}

// wait waits for one step of the handshake.
func (s *session) wait(ctx context.Context, token mqtt.Token, what string) error {
	select {
	case <-token.Done():
		if err := token.Error(); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	case err := <-s.lost:
		return fmt.Errorf("%s: %w", what, orEOF(err))
	case <-time.After(dialTimeout + time.Second):
		return fmt.Errorf("%s: no answer", what)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func orEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}
